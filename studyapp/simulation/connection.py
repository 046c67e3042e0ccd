"""One connection to a host: requests go out as bytes, and only complete replies come back.

It reads HTTP/1.1 (RFC 9112) itself, in a fifth of the time that `http.client` takes (decision 527).
"""

import re
import socket
import ssl
from dataclasses import dataclass
from functools import lru_cache

from studyapp.shelf.sockets import has_input

SECONDS = 60
# Of what is read at once, and of a reply's headers
MOST_BYTES = 65536
BEGINNING = b"HTTP/1."
STATUS_LINE = re.compile(r"HTTP/1\.([01]) ([1-9]\d\d)(?: .*)?")
DIGITS = re.compile(r"\d+")
CHUNK = re.compile(rb"([0-9A-Fa-f]+)[ \t]*(?:;.*)?")
# Statuses after whose headers no body follows
BODILESS = {204, 304}


@dataclass(frozen=True)
class Head:
    """What a reply says of itself.

    headers: by their names in lower case; values of the same name are joined by a comma.
    cookies: the values of Set-Cookie, which may not be joined.
    is_last: whether the host ends the connection after this reply.
    """

    status: int
    headers: dict[str, str]
    cookies: list[str]
    is_last: bool


class Connection:
    """A connection that is opened by the first request, and again by the first one after `close`.

    Raises OSError for whatever keeps a complete reply from arriving; then it must be closed, since
    the rest of that reply might be read as the next one.
    context: for a host with TLS.
    """

    def __init__(self, host: str, port: int, context: ssl.SSLContext | None = None) -> None:
        self.sock: socket.socket | None = None
        self._address = host, port
        self._context = context
        # What has arrived and was not read yet
        self._arrived = bytearray()

    def send(self, request: bytes) -> None:
        if self.sock is not None and self._has_ended():
            self.close()
        if self.sock is None:
            self.sock = self._opened()
        self.sock.sendall(request)

    def read_head(self) -> Head:
        """The status and headers of the reply, without those that only say that it will come."""
        while True:
            self._expect(BEGINNING)
            head = _parsed(self._read_until(b"\r\n\r\n"))
            if head.status >= 200:
                return head
            if head.status == 101:
                raise ConnectionError("the host has changed to another protocol")

    def read_body(self, head: Head) -> bytes:
        content = self._body(head)
        if head.is_last or self._arrived:
            # Nobody has asked for what else arrived.
            self.close()
        return content

    def close(self) -> None:
        self._arrived.clear()
        if self.sock is not None:
            self.sock.close()
            self.sock = None

    def _has_ended(self) -> bool:
        # No request is open, so anything to read means that the host has closed the connection.
        assert self.sock is not None
        return has_input(self.sock.fileno())

    def _opened(self) -> socket.socket:
        plain = socket.create_connection(self._address, SECONDS)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._context is None:
            return plain
        return self._context.wrap_socket(plain, server_hostname=self._address[0])

    def _body(self, head: Head) -> bytes:
        if head.status in BODILESS:
            return b""
        if coding := head.headers.get("transfer-encoding"):
            if coding.lower() != "chunked":
                raise ConnectionError(f"unknown Transfer-Encoding: {coding}")
            return self._read_chunks()
        length = head.headers.get("content-length")
        if length is None:
            return self._read_to_end()
        if not DIGITS.fullmatch(length):
            raise ConnectionError(f"no Content-Length: {length}")
        return self._read(int(length))

    def _read_chunks(self) -> bytes:
        chunks = []
        while size := _chunk_size(self._read_until(b"\r\n")):
            chunks.append(self._read(size))
            if self._read(2) != b"\r\n":
                raise ConnectionError("a chunk is longer than it said")
        # Trailers, of which no browser tells its pages
        while self._read_until(b"\r\n"):
            pass
        return b"".join(chunks)

    def _read_to_end(self) -> bytes:
        """What arrives until the host ends the connection, by which alone it says where it ends."""
        while self._receive():
            pass
        content = bytes(self._arrived)
        self.close()
        return content

    def _expect(self, beginning: bytes) -> None:
        """Wait no longer for a reply once anything else has arrived."""
        while not self._arrived.startswith(beginning):
            if not beginning.startswith(self._arrived):
                raise ConnectionError(f"no reply of HTTP/1.1: {bytes(self._arrived[:40])!r}")
            self._receive_more()

    def _read_until(self, end: bytes) -> bytes:
        """What comes before `end`, which is read too."""
        while (length := self._arrived.find(end)) < 0:
            if len(self._arrived) > MOST_BYTES:
                raise ConnectionError("the headers do not end")
            self._receive_more()
        found = bytes(self._arrived[:length])
        del self._arrived[: length + len(end)]
        return found

    def _read(self, size: int) -> bytes:
        while len(self._arrived) < size:
            self._receive_more()
        found = bytes(self._arrived[:size])
        del self._arrived[:size]
        return found

    def _receive_more(self) -> None:
        if not self._receive():
            raise ConnectionError("the host ended the connection before its reply was complete")

    def _receive(self) -> int:
        """How many bytes arrived; 0 when the host has ended the connection."""
        assert self.sock is not None
        arrived = self.sock.recv(MOST_BYTES)
        self._arrived += arrived
        return len(arrived)


def _parsed(head: bytes) -> Head:
    first, *lines = head.decode("latin-1").split("\r\n")
    found = STATUS_LINE.fullmatch(first)
    if found is None:
        raise ConnectionError(f"no reply of HTTP/1.1: {first[:40]!r}")
    headers: dict[str, str] = {}
    cookies = []
    for line in lines:
        name, value = _header(line)
        if name == "set-cookie":
            cookies.append(value)
        else:
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return Head(int(found[2]), headers, cookies, _is_last(found[1], headers))


@lru_cache(1000)
def _header(line: str) -> tuple[str, str]:
    """Its name in lower case, and its value. A host sends most lines with every reply."""
    name, colon, value = line.partition(":")
    if not colon or name != name.strip():
        raise ConnectionError(f"no header: {line[:40]!r}")
    return name.lower(), value.strip()


def _is_last(minor_version: str, headers: dict[str, str]) -> bool:
    options = headers.get("connection", "").lower()
    if "close" in options:
        return True
    return minor_version == "0" and "keep-alive" not in options


def _chunk_size(line: bytes) -> int:
    found = CHUNK.fullmatch(line)
    if found is None:
        raise ConnectionError(f"no chunk begins with {line[:40]!r}")
    return int(found[1], 16)
