"""A kept-alive HTTP/1.1 connection that costs little: the client shares its cores with the site."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

SECONDS = 60
END = b"\r\n\r\n"


@dataclass(frozen=True)
class Reply:
    """What a server answered; header names are in lower case, the last of a name wins."""

    status: int
    headers: Mapping[bytes, bytes]
    cookies: Mapping[bytes, bytes]
    body: bytes


class Wire(asyncio.Protocol):
    """One connection: a request goes out, `reply` waits for what comes back, whole."""

    def __init__(self) -> None:
        self.closed = True
        self._waiting: asyncio.Future[Reply] | None = None
        self._came = bytearray()
        self._head: tuple[int, dict[bytes, bytes], dict[bytes, bytes]] | None = None

    @property
    def has_begun(self) -> bool:
        """Whether some of the answer has come."""
        return bool(self._came) or self._head is not None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self.closed = False

    def connection_lost(self, error: Exception | None) -> None:
        self.closed = True
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(ConnectionError("the server closed the connection"))

    def close(self) -> None:
        if not self.closed:
            self._transport.close()

    async def reply(self, request: bytes) -> Reply:
        self._waiting = asyncio.get_running_loop().create_future()
        self._came.clear()
        self._head = None
        self._transport.write(request)  # type: ignore[attr-defined]
        async with asyncio.timeout(SECONDS):
            return await self._waiting

    def data_received(self, data: bytes) -> None:
        self._came += data
        if self._head is None:
            at = self._came.find(END)
            if at < 0:
                return
            self._head = read_head(bytes(self._came[:at]))
            del self._came[: at + len(END)]
        status, headers, cookies = self._head
        body = whole_body(headers, self._came)
        if body is None or self._waiting is None:
            return
        if headers.get(b"connection", b"").lower() == b"close":
            self.close()
        if not self._waiting.done():
            self._waiting.set_result(Reply(status, headers, cookies, body))


def read_head(head: bytes) -> tuple[int, dict[bytes, bytes], dict[bytes, bytes]]:
    """Status, headers and cookies of a reply."""
    first, *lines = head.split(b"\r\n")
    headers: dict[bytes, bytes] = {}
    cookies: dict[bytes, bytes] = {}
    for line in lines:
        name, _, value = line.partition(b":")
        headers[name.lower()] = value.strip()
        if name.lower() == b"set-cookie":
            key, _, kept = value.strip().partition(b";")[0].partition(b"=")
            cookies[key] = kept
    return int(first.split(b" ", 2)[1]), headers, cookies


def whole_body(headers: Mapping[bytes, bytes], came: bytearray) -> bytes | None:
    """The body once all of it has come; None before."""
    if b"chunked" in headers.get(b"transfer-encoding", b""):
        return joined_chunks(bytes(came)) if came.endswith(b"0\r\n\r\n") else None
    length = int(headers.get(b"content-length", b"0"))
    return bytes(came) if len(came) >= length else None


def joined_chunks(came: bytes) -> bytes | None:
    """The body of chunks that have come; None if the last is not among them."""
    parts, at = [], 0
    while (line := came.find(b"\r\n", at)) >= 0:
        size = int(came[at:line].partition(b";")[0], 16)
        if size == 0:
            return b"".join(parts)
        parts.append(came[line + 2 : line + 2 + size])
        at = line + 2 + size + 2
    return None


class Browser:
    """One person's cookies and connection, at `base` (http://host:port)."""

    def __init__(self, base: str) -> None:
        self.host, self.port = urlsplit(base).hostname, urlsplit(base).port
        self.cookies: dict[bytes, bytes] = {}
        self._wire = Wire()

    async def get(self, address: str) -> Reply:
        return await self._send(f"GET {address} HTTP/1.1\r\n".encode(), b"")

    async def post(self, address: str, body: bytes) -> Reply:
        head = f"POST {address} HTTP/1.1\r\nContent-Length: {len(body)}\r\n"
        kind = "Content-Type: application/x-www-form-urlencoded\r\n"
        return await self._send((head + kind).encode(), body)

    async def follow(self, reply: Reply, address: str) -> tuple[Reply, str]:
        """Where the redirects of `reply` to a request of `address` end: the page, its address."""
        for _ in range(10):
            if not 300 <= reply.status < 400 or b"location" not in reply.headers:
                return reply, address
            target = urlsplit(urljoin(address, reply.headers[b"location"].decode()))
            address = f"{target.path}?{target.query}" if target.query else target.path
            reply = await self.get(address)
        raise ConnectionError(f"{address} redirects without end")

    async def _send(self, head: bytes, body: bytes) -> Reply:
        head += f"Host: {self.host}:{self.port}\r\n".encode()
        if self.cookies:
            head += b"Cookie: %s\r\n" % b"; ".join(b"%s=%s" % pair for pair in self.cookies.items())
        reply = await self._answer(head + b"\r\n" + body)
        self.cookies.update(reply.cookies)
        return reply

    async def _answer(self, request: bytes) -> Reply:
        """As browsers do, once more where a kept connection was closed before any answer."""
        if not self._wire.closed:
            try:
                return await self._wire.reply(request)
            except ConnectionError:
                if self._wire.has_begun:
                    raise
        loop = asyncio.get_running_loop()
        _, self._wire = await loop.create_connection(Wire, self.host, self.port)
        return await self._wire.reply(request)

    def close(self) -> None:
        self._wire.close()
