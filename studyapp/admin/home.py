"""The first page of the desk: what needs attention, where each study stands, who works at what."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import redis
from django.conf import settings
from django.db.models import Count, F, Max, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from studyapp.models import (
    Heartbeat,
    Prediction,
    Slot,
    Status,
    StimulusOverlay,
    Study,
    StudyKind,
    StudyState,
    WorkState,
)
from studyapp.queue import QUEUES
from studyapp.studies.rights import may_add_studies, visible_studies

HIGH_DROP_OUT = 0.2
FEWEST_PEOPLE = 5
LEAST_FREE_SHARE, LEAST_FREE_BYTES = 0.05, 2 * 2**30
ALIVE, FORGOTTEN = timedelta(minutes=1), timedelta(days=1)


@dataclass(frozen=True)
class Concern:
    """Something to look at, in one sentence with the mend, and where."""

    sentence: str
    address: str = ""


@dataclass(frozen=True)
class Line:
    """One study of the list."""

    study: Study
    taken: int
    places: int
    active: int
    finished: int
    last: Any


def home_context(user: Any) -> dict[str, Any]:
    """Everything that the page shows, by a fixed number of queries."""
    studies = visible_studies(user).filter(kind=StudyKind.REAL)
    lines = _lines(studies)
    queues = queue_lengths()
    workers = list(Heartbeat.objects.filter(seen_at__gt=timezone.now() - FORGOTTEN))
    concerns = [
        *_failed(studies),
        *_problems(studies),
        *_workers(workers, lines, queues),
        *_drop_outs(studies),
        *_disk(),
    ]
    return {
        "concerns": concerns,
        "lines": lines,
        "workers": [(worker, _is_alive(worker)) for worker in workers],
        "queues": queues,
        "may_add": may_add_studies(user),
    }


def _lines(studies: QuerySet[Study]) -> list[Line]:
    slots = {
        row["study"]: row
        for row in Slot.objects.filter(study__in=studies)
        .order_by()
        .values("study")
        .annotate(every=Count("pk"), taken=Count("pk", filter=Q(is_open=False)))
    }
    rows = studies.annotate(
        active=Count("participations", filter=Q(participations__status=Status.ACTIVE)),
        finished=Count("participations", filter=Q(participations__status=Status.FINISHED)),
        last=Max("participations__last_seen_at"),
    )
    order = {state: number for number, state in enumerate(
        (StudyState.OPEN, StudyState.PREPARING, StudyState.PAUSED, StudyState.DRAFT)
    )}  # fmt: skip
    lines = []
    for row in rows:
        slot = slots.get(row.pk, {"taken": 0, "every": 0})
        lines.append(Line(row, slot["taken"], slot["every"], row.active, row.finished, row.last))
    return sorted(lines, key=lambda line: order.get(StudyState(line.study.state), 9))


def _failed(studies: QuerySet[Study]) -> Iterator[Concern]:
    preparing = studies.filter(state=StudyState.PREPARING)
    bad = Q(overlay__state=WorkState.FAILED) | Q(overlay__explanation__state=WorkState.FAILED)
    uses = StimulusOverlay.objects.filter(bad, stimulus__study__in=preparing)
    photos = Prediction.objects.filter(state=WorkState.FAILED, image__uses__study__in=preparing)
    found: dict[tuple[int, str], int] = {}
    for rows, path in ((uses, "stimulus__study"), (photos, "image__uses__study")):
        names: Any = rows.order_by().values_list(path, f"{path}__slug")
        for key, slug, count in names.annotate(n=Count("pk", distinct=True)):
            found[key, slug] = found.get((key, slug), 0) + count
    for (key, slug), count in found.items():
        yield Concern(
            f"{slug}: {count} failed; read the reasons, then retry or drop the stimulus", _page(key)
        )


def _problems(studies: QuerySet[Study]) -> Iterator[Concern]:
    for study in studies.exclude(problem="").only("slug", "problem"):
        yield Concern(f"{study.slug}: {study.problem}", _page(study.pk))


def _workers(
    workers: list[Heartbeat], lines: list[Line], queues: dict[str, int] | None
) -> Iterator[Concern]:
    address = reverse("admin:studyapp_heartbeat_changelist")
    for worker in workers:
        if worker.doing and not _is_alive(worker):
            yield Concern(f"{worker.worker} stopped while it was at: {worker.doing}", address)
    if queues is None:
        yield Concern("The broker can't be reached: nothing is asked of the workers", "")
    waiting = sum((queues or {}).values()) or any(
        line.study.state == StudyState.PREPARING and line.study.prepared_at is None
        for line in lines
    )
    if waiting and not any(_is_alive(worker) for worker in workers):
        yield Concern(
            "Work is waiting and no worker is alive; start one: "
            "celery -A tasks worker --pool solo -Q gpu,cpu", address
        )  # fmt: skip


def _drop_outs(studies: QuerySet[Study]) -> Iterator[Concern]:
    counted = studies.filter(state__in=(StudyState.OPEN, StudyState.PAUSED)).annotate(
        consented=Count("participations", filter=Q(participations__consented_at__isnull=False)),
        dropped=Count("participations", filter=Q(participations__status=Status.DROPPED)),
    )
    many = counted.filter(consented__gte=FEWEST_PEOPLE, dropped__gt=F("consented") * HIGH_DROP_OUT)
    for study in many:
        yield Concern(
            f"{study.slug}: {study.dropped} of {study.consented} people dropped out; "
            "look at where they stop",
            _page(study.pk),
        )


def _disk() -> Iterator[Concern]:
    if settings.STORAGE_URL:
        return
    settings.MEDIA_ROOT.mkdir(parents=True, exist_ok=True)
    usage = shutil.disk_usage(settings.MEDIA_ROOT)
    if usage.free < max(LEAST_FREE_BYTES, LEAST_FREE_SHARE * usage.total):
        yield Concern(
            f"The disk of {settings.MEDIA_ROOT} is almost full: {usage.free / 2**30:.1f} GB are "
            "left; make room before pictures and bundles fail"
        )


def queue_lengths() -> dict[str, int] | None:
    """Messages that wait, by queue; None when the broker can't be reached."""
    client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1)
    try:
        return {name: int(client.llen(name)) for name in QUEUES}
    except redis.RedisError:
        return None
    finally:
        client.close()


def _is_alive(worker: Heartbeat) -> bool:
    return bool(worker.seen_at > timezone.now() - ALIVE)


def _page(key: int) -> str:
    return reverse("admin:studyapp_study_change", args=[key])
