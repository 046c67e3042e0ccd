"""A file as HTTP wants it: asked for again, in part, or by its headers alone (RFC 9110)."""

import re
from pathlib import Path

from django.http import FileResponse, HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response

RANGE = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})")


class OutsideTheFile(Exception):
    """A range that the file does not have."""


def send_file(request: HttpRequest, path: Path, headers: dict[str, str]) -> HttpResponse:
    """The whole file by the server's own sendfile, one range of it, or that it is unchanged.

    `headers` hold the ETag; several ranges at once are answered with the whole file.
    """
    size = path.stat().st_size
    headers = {**headers, "Accept-Ranges": "bytes"}
    head = HttpResponse(headers={**headers, "Content-Length": str(size)})
    answer = get_conditional_response(request, etag=headers["ETag"], response=head)
    if answer is not head or request.method == "HEAD":
        return answer or head
    try:
        part = asked_range(request, headers["ETag"], size)
    except OutsideTheFile:
        return HttpResponse(status=416, headers={**headers, "Content-Range": f"bytes */{size}"})
    if part is None:
        return _whole(request, path, headers)
    return _part(path, part, headers)


def _whole(request: HttpRequest, path: Path, headers: dict[str, str]) -> HttpResponse:
    if "wsgi.file_wrapper" not in request.META:
        return HttpResponse(path.read_bytes(), headers=headers)
    # The server copies the file to the socket by itself (gunicorn: sendfile).
    reply = FileResponse(path.open("rb"), headers=headers)
    # The copy's name is nobody's business.
    del reply["Content-Disposition"]
    return reply  # type: ignore[return-value]


def asked_range(request: HttpRequest, tag: str, size: int) -> tuple[int, int] | None:
    """The first and last byte of the one range that is asked for; None where the whole file is.

    Raises OutsideTheFile for a range that begins after the file's end.
    """
    found = RANGE.fullmatch(request.headers.get("Range", ""))
    if found is None or request.headers.get("If-Range", tag) != tag:
        return None
    first, last = found.groups()
    if not first:
        return _last_bytes(last, size)
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise OutsideTheFile
    return int(first), min(int(last or size), size - 1)


def _last_bytes(count: str, size: int) -> tuple[int, int] | None:
    if not count:
        return None
    if int(count) == 0:
        raise OutsideTheFile
    return max(0, size - int(count)), size - 1


def _part(path: Path, part: tuple[int, int], headers: dict[str, str]) -> HttpResponse:
    first, last = part
    with path.open("rb") as file:
        file.seek(first)
        content = file.read(last - first + 1)
    told = {"Content-Range": f"bytes {first}-{last}/{path.stat().st_size}"}
    return HttpResponse(content, status=206, headers={**headers, **told})
