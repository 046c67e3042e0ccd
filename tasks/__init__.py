"""Celery tasks, thin: a task fetches, calls one function, records. Run twice, it changes nothing.

`celery -A tasks worker --pool solo -Q gpu,cpu,measure` starts a worker.
"""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studyapp.settings")
django.setup()

from django.conf import settings  # noqa: E402

from studyapp.queue import app  # noqa: E402
from studyapp.serving import error_reports  # noqa: E402
from studyapp.serving.checks import refuse_wrong_deployment  # noqa: E402

from .device import worker_device, worker_precision  # noqa: E402

refuse_wrong_deployment()
error_reports.start()
if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
    from studyapp.serving import tracing

    tracing.start("discern-worker")
worker_precision()
worker_device()  # refuses to start where it names a card that is not there

app.conf.imports = (
    "tasks.workers",
    "tasks.preparation",
    "tasks.predictions",
    "tasks.pregenerate",
    "tasks.reports",
    "tasks.metrics",
    "tasks.bundles",
    "tasks.rehearsals",
    "tasks.makings",
    "tasks.panels",
)

__all__ = ["app"]
