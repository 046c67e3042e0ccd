"""The one door to the workers: tasks are asked for by name, so nothing here leads to torch."""

from typing import Any

from celery import Celery
from django.conf import settings
from django.db import transaction

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
    broker_transport_options={"visibility_timeout": settings.LONGEST_TASK_SECONDS},
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


def ask(name: str, *arguments: Any, queue: str = "cpu") -> None:
    """Send the task called `name` once the current transaction has committed."""

    def send() -> None:
        app.signature(name, args=arguments).apply_async(queue=queue)

    transaction.on_commit(send)
