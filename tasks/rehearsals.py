"""Simulated people and power, asked for at the desk: the same commands, each in a process of its
own that ends with the row."""

import json
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from typing import IO, Any

from django.conf import settings
from django.utils import timezone

from studyapp.models import Rehearsal, RehearsalKind, StudyKind
from studyapp.queue import MEASURING, REHEARSE, app
from studyapp.simulation.server import environment
from studyapp.studies.copies import delete_copies
from studyapp.studies.definition.study import digest_of
from studyapp.studies.preparation.claims import fail, finish

from .batches import claimed
from .children import bounded, end

LOOK_SECONDS = 0.5
MOST_SECONDS = 1800
# People at once, and processes: the worker is not alone on its machine
AT_ONCE, PROCESSES = 8, 2


@app.task(name=REHEARSE)
def rehearse(keys: list[int]) -> None:
    """Carry out the claimed ones of the rehearsals `keys`."""
    with claimed(Rehearsal.objects.filter(pk__in=keys), REHEARSE, queue=MEASURING) as (name, mine):
        for row in mine.select_related("study"):
            _carry_out(row, name)


def _carry_out(row: Rehearsal, name: str) -> None:
    if digest_of(row.study.definition) != row.definition_digest:
        fail(row, name, "the study has changed since this was asked for; ask again")
        return
    if row.attempts > 1:  # of an attempt whose worker was killed
        _delete_half_walked(row, row.asked_at)
    started = timezone.now()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as told:
        child = subprocess.Popen(
            command(row), cwd=settings.ROOT, env=environment(), stdout=out, stderr=told,
            start_new_session=True,
        )  # fmt: skip
        try:
            why = _wait(child, row, name)
        finally:
            end(child)
        if why or child.returncode:
            _delete_half_walked(row, started)
            fail(row, name, why or _last_words(told))
        else:
            finish(row, name, result=_facts(out))


def _delete_half_walked(row: Rehearsal, since: datetime) -> None:
    """The copies made for it since then: the newest copy is what `--simulated` means, and a
    half-walked one would be analysed as if it were whole."""
    if row.kind == RehearsalKind.PEOPLE:
        made = row.study.copies.filter(kind=StudyKind.SIMULATED, seed=row.asked.get("seed"))
        delete_copies(made.filter(created_at__gte=since))


def command(row: Rehearsal) -> list[str]:
    """What a rehearsal is by command; its options are those that the desk has checked."""
    options = {key: str(value) for key, value in row.asked.items()}
    if row.kind == RehearsalKind.PEOPLE:
        words = ["simulate", row.study.slug, "--at-once", str(AT_ONCE)]
    else:
        words = ["power", row.study.slug, "--processes", str(PROCESSES)]
    words += [part for key, value in options.items() for part in (f"--{key}", value)]
    manage = [sys.executable, str(settings.ROOT / "manage.py")]
    return bounded([*manage, "study", *words, "--json"], MOST_SECONDS)


def _wait(child: "subprocess.Popen[Any]", row: Rehearsal, name: str) -> str:
    """Until the process has ended, or must: why it must. Who cancels takes the claim away."""
    deadline = time.monotonic() + MOST_SECONDS
    while child.poll() is None:
        if not Rehearsal.objects.pending().filter(pk=row.pk, claimed_by=name).exists():
            return "cancelled"
        if time.monotonic() > deadline:
            return (
                f"took longer than {MOST_SECONDS // 60} minutes; ask for less, or run it by command"
            )
        time.sleep(LOOK_SECONDS)
    return ""


def _facts(out: IO[str]) -> dict[str, Any]:
    """The printed facts; what is no number is missing, as JSON has none such."""
    out.seek(0)
    found: dict[str, Any] = json.load(out, parse_constant=lambda name: None)
    return found


def _last_words(told: IO[str]) -> str:
    told.seek(0)
    lines = [line.strip() for line in told if line.strip()]
    return lines[-1].removeprefix("CommandError: ") if lines else "it ended without saying why"
