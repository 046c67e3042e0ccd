"""Rows claimed together: renewed while they are worked on, given back when the work breaks off."""

import errno
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from explainer import ExplainerError
from studyapp.models import WorkQuerySet
from studyapp.queue import ask
from studyapp.shelf.faults import has_broken_off
from studyapp.storage import UnusableStorageError
from studyapp.studies.preparation.claims import (
    claim,
    fail,
    give_back,
    give_back_untried,
    renew,
    take_back_attempts,
)

log = logging.getLogger(__name__)
held: dict[str, WorkQuerySet[Any]] = {}
# Rows of claims whose work broke off because the database did; they still have to be given back
untold: dict[str, WorkQuerySet[Any]] = {}
AWAY = "the database was unavailable"


class StorageFault(Exception):
    """No room for what a worker made, or a bucket that it can't use: one sentence with the fix.
    That is no row's fault, so it uses up nobody's attempts."""


def refuse_fault(error: Exception) -> None:
    """Raise StorageFault where `error` says that nothing can be stored or fetched."""
    if isinstance(error, UnusableStorageError):
        raise StorageFault(f"{worker_name()}: {error}: fix the bucket or its keys") from error
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        raise StorageFault(
            f"the disk is full where {worker_name()} stores files: make room"
        ) from error


def refuse(row: Any, name: str, error: Exception) -> None:
    """Write why a row could not be made. A fault of the input stays; what a machine lacks may be
    there at the next try. Raises StorageFault where it is no row's fault."""
    refuse_fault(error)
    if isinstance(error, ExplainerError):
        fail(row, name, str(error))
        return
    what = "a file could not be fetched or stored" if isinstance(error, OSError) else ""
    give_back(row, name, f"{what or type(error).__name__}: {error}")


def worker_name() -> str:
    return f"{socket.gethostname()}/{os.getpid()}"


@contextmanager
def claimed(
    rows: WorkQuerySet[Any], task: str, *arguments: Any, queue: str = "cpu"
) -> Iterator[tuple[str, WorkQuerySet[Any]]]:
    """Claim the free ones of `rows`; the claim's name and the rows that it holds.

    An error that interrupts the work is logged and written to the rows that are left, which are
    then free for another try; after the last one they are failed with that reason. StorageFault is
    raised again: its rows are as if nobody had tried. So are the rows of a batch that lost its
    database, once the database is back (`renew_held`).

    Rows that were given back are then asked of `task` again, each alone: one that spoils a batch
    does not spoil the next.
    """
    name = claim(rows, worker_name())
    mine = rows.filter(claimed_by=name)
    keys = list(mine.values_list("pk", flat=True))
    held[name] = rows
    try:
        yield name, mine
    except StorageFault:
        give_back_untried(mine)
        raise
    except Exception as error:
        log.exception("a batch of %s broke off", rows.model.__name__)
        if has_broken_off(error):
            untold[name] = rows.filter(pk__in=keys)
            raise
        for row in mine:
            give_back(row, name, f"{type(error).__name__}: {error}")
    finally:
        del held[name]
    back = rows.pending().filter(claimed_by="", attempts__gt=0)
    for key in back.order_by("pk").values_list("pk", flat=True):
        ask(task, *arguments, [key], queue=queue)


def renew_held() -> None:
    """Keep this worker's claims from running out, and give back those that lost their database.

    It is called beside the work, with each heartbeat.
    """
    for name, rows in list(held.items()):
        renew(rows, name)
    for name, rows in list(untold.items()):
        # Files that were stored in the meantime are still there: the next try looks for them
        # (`settling`).
        take_back_attempts(rows, name, AWAY)
        del untold[name]
