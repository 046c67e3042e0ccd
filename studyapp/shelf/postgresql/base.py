"""A health check for connections in use that takes no statement of its own."""

from time import monotonic
from typing import Any

from django.db.backends.postgresql import base

from studyapp.shelf.sockets import has_input

# For so long after the server answered, a connection on which nothing has arrived counts as sound.
SECONDS = 1


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's wrapper asks the server in each request whether it is still there (`SELECT 1`).

    This one mostly polls the socket instead, on which a server signals that it ends a connection.
    It still asks the server, but only once in a while: a network that drops everything shows
    nothing on the socket. See decision 514.
    """

    _sound_until = 0.0

    def connect(self) -> None:
        super().connect()
        self._sound_until = monotonic() + SECONDS

    def close_if_health_check_failed(self) -> None:
        # Django's stubs know only some of its attributes
        own: Any = self
        if own.connection is None or not own.health_check_enabled or own.health_check_done:
            return
        if monotonic() < self._sound_until and not _has_something_to_say(own.connection):
            own.health_check_done = True
            return
        super().close_if_health_check_failed()
        self._sound_until = monotonic() + SECONDS


def _has_something_to_say(connection: Any) -> bool:
    """Whether the server sent anything unasked, such as the end of the connection."""
    return bool(connection.closed) or has_input(connection.fileno())
