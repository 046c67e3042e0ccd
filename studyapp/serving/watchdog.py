"""Threads that wait for a database which does not answer are released, so that people and /healthz
get an answer.

A server that is stopped, or behind a route that drops everything, ends no statement, and its client
library would wait for ever. This needs no limit on statements: a slow one continues as long as the
server answers on new connections.
"""

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.db import Error, connections

log = logging.getLogger(__name__)
LOOK_SECONDS = 0.5
ANSWER_SECONDS = 2
Site = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def database_answers() -> bool:
    """Whether the database takes a new connection within ANSWER_SECONDS, and answers a statement
    there a second later: a pooler takes connections whatever the server behind it does."""
    probe = connections.create_connection("default")
    probe.settings_dict = {
        **probe.settings_dict,
        "OPTIONS": {**probe.settings_dict["OPTIONS"], "connect_timeout": ANSWER_SECONDS},
    }
    # By then `connect_timeout` is over; Django asks something of a new connection, too.
    late = threading.Timer(ANSWER_SECONDS + 1, lambda: cut(probe))
    late.start()
    try:
        probe.ensure_connection()
        return bool(probe.is_usable())
    except Error:
        return False
    finally:
        late.cancel()
        probe.close()


def cut(connection: Any) -> None:
    """End a connection's socket under the thread that waits at it."""
    with contextlib.suppress(Exception):  # it has just been closed
        line = socket.socket(fileno=socket.dup(connection.connection.fileno()))
        with contextlib.closing(line):
            line.shutdown(socket.SHUT_RDWR)


class Watched:
    """The site; a request that has waited for PATIENCE while the database answers nobody loses its
    connection, which ends it as any fault of the database does."""

    def __init__(self, site: Site, patience: float) -> None:
        self.site, self.patience = site, patience
        self.waiting: dict[int, tuple[float, Any]] = {}
        self._start = threading.Lock()
        self._watches = False

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        self._watch_from_now_on()
        key = threading.get_ident()
        self.waiting[key] = (time.monotonic(), connections["default"])
        try:
            return self.site(environ, start_response)
        finally:
            del self.waiting[key]

    def _watch_from_now_on(self) -> None:
        """By a thread of the process that serves: one of before a fork would be lost."""
        if self._watches:
            return
        with self._start:
            if not self._watches:
                self._watches = True
                threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while True:
            time.sleep(LOOK_SECONDS)
            self.look()

    def look(self) -> None:
        """Cut the connections of the requests that wait too long, if the database is silent."""
        latest = time.monotonic() - self.patience
        late = [connection for began, connection in list(self.waiting.values()) if began < latest]
        if late and not database_answers():
            log.warning("the database does not answer: %s requests are being dropped", len(late))
            for connection in late:
                cut(connection)


def give_up_on_locks() -> None:
    """Let this process wait for a lock of the database no longer than a person waits; a pooler
    takes no setting of a connection."""
    database: Any = settings.DATABASES["default"]
    if not database["DISABLE_SERVER_SIDE_CURSORS"]:
        milliseconds = int(settings.LOCK_SECONDS * 1000)
        database["OPTIONS"]["options"] = f"-c lock_timeout={milliseconds}"
