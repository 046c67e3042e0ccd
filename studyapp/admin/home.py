"""The first page of the desk: what needs attention, where each study stands, who works at what."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from studyapp.models import (
    Backup,
    Coder,
    Coding,
    Heartbeat,
    Participation,
    Prediction,
    Reading,
    Slot,
    Status,
    StimulusOverlay,
    Study,
    StudyState,
    count_people,
)
from studyapp.queue import MEASURING, START_A_WORKER
from studyapp.serving.health import (
    alive_workers,
    broker_state,
    clock_state,
    database_state,
    free_space,
    queue_lengths,
)
from studyapp.studies.coding.readings import progress
from studyapp.studies.rights import may_add_studies, own_studies, visible_studies

HIGH_DROP_OUT = 0.2
FEWEST_PEOPLE = 5
FORGOTTEN = timedelta(days=1)
# One daily backup that failed is not told of, and neither is one weekly drill that did not run.
BACKUP_OLD, DRILL_OLD = timedelta(days=2), timedelta(days=30)


@dataclass(frozen=True)
class Concern:
    """Something to look at, in one sentence with the fix, and where."""

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
    # Pilots too, but no previews and simulated copies: their study's own pages list those.
    studies = visible_studies(user).filter(copy_of=None)
    lines = _lines(studies)
    queues = queue_lengths()
    alive = set(alive_workers().values_list("pk", flat=True))
    lately = Q(seen_at__gt=Now() - FORGOTTEN) | Q(pk__in=alive)
    workers = [(one, one.pk in alive) for one in Heartbeat.objects.filter(lately)]
    concerns = [
        *_database(),
        *_failed(studies.preparing()),
        *(
            Concern(f"{study.slug}: {study.problem}", _page(study.pk))
            for study in studies.exclude(problem="").only("slug", "problem")
        ),
        *_workers(workers, lines, queues),
        *_drop_outs(studies),
        *_machine(),
        *_backups(),
    ]
    return {
        "concerns": concerns,
        "lines": lines,
        # What a worker does may name a study that the user must not know of.
        "workers": workers if user.is_superuser else [],
        "at_work": len(alive),
        "queues": queues,
        "may_add": may_add_studies(user),
        "to_code": [(one.scheme, progress(one).left) for one in _coders(user)],
    }


def _coders(user: Any) -> QuerySet[Coder]:
    """The user as a coder of each scheme by which they still have to code."""
    done = Coding.objects.filter(reading=OuterRef("pk"))
    due = Reading.objects.filter(~Exists(done), answer__round__ended_at=None)
    rows = Coder.objects.filter(user=user.pk, scheme__study__in=own_studies(user))
    rows = rows.filter(Exists(due.filter(coder=OuterRef("pk"))))
    return rows.select_related("scheme__study").order_by("scheme__study__slug", "pk")


def _lines(studies: QuerySet[Study]) -> list[Line]:
    slots = {row["study"]: row for row in Slot.objects.filter(study__in=studies).by_study()}
    rows = studies.annotate(
        active=count_people(Status.ACTIVE),
        finished=count_people(Status.FINISHED),
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


def _failed(preparing: QuerySet[Study]) -> Iterator[Concern]:
    uses = StimulusOverlay.objects.failed().filter(stimulus__study__in=preparing)
    photos = Prediction.objects.failed().filter(case__uses__study__in=preparing)
    found: dict[tuple[int, str], int] = {}
    for rows, path in ((uses, "stimulus__study"), (photos, "case__uses__study")):
        names: Any = rows.order_by().values_list(path, f"{path}__slug")
        for key, slug, count in names.annotate(n=Count("pk", distinct=True)):
            found[key, slug] = found.get((key, slug), 0) + count
    for (key, slug), count in found.items():
        yield Concern(
            f"{slug}: {count} failed; read the reasons, then retry or drop the stimulus", _page(key)
        )


def _workers(
    workers: list[tuple[Heartbeat, bool]], lines: list[Line], queues: dict[str, int] | None
) -> Iterator[Concern]:
    address = reverse("admin:studyapp_heartbeat_changelist")
    for worker, is_alive in workers:
        if worker.doing and not is_alive:
            yield Concern(f"{worker.worker} stopped during {worker.doing}", address)
    if queues is not None and broker_state() == "refuses writes":
        yield Concern(
            "The broker refuses writes, most often because its memory is full; requested work "
            "waits safely in the database. Give Redis more memory (maxmemory), or empty it with "
            "redis-cli flushall, which loses nothing"
        )
    if queues is None:
        yield Concern(
            "The broker can't be reached: people can still answer, and requested work "
            "waits in the database. Start Redis again and it goes on by itself"
        )
    takers = [one for one, is_alive in workers if is_alive and MEASURING in one.queues.split(",")]
    if (queues or {}).get(MEASURING) and not takers and any(is_alive for _, is_alive in workers):
        yield Concern(
            f"Measurements are waiting and no worker serves the queue {MEASURING}; start one: "
            f"{START_A_WORKER}", address
        )  # fmt: skip
    waiting = sum((queues or {}).values()) or any(
        line.study.state == StudyState.PREPARING and line.study.prepared_at is None
        for line in lines
    )
    if waiting and not any(is_alive for _, is_alive in workers):
        yield Concern(
            f"Work is waiting and no worker is running; start one: {START_A_WORKER}", address
        )  # fmt: skip


def _drop_outs(studies: QuerySet[Study]) -> Iterator[Concern]:
    counted = studies.filter(state__in=(StudyState.OPEN, StudyState.PAUSED)).annotate(
        consented=Count("participations", filter=Q(participations__consented_at__isnull=False)),
        dropped=count_people(Status.DROPPED),
    )
    many = counted.filter(consented__gte=FEWEST_PEOPLE, dropped__gt=F("consented") * HIGH_DROP_OUT)
    for study in many:
        yield Concern(
            f"{study.slug}: {study.dropped} of {study.consented} people dropped out; "
            "look at where they stop",
            _page(study.pk),
        )


def _database() -> Iterator[Concern]:
    """The database answers, or this page would not; whether it stores rows is another question."""
    state = database_state()
    if state == "read only":
        yield Concern(
            "The database is read-only, so no answer can be stored: people are asked to try again, "
            "and lose nothing. It is a replica, or was made one: promote it "
            "(SELECT pg_promote()) or name the server that writes in DATABASE_URL"
        )
    elif state == "disk full":
        yield Concern(
            "The database's disk is full, so no answer can be stored: people are asked to try "
            "again. Make room there; nothing needs to be restarted"
        )


def _machine() -> Iterator[Concern]:
    state, free = free_space()
    if state == "full":
        yield Concern(
            f"The disk of {settings.MEDIA_ROOT} is full: answers are stored, but no picture, "
            "report or bundle is made. Make room, then run manage.py study prepare SLUG"
        )
    elif state == "almost full":
        yield Concern(
            f"The disk of {settings.MEDIA_ROOT} is almost full: {free / 2**30:.1f} GB are "
            "left; make room before pictures and bundles fail"
        )
    if (clock := clock_state()) != "ok":
        yield Concern(
            f"This machine's clock is {clock}: times of people's steps are wrong by as much; "
            "set it right (timedatectl set-ntp true)"
        )


def _backups() -> Iterator[Concern]:
    """Of a site that people reach; a demo on loopback has nothing to lose."""
    if not settings.HTTPS or not Participation.objects.exists():
        return
    last = Backup.objects.order_by("-finished_at").first()
    drills = Backup.objects.exclude(drilled_at=None).order_by("-drilled_at")
    drill, lately = drills.first(), drills.filter(drilled_at__gt=timezone.now() - DRILL_OLD)
    if last is None:
        yield Concern(
            "No backup has been made: a lost disk would lose all answers. Run manage.py backup "
            "FOLDER --keep 14 once a day, and copy the folder off this machine"
        )
    elif last.finished_at < timezone.now() - BACKUP_OLD:
        yield Concern(
            f"The last backup was made on {last.finished_at:%-d %B}: see why manage.py backup no "
            "longer runs once a day"
        )
    if drill is not None and drill.drill_problem:
        yield Concern(f"The backup {drill.place} could not be restored: {drill.drill_problem}")
    elif last is not None and not lately.exists():
        yield Concern(
            "No backup has been tried lately: run manage.py restore_drill FOLDER, which restores "
            "the newest beside the site, compares it, and throws it away"
        )


def _page(key: int) -> str:
    return reverse("admin:studyapp_study_change", args=[key])
