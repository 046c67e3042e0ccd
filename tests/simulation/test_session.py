"""A session keeps cookies and connections as a browser does, and sends nothing a second time."""

import gzip
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

from sandbox.nginx import make_certificate
from studyapp.simulation import session as module
from studyapp.simulation.session import Session, form_encoded

Answer = Callable[[socket.socket], None]


@dataclass
class Host:
    """A host on loopback that answers each address as it was told, and records what it was sent.

    seen: for each request the number of its connection, and its text.
    """

    answers: dict[str, bytes | Answer]
    context: ssl.SSLContext | None = None
    seen: list[tuple[int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self.listener.accept()
            except OSError:
                return
            self.open.append(line)
            number = len(self.open)
            threading.Thread(target=self._serve, args=(line, number), daemon=True).start()

    def _serve(self, line: socket.socket, number: int) -> None:
        try:
            if self.context is not None:
                line = self.context.wrap_socket(line, server_side=True)
            with line, line.makefile("rb") as coming:
                while request := _read(coming):
                    self.seen.append((number, request))
                    answer = self.answers[request.split()[1]]
                    if callable(answer):
                        answer(line)
                        return
                    line.sendall(answer)
        except OSError:
            return

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def _read(coming: "socket.SocketIO") -> str:
    head = ""
    while line := coming.readline().decode():
        head += line
        if line == "\r\n":
            break
    length = next(
        (int(one[15:]) for one in head.split("\r\n") if one.startswith("Content-Length:")), 0
    )
    return head + coming.read(length).decode()


def reply(body: bytes | str = b"", status: str = "200 OK", **headers: str) -> bytes:
    content = body.encode() if isinstance(body, str) else body
    named = {"Content-Length": str(len(content)), **headers}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in named.items()]
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode() + content


def moved(to: str, status: str = "303 See Other", **headers: str) -> bytes:
    return reply(status=status, Location=to, **headers)


@pytest.fixture
def serve() -> Iterator[Callable[..., Host]]:
    hosts: list[Host] = []

    def make(answers: dict[str, bytes | Answer], context: ssl.SSLContext | None = None) -> Host:
        hosts.append(Host(answers, context))
        return hosts[-1]

    yield make
    for host in hosts:
        host.close()


@pytest.fixture
def session() -> Iterator[Session]:
    one = Session()
    yield one
    one.close()


Serve = Callable[..., Host]


def test_one_connection_serves_one_request_after_another(serve: Serve, session: Session) -> None:
    host = serve({"/a?x=%C3%A9+1": reply("ä"), "/b": reply(), "/": moved("/b")})
    page = session.get(f"{host.url}/a", {"x": "é 1"})
    assert (page.status, page.text, page.first) == (200, "ä", page)
    session.get(host.url)
    assert [number for number, _ in host.seen] == [1, 1, 1]


def test_a_connection_that_was_closed_meanwhile_is_opened_again(
    serve: Serve, session: Session
) -> None:
    host = serve({"/a": lambda line: line.sendall(reply("1")), "/b": reply("2")})
    assert session.get(f"{host.url}/a").text == "1"
    # Wait until the host has closed its side: then the end of the connection can be read.
    [kept] = session._connections.values()
    assert kept.sock.recv(1, socket.MSG_PEEK) == b""
    assert session.post(f"{host.url}/b", "x=1").text == "2"
    assert [number for number, _ in host.seen] == [1, 2]


def then_ends(part: bytes) -> Answer:
    return lambda line: line.sendall(part)


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
CUT = {
    "nothing": then_ends(b""),
    "half of it": then_ends(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"),
    "half of its chunks": then_ends(CHUNKED + b"4\r\nhalf\r\n"),
    "half of a chunk": then_ends(CHUNKED + b"9\r\nhalf"),
    "only that it will come": then_ends(b"HTTP/1.1 100 Continue\r\n\r\n"),
}
# On a connection that stays open: whoever waits for more of these waits in vain.
WRONG = {
    "no reply": b"?\r\n",
    "no status": b"HTTP/1.1 OK\r\n\r\n",
    "a chunk without its length": CHUNKED + b"x\r\nhalf\r\n0\r\n\r\n",
    "headers without end": b"HTTP/1.1 200 OK\r\n" + 9000 * b"X: 1234\r\n",
}


@pytest.mark.parametrize("part", [*CUT.values(), *WRONG.values()], ids=[*CUT, *WRONG])
def test_what_got_no_whole_reply_is_told_and_not_sent_again(
    serve: Serve, session: Session, part: bytes | Answer
) -> None:
    host = serve({"/first": reply(), "/a": part, "/b": reply("whole")})
    session.get(f"{host.url}/first")
    with pytest.raises(ConnectionError, match=rf"POST {host.url}/a got no complete reply"):
        session.post(f"{host.url}/a", "x=1")
    assert session.get(f"{host.url}/b").text == "whole"
    assert [request.split()[:2] for _, request in host.seen] == [
        ["GET", "/first"],
        ["POST", "/a"],
        ["GET", "/b"],
    ]


def test_replies_are_read_however_they_tell_their_end(serve: Serve, session: Session) -> None:
    def in_pieces(line: socket.socket) -> None:
        for byte in reply("in pieces"):
            line.sendall(bytes([byte]))

    early = b"HTTP/1.1 100 Continue\r\n\r\n"
    host = serve({
        "/chunks": CHUNKED + b"5;a=b\r\nfirst\r\n0B\r\n and\r\n\r\nmor\r\n0\r\nX: y\r\n\r\n",
        "/early": early + reply("late"), "/none": b"HTTP/1.1 204 No Content\r\n\r\n",
        "/same": reply("", "304 Not Modified", Content_Length="9"),
        "/large": reply(300_000 * "x"), "/last": then_ends(b"HTTP/1.1 200\r\n\r\nto the end"),
        "/pieces": in_pieces,
    })  # fmt: skip
    for address, content in (
        ("chunks", b"first and\r\n\r\nmor"),
        ("early", b"late"),
        ("none", b""),
        ("same", b""),
        ("large", 300_000 * b"x"),
        ("last", b"to the end"),
        ("pieces", b"in pieces"),
    ):
        assert session.get(f"{host.url}/{address}").content == content
    assert [number for number, _ in host.seen] == [1, 1, 1, 1, 1, 1, 2]


@pytest.mark.parametrize(
    "first",
    [
        reply("a", Connection="close"),
        reply("a").replace(b"HTTP/1.1", b"HTTP/1.0"),
    ],
    ids=["said to be the last", "of HTTP/1.0"],
)
def test_after_some_replies_another_connection_is_opened(
    serve: Serve, session: Session, first: bytes
) -> None:
    host = serve({"/a": first, "/b": reply("b", Connection="Keep-Alive"), "/c": reply("c")})
    assert [session.get(f"{host.url}/{one}").text for one in "abc"] == ["a", "b", "c"]
    assert [number for number, _ in host.seen] == [1, 2, 2]


def test_nobody_at_the_address_is_told(serve: Serve, session: Session) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(ConnectionError, match=f"GET http://127.0.0.1:{port}/ got no complete"):
        session.get(f"http://127.0.0.1:{port}/")


def test_an_address_without_its_scheme_is_told(session: Session) -> None:
    with pytest.raises(ConnectionError, match="/s/x/ is not the address of a page: it must begin"):
        session.get("/s/x/")


def test_a_form_is_not_sent_on_unless_the_redirect_asks_for_it(
    serve: Serve, session: Session
) -> None:
    host = serve({
        "/303": moved("after"), "/302": moved("/after", "302 Found"), "/after": reply("there"),
        "/307": moved("/again", "307 Temporary Redirect"), "/again": reply("again"),
    })  # fmt: skip
    for address in ("/303", "/302"):
        page = session.post(f"{host.url}{address}", "x=1", {"Accept": "text/html"})
        assert (page.url, page.first.status, len(page.history)) == (
            f"{host.url}/after",
            int(address[1:]),
            1,
        )
        opened = host.seen[-1][1]
        assert opened.startswith("GET ")
        assert opened.endswith("\r\n\r\n")
        assert "Content-" not in opened
        assert "Accept: text/html\r\n" in opened
    assert session.post(f"{host.url}/307", "x=1").text == "again"
    assert host.seen[-1][1].startswith("POST ")
    assert host.seen[-1][1].endswith("\r\n\r\nx=1")


def test_a_redirect_leads_to_another_host_and_only_to_pages(serve: Serve, session: Session) -> None:
    other = serve({"/h%C3%A9?a=b%20c": reply("elsewhere")})
    host = serve({
        "/": moved(f"{other.url}/h\u00e9?a=b c#d"), "/mail": moved("mailto:a@example.org"),
        "/loop": moved("/loop"),
    })  # fmt: skip
    assert session.get(host.url).text == "elsewhere"
    with pytest.raises(ConnectionError, match=r"mailto:a@example\.org is not the address"):
        session.get(f"{host.url}/mail")
    with pytest.raises(ConnectionError, match="/loop redirects without end"):
        session.get(f"{host.url}/loop")
    assert len(host.seen) == 2 + 21


def test_cookies_go_where_they_belong_until_they_end(serve: Serve, session: Session) -> None:
    ended = "all=; Path=/; Max-Age=0"
    host = serve({
        "/": moved("/s/x/", Set_Cookie="all=1; Path=/; HttpOnly; SameSite=Lax"),
        "/s/x/": reply(Set_Cookie="mine=2; Path=/s/x/; Max-Age=60"),
        "/s/x/y": reply(), "/p": reply(), "/out": reply(Set_Cookie=ended),
        "/tls": reply(Set_Cookie="safe=3; Path=/; Secure"),
    })  # fmt: skip
    for address in ("/", "/s/x/y", "/tls", "/p"):
        session.get(f"{host.url}{address}")
    session.get(f"{host.url}/p".replace("127.0.0.1", "localhost"))
    session.get(f"{host.url}/out")
    session.get(f"{host.url}/p")
    sent = [
        sorted(line[8:].split("; "))
        for _, request in host.seen
        for line in [next((one for one in request.split("\r\n") if "Cookie:" in one), "")]
    ]
    assert sent == [
        [""],
        ["all=1"],
        ["all=1", "mine=2"],
        ["all=1"],
        ["all=1"],
        [""],
        ["all=1"],
        [""],
    ]
    assert [(one.name, one.path) for one in session.cookies if not one.secure] == [
        ("mine", "/s/x/")
    ]


def test_a_form_is_written_as_browsers_write_it() -> None:
    """The bytes that Chromium sends for such a form."""
    values = [("a b", "c*d~e.f-g_h&i=j+k"), ("é", "1\n2\r3\r\n4"), ("n", 5), ("", "")]
    assert form_encoded(values) == (
        "a+b=c*d%7Ee.f-g_h%26i%3Dj%2Bk&%C3%A9=1%0D%0A2%0D%0A3%0D%0A4&n=5&="
    )
    assert form_encoded([("t", "1\n2")], line_end="\n") == "t=1%0A2"


def test_a_form_goes_as_what_it_is(serve: Serve, session: Session) -> None:
    host = serve({"/": reply()})
    session.post(host.url, form_encoded([("x", "é")]))
    assert "Content-Type: application/x-www-form-urlencoded\r\n" in host.seen[0][1]
    assert host.seen[0][1].endswith("\r\n\r\nx=%C3%A9")


def test_what_is_sent_compressed_or_in_another_encoding_is_read(
    serve: Serve, session: Session
) -> None:
    zipped = gzip.compress("größer".encode())
    host = serve({
        "/": reply(zipped, Content_Encoding="gzip"),
        "/cut": reply(zipped[:-9], Content_Encoding="gzip"),
        "/latin": reply("ä".encode("latin-1"), Content_Type="text/html; charset=ISO-8859-1"),
    })  # fmt: skip
    assert session.get(host.url).text == "größer"
    assert session.get(f"{host.url}/latin").text == "ä"
    with pytest.raises(ConnectionError, match="no complete reply"):
        session.get(f"{host.url}/cut")


def test_seconds_end_with_the_headers(
    serve: Serve, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host sends the body only after the clock has been read a second time."""
    read = threading.Semaphore(0)
    was_read = []

    def clock() -> float:
        read.release()
        return 0.0

    def answer(line: socket.socket) -> None:
        head, body = reply("body").split(b"\r\n\r\n")
        line.sendall(head + b"\r\n\r\n")
        was_read.append(read.acquire(timeout=60) and read.acquire(timeout=60))
        line.sendall(body)

    monkeypatch.setattr(module, "time", SimpleNamespace(perf_counter=clock))
    host = serve({"/": answer})
    assert session.get(host.url).text == "body"
    assert was_read == [True]


def test_only_a_certificate_that_is_trusted_is_believed(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_certificate(tmp_path / "own.pem", tmp_path / "key.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "own.pem", tmp_path / "key.pem")
    host = serve({"/": reply("safe")}, context)
    address = host.url.replace("http:", "https:")
    stranger, trusting = Session(), Session()
    with pytest.raises(ConnectionError, match="CERTIFICATE_VERIFY_FAILED"):
        stranger.get(address)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "own.pem"))
    assert [trusting.get(address).text for _ in range(2)] == ["safe", "safe"]
    assert [number for number, _ in host.seen] == [2, 2]
    trusting.close()
