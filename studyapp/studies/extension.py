"""More places for a study that is under way: a new block of slots with its own drawing."""

from typing import Any

from django.db import transaction
from django.db.models import Max

from studyapp.models import Deviation, Slot, Study, StudyState
from studyapp.studies.design.keys import keys_digest
from studyapp.studies.design.rows import write_design
from studyapp.studies.lifecycle import certified_design, locked_study


@transaction.atomic
def extend_study(study: Study, *, people: int, reason: str = "") -> dict[str, Any]:
    """Add `people` places, drawn from the study's seed and their own first position; the
    certificate of the new places. This is a deviation; its detail gives the digest.

    Raises LifecycleError where the study is not under way or the places can't be balanced.
    """
    study = locked_study(study, StudyState.OPEN, StudyState.PAUSED, verb="extended")
    last = Slot.objects.filter(study=study).aggregate(at=Max("position"), block=Max("addition"))
    plan, design, certificate = certified_design(
        study, verb="extended", people=people, first_position=last["at"] + 1
    )
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
