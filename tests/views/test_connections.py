"""Which connections the site's worker closes, and when."""

import math
import os
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from struct import pack

import pytest
from gunicorn.config import Config
from gunicorn.workers.gthread import TConn

from studyapp.serving.access import AccessLogger
from studyapp.serving.arrivals import MOST_SECONDS, ArrivedWhole

REQUEST = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


class Worker:
    """A worker whose loop and threads a test takes the place of, and those connected to it."""

    def __init__(self, stack: ExitStack) -> None:
        config = Config()
        config.set("threads", 2)
        config.set("worker_connections", 8)
        config.set("keepalive", 75)
        self.stack = stack
        self.worker = ArrivedWhole(0, os.getppid(), [], None, 30, config, AccessLogger(config))
        stack.callback(self.worker.tmp.close)
        self.worker.method_queue.init()
        stack.callback(self.worker.method_queue.close)
        self.worker.wsgi = self._site
        self.worker.arriving = stack.enter_context(closing(select.epoll()))

    @staticmethod
    def _site(environ: dict[str, object], start_response: object) -> list[bytes]:
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    def connected(self, content: bytes = b"") -> socket.socket:
        """A client's end of a connection that the worker has just taken, with what it has sent."""
        client, taken = socket.socketpair()
        self.stack.enter_context(closing(client))
        self.stack.enter_context(closing(taken))
        client.settimeout(10)
        client.sendall(content)
        self.worker.nr_conns += 1
        self.worker.enqueue_req(TConn(self.worker.cfg, taken, ("127.0.0.1", 1), ("127.0.0.1", 2)))
        return client

    def serve(self) -> None:
        """As threads do with all that is here."""
        while found := self.worker.arriving.poll(0):
            for place, _ in found:
                arrival = self.worker._taken(place)
                assert arrival is not None
                self.worker._go_on(arrival)

    def look(self, *, after: float) -> None:
        """As the loop does after so many seconds."""
        for arrival in self.worker.waiting.values():
            arrival.connection.timeout -= after
        self.worker.looked_at = 0
        self.worker.murder_keepalived()
        self.worker.murder_pending()


@pytest.fixture
def worker() -> Iterator[Worker]:
    with ExitStack() as stack:
        yield Worker(stack)


def is_open(client: socket.socket) -> bool:
    poll = select.poll()
    poll.register(client, select.POLLIN)
    return not poll.poll(0) or client.recv(1, socket.MSG_PEEK) != b""


def test_a_request_has_half_a_minute(worker: Worker) -> None:
    silent, slow = worker.connected(), worker.connected()
    slow.sendall(REQUEST[:20])
    worker.serve()
    worker.look(after=MOST_SECONDS - 5)
    assert is_open(silent)
    assert is_open(slow)
    worker.look(after=10)
    assert not is_open(silent)
    assert not is_open(slow)
    # A browser that opens one ahead of time is nothing to warn of.
    assert worker.worker.closed == 1


def test_a_request_that_no_thread_has_had_time_for_is_not_late(worker: Worker) -> None:
    new, kept = worker.connected(), worker.connected()
    kept.sendall(REQUEST)
    worker.serve()
    assert kept.recv(65536).startswith(b"HTTP/1.1 200 OK")
    new.sendall(REQUEST)
    kept.sendall(REQUEST)
    worker.look(after=1000)
    worker.serve()
    for client in (new, kept):
        assert client.recv(65536).startswith(b"HTTP/1.1 200 OK")


def test_a_late_connection_that_a_thread_has_just_closed_is_left_alone(worker: Worker) -> None:
    worker.connected()
    (late,) = worker.worker.waiting.values()
    late.connection.close()
    worker.look(after=1000)
    assert not late.is_due()


def test_a_connection_is_kept_between_two_requests(worker: Worker) -> None:
    client = worker.connected()
    client.sendall(REQUEST)
    worker.serve()
    worker.look(after=worker.worker.cfg.keepalive - 1)
    assert is_open(client)
    # The next request has its own half minute.
    client.recv(65536)
    client.sendall(REQUEST[:20])
    worker.serve()
    worker.look(after=MOST_SECONDS - 5)
    client.sendall(REQUEST[20:])
    worker.serve()
    assert client.recv(65536).startswith(b"HTTP/1.1 200 OK")
    worker.look(after=worker.worker.cfg.keepalive + 1)
    assert not is_open(client)
    assert not worker.worker.keepalived_conns


def test_a_worker_that_ends_keeps_what_is_open_for_two_seconds(worker: Worker) -> None:
    kept, half = worker.connected(), worker.connected()
    kept.sendall(REQUEST)
    half.sendall(REQUEST[:20])
    worker.serve()
    kept.recv(65536)
    worker.worker.alive = False
    worker.worker._cap_keepalive(time.monotonic() + 2)
    worker.look(after=1)
    kept.sendall(REQUEST)
    worker.serve()
    assert b"Connection: close" in kept.recv(65536)
    assert kept.recv(1) == b""
    assert is_open(half)
    worker.worker.stopping_at -= 2
    worker.look(after=2)
    assert not is_open(half)


def test_a_worker_that_has_hung_up_may_be_told_so_again(worker: Worker) -> None:
    """gunicorn's loop does, if the worker is told to end while it has all the connections it may
    have."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        worker.worker.sockets = [listener]
        worker.worker.alive = False
        worker.worker.set_accept_enabled(False)
        worker.worker.set_accept_enabled(False)
        assert listener.fileno() == -1


def test_a_worker_that_ends_may_lose_the_connection_that_it_looks_at(worker: Worker) -> None:
    """gunicorn's loop asks whether any is kept, and then when the first one is to be closed."""
    client = worker.connected()
    client.sendall(REQUEST)
    worker.serve()
    kept = worker.worker.keepalived_conns
    assert kept[0].timeout < math.inf
    client.sendall(REQUEST.replace(b"Host", b"Connection: close\r\nHost"))
    worker.serve()
    assert not kept
    assert kept[0].timeout == math.inf


def test_of_too_many_that_wait_the_oldest_silent_one_is_closed(worker: Worker) -> None:
    whole = worker.connected()
    whole.sendall(REQUEST)
    silent = [worker.connected() for _ in range(4)]
    assert [is_open(client) for client in silent] == [False, True, True, True]
    worker.serve()
    assert whole.recv(65536).startswith(b"HTTP/1.1 200 OK")


def test_after_its_last_answer_a_client_may_go_on_for_a_moment(worker: Worker) -> None:
    ends, stays, sends = (worker.connected() for _ in range(3))
    for client in (ends, stays, sends):
        client.sendall(REQUEST.replace(b"Host", b"Connection: close\r\nHost"))
    worker.serve()
    ends.close()
    sends.sendall(b"a" * 1000)
    worker.serve()
    assert [len(worker.worker.waiting), worker.worker.nr_conns] == [2, 3]
    worker.worker.method_queue.run_callbacks(None)
    assert worker.worker.nr_conns == 2
    for client in (stays, sends):
        assert client.recv(65536).endswith(b"ok")
        assert client.recv(1) == b""
    for _ in range(3):
        sends.sendall(b"a" * 30_000)
        worker.serve()
    assert len(worker.worker.waiting) == 1
    worker.look(after=3)
    assert not worker.worker.waiting
    assert not worker.worker.closed


def test_many_requests_in_one_piece_wait_until_their_answers_are_read(worker: Worker) -> None:
    reads, reads_not, other = (worker.connected() for _ in range(3))
    for client in (reads, reads_not):
        client.sendall(REQUEST * 2000 + REQUEST[:10])
    worker.serve()
    other.sendall(REQUEST)
    worker.serve()
    assert other.recv(65536).endswith(b"ok")
    found = b""
    while found.count(b"HTTP/1.1 200 OK") < 2000:
        found += reads.recv(1 << 20)
        worker.serve()
    worker.look(after=MOST_SECONDS + 1)
    assert not is_open(reads)
    assert len(worker.worker.keepalived_conns) == len(worker.worker.waiting) == 1


def test_a_body_that_nobody_reads_is_no_part_of_the_next_request(worker: Worker) -> None:
    client = worker.connected()
    head = REQUEST.replace(b"GET", b"POST").replace(b"\r\n\r\n", b"\r\nContent-Length: 5\r\n\r\n")
    client.sendall(head + b"a=b&c" + head)
    worker.serve()
    client.sendall(b"a=b&c")
    worker.serve()
    client.sendall(REQUEST)
    worker.serve()
    assert client.recv(65536).count(b"HTTP/1.1 200 OK") == 3


def test_a_client_that_reads_no_answer_gets_no_thread_for_the_next_one(worker: Worker) -> None:
    client = worker.connected()
    (arrival,) = worker.worker.waiting.values()
    # A thread that waits for it fails.
    arrival.connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, pack("ll", 1, 0))
    sent = 0
    while not arrival.held:
        client.sendall(REQUEST)
        worker.serve()
        sent += 1
    found = b""
    while found.count(b"HTTP/1.1 200 OK") < sent:
        found += client.recv(1 << 20)
        worker.serve()
    assert is_open(client)


class Hasty:
    """An epoll object at which a thread comes before the loop, if it can."""

    def __init__(self, worker: ArrivedWhole) -> None:
        self.worker, self.own = worker, worker.arriving

    def __getattr__(self, name: str) -> object:
        return getattr(self.own, name)

    def register(self, taken: socket.socket, awaits: int) -> None:
        arrival = self.worker._taken(taken.fileno())
        if arrival is not None:
            self.worker._close(arrival)
        self.own.register(taken, awaits)


def test_no_thread_closes_a_connection_that_the_loop_is_still_taking(worker: Worker) -> None:
    worker.worker.arriving = Hasty(worker.worker)
    client = worker.connected(REQUEST)
    worker.serve()
    assert client.recv(65536).endswith(b"ok")


def test_a_long_body_is_read_even_if_the_one_before_it_is_gone(worker: Worker) -> None:
    head = REQUEST.replace(b"GET", b"POST").replace(b"\r\n\r\n", b"\r\nContent-Length: 300000")
    worker.worker.long_read = 1
    gone, next_one = (worker.connected(head + b"\r\n\r\n") for _ in range(2))
    worker.serve()
    assert len(worker.worker.long_waiting) == 2
    worker.worker.long_read = 0
    worker.worker._call_long()
    (called,) = worker.worker.waiting.values()
    worker.worker._drop(called)
    worker.look(after=1)
    next_one.shutdown(socket.SHUT_WR)
    worker.serve()
    assert not is_open(gone)
    assert next_one.recv(65536).endswith(b"ok")


class Overdue:
    """While a thread puts a connection back, the loop finds that it has waited too long."""

    def __init__(self, worker: ArrivedWhole) -> None:
        self.worker, self.arriving = worker, worker.arriving
        (arrival,) = worker.waiting.values()
        self.loop = threading.Thread(target=worker._drop, args=(arrival,))

    def modify(self, place: int, awaits: int) -> None:
        self.loop.start()
        self.loop.join(0.2)
        self.arriving.modify(place, awaits)


def test_nothing_is_closed_that_a_thread_is_just_putting_back(worker: Worker) -> None:
    """Its file descriptor may belong to another connection by then, which would wait for the wrong
    event."""
    client = worker.connected()
    worker.worker.arriving = overdue = Overdue(worker.worker)
    (arrival,) = worker.worker.waiting.values()
    worker.worker._wait(arrival)
    overdue.loop.join(10)
    assert not worker.worker.waiting
    assert not is_open(client)
