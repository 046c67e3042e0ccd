"""Celery tasks, thin: a task fetches, calls one function, records. Run twice, it changes nothing.

`celery -A tasks worker --pool solo -Q gpu,cpu` starts a worker.
"""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studyapp.settings")
django.setup()

from studyapp.queue import app  # noqa: E402

app.conf.imports = (
    "tasks.workers",
    "tasks.preparation",
    "tasks.predictions",
    "tasks.pregenerate",
)

__all__ = ["app"]
