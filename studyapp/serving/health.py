"""What the site stands on, and what is wrong with it: for `/healthz` and for the desk's first page.

Every sentence names the fix.
"""

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Literal

import redis
from django.conf import settings
from django.db import (
    DatabaseError,
    Error,
    InterfaceError,
    ProgrammingError,
    connection,
    transaction,
)
from django.db.models import QuerySet
from django.db.models.functions import Now

from studyapp.models import Heartbeat
from studyapp.queue import QUEUES
from studyapp.shelf.clock import MOST_APART_SECONDS, seconds_apart
from studyapp.shelf.faults import DISK_FULL, code_of, let_go

from .watchdog import database_answers

Database = Literal["ok", "unreachable", "not migrated", "read only", "disk full"]
Broker = Literal["ok", "unreachable", "refuses writes"]
Files = Literal["ok", "almost full", "full"]
ALIVE = timedelta(minutes=1)
LEAST_FREE_SHARE, LEAST_FREE_BYTES = 0.05, 2 * 2**30
# Less than a batch of pictures needs
FULL_BYTES = 16 * 2**20
# More than fits in the least memory for sorting: PostgreSQL writes some 600 kB to its disk.
SPILL = "SELECT max(n) FROM (SELECT n FROM generate_series(1, 10000) n ORDER BY -n OFFSET 1) s"


def database_state() -> Database:
    """Whether the database is there, has its tables, and can take a row."""
    if not database_answers():
        return "unreachable"
    state = _seen_from_here()
    if state == "read only":
        # A connection may be older than the server that writes now.
        let_go()
        state = _seen_from_here()
    return state


def _seen_from_here() -> Database:
    try:
        alive_workers().exists()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('transaction_read_only')")
            is_read_only = cursor.fetchone()[0] == "on"
            cursor.execute("SET LOCAL work_mem = '64kB'")
            cursor.execute(SPILL)
    except ProgrammingError:
        return "not migrated"
    except (DatabaseError, InterfaceError) as error:
        return "disk full" if code_of(error) == DISK_FULL else "unreachable"
    return "read only" if is_read_only else "ok"


def alive_workers() -> QuerySet[Heartbeat]:
    """Workers heard of in the last minute, by the clock that wrote when; one that is written to
    have been heard of later than now is as dead as its clock was wrong."""
    return Heartbeat.objects.filter(seen_at__gt=Now() - ALIVE, seen_at__lt=Now() + ALIVE)


def broker_state() -> Broker:
    """Whether the broker answers, and takes a message: its memory may be full."""
    with _broker() as client:
        try:
            client.set("discern/health", "", ex=60)
        except redis.ResponseError:
            return "refuses writes"
        except redis.RedisError:
            return "unreachable"
    return "ok"


def queue_lengths() -> dict[str, int] | None:
    """Messages that wait, by queue; None when the broker can't be reached."""
    with _broker() as client:
        try:
            return {name: int(client.llen(name)) for name in QUEUES}
        except redis.RedisError:
            return None


@contextmanager
def _broker() -> Iterator[redis.Redis]:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1)
    with closing(client):
        yield client


def free_space() -> tuple[Files, int]:
    """How full the disk of the local files is, and the bytes left; a bucket is never full."""
    if settings.STORAGE_URL:
        return "ok", 0
    usage = shutil.disk_usage(files_folder())
    if usage.free < FULL_BYTES:
        return "full", usage.free
    least = max(LEAST_FREE_BYTES, LEAST_FREE_SHARE * usage.total)
    return ("almost full" if usage.free < least else "ok"), usage.free


def files_folder() -> Path:
    """The folder of the local files; before it is made, the one in which it will be."""
    folder = Path(settings.MEDIA_ROOT)
    return next(path for path in (folder, *folder.parents) if path.exists())


def clock_state() -> str:
    """ "ok", or by how much this machine's clock differs from the database's."""
    try:
        apart = seconds_apart()
    except Error:
        return "unknown"
    if abs(apart) <= MOST_APART_SECONDS:
        return "ok"
    return f"{abs(apart):.0f} s {'ahead of' if apart > 0 else 'behind'} the database's"
