"""One word for the scripts and styles of participants' pages as they are in this checkout."""

import hashlib
import re
from collections.abc import Iterator
from functools import cache

from django.contrib.staticfiles.finders import get_finders
from django.http import HttpRequest
from django.http.response import HttpResponse, HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

from .addresses import static

# The desk's own, which no participant's page has
DESK = "admin/"
# A version as it follows the addresses of scripts and styles
VERSION = re.compile(r"[0-9a-f]{12}")
# In place of a script of another release; the pause keeps a page from asking without rest.
ANOTHER_TIME = "setTimeout(() => location.reload(), 1000);\n"


@cache
def static_version() -> str:
    """The same as long as no script and no style changes. A page that was loaded before a
    deployment tells by it that it can't show a trial which was written after."""
    digest = hashlib.sha256()
    for path, content in sorted(_scripts_and_styles()):
        digest.update(f"{path} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:12]


def versioned(path: str) -> str:
    """The address of a script or style of this release; no browser keeps another's under it."""
    return f"{static(path)}?{static_version()}"


def _scripts_and_styles() -> Iterator[tuple[str, bytes]]:
    for finder in get_finders():
        for path, storage in finder.list(None):
            if path.endswith((".js", ".css")) and not path.startswith(DESK):
                # Where one is found twice, the first is served; here both count.
                with storage.open(path) as file:
                    yield f"{getattr(storage, 'prefix', '') or ''}/{path}", file.read()


class FilesOfOneVersion(WhiteNoiseMiddleware):  # type: ignore[misc]  # it comes without types
    """Static files, but no script under the version of another release.

    While web processes are replaced one after the other, an old one may be asked for the script of
    a page that a new one wrote. Its own script would run that page to the end of the session, so
    the page is loaded again instead, until one release answers both. A style only looks different
    there: the process's own is sent, but no browser keeps it under the other's version.
    """

    @staticmethod
    def serve(static_file: StaticFile, request: HttpRequest) -> HttpResponseBase:
        asked = request.META.get("QUERY_STRING", "")
        is_another = VERSION.fullmatch(asked) and asked != static_version()
        if is_another and request.path.endswith(".js"):
            headers = {"Cache-Control": "no-store"}
            return HttpResponse(ANOTHER_TIME, content_type="text/javascript", headers=headers)
        reply: HttpResponseBase = WhiteNoiseMiddleware.serve(static_file, request)
        if is_another:
            reply["Cache-Control"] = "no-store"
        return reply
