"""What the rows, the queues and this machine say at a moment, as Prometheus' gauges.

Every site says the same of what several have in common (people, work, workers, backups), so that
rules take the largest.
"""

import math
import shutil
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any, get_args

from django.conf import settings
from django.db.models import Count, Max, Q, QuerySet
from django.db.models.functions import Now
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

from studyapp.models import (
    Backup,
    Crop,
    Download,
    Explanation,
    Heartbeat,
    Making,
    Measurement,
    Overlay,
    PanelAccess,
    Participation,
    Prediction,
    Rehearsal,
    Report,
    Slot,
    Study,
    StudyKind,
    StudyState,
    Work,
    WorkState,
)
from studyapp.shelf.clock import database_now, seconds_apart

from .health import (
    ALIVE,
    Broker,
    Database,
    alive_workers,
    broker_state,
    database_state,
    files_folder,
    queue_lengths,
)

WORK: tuple[type[Work], ...] = (
    Prediction,
    Explanation,
    Overlay,
    Crop,
    Report,
    Download,
    Measurement,
    Rehearsal,
    Making,
)
LATELY, A_DAY = timedelta(hours=1), timedelta(days=1)
WITH_PEOPLE = (StudyState.OPEN, StudyState.PAUSED)


def facts() -> Iterator[Metric]:
    """All of them; of a database that does not answer, or has no tables, only that."""
    yield from machine()
    yield from broker()
    state = database_state()
    yield one_of("discern_database_state", "1 at the database's state.", get_args(Database), state)
    if state not in ("unreachable", "not migrated"):
        yield from people()
        yield from work()
        yield from workers()
        yield from moments()


def gauge(name: str, told: str, values: Mapping[Any, float], *labels: str) -> Metric:
    """A gauge by its labels' values; without labels the one value's key is ()."""
    found = GaugeMetricFamily(name, told, labels=labels)
    for key, value in values.items():
        found.add_metric(key, value)
    return found


def counter(name: str, told: str, values: Mapping[Any, float], *labels: str) -> Metric:
    """As `gauge`, of what another process has counted."""
    found = CounterMetricFamily(name, told, labels=labels)
    for key, value in values.items():
        found.add_metric(key, value)
    return found


def one_of(name: str, told: str, every: Iterable[str], now: str) -> Metric:
    return gauge(name, told, {(state,): float(state == now) for state in every}, "state")


def machine() -> Iterator[Metric]:
    """The disk of the local files; a bucket is never full."""
    if not settings.STORAGE_URL:
        disk = shutil.disk_usage(files_folder())
        free, size = {(): float(disk.free)}, {(): float(disk.total)}
        yield gauge("discern_disk_free_bytes", "Free bytes where files are kept.", free)
        yield gauge("discern_disk_size_bytes", "All bytes where files are kept.", size)


def broker() -> Iterator[Metric]:
    state = broker_state()
    yield one_of("discern_broker_state", "1 at the broker's state.", get_args(Broker), state)
    lengths = queue_lengths() or {}
    waiting = {(name,): float(length) for name, length in lengths.items()}
    yield gauge("discern_queue_length", "Messages that wait for a worker.", waiting, "queue")


def people() -> Iterator[Metric]:
    """Of studies that are open or paused; not of simulated copies."""
    studies = Study.objects.filter(state__in=WITH_PEOPLE).exclude(kind=StudyKind.SIMULATED)
    rows = Participation.objects.filter(study__in=studies).order_by()
    counted = rows.values_list("study__slug", "status").annotate(n=Count("pk"))
    told = {(slug, status): float(n) for slug, status, n in counted}
    yield gauge("discern_people", "People by study and status.", told, "study", "status")
    free = Slot.objects.free().filter(study__in=studies).order_by()
    left = {(slug,): 0.0 for slug in studies.values_list("slug", flat=True)}
    left |= {
        (slug,): float(n) for slug, n in free.values_list("study__slug").annotate(n=Count("pk"))
    }
    yield gauge("discern_places_left", "Places that nobody holds.", left, "study")


def work() -> Iterator[Metric]:
    claims, failed = {("held",): 0.0, ("expired",): 0.0}, {}
    for model in WORK:
        kind = model._meta.model_name or ""
        found = _watched(model)
        claims["held",] += found["held"]
        claims["expired",] += found["expired"]
        failed[kind,] = float(found["failed"])
    yield gauge("discern_claims", "Rows that workers have claimed; expired: gone.", claims, "state")
    yield gauge("discern_rows_failed", "Rows that could not be made.", failed, "kind")
    preparing = Study.objects.preparing()
    unfinished = float(preparing.filter(prepared_at=None).count())
    yield gauge("discern_studies_preparing", "Studies not prepared yet.", {(): unfinished})
    stopped = preparing.exclude(problem="").values_list("slug", flat=True)
    told = {(slug,): 1.0 for slug in stopped}
    yield gauge("discern_preparation_stopped", "1 for each study with a problem.", told, "study")


def _watched(model: type[Work]) -> dict[str, int]:
    """How many rows failed, and how many claims are held or ran out: one small index."""
    claimed = Q(claimed_until__isnull=False)
    rows: QuerySet[Any] = model._default_manager.filter(Q(state=WorkState.FAILED) | claimed)
    return rows.order_by().aggregate(
        failed=Count("pk", filter=Q(state=WorkState.FAILED)),
        held=Count("pk", filter=Q(claimed_until__gt=Now())),
        # Those of older days nobody wants any more
        expired=Count("pk", filter=Q(claimed_until__lte=Now(), claimed_until__gt=Now() - A_DAY)),
    )


def workers() -> Iterator[Metric]:
    """Those heard of in the last minute, and what each did since it started."""
    alive = list(alive_workers())
    yield gauge("discern_workers", "Workers heard of in a minute.", {(): float(len(alive))})
    lately = Heartbeat.objects.filter(seen_at__gt=Now() - LATELY, seen_at__lt=Now() - ALIVE)
    yield gauge(
        "discern_workers_lost",
        "Workers that stopped without saying so in the last hour.",
        {(): float(lately.count())},
    )
    rows: dict[Any, float] = {}
    seconds: dict[Any, float] = {}
    memory: dict[Any, float] = {}
    for one in alive:
        # Those of a release before tell nothing of themselves
        told = one.tallies or {"rows": [], "seconds": {}, "memory": 0}
        rows |= {(one.worker, kind, state): count for kind, state, count in told["rows"]}
        seconds |= {(one.worker, task): spent for task, spent in told["seconds"].items()}
        memory[one.worker,] = told["memory"]
    yield counter(
        "discern_worker_rows", "Rows that a worker made or failed.", rows, "worker", "kind", "state"
    )
    yield counter("discern_worker_seconds", "Seconds at finished tasks.", seconds, "worker", "task")
    yield gauge("discern_worker_memory_bytes", "Memory of a worker.", memory, "worker")


def moments() -> Iterator[Metric]:
    """What goes by time: clocks, backups, panels."""
    yield gauge(
        "discern_clock_ahead_seconds",
        "By how much this machine's clock is ahead of the database's.",
        {(): seconds_apart()},
    )
    last = Backup.objects.aggregate(last=Max("finished_at"))["last"]
    age = (database_now() - last).total_seconds() if last else math.inf
    yield gauge("discern_backup_age_seconds", "Since the last backup; +Inf: none.", {(): age})
    refused = float(PanelAccess.objects.exclude(problem="").count())
    yield gauge("discern_panel_polls_failed", "Studies whose panel can't be asked.", {(): refused})
