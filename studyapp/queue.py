"""The one door to the workers: tasks are asked for by name, so nothing here leads to torch."""

import logging
from typing import Any

from celery import Celery
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

log = logging.getLogger(__name__)
BROKER_SECONDS = 2
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
        # A broker that hangs takes the call and never answers.
        "socket_connect_timeout": BROKER_SECONDS,
        "socket_timeout": BROKER_SECONDS,
    },
    task_default_queue="cpu",
    task_serializer="json",
    accept_content=["json"],
)

# "gpu" takes what a graphics card speeds up (predict, explain), "cpu" the rest, but for measuring,
# rehearsals and the making of ready studies, which last long: measuring gives way to all other work
# of its worker.
MEASURING = "measure"
QUEUES = ("gpu", "cpu", MEASURING)
START_A_WORKER = f"celery -A tasks worker --pool solo -Q {','.join(QUEUES)}"
PREPARE = "tasks.prepare"
PREDICT = "tasks.predict"
EXPLAIN = "tasks.explain"
RENDER = "tasks.render"
REPORT = "tasks.report"
BUNDLE = "tasks.bundle"
MEASURE = "tasks.measure"
REHEARSE = "tasks.rehearse"
MAKE = "tasks.make"
POLL = "tasks.poll"
# What they are asked for on, where that is not "cpu"
SLOW = (MEASURE, REHEARSE, MAKE)
# What they all do waits in rows, which a worker that finds its queues empty looks for.
# A connection of before may be stale; what fails twice waits.
ONCE_MORE = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0}


def ask(name: str, *arguments: Any, queue: str = "cpu") -> None:
    """Send the task called `name` once the current transaction has committed.

    Without a broker, or with one that hangs or is full, it waits in its rows, after seconds.
    """

    def send() -> None:
        try:
            app.signature(name, args=arguments).apply_async(queue=queue, retry_policy=ONCE_MORE)
        except (OperationalError, RedisError) as error:
            log.warning("%s waits in its rows, the broker can't be reached: %s", name, error)

    transaction.on_commit(send)
