"""A gunicorn worker whose threads get only requests that have arrived.

gunicorn's own gives a thread to each connection that has sent its first byte, so a few clients that
send half a request, and then wait, keep every thread. Here the loop reads; see decision 167.
"""

import select
import socket
import time
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, ThreadWorker

# A request has so long from its connection, or from the answer before it, to its last byte.
MOST_SECONDS = 30
MOST_HEAD, MOST_BODY = 64 * 1024, 256 * 1024
# A page or a picture goes into the kernel whole, so that a slow reader holds no thread.
SEND_BUFFER = 512 * 1024
HEAD_END = b"\r\n\r\n"


@dataclass(eq=False)
class Arrival:
    """A connection on which a request arrives, with what came of it so far."""

    connection: Any
    until: float
    held: bytearray = field(default_factory=bytearray)

    def is_whole(self) -> bool:
        """Whether a thread can read all of the request without waiting, or will refuse it."""
        head, found, body = self.held.partition(HEAD_END)
        if not found:
            return len(head) > MOST_HEAD
        return not self.is_long() and len(body) >= _length(head)

    def is_long(self) -> bool:
        """Whether its body is too long to be held here, or waits for a word of the server's."""
        head, found, _ = self.held.partition(HEAD_END)
        names = (b"\ntransfer-encoding:", b"\nexpect:")
        lower = head.lower()
        return bool(found) and (_length(head) > MOST_BODY or any(name in lower for name in names))


def _length(head: bytes | bytearray) -> int:
    """The body's length; 0 where the head says none, or none that a thread would believe."""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            digits = value.strip()
            return int(digits) if digits.isdigit() and len(digits) < 20 else 0
    return 0


class ArrivedWhole(ThreadWorker):  # type: ignore[misc]
    """Threads of gunicorn's gthread, each given a request once it is here.

    Long bodies are read by at most half of the threads. Of too many connections that wait the
    oldest is closed, so that new ones are always taken.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.arrivals: dict[int, Arrival] = {}
        self.long_waiting: list[Arrival] = []
        self.long_read: set[Any] = set()
        self.stopping_at = float("inf")
        self.closed, self.told_at = 0, time.monotonic()

    def set_accept_enabled(self, enabled: bool) -> None:
        """A worker that ends takes who has called already and hangs up: what is open lasts two
        seconds more, in which nobody else may be left to wait for a worker that takes no call."""
        super().set_accept_enabled(enabled)
        if self.alive:
            return
        for listener in self.sockets:
            while select.select([listener], [], [], 0)[0]:
                self.accept(listener)
            listener.close()

    def enqueue_req(self, conn: Any) -> None:
        """Wait for the request in the loop: a new connection's, or the next one of an old."""
        conn.init()
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        conn.sock.setblocking(False)
        held = bytearray(conn.parser.unreader.take_buffered())
        arrival = Arrival(conn, time.monotonic() + MOST_SECONDS, held)
        self.arrivals[conn.sock.fileno()] = arrival
        self.poller.register(conn.sock, 1, partial(self._on_bytes, arrival))
        self._on_bytes(arrival, conn.sock)
        while len(self.arrivals) > self.worker_connections // 2:
            self._drop(next(iter(self.arrivals.values())))

    def _on_bytes(self, arrival: Arrival, client: Any) -> None:
        if not (arrival.is_whole() or arrival.is_long()):
            try:
                content = client.recv(MOST_HEAD)
            except BlockingIOError:
                return
            except OSError:
                content = b""
            if not content:
                self._forget(arrival)
                self._close(arrival)
                return
            arrival.held += content
        if arrival.is_long():
            self._forget(arrival)
            self.long_waiting.append(arrival)
            self._read_long()
        elif arrival.is_whole():
            self._forget(arrival)
            self._give(arrival)

    def _read_long(self) -> None:
        """Give long bodies to threads, as far as half of these are free for them."""
        while self.long_waiting and len(self.long_read) < max(1, self.cfg.threads // 2):
            arrival = self.long_waiting.pop(0)
            self.long_read.add(arrival.connection)
            self._give(arrival)

    def _give(self, arrival: Arrival) -> None:
        """To a thread, with what was read already; there it is a request like any other."""
        arrival.connection.parser.unreader.unread(bytes(arrival.held))
        arrival.connection.data_ready = True
        super().enqueue_req(arrival.connection)

    def finish_request(self, conn: Any, fs: Any) -> None:
        self.long_read.discard(conn)
        self._read_long()
        super().finish_request(conn, fs)

    def murder_pending(self) -> None:
        """Close what has waited too long; called once a second."""
        super().murder_pending()
        now = time.monotonic()
        if not self.alive:
            self.stopping_at = min(self.stopping_at, now)
        for arrival in [*self.arrivals.values(), *self.long_waiting]:
            if now > min(arrival.until, self.stopping_at + STOP_KEEPALIVE_LINGER):
                self._drop(arrival)
        if self.closed and now > self.told_at + MOST_SECONDS:
            self.log.warning(
                "%s connections closed because no complete request arrived", self.closed
            )
            self.closed, self.told_at = 0, now

    def _drop(self, arrival: Arrival) -> None:
        if arrival in self.long_waiting:
            self.long_waiting.remove(arrival)
        else:
            self._forget(arrival)
        # One that never sent a byte was opened by a browser ahead of time.
        self.closed += bool(arrival.held)
        self._close(arrival)

    def _forget(self, arrival: Arrival) -> None:
        client = arrival.connection.sock
        self.arrivals.pop(client.fileno(), None)
        self.poller.unregister(client)

    def _close(self, arrival: Arrival) -> None:
        self.nr_conns -= 1
        arrival.connection.close()
