"""Clients that send half a request and wait keep nobody else from the site."""

import math
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
import requests

from studyapp.serving.arrivals import MOST_BODY, Arrival
from studyapp.simulation.server import own_site

pytestmark = pytest.mark.django_db(transaction=True)
HEAD = b"POST /s/none/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
SLOW = {
    "half a header": b"GET /healthz HTTP/1.1\r\nHost: 127.0",
    "half a long header": HEAD + b"".join(b"A%d: %8000d\r\n" % (at, 1) for at in range(9)),
    "half a body by many digits": HEAD + FORM + b"Content-Length: " + b"0" * 20 + b"100\r\n\r\na=",
    "half a body": HEAD + FORM + b"Content-Length: 1000\r\n\r\na=",
    "half a long body": HEAD + FORM + b"Content-Length: 3000000\r\n\r\na=",
    "half a body in chunks": HEAD + FORM + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
}


@pytest.fixture(scope="module")
def address(django_db_setup: None) -> Iterator[str]:
    with own_site(processes=1, threads=4) as address:
        yield address


def connected(address: str) -> socket.socket:
    parts = urlsplit(address)
    return socket.create_connection(("127.0.0.1", parts.port), timeout=20)


def reply(client: socket.socket, until: bytes = b"</html>") -> bytes:
    found = b""
    while until not in found:
        part = client.recv(65536)
        if not part:
            break
        found += part
    return found


def test_slow_clients_of_every_kind_leave_the_site_to_the_others(address: str) -> None:
    with ExitStack() as stack:
        for content in SLOW.values():
            for _ in range(12):
                client = stack.enter_context(connected(address))
                client.sendall(content)
        for _ in range(3):
            assert requests.get(f"{address}/healthz", timeout=20).status_code == 200
            form = {"a": "b" * 2000}
            assert requests.post(f"{address}/s/none/", data=form, timeout=20).status_code == 404


def test_a_request_that_comes_in_parts_is_answered_like_any_other(address: str) -> None:
    with connected(address) as client:
        for part in (b"GET /hea", b"lthz HTTP/1.1\r\nHost: 127", b".0.0.1\r\n\r", b"\n"):
            client.sendall(part)
            time.sleep(0.05)
        assert b" 200 OK" in reply(client, b"}").splitlines()[0]
        # The connection goes on, with a body this time, and with two requests in one piece.
        body = HEAD + FORM + b"Content-Length: 4\r\n\r\na"
        client.sendall(body)
        time.sleep(0.05)
        client.sendall(b"=bc")
        assert b" 404 " in reply(client).splitlines()[0]
        client.sendall(b"GET /none HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 2)
        found = reply(client)
        while found.count(b"</html>") < 2:
            found += reply(client)
        assert found.count(b" 404 ") == 2


def test_a_long_body_is_read_whole(address: str) -> None:
    form = {"words": "w" * (MOST_BODY + 100_000)}
    assert requests.post(f"{address}/s/none/", data=form, timeout=20).status_code == 404
    sent = requests.post(f"{address}/s/none/", data=iter([b"a=b", b"&c=d"]), timeout=20)
    assert sent.status_code in (400, 404)
    waiting = HEAD + FORM + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n"
    with connected(address) as client:
        client.sendall(waiting)
        client.sendall(b"a=b")
        found = reply(client)
        assert found.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 ")


def test_clients_that_stay_after_their_last_answer_leave_the_site_to_the_others(
    address: str,
) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(connected(address)) for _ in range(40)]
        for client in clients:
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        for _ in range(3):
            assert requests.get(f"{address}/healthz", timeout=15).status_code == 200
        for client in clients:
            assert b" 200 OK" in reply(client, b"its end").splitlines()[0]


def test_what_is_no_request_is_refused(address: str) -> None:
    for content in (b"\x16\x03\x01 no HTTP\r\n\r\n", b"GET " + b"/" * 70_000):
        with connected(address) as client:
            client.sendall(content)
            assert b"HTTP/1.1 4" in reply(client).splitlines()[0]
    assert requests.get(f"{address}/healthz", timeout=20).status_code == 200


@pytest.mark.parametrize(
    ("held", "lacking"),
    [
        (b"", 1),
        (b"GET / HTTP/1.1\r\n\r", 1),
        (b"GET / HTTP/1.1\r\n\r\n", 0),
        (b"GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n", 0),
        (b"POST / HTTP/1.1\r\ncontent-LENGTH : 3\r\n\r\nab", 1),
        (b"POST / HTTP/1.1\r\ncontent-LENGTH : 3\r\n\r\nabc", 0),
        (b"POST / HTTP/1.1\r\nContent-Length: 9999999\r\n\r\nabc", math.inf),
        (b"POST / HTTP/1.1\r\nContent-Length: minus\r\n\r\n", 0),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", math.inf),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nEXPECT: 100-continue\r\n\r\n", math.inf),
        (b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 20 + b"\r\n\r\nabc", math.inf),
        (b"a" * 70_000, -1),
    ],
)
def test_a_request_is_whole_when_a_thread_need_not_wait_for_it(held: bytes, lacking: float) -> None:
    assert Arrival(None, held).lacking() == lacking
