"""A browser's cookies and connections, and the redirects that it follows.

It uses `http.client`, which costs a seventh of what `requests` does (decision 509): simulated
people often share the processors with the site that they measure.
"""

import gzip
import re
import time
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from email.message import Message
from functools import lru_cache
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from http.cookiejar import CookieJar
from urllib.parse import SplitResult, quote, quote_plus, urlencode, urljoin, urlsplit
from urllib.request import Request

from studyapp.shelf.sockets import has_input

SECONDS = 60
# As in browsers
MOST_REDIRECTS = 20
HEADERS = {
    "Accept": "*/*",
    "Accept-Encoding": "gzip",
    "Connection": "keep-alive",
    "User-Agent": "discern-simulation",
}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
# After these the same request goes to the new address; after the others, that address gets a GET.
REPEATING = {HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT}
REDIRECTS = {HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.FOUND, HTTPStatus.SEE_OTHER, *REPEATING}
# What stays unquoted in an address: reserved characters, and what is already quoted
RESERVED = "%/:?#[]@!$&'()*+,;=~"
LINE_END = re.compile(r"\r\n?|\n")


@dataclass(frozen=True)
class Reply:
    """The reply from `url`, and the redirects that led there.

    seconds: from sending, or from connecting if that came first, until the headers had arrived.
    """

    url: str
    status: int
    headers: Message
    content: bytes
    seconds: float
    history: tuple["Reply", ...] = ()

    @property
    def first(self) -> "Reply":
        """The reply to the request itself, before any redirect."""
        return self.history[0] if self.history else self

    @property
    def is_redirect(self) -> bool:
        return self.status in REDIRECTS and "Location" in self.headers

    @property
    def text(self) -> str:
        return self.content.decode(str(self.headers.get_content_charset("utf-8")), "replace")


class Session:
    """Cookies, and one keep-alive connection to each host. Nothing is sent a second time.

    Raises ConnectionError, with the address, if no complete reply arrives. Hosts with TLS must have
    a certificate that the machine trusts, or one from an authority in SSL_CERT_FILE.
    """

    def __init__(self) -> None:
        self.cookies = CookieJar()
        # The paths of the jar's cookies, in lower case; those of expired ones may be among them.
        self._cookie_paths: tuple[str, ...] = ()
        self._connections: dict[tuple[str, str], HTTPConnection] = {}

    def get(self, url: str, parameters: Mapping[str, str] | None = None) -> Reply:
        if parameters:
            url += ("&" if "?" in url else "?") + urlencode(parameters)
        return self._follow("GET", url, None, {})

    def post(self, url: str, form: str, headers: Mapping[str, str] | None = None) -> Reply:
        """form: as `form_encoded` writes it."""
        return self._follow("POST", url, form, headers or {})

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()

    def _follow(self, method: str, url: str, form: str | None, more: Mapping[str, str]) -> Reply:
        """The reply at the end of all redirects."""
        history: list[Reply] = []
        reply = self._ask(method, quote(url, RESERVED), form, more)
        while reply.is_redirect:
            history.append(reply)
            if len(history) > MOST_REDIRECTS:
                first = history[0].url
                raise ConnectionError(f"{first} redirects without end, at last to {reply.url}")
            if reply.status not in REPEATING:
                method, form = "GET", None
            # http.client reads headers as Latin-1, and addresses are written in UTF-8.
            location = quote(str(reply.headers["Location"]).encode("latin-1"), RESERVED)
            reply = self._ask(method, urljoin(reply.url, location), form, more)
        return replace(reply, history=tuple(history)) if history else reply

    def _ask(self, method: str, url: str, form: str | None, more: Mapping[str, str]) -> Reply:
        """The reply to one request."""
        parts = urlsplit(url)
        connection = self._connection(parts)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {**HEADERS, **more, **self._cookie_header(url, parts.path)}
        if form is not None:
            headers |= FORM
        before = time.perf_counter()
        try:
            connection.request(method, target, form, headers)
            response = connection.getresponse()
            seconds = time.perf_counter() - before
            content = _unzipped(response)
        except (OSError, EOFError, HTTPException, zlib.error) as error:
            # The rest of this reply must never be read as the next one.
            connection.close()
            raise ConnectionError(f"{method} {url} got no complete reply: {error!r}") from error
        if "Set-Cookie" in response.headers:
            self.cookies.extract_cookies(response, Request(url))
            self._cookie_paths = tuple({one.path.lower() for one in self.cookies})
        return Reply(url, response.status, response.headers, content, seconds)

    def _cookie_header(self, url: str, path: str) -> dict[str, str]:
        # The jar's own check takes ten times as long, and few addresses get any cookie.
        if not path.lower().startswith(self._cookie_paths):
            return {}
        asked = Request(url)
        self.cookies.add_cookie_header(asked)
        return asked.unredirected_hdrs

    def _connection(self, parts: SplitResult) -> HTTPConnection:
        """The connection to a host; a new one if there is none or the host has closed it."""
        kept = self._connections.get(parts[:2])
        if kept is None:
            kinds = {"http": HTTPConnection, "https": HTTPSConnection}
            if parts.scheme not in kinds or parts.hostname is None:
                told = "is not the address of a page: it must begin with https:// or http://"
                raise ConnectionError(f"{parts.geturl()} {told}")
            kept = kinds[parts.scheme](parts.hostname, parts.port, timeout=SECONDS)
            self._connections[parts[:2]] = kept
        elif kept.sock is not None and has_input(kept.sock.fileno()):
            # No request is open, so anything to read means that the host has closed it.
            kept.close()
        return kept


def form_encoded(values: Iterable[tuple[str, object]], *, line_end: str = "\r\n") -> str:
    """`values` as browsers send them, in UTF-8 (WHATWG's URL standard, which differs from Python's
    `urlencode` in two characters).

    line_end: that of texts; a page's script sends "\\n".
    """
    return "&".join(
        f"{_form_quoted(name, line_end)}={_form_quoted(str(value), line_end)}"
        for name, value in values
    )


@lru_cache(1000)
def _form_quoted(text: str, line_end: str) -> str:
    """Remembered, because names and most values recur."""
    return quote_plus(LINE_END.sub(line_end, text), safe="*").replace("~", "%7E")


def _unzipped(response: HTTPResponse) -> bytes:
    content = response.read()
    return gzip.decompress(content) if response.headers["Content-Encoding"] == "gzip" else content
