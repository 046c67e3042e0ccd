"""What a worker process does besides its tasks: one thread that beats, keeps claims and looks."""

import logging
import resource
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import redis
from celery import signals
from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from django.db.models.functions import Now
from kombu.exceptions import KombuError

from studyapp.models import Heartbeat
from studyapp.queue import MEASURE
from studyapp.studies.preparation.claims import settled

from . import watch
from .batches import renew_held, worker_name
from .device import settle_arithmetic

log = logging.getLogger(__name__)
doing = ""
# Since when by time.monotonic(), and how long this process was at each task, in seconds
began = 0.0
busy: defaultdict[str, float] = defaultdict(float)


def beat(queues: str) -> None:
    """Say that this worker is alive, and at what, and that its claims are not to run out."""
    told = {"queues": queues, "doing": doing, "seen_at": Now(), "tallies": tallies()}
    Heartbeat.objects.update_or_create(
        worker=worker_name(), defaults=told, create_defaults={**told, "started_at": Now()}
    )
    renew_held()


def tallies() -> dict[str, Any]:
    """What this worker did since it started, and the memory that it has."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return {
        "rows": [[*key, count] for key, count in dict(settled).items()],
        "seconds": dict(busy),
        "memory": pages * resource.getpagesize(),
    }


def _beat_on(queues: str, stop: threading.Event) -> None:
    """Beat at once and until told to stop; a database or broker that is away for a while, also at
    the start, ends nothing."""
    looker = watch.Watch()
    while True:
        try:
            close_old_connections()
            beat(queues)
            looker.look(idle=doing in ("", MEASURE))
        except (DatabaseError, InterfaceError, OSError, redis.RedisError, KombuError) as error:
            log.warning("no heartbeat: %s", error)
        if stop.wait(settings.BEAT_SECONDS):
            break
    connection.close()


@signals.worker_ready.connect
def start(sender: Any, **_: Any) -> None:
    settle_arithmetic()
    watch.taken = tuple(sorted(queue.name for queue in sender.task_consumer.queues))
    queues = ",".join(watch.taken)
    threading.Thread(target=_beat_on, args=(queues, threading.Event()), daemon=True).start()


@signals.task_prerun.connect
def note_task(task: Any, **_: Any) -> None:
    global doing, began
    doing, began = str(task.name), time.monotonic()


@signals.task_postrun.connect
def note_rest(**_: Any) -> None:
    global doing
    busy[doing] += time.monotonic() - began
    doing = ""


@signals.worker_shutdown.connect
def leave(**_: Any) -> None:
    Heartbeat.objects.filter(worker=worker_name()).delete()
