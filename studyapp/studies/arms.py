"""Closing one arm of a study that is under way, and opening it again; both are deviations."""

from typing import Any

from django.db import transaction

from studyapp.models import Arm, Deviation, Status, Study, StudyState
from studyapp.shelf.clock import database_now
from studyapp.shelf.formatting import counted

from .lifecycle import LifecycleError, locked_study

CLOSED, REOPENED = "arm closed", "arm reopened"
UNDER_WAY = (StudyState.OPEN, StudyState.PAUSED)


@transaction.atomic
def close_arm(study: Study, name: str, *, reason: str, made_by: Any = None) -> Deviation:
    """Let nobody new take an arm's places from now on; who has one can finish.

    Raises LifecycleError for an unknown or closed arm, for the last one that is open, without a
    reason, and where the study is not under way.
    """
    study, arm = _locked(study, name, reason, verb="changed")
    if arm.closed_at is not None:
        raise LifecycleError(f"arm {name} of {study.slug} is closed already")
    if not study.arms.exclude(pk=arm.pk).filter(closed_at__isnull=True).exists():
        raise LifecycleError(
            f"{name} is the only open arm of {study.slug}; pause or close the study instead"
        )
    arm.closed_at = database_now()
    arm.save(update_fields=["closed_at"])
    return _deviation(study, CLOSED, f"{_standing(study, arm)}: {reason.strip()}", made_by)


@transaction.atomic
def reopen_arm(study: Study, name: str, *, reason: str, made_by: Any = None) -> Deviation:
    """Let people take a closed arm's places again; LifecycleError as `close_arm`."""
    study, arm = _locked(study, name, reason, verb="changed")
    if arm.closed_at is None:
        raise LifecycleError(f"arm {name} of {study.slug} is open")
    since, arm.closed_at = arm.closed_at, None
    arm.save(update_fields=["closed_at"])
    detail = (
        f"new people take places in arm {name} again, which was closed to them from "
        f"{since:%Y-%m-%d %H:%M} UTC: {reason.strip()}"
    )
    return _deviation(study, REOPENED, detail, made_by)


def _standing(study: Study, arm: Arm) -> str:
    """What closing an arm leaves, and what the design's balance means from then on."""
    people = study.participations.filter(arm=arm)
    finished = people.filter(status=Status.FINISHED).count()
    active = people.filter(status=Status.ACTIVE).count()
    left = study.slots.filter(arm=arm, is_open=True).count()
    return (
        f"from here on nobody new takes places in arm {arm.name}, in which "
        f"{counted(finished, 'person has', 'people have')} finished and {active} can finish; "
        f"{counted(left, 'place stays', 'places stay')} empty, so this arm has fewer ratings than "
        "the certificate of the design counts, and none by people who came later"
    )


def _locked(study: Study, name: str, reason: str, *, verb: str) -> tuple[Study, Arm]:
    study = locked_study(study, *UNDER_WAY, verb=verb)
    arm = study.arms.select_for_update().filter(name=name).first()
    if arm is None:
        known = ", ".join(study.arms.order_by("pk").values_list("name", flat=True))
        raise LifecycleError(f"{study.slug} has no arm “{name}”; its arms are {known}")
    if not reason.strip():
        raise LifecycleError("say why; every report states it as a deviation from the plan")
    return study, arm


def _deviation(study: Study, what: str, detail: str, made_by: Any) -> Deviation:
    return Deviation.objects.create(study=study, what=what, detail=detail, made_by=made_by)
