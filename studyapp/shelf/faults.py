"""Faults of a request that can't be read, and of the database that pass: nothing was stored."""

import logging

from django.core.exceptions import BadRequest
from django.db import Error, InterfaceError, InternalError, OperationalError, connection

log = logging.getLogger(__name__)
# PostgreSQL's code for a write on a server that is, or was just made, a read-only one
READ_ONLY = "25006"
DISK_FULL = "53100"
LOCK_NOT_AVAILABLE = "55P03"
# Of a server that shuts down, crashes or is not ready yet
SHUTDOWNS = {"57P01", "57P02", "57P03"}


class UnreadableRequest(BadRequest):
    """Its sentence is for whoever sent the request."""


def code_of(error: BaseException) -> str:
    """PostgreSQL's five letters for what was wrong; "" where the connection itself broke."""
    return str(getattr(error.__cause__, "pgcode", None) or "")


def is_passing(error: BaseException | None) -> bool:
    """Whether `error` is of a database that is away, full or read-only, not of this program."""
    if isinstance(error, InternalError):
        return code_of(error) == READ_ONLY
    return isinstance(error, OperationalError | InterfaceError)


def has_broken_off(error: BaseException) -> bool:
    """Whether `error` comes from the connection to the database, not from the statement."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    return code_of(error) in {"", *SHUTDOWNS}


def note_passing(error: Error) -> None:
    log.warning("the database takes nothing just now: %s %s", code_of(error), str(error).strip())
    let_go()


def let_go() -> None:
    """Give up this thread's connection: the next request finds the server that takes rows now,
    where another has taken over."""
    if not connection.in_atomic_block:
        connection.close()
