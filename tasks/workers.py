"""What a worker process does besides its tasks: one thread, a heartbeat, and asking again."""

import os
import socket
import threading
from typing import Any

import torch
from celery import signals
from django.db import close_old_connections
from django.utils import timezone

from studyapp.models import Heartbeat, Study, StudyState
from studyapp.queue import PREPARE, app

BEAT_SECONDS = 10
doing = ""


def worker_name() -> str:
    return f"{socket.gethostname()}/{os.getpid()}"


def beat(queues: str) -> None:
    """Say that this worker is alive, and at what."""
    now = timezone.now()
    Heartbeat.objects.update_or_create(
        worker=worker_name(),
        defaults={"queues": queues, "doing": doing, "seen_at": now},
        create_defaults={"queues": queues, "doing": doing, "seen_at": now, "started_at": now},
    )


def _beat_on(queues: str, stop: threading.Event) -> None:
    while not stop.wait(BEAT_SECONDS):
        close_old_connections()
        beat(queues)


@signals.worker_ready.connect
def start(sender: Any, **_: Any) -> None:
    """Two torch threads on two shared cores have been ten times slower: scale by processes."""
    torch.set_num_threads(1)
    queues = ",".join(sorted(queue.name for queue in sender.task_consumer.queues))
    beat(queues)
    threading.Thread(target=_beat_on, args=(queues, threading.Event()), daemon=True).start()
    ask_again()


def ask_again() -> None:
    """Ask for every study that is being prepared: a killed worker's message may be lost."""
    for key in Study.objects.filter(state=StudyState.PREPARING, prepared_at=None).values_list("pk"):
        app.signature(PREPARE, args=key).apply_async(queue="cpu")


@signals.task_prerun.connect
def note_task(task: Any, **_: Any) -> None:
    global doing
    doing = str(task.name)


@signals.task_postrun.connect
def note_rest(**_: Any) -> None:
    global doing
    doing = ""


@signals.worker_shutdown.connect
def leave(**_: Any) -> None:
    Heartbeat.objects.filter(worker=worker_name()).delete()
