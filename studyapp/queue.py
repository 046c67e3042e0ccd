"""The one door to the workers: tasks are asked for by name, so nothing here leads to torch."""

import logging
from typing import Any

from celery import Celery
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)
app = Celery("discern")
app.conf.update(
    broker_url=settings.REDIS_URL,
    result_backend=None,
    task_ignore_result=True,
    # A worker that dies leaves its message to another one; the rows make a second run harmless.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    # For as long as the broker is away, not a hundred times.
    broker_connection_max_retries=None,
    broker_transport_options={
        "visibility_timeout": settings.LONGEST_TASK_SECONDS,
        "socket_connect_timeout": 5,
    },
    task_default_queue="cpu",
    task_serializer="json",
    accept_content=["json"],
)

# "gpu" takes what a graphics card speeds up (predict, explain), "cpu" the rest.
QUEUES = ("gpu", "cpu")
PREPARE = "tasks.prepare"
PREDICT = "tasks.predict"
EXPLAIN = "tasks.explain"
RENDER = "tasks.render"
REPORT = "tasks.report"
BUNDLE = "tasks.bundle"
MEASURE = "tasks.measure"
# What they do waits in rows, which a worker that finds its queues empty looks for.
IN_ROWS = (PREPARE, PREDICT, EXPLAIN, RENDER, REPORT, BUNDLE)


def ask(name: str, *arguments: Any, queue: str = "cpu") -> None:
    """Send the task called `name` once the current transaction has committed.

    Without a broker it waits in its rows; for a task that has none, kombu's OperationalError.
    """

    def send() -> None:
        try:
            app.signature(name, args=arguments).apply_async(queue=queue)
        except OperationalError as error:
            if name not in IN_ROWS:
                raise
            log.warning("%s waits in its rows, the broker can't be reached: %s", name, error)

    transaction.on_commit(send)
