"""Pictures that a page has just named, sent before Django begins.

Most of a person's requests are for pictures, and Django spends more time on each of them than
gunicorn does. Requests that are not as plain as those of most browsers are left to Django, which
answers with the very same bytes.
"""

import re
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from django.conf import settings

from studyapp.models.codes import PATTERN
from studyapp.serving.metrics import count
from studyapp.studies.shown import Shown, known_picture

from .pictures import headers_of
from .sight import in_sight

Site = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
PICTURE = re.compile(f"/p/({PATTERN})/({PATTERN})\\.png")
# What would change the answer. HTTP_RANGE is not among them: only films are sent in parts.
ASKS = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE",
        "CONTENT_LENGTH", "CONTENT_TYPE")  # fmt: skip
# A picture's own headers; Django adds the others
OWN = {"content-type", "cache-control", "etag", "x-accel-redirect"}
LENGTH = "Content-Length"
# Names by which people reach a site; ALLOWED_HOSTS may allow any number
MOST_HOSTS = 20
Headers = list[tuple[str, str]]


class Around(NamedTuple):
    """The headers that Django adds to a picture's own, before its length and after it."""

    before: Headers
    after: Headers


class DirectPictures:
    """The site; it learns from each host's first picture what Django adds to the headers."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.around: dict[tuple[str, str], Around] = {}

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        address = PICTURE.fullmatch(environ["PATH_INFO"])
        if address is None or not _is_plain(environ):
            return self.site(environ, start_response)
        began = time.perf_counter()
        place = (environ["wsgi.url_scheme"], environ["HTTP_HOST"])
        around = self.around.get(place)
        if around is None:
            return self.site(environ, self._learning(place, start_response))
        sent = _in_sight(*address.groups())
        content = _content(sent) if sent is not None else None
        if sent is None or content is None:
            return self.site(environ, start_response)
        length = (LENGTH, str(len(content)))
        headers = [*headers_of(sent).items(), *around.before, length, *around.after]
        start_response("200 OK", headers)
        if settings.METRICS_BIND:
            count("picture", 200, began)
        return [content]

    def _learning(
        self, place: tuple[str, str], start_response: Callable[..., Any]
    ) -> Callable[..., Any]:
        def start(status: str, headers: Headers, *rest: Any) -> Any:
            if status == "200 OK" and len(self.around) < MOST_HOSTS:
                self._learn(place, headers)
            return start_response(status, headers, *rest)

        return start

    def _learn(self, place: tuple[str, str], headers: Headers) -> None:
        names = [name for name, _ in headers]
        # The headers of a film, or for one person only
        if LENGTH not in names or {"Accept-Ranges", "Set-Cookie", "Vary"} & set(names):
            return
        at = names.index(LENGTH)
        before, after = (
            [one for one in part if one[0].lower() not in OWN]
            for part in (headers[:at], headers[at + 1 :])
        )
        self.around[place] = Around(before, after)


def _is_plain(environ: dict[str, Any]) -> bool:
    """Whether the answer depends on nothing but the address, the scheme and the host."""
    cookies = environ.get("HTTP_COOKIE", "")
    return (
        environ["REQUEST_METHOD"] == "GET"
        and "HTTP_HOST" in environ
        and not any(environ.get(name) for name in ASKS)
        and settings.SESSION_COOKIE_NAME not in cookies
        and settings.CSRF_COOKIE_NAME not in cookies
    )


def _in_sight(code: str, name: str) -> Shown | None:
    named = in_sight(code, name)
    sent = known_picture(name, *named) if named is not None else None
    return sent if sent is not None and not sent.is_film else None


def _content(sent: Shown) -> bytes | None:
    """The reply's body, which is empty if a proxy sends the copy; None if there is no copy that can
    be read."""
    try:
        if settings.SHOWN_URL:
            return b"" if sent.copy.exists() else None
        return sent.copy.read_bytes()
    except OSError:
        return None
