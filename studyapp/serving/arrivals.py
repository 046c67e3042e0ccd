"""A gunicorn worker whose threads get only requests that have arrived.

gunicorn's own gives a thread to each connection that has sent its first byte, so a few clients that
send half a request, and then wait, keep every thread. Here a thread that is free waits for bytes of
any connection, reads what is there, and goes on with the request only if that is all of it; see
decisions 167 and 513.
"""

import math
import select
import socket
import threading
import time
from collections import deque
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from gunicorn.http.body import LengthReader
from gunicorn.http.errors import LimitRequestHeaders
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, ThreadWorker

# A request has so long from its connection, or from its first byte, to its last one.
MOST_SECONDS = 30
MOST_HEAD, MOST_BODY = 64 * 1024, 256 * 1024
# A page or a picture goes into the kernel whole, so that a slow reader holds no thread.
SEND_BUFFER = 512 * 1024
# How long, and how many bytes, a client may go on sending after the last answer. If its connection
# were closed with bytes unread, it would lose that answer.
END_SECONDS, END_BYTES = 2, 64 * 1024
HEAD_END = b"\r\n\r\n"
# When bytes come, one thread is told, and no other until the connection is armed again.
ON_BYTES = select.EPOLLIN | select.EPOLLONESHOT
# For bytes that were read already: the connection waits its turn, and until its client has read
# enough of its answers to make room for another.
IN_TURN = select.EPOLLOUT | select.EPOLLONESHOT


@dataclass(eq=False)
class Arrival:
    """A connection on which a request arrives, and what has come of it so far.

    connection.timeout: when it is closed if nothing happens, by the monotonic clock.
    """

    connection: Any
    held: bytes = b""
    awaits: int = ON_BYTES
    # Between two requests, of which the second has not begun
    is_kept: bool = False
    # After the last answer; and how many bytes have come since
    is_over: bool = False
    read_since: int = 0

    def lacking(self) -> float:
        """How many bytes are missing until a thread can read all of the request without waiting, or
        will refuse it: 1 while the head is incomplete, -1 if that is too long. Infinite if the body
        is too long to be held here or comes in chunks, or if the client waits for “100 Continue”.
        """
        at = self.held.find(HEAD_END)
        if at < 0:
            return 1 if len(self.held) <= MOST_HEAD else -1
        head = self.held[:at].lower()
        length = _length(head) if b"content-length" in head else 0
        if length > MOST_BODY or b"\ntransfer-encoding:" in head or b"\nexpect:" in head:
            return math.inf
        return max(0, at + len(HEAD_END) + length - len(self.held))

    def is_due(self) -> bool:
        """Whether what it waits for is there, and only a thread is missing."""
        return self.is_ready(self.awaits)

    def is_ready(self, awaited: int) -> bool:
        place = self.connection.sock.fileno()
        if place < 0:
            # The loop asks, and a thread has just taken and closed it.
            return False
        poll = select.poll()
        poll.register(place, awaited & (select.POLLIN | select.POLLOUT))
        return bool(poll.poll(0))


class Kept(deque[Any]):
    """Connections between two requests, the first to be closed at the front.

    gunicorn's loop, when it ends, asks whether there are any and then for the first. A thread may
    have taken the only one in between.
    """

    def __getitem__(self, at: Any) -> Any:
        try:
            return super().__getitem__(at)
        except IndexError:
            return SimpleNamespace(timeout=math.inf)


def _length(head: bytes) -> int:
    """The body's length, by a head in lower case; 0 if it names none, or none that gunicorn
    accepts. It accepts any number of digits: from twenty on, the body counts as long."""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip() == b"content-length":
            digits = value.strip()
            if not digits.isdigit():
                return 0
            return int(digits) if len(digits) < 20 else MOST_BODY + 1
    return 0


def _is_read(body: Any) -> bool:
    return isinstance(body.reader, LengthReader) and body.reader.length == 0 and not body.failed


class ArrivedWhole(ThreadWorker):  # type: ignore[misc]
    """gunicorn's gthread, whose threads take only requests that have arrived.

    Long bodies are read by at most half of the threads. If too many connections wait, the oldest is
    closed, so that new ones are always taken.

    gunicorn's loop takes calls, closes what has waited too long, and ends the worker. Whoever takes
    a connection out of `waiting`, a thread or the loop, has it alone.

    closing: held while a connection is put back, and while the loop closes one, so that no file
    descriptor is armed that belongs to another connection by then; and while long bodies are
    counted.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.waiting: dict[int, Arrival] = {}
        self.keepalived_conns = Kept()
        self.long_waiting: deque[Arrival] = deque()
        self.long_read = 0
        self.closing = threading.Lock()
        self.stopping_at = math.inf
        self.looked_at = 0.0
        self.closed, self.told_at = 0, time.monotonic()

    def run(self) -> None:
        self.arriving, (self.end, self.ended) = select.epoll(), socket.socketpair()
        self.arriving.register(self.ended, select.EPOLLIN)
        for _ in range(self.cfg.threads):
            self.tpool.submit(self._serve, self.ended.fileno())
        try:
            super().run()
        finally:
            # Nobody reads it, so that every thread learns of it.
            self.end.send(b"\0")

    def set_accept_enabled(self, enabled: bool) -> None:
        """A worker that ends takes who has called already and hangs up: what is open lasts two
        seconds more, in which nobody else may be left to wait for a worker that takes no call."""
        super().set_accept_enabled(enabled)
        if enabled or self.alive:
            return
        # gunicorn's loop may come here twice.
        while self.sockets:
            listener = self.sockets.pop()
            while select.select([listener], [], [], 0)[0]:
                self.accept(listener)
            listener.close()

    def enqueue_req(self, conn: Any) -> None:
        """Wait for the first request of a connection."""
        conn.init()
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        conn.timeout = time.monotonic() + MOST_SECONDS
        # No thread may take it, and close it, before that.
        self.arriving.register(conn.sock, select.EPOLLONESHOT)
        self._wait(Arrival(conn))
        # A kept connection owes no request.
        arriving = len(self.waiting) - len(self.keepalived_conns)
        if arriving > self.worker_connections // 2:
            self._drop_oldest(arriving - self.worker_connections // 2)

    def _drop_oldest(self, count: int) -> None:
        arrivals = [one for one in list(self.waiting.values()) if not one.is_kept]
        for arrival in sorted(arrivals, key=lambda one: one.connection.timeout):
            if count > 0 and not arrival.is_due():
                self._drop(arrival)
                count -= 1

    def _serve(self, ended: int) -> None:
        """What each thread does until the worker ends."""
        while True:
            for place, _ in self.arriving.poll(maxevents=1):
                if place == ended:
                    return
                arrival = self._taken(place)
                if arrival is not None:
                    self._go_on(arrival)

    def _taken(self, place: int) -> Arrival | None:
        """The connection that waits at a file descriptor, from now on the caller's alone; None if
        another was faster."""
        arrival = self.waiting.pop(place, None)
        if arrival is not None and arrival.is_kept:
            self.keepalived_conns.remove(arrival.connection)
        return arrival

    def _wait(self, arrival: Arrival, awaits: int = ON_BYTES) -> None:
        """Leave the connection to whoever takes it next."""
        place = arrival.connection.sock.fileno()
        if arrival.is_kept:
            self.keepalived_conns.append(arrival.connection)
        arrival.awaits = awaits
        with self.closing:
            self.waiting[place] = arrival
            self.arriving.modify(place, awaits)

    def _go_on(self, arrival: Arrival) -> None:
        """Read what has come, and answer if that is all of a request."""
        try:
            if arrival.is_over:
                if self._has_read(arrival):
                    self._wait(arrival)
                return
            lacking = arrival.lacking()
            if 0 < lacking < math.inf:
                if not self._has_read(arrival):
                    return
                lacking = arrival.lacking()
            if 0 < lacking < math.inf:
                self._wait(arrival)
            elif not arrival.is_ready(IN_TURN):
                # Its client hasn't read enough of the earlier answers.
                self._wait(arrival, IN_TURN)
            elif lacking == 0:
                self._answer(arrival)
            elif lacking < 0:
                self._refuse(arrival)
            else:
                self._read_long(arrival)
        except BaseException:
            # Nobody would notice that a thread has ended.
            self.log.exception("A connection failed")
            self._close(arrival)

    def _has_read(self, arrival: Arrival) -> bool:
        """Read what is here. If that is nothing, the connection waits, or is closed."""
        try:
            content = arrival.connection.sock.recv(MOST_HEAD, socket.MSG_DONTWAIT)
        except BlockingIOError:
            self._wait(arrival)
            return False
        except OSError:
            content = b""
        if arrival.is_over:
            arrival.read_since += len(content)
        else:
            arrival.held += content
        if not content or arrival.read_since > END_BYTES:
            self._close(arrival)
            return False
        if arrival.is_kept:
            arrival.is_kept = False
            arrival.connection.timeout = time.monotonic() + MOST_SECONDS
        return True

    def _read_long(self, arrival: Arrival) -> None:
        """Answer, now or as soon as fewer than half of the threads read long bodies."""
        with self.closing:
            if not self._has_room_for_long():
                self.long_waiting.append(arrival)
                return
            self.long_read += 1
        try:
            self._answer(arrival)
        finally:
            with self.closing:
                self.long_read -= 1
            self._call_long()

    def _has_room_for_long(self) -> bool:
        return bool(self.long_read < max(1, self.cfg.threads // 2))

    def _call_long(self) -> None:
        """Let the next long body be read if there is room."""
        with self.closing:
            if not (self.long_waiting and self._has_room_for_long()):
                return
            following = self.long_waiting.popleft()
        self._wait(following, IN_TURN)

    def _answer(self, arrival: Arrival) -> None:
        """As gunicorn does; to it, what was read already is a request like any other."""
        connection = arrival.connection
        connection.parser.unreader.unread(arrival.held)
        arrival.held = b""
        if not self.handle(connection):
            self._end(arrival)
            return
        arrival.held = connection.parser.unreader.take_buffered()
        if arrival.held:
            connection.timeout = time.monotonic() + MOST_SECONDS
            self._wait(arrival, IN_TURN)
            return
        connection.set_timeout()
        if not self.alive:
            connection.timeout = min(connection.timeout, time.monotonic() + STOP_KEEPALIVE_LINGER)
        arrival.is_kept = True
        self._wait(arrival)

    def _keepalive_after(self, conn: Any, keepalive: bool) -> bool:
        """gunicorn's own sets the socket's time-out again and again, even if nothing of the body is
        left to skip; each time, Python's lock may go to another thread."""
        if keepalive and _is_read(conn.parser.mesg.body):
            conn.parser.mesg = None
            return True
        return bool(super()._keepalive_after(conn, keepalive))

    def _refuse(self, arrival: Arrival) -> None:
        """A head that is too long. gunicorn would read on, to several times as many bytes, and have
        a thread wait for them."""
        connection = arrival.connection
        error = LimitRequestHeaders(f"more than {MOST_HEAD} bytes")
        self.handle_error(None, connection.sock, connection.client, error)
        self._end(arrival)

    def _end(self, arrival: Arrival) -> None:
        """Close when the client has, or soon: gunicorn's `close_graceful`, with no thread held."""
        try:
            arrival.connection.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._close(arrival)
            return
        arrival.is_over = True
        arrival.connection.timeout = time.monotonic() + END_SECONDS
        self._wait(arrival)

    def murder_keepalived(self, force: bool = False) -> None:
        now = time.monotonic()
        for connection in list(self.keepalived_conns):
            if connection.timeout > now and not force:
                return
            arrival = self.waiting.get(connection.sock.fileno())
            if arrival is None or arrival.connection is not connection:
                continue
            if arrival.is_due() and not force:
                connection.timeout = now + 1
            else:
                self._drop(arrival)

    def _cap_keepalive(self, deadline: float) -> None:
        for connection in list(self.keepalived_conns):
            connection.timeout = min(connection.timeout, deadline)

    def murder_pending(self) -> None:
        """Close what has waited too long; called at least once a second."""
        now = time.monotonic()
        if not self.alive:
            self.stopping_at = min(self.stopping_at, now)
        if now < self.looked_at + 0.5:
            return
        self.looked_at = now
        # The one called last may have been closed before a thread came to it.
        self._call_long()
        latest = self.stopping_at + STOP_KEEPALIVE_LINGER
        for arrival in list(self.waiting.values()):
            if now > min(arrival.connection.timeout, latest) and not arrival.is_due():
                self._drop(arrival)
        for arrival in list(self.long_waiting):
            if now > min(arrival.connection.timeout, latest):
                self._drop(arrival)
        if self.closed and now > self.told_at + MOST_SECONDS:
            self.log.warning(
                "%s connections closed that sent no complete request, or read no answer",
                self.closed,
            )
            self.closed, self.told_at = 0, now

    def _drop(self, arrival: Arrival) -> None:
        """Close it, unless a thread has just taken it; called by the loop."""
        with self.closing:
            is_queued = arrival in self.long_waiting
            if is_queued:
                self.long_waiting.remove(arrival)
            if is_queued or self._taken(arrival.connection.sock.fileno()) is arrival:
                # One that never sent a byte was opened by a browser ahead of time.
                self.closed += bool(arrival.held)
                self._close(arrival)

    def _close(self, arrival: Arrival) -> None:
        arrival.connection.close()
        self.method_queue.defer(self._count_closed)

    def _count_closed(self) -> None:
        """In the loop, where gunicorn counts: nothing else counts meanwhile, and a loop that waits
        for the last connection wakes up."""
        self.nr_conns -= 1
