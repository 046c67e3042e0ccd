"""Who may see outcomes by condition before a study is closed: nobody, unless its plan allows
looking or its owner unmasked it, which every report then tells.

Pilots, simulated copies and demonstrations are not masked: nothing is concluded from them.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef

from studyapp.models import Deviation, Study, StudyKind, StudyState

from .lifecycle import LifecycleError, locked_study

UNMASKED = "outcomes unmasked"
UNDER_WAY = (StudyState.OPEN, StudyState.PAUSED)
MASKED = (
    "{slug} is not closed yet, and its plan allows no looking, so outcomes by condition are "
    "masked; close it first, or let its owner unmask it (`study unmask {slug} --reason …`), which "
    "every report then states as a deviation"
)


def is_masked(study: Study) -> bool:
    """Whether outcomes by condition stay unseen for now."""
    done = study.deviations.values_list("what", flat=True)
    return masks(study.state, study.kind, study.definition, done)


def masks(state: str, kind: str, definition: Mapping[str, Any], deviations: Iterable[str]) -> bool:
    """The same of a study's row and its deviations as a bundle has them."""
    return (
        state in UNDER_WAY
        and kind == StudyKind.REAL
        and definition.get("kind", "real") == "real"
        and not definition.get("demo")
        and not definition["analysis"]["looks"]
        and UNMASKED not in deviations
    )


def masked_words(slug: str) -> str:
    """Why there are no outcomes, and what to do."""
    return MASKED.format(slug=slug)


def masked_keys() -> list[int]:
    """The keys of all studies that are masked, for pages over rows of many studies."""
    unmasked = Deviation.objects.filter(study=OuterRef("pk"), what=UNMASKED)
    rows = Study.objects.filter(state__in=UNDER_WAY, kind=StudyKind.REAL).exclude(Exists(unmasked))
    return [row.pk for row in rows if masks(row.state, row.kind, row.definition, ())]


@transaction.atomic
def unmask(study: Study, *, reason: str, made_by: Any = None) -> Deviation:
    """Let outcomes be seen from now on, as a deviation with its reason.

    Raises LifecycleError where nothing is masked, or without a reason.
    """
    study = locked_study(study, *UNDER_WAY, verb="unmasked")
    if not is_masked(study):
        raise LifecycleError(f"the outcomes of {study.slug} are not masked")
    if not reason.strip():
        raise LifecycleError("say why the outcomes are looked at before the end; reports state it")
    people = study.participations.finished().count()
    return Deviation.objects.create(
        study=study,
        what=UNMASKED,
        detail=f"outcomes by condition could be seen from here on, after {people} people had "
        f"finished: {reason.strip()}",
        made_by=made_by,
    )
