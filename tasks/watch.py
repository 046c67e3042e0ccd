"""Work that nobody has is asked for again: its messages went with a worker or with the broker."""

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

import redis
from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from studyapp.models import Study, StudyState
from studyapp.queue import PREPARE, QUEUES, app
from studyapp.studies.preparation import (
    pending,
    study_crops,
    study_explanations,
    study_overlays,
    study_predictions,
)

ASKED = "discern/asked-again"


class Watch:
    """Looks with every heartbeat of an idle worker, and asks when it saw the same twice: no
    message waits, no claim is held, and yet a study is not prepared."""

    def __init__(self) -> None:
        self.suspects: set[int] = set()

    def look(self, *, idle: bool) -> None:
        forgotten = set(forgotten_studies()) if idle and _queues_are_empty() else set()
        again = self.suspects & forgotten
        self.suspects = forgotten - again
        if again and _may_ask():
            ask_again(again)


def forgotten_studies() -> Iterator[int]:
    """Studies that could go on and that no worker has a claim in."""
    going_on = Study.objects.filter(state=StudyState.PREPARING, prepared_at=None, problem="")
    for study in going_on:
        if not any(_is_held(rows) for rows in _all_rows(study)):
            yield study.pk


def ask_again(studies: Iterable[int] | None = None) -> None:
    """Ask for studies that are being prepared, all of them where none are named."""
    found = Study.objects.filter(state=StudyState.PREPARING, prepared_at=None)
    for key in found.values_list("pk", flat=True) if studies is None else sorted(studies):
        app.signature(PREPARE, args=[key]).apply_async(queue="cpu")


def _all_rows(study: Study) -> Iterator[QuerySet[Any]]:
    yield from (study_predictions(study), study_explanations(study))
    yield from (study_overlays(study), study_crops(study))


def _is_held(rows: QuerySet[Any]) -> bool:
    return pending(rows).filter(claimed_until__gt=timezone.now()).exists()


@contextlib.contextmanager
def _broker() -> Iterator[redis.Redis]:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=5)
    with contextlib.closing(client):
        yield client


def _queues_are_empty() -> bool:
    with _broker() as client:
        return all(client.llen(name) == 0 for name in QUEUES)


def _may_ask() -> bool:
    """One worker of many asks, and not again before its question can have been taken up."""
    with _broker() as client:
        wait = 2 * settings.BEAT_SECONDS
        return bool(client.set(ASKED, "", nx=True, ex=wait))
