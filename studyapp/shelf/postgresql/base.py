"""A connection that is in use is looked after without a statement of its own."""

import select
from time import monotonic
from typing import Any

from django.db.backends.postgresql import base

# So long after the server answered, a connection on which nothing has come is a sound one.
SECONDS = 1


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's, which asks the server in each request whether it is still there (`SELECT 1`).

    A server that ends a connection says so on it: that costs a look at the socket. What a silent
    network hides is asked for as before, but once in a while: see decision 514.
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
    """Whether the server sent what nobody asked for, such as the end of the connection."""
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
