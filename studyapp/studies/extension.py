"""More places for a study that is under way: a new block of slots with its own drawing."""

from typing import Any

from django.db import transaction
from django.db.models import Max

from studyapp.models import Deviation, Slot, Study, StudyState
from studyapp.studies.design.certificate import certify
from studyapp.studies.design.draw import DesignError, draw
from studyapp.studies.design.keys import keys_digest
from studyapp.studies.design.rows import design_plan, write_design
from studyapp.studies.lifecycle import LifecycleError, locked_study


@transaction.atomic
def extend_study(study: Study, *, people: int, reason: str = "") -> dict[str, Any]:
    """Add `people` places, drawn from the study's seed and their own first position; the
    certificate of the new places. It is a deviation, whose detail tells the digest.

    Raises LifecycleError where the study is not under way or the places can't be balanced.
    """
    study = locked_study(study, StudyState.OPEN, StudyState.PAUSED, verb="extended")
    last = Slot.objects.filter(study=study).aggregate(at=Max("position"), block=Max("addition"))
    plan = design_plan(study, people=people, first_position=last["at"] + 1)
    try:
        design = draw(plan)
    except DesignError as error:
        raise LifecycleError(f"{study.slug}: {error}") from error
    certificate = certify(plan, design)
    if certificate["problems"]:
        raise LifecycleError(f"{study.slug} can't be extended: {certificate['problems'][0]}")
    addition = last["block"] + 1
    write_design(study, plan, design, addition=addition)
    because = f": {reason}" if reason else ""
    Deviation.objects.create(
        study=study,
        what="places added",
        detail=f"{people} places from position {last['at'] + 1}, design "
        f"{certificate['digest'][:12]}, answer keys "
        f"{keys_digest(study, addition=addition)[:12]}{because}",
    )
    return certificate
