"""A study's states: draft → preparing → open ⇄ paused → closed. Opening freezes and hashes."""

import statistics
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.utils import timezone

from studyapp.models import Participation, Status, StimulusRole, Study, StudyKind, StudyState
from studyapp.queue import PREPARE, ask
from studyapp.shelf.clock import database_now
from studyapp.studies.definition.dates import erasure_has_passed
from studyapp.studies.definition.study import digest_of, study_definition
from studyapp.studies.definition.translations import quoted
from studyapp.studies.design.certificate import certify
from studyapp.studies.design.draw import Design, DesignError, Plan, draw
from studyapp.studies.design.keys import keys_digest
from studyapp.studies.design.rows import design_plan, write_design
from studyapp.studies.earlier import entry_flaws, forget_digests, impossible_entry
from studyapp.studies.names import missing_names
from studyapp.studies.placeholders import placeholders
from studyapp.studies.preparation.advance import forget_loads
from studyapp.studies.preparation.verification import hidden_flaws
from studyapp.studies.texts import texts_digest


class LifecycleError(Exception):
    """A step that a study can't take now: one sentence with the fix."""


@transaction.atomic
def start_preparing(study: Study) -> Study:
    """Ask the workers for predictions and explanations; asking again takes up what is left, and
    what has gone or changed since."""
    study = locked_study(study, StudyState.DRAFT, StudyState.PREPARING, verb="prepared")
    if study.state == StudyState.DRAFT:
        study.preparing_since = database_now()
    if study.prepared_at is not None and any(hidden_flaws(study)):
        study.prepared_at = None
    study.state, study.problem = StudyState.PREPARING, ""
    study.save(update_fields=["state", "problem", "prepared_at", "preparing_since"])
    forget_loads(study)
    ask(PREPARE, study.pk)
    return study


@transaction.atomic
def open_study(study: Study) -> Study:
    """Verify every picture, draw and store the design, freeze and hash, let people in."""
    study = locked_study(study, StudyState.PREPARING, verb="opened")
    for hindrance in hindrances(study):
        raise LifecycleError(f"{study.slug} can't be opened: {hindrance}")
    plan, design, certificate = certified_design(study, verb="opened")
    write_design(study, plan, design)
    dropped = study.stimuli.filter(role=StimulusRole.DROPPED).select_related("photo")
    study.certificate = {
        **certificate,
        "dropped": [
            {"photo": row.photo.name, "category": row.category, "because": row.dropped_because}
            for row in dropped
        ],
    }
    study.definition_digest = digest_of(study.definition)
    study.design_digest = design.digest()
    study.keys_digest = keys_digest(study)
    study.texts_digest = texts_digest(study)
    study.state, study.opened_at = StudyState.OPEN, timezone.now()
    study.save()
    return study


@transaction.atomic
def pause_study(study: Study) -> Study:
    """Let nobody new in; those who have a place can finish."""
    return _move(locked_study(study, StudyState.OPEN, verb="paused"), StudyState.PAUSED)


@transaction.atomic
def resume_study(study: Study) -> Study:
    return _move(locked_study(study, StudyState.PAUSED, verb="resumed"), StudyState.OPEN)


@transaction.atomic
def close_study(study: Study) -> Study:
    """Take no further answer; a closed study stays closed."""
    study = locked_study(study, StudyState.OPEN, StudyState.PAUSED, verb="closed")
    study.closed_at = timezone.now()
    study.save(update_fields=["closed_at"])
    _move(study, StudyState.CLOSED)
    # Nobody can come in again: what would recognise erased ids, here and in studies that only this
    # one asked about, has no purpose any more.
    forget_digests()
    # Nor was it agreed to that anything is kept of those who answered the first questions and left
    gone = study.participations.filter(consented_at__isnull=True).exclude(status=Status.FULL)
    gone.exclude(stratum="").update(stratum="")
    return study


def hindrances(study: Study) -> Iterator[str]:
    """Why a preparing study can't be opened yet; nothing when it can."""
    if study.prepared_at is None:
        yield f"its explanations are not all ready; see `manage.py study status {study.slug}`"
        return
    yield from placeholders(study)
    yield from untold_names(study)
    if study.copy_of_id is None:
        yield from entry_hindrances(study)
    if study.kind == StudyKind.REAL:
        yield from erasure_has_passed(study_definition(study))
    yield from pay_below_the_floor(study)
    yield from (f"{flaw}; prepare it again" for flaw in hidden_flaws(study))


def untold_names(study: Study) -> Iterator[str]:
    """A sentence for each further language in which a name that people see is missing."""
    for language in study_definition(study).translations:
        if missing := missing_names(study, language):
            yield (
                f"`translations.{language}.names` lacks {quoted(missing)}; `manage.py study words "
                f"{study.slug} --language {language}` prints all that is missing"
            )


def entry_hindrances(study: Study) -> Iterator[str]:
    """Why the studies that decide who may come can't do so as they are now."""
    flaws = entry_flaws(study_definition(study), Study.objects.order_by("slug"))
    yield from (sentence for _, sentence in flaws)
    if why := impossible_entry(study):
        yield why


def pay_below_the_floor(study: Study) -> Iterator[str]:
    """A sentence if the study's pilots took so long that its pay is below the hourly floor."""
    pay = study_definition(study).pay
    pilots = Participation.objects.filter(
        study__copy_of=study, study__kind=StudyKind.PILOT, finished_at__isnull=False
    )
    rows = pilots.values_list("started_at", "finished_at")
    times = [end - begin for begin, end in rows if begin is not None and end is not None]
    if pay is None or not times:
        return
    minutes = statistics.median(time.total_seconds() / 60 for time in times)
    if minutes > 0 and pay.amount * 60 / minutes < pay.hourly_floor:
        yield (
            f"the pilot took {minutes:.1f} minutes (median), so {pay.amount:g} {pay.currency} are "
            f"{pay.amount * 60 / minutes:.2f} an hour, below the floor of {pay.hourly_floor:g}; "
            "pay more or ask less"
        )


def certified_design(
    study: Study, *, verb: str, **places: Any
) -> tuple[Plan, Design, dict[str, Any]]:
    """The design of all places, or of `places` (as `design_plan` takes them), and its certificate.

    LifecycleError says what can't be met.
    """
    try:
        plan = design_plan(study, **places)
        design = draw(plan)
    except DesignError as error:
        raise LifecycleError(f"{study.slug}: {error}") from error
    certificate = certify(plan, design)
    for problem in certificate["problems"]:
        raise LifecycleError(f"{study.slug} can't be {verb}: {problem}")
    return plan, design, certificate


def locked_study(study: Study, *states: StudyState, verb: str) -> Study:
    """The study's row, locked; LifecycleError if it is in none of `states`."""
    locked = Study.objects.select_for_update().get(pk=study.pk)
    if locked.state not in states:
        needed = " or ".join(states)
        raise LifecycleError(
            f"{locked.slug} is {locked.state} and can't be {verb}: it must be {needed}"
        )
    return locked


def _move(study: Study, state: StudyState) -> Study:
    study.state = state
    study.save(update_fields=["state"])
    return study
