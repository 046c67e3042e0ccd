"""gunicorn's access log as JSON lines, with nothing of who asked."""

from typing import Any

from gunicorn.glogging import Logger

from studyapp.shelf.logs import line, participation_code


class AccessLogger(Logger):  # type: ignore[misc]
    """Method, path without query, status, bytes and milliseconds of each request."""

    def access(self, resp: Any, req: Any, environ: Any, request_time: Any) -> None:
        if not self.cfg.accesslog:
            return
        path = environ.get("PATH_INFO", "")
        self.access_log.info(
            line(
                level="INFO",
                logger="access",
                method=environ.get("REQUEST_METHOD", ""),
                path=path,
                participation=participation_code(path),
                status=int(str(resp.status).split()[0]),
                bytes=resp.sent,
                ms=round(request_time.total_seconds() * 1000, 1),
            )
        )
