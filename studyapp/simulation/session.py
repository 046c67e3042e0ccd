"""A browser's cookies and connections, and the redirects that it follows.

It does no more than that, since simulated people often share the processors with the site that
they measure (decisions 509 and 527).
"""

import gzip
import re
import ssl
import time
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from email.message import Message
from functools import lru_cache
from http import HTTPStatus
from http.client import HTTPResponse
from http.cookiejar import CookieJar
from io import BytesIO
from typing import cast
from urllib.parse import SplitResult, quote, quote_plus, urlencode, urljoin, urlsplit
from urllib.request import Request
from urllib.response import addinfourl

from .connection import Connection, Head

PORTS = {"http": 80, "https": 443}
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

    headers: by their names in lower case.
    seconds: from sending, or from connecting if that came first, until the headers had arrived.
    """

    url: str
    status: int
    headers: dict[str, str]
    content: bytes
    seconds: float
    history: tuple["Reply", ...] = ()

    @property
    def first(self) -> "Reply":
        """The reply to the request itself, before any redirect."""
        return self.history[0] if self.history else self

    @property
    def is_redirect(self) -> bool:
        return self.status in REDIRECTS and "location" in self.headers

    @property
    def text(self) -> str:
        return self.content.decode(self._content_type[1], "replace")

    @property
    def media_type(self) -> str:
        """As `text/html`; `text/plain` if the reply names none."""
        return self._content_type[0]

    @property
    def _content_type(self) -> tuple[str, str]:
        return _media_type_and_charset(self.headers.get("content-type", ""))


class Session:
    """Cookies, and one keep-alive connection to each host. Nothing is sent a second time.

    Raises ConnectionError, with the address, if no complete reply arrives. Hosts with TLS must have
    a certificate that the machine trusts, or one from an authority in SSL_CERT_FILE.
    """

    def __init__(self) -> None:
        self.cookies = CookieJar()
        # Of those in the jar, in lower case; some that it had may be among them.
        self._cookie_paths: tuple[str, ...] = ()
        self._connections: dict[tuple[str, str], Connection] = {}

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
            # Headers are read as Latin-1, and addresses are written in UTF-8.
            location = quote(reply.headers["location"].encode("latin-1"), RESERVED)
            reply = self._ask(method, urljoin(reply.url, location), form, more)
        return replace(reply, history=tuple(history)) if history else reply

    def _ask(self, method: str, url: str, form: str | None, more: Mapping[str, str]) -> Reply:
        """The reply to one request."""
        parts = urlsplit(url)
        connection = self._connection(parts)
        headers = {**HEADERS, **more, **self._cookie_header(url, parts.path)}
        request = _request(method, parts, headers, form)
        before = time.perf_counter()
        try:
            connection.send(request)
            head = connection.read_head()
            seconds = time.perf_counter() - before
            content = _unzipped(head, connection.read_body(head))
        except (OSError, EOFError, zlib.error) as error:
            # The rest of this reply must never be read as the next one.
            connection.close()
            raise ConnectionError(f"{method} {url} got no complete reply: {error!r}") from error
        if head.cookies:
            self._keep(head.cookies, Request(url))
        return Reply(url, head.status, head.headers, content, seconds)

    def _cookie_header(self, url: str, path: str) -> dict[str, str]:
        # The jar's own check takes ten times as long, and few addresses get any cookie.
        if not path.lower().startswith(self._cookie_paths):
            return {}
        asked = Request(url)
        self.cookies.add_cookie_header(asked)
        return asked.unredirected_hdrs

    def _keep(self, cookies: list[str], asked: Request) -> None:
        headers = Message()
        for cookie in cookies:
            headers["Set-Cookie"] = cookie
        # All that a jar asks of a reply is `info()`.
        told = addinfourl(BytesIO(), headers, asked.full_url)
        self.cookies.extract_cookies(cast(HTTPResponse, told), asked)
        self._cookie_paths = tuple({one.path.lower() for one in self.cookies})

    def _connection(self, parts: SplitResult) -> Connection:
        """The connection to a host."""
        kept = self._connections.get(parts[:2])
        if kept is None:
            if parts.scheme not in PORTS or parts.hostname is None:
                told = "is not the address of a page: it must begin with https:// or http://"
                raise ConnectionError(f"{parts.geturl()} {told}")
            context = None
            if parts.scheme == "https":
                context = ssl.create_default_context()
                context.set_alpn_protocols(["http/1.1"])
            kept = Connection(parts.hostname, parts.port or PORTS[parts.scheme], context)
            self._connections[parts[:2]] = kept
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
    """Names and most values come again and again."""
    return quote_plus(LINE_END.sub(line_end, text), safe="*").replace("~", "%7E")


def _request(
    method: str, parts: SplitResult, headers: Mapping[str, str], form: str | None
) -> bytes:
    """The request as it is sent."""
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [f"{method} {target} HTTP/1.1", f"Host: {_host(parts[:2])}"]
    if form is not None:
        # An encoded form is ASCII.
        lines.append(f"Content-Length: {len(form)}")
        headers = {**headers, **FORM}
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + f"\r\n\r\n{form or ''}").encode("latin-1")


@lru_cache
def _host(origin: tuple[str, str]) -> str:
    """As browsers name a host: without a user's name, and without a port that goes without saying.

    origin: scheme, and the address's part up to the path.
    """
    parts = urlsplit("://".join(origin))
    name = str(parts.hostname)
    name = f"[{name}]" if ":" in name else name
    return name if parts.port in (None, PORTS[parts.scheme]) else f"{name}:{parts.port}"


@lru_cache
def _media_type_and_charset(content_type: str) -> tuple[str, str]:
    """What a Content-Type says; UTF-8 if it names no charset."""
    header = Message()
    header["Content-Type"] = content_type
    return header.get_content_type(), str(header.get_content_charset("utf-8"))


def _unzipped(head: Head, content: bytes) -> bytes:
    return gzip.decompress(content) if head.headers.get("content-encoding") == "gzip" else content
