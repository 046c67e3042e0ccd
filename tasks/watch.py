"""Work that nobody has is asked for again: its messages went with a worker or with the broker."""

import contextlib
from collections.abc import Iterable, Iterator

import redis
from django.conf import settings

from studyapp.models import Download, Making, Measurement, Rehearsal, Report, Study
from studyapp.payments.polling import due
from studyapp.queue import (
    BROKER_SECONDS,
    BUNDLE,
    MAKE,
    MEASURE,
    MEASURING,
    POLL,
    PREPARE,
    QUEUES,
    REHEARSE,
    REPORT,
    SLOW,
    app,
)
from studyapp.studies.preparation.advance import study_work
from studyapp.studies.preparation.claims import is_held

ASKED = "discern/asked-again"
# A task by its name, and the row that it is about
Wanted = tuple[str, int]
ROWS: dict[
    str, type[Report] | type[Download] | type[Measurement] | type[Rehearsal] | type[Making]
] = {
    REPORT: Report,
    BUNDLE: Download,
    MEASURE: Measurement,
    REHEARSE: Rehearsal,
    MAKE: Making,
}
# The queues of this process, once it is ready
taken: tuple[str, ...] = ()


class Watch:
    """Looks with every heartbeat of an idle worker, and asks when it saw the same twice: no
    message waits, no claim is held, and yet a study is not prepared, or a report or bundle is not
    made. What was under way when the worker started is asked for at once."""

    def __init__(self) -> None:
        self.suspects: set[Wanted] = set()
        self.has_started = False

    def look(self, *, idle: bool) -> None:
        if not self.has_started:
            ask_again([*unprepared_studies(), *unmade()])
            self.has_started = True
            return
        forgotten = set(_forgotten()) if idle else set()
        again = self.suspects & forgotten
        self.suspects = forgotten - again
        if again and _may_ask():
            ask_again(again)


def _forgotten() -> Iterator[Wanted]:
    """What nobody has a message for; a long line of measurements hides nothing else."""
    others = [name for name in QUEUES if name != MEASURING]
    if _are_empty(others):
        yield from forgotten_studies()
        yield from ((POLL, key) for key in due().values_list("pk", flat=True))
        yield from (one for one in unmade() if one[0] not in SLOW or _are_empty([MEASURING]))


def others_wait() -> bool:
    """Whether a message waits that this worker could take in place of measuring."""
    try:
        return not _are_empty([name for name in taken if name != MEASURING])
    except redis.RedisError:
        return False


def unprepared_studies() -> Iterator[Wanted]:
    """Studies that are being prepared; those with a problem too: this worker may lack nothing."""
    found = Study.objects.preparing().filter(prepared_at=None)
    yield from ((PREPARE, key) for key in found.values_list("pk", flat=True))


def forgotten_studies() -> Iterator[Wanted]:
    """Studies that could go on and that no worker has a claim in."""
    for study in Study.objects.preparing().filter(prepared_at=None, problem=""):
        if not any(rows.pending().filter(is_held()).exists() for rows in study_work(study)):
            yield PREPARE, study.pk


def unmade() -> Iterator[Wanted]:
    """Reports, bundles, measurements and the like that were asked for and that no worker is at."""
    for task, model in ROWS.items():
        waiting = model.objects.pending().exclude(is_held())
        yield from ((task, key) for key in waiting.values_list("pk", flat=True))


def ask_again(wanted: Iterable[Wanted]) -> None:
    for task, key in sorted(wanted):
        argument = key if task == PREPARE else [key]
        queue = MEASURING if task in SLOW else "cpu"
        app.signature(task, args=[argument]).apply_async(queue=queue)


@contextlib.contextmanager
def _broker() -> Iterator[redis.Redis]:
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=BROKER_SECONDS, socket_connect_timeout=BROKER_SECONDS
    )
    with contextlib.closing(client):
        yield client


def _are_empty(queues: Iterable[str]) -> bool:
    with _broker() as client:
        return all(client.llen(name) == 0 for name in queues)


def _may_ask() -> bool:
    """One worker of many asks, and not again before its question can have been taken up."""
    with _broker() as client:
        wait = 2 * settings.BEAT_SECONDS
        return bool(client.set(ASKED, "", nx=True, ex=wait))
