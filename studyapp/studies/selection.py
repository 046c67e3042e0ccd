"""From predictions to stimuli: what is asked about, what is practised on, what is in reserve."""

from collections.abc import Iterator
from typing import Any

from django.db import transaction

from studyapp.models import NetworkPair, Stimulus, StimulusRole, Study, StudyImage

from .definition import Definition, study_definition
from .eligibility import Eligible, eligible_photos, in_seed_order, unknown_names
from .paradigms import PARADIGMS, Candidate

SHOWN = (StimulusRole.MAIN, StimulusRole.PRACTICE)


class PreparationError(Exception):
    """A study that can't be prepared as its file asks: one sentence with the mend."""


@transaction.atomic
def select_stimuli(study: Study) -> None:
    """Store every eligible photo as a stimulus in the seed's order, the first ones chosen.

    PreparationError tells how many are eligible and which rule left the rest out.
    """
    definition = study_definition(study)
    used: set[int] = set()
    for paradigm in definition.paradigms():
        pair = paradigm_pair(study, definition, paradigm)
        photos = study.images.select_related("image").exclude(image__in=used)
        eligible = eligible_photos(photos, pair, PARADIGMS[paradigm])
        study.selection[paradigm] = eligible.sentence()
        order = in_seed_order(eligible.candidates, f"{study.seed}/stimuli/{paradigm}")
        stimuli = list(_stimuli(study, definition, paradigm, order, eligible))
        shortage = _shortage(definition, paradigm, stimuli)
        if shortage:
            raise PreparationError(f"{shortage}: {eligible.sentence()}{_hint(study, pair)}")
        Stimulus.objects.bulk_create(stimuli)
        used |= {row.photo.image_id for row in stimuli if row.role in SHOWN}
    study.save(update_fields=["selection"])


def paradigm_pair(study: Study, definition: Definition, paradigm: str) -> NetworkPair:
    """The pair whose predictions decide what may be asked: that of the first condition."""
    names = {n for block in definition.blocks for n in block.conditions or []
             if block.paradigm == paradigm}  # fmt: skip
    first = next(one for one in definition.conditions if not names or one.name in names)
    return study.pairs.select_related("stronger", "weaker").get(name=definition.pair_of(first))


def replace_unusable(study: Study) -> int:
    """Drop chosen photos whose map is empty or failed, by name; the next eligible ones in the
    seed's order take their places. How many photos were dropped."""
    dropped = 0
    for photo_id, paradigm, reason in list(_unusable(study)):
        rows = study.stimuli.filter(photo=photo_id, paradigm=paradigm, role__in=SHOWN)
        for row in rows.order_by("position"):
            _promote(study, row)
            row.role, row.dropped_because = StimulusRole.DROPPED, reason
            row.save(update_fields=["role", "dropped_because"])
        dropped += 1
    return dropped


def _stimuli(
    study: Study,
    definition: Definition,
    paradigm: str,
    order: list[StudyImage],
    eligible: Eligible,
) -> Iterator[Stimulus]:
    """All stimuli: photos for practice after those of the main trials, then the reserve."""
    left = {
        StimulusRole.MAIN: definition.design.stimuli,
        StimulusRole.PRACTICE: definition.practice_trials(paradigm),
    }
    position = 0
    for photo in order:
        role = next((role for role, count in left.items() if count > 0), StimulusRole.RESERVE)
        candidates = eligible.candidates[photo]
        if role == StimulusRole.PRACTICE:
            candidates = candidates[:1]
        for candidate in candidates:
            yield _stimulus(study, paradigm, photo, candidate, position=position, role=role)
            position += 1
            if role in left:
                left[role] -= 1


def _stimulus(
    study: Study, paradigm: str, photo: StudyImage, candidate: Candidate, **place: Any
) -> Stimulus:
    """An unsaved stimulus; `place`: its position and role."""
    return Stimulus(
        study=study,
        photo=photo,
        paradigm=paradigm,
        category=candidate.category,
        class_index=candidate.class_index,
        options=list(candidate.options),
        facts=candidate.facts,
        **place,
    )


def _shortage(definition: Definition, paradigm: str, stimuli: list[Stimulus]) -> str:
    """What is asked for and was not found, in words; nothing where there is enough."""
    main = sum(row.role == StimulusRole.MAIN for row in stimuli)
    practice = sum(row.role == StimulusRole.PRACTICE for row in stimuli)
    wanted = definition.practice_trials(paradigm)
    if main >= definition.design.stimuli and practice >= wanted:
        return ""
    return (
        f"{paradigm} asks for {definition.design.stimuli} stimuli and {wanted} for practice, "
        f"found {main} and {practice}"
    )


def _hint(study: Study, pair: NetworkPair) -> str:
    unknown = unknown_names(study.images.all(), pair.stronger)
    hint = f"; no class of the network: {', '.join(unknown[:5])}" if unknown else ""
    return f"{hint}; add photos or ask for fewer stimuli"


def _unusable(study: Study) -> Iterator[tuple[int, str, str]]:
    """(photo, paradigm, reason) of chosen stimuli that can't be shown, each photo once."""
    seen = set()
    rows = study.stimuli.filter(role__in=SHOWN).prefetch_related(
        "overlays__overlay__explanation", "overlays__condition"
    )
    for stimulus in rows.order_by("position"):
        key = (stimulus.photo_id, stimulus.paradigm)
        for use in stimulus.overlays.all():
            explanation = use.overlay.explanation
            reason = explanation.error or use.overlay.error
            if explanation.is_empty:
                reason = "the map has no positive value"
            failed = explanation.state == "failed" or use.overlay.state == "failed"
            if (explanation.is_empty or failed) and key not in seen:
                seen.add(key)
                yield (*key, f"{use.condition.name}, {use.role} network: {reason}")


def _promote(study: Study, dropped: Stimulus) -> None:
    """The next stimulus in reserve takes the place of `dropped`."""
    following = (
        study.stimuli.filter(paradigm=dropped.paradigm, role=StimulusRole.RESERVE)
        .order_by("position")
        .first()
    )
    if following is None:
        raise PreparationError(
            f"{dropped.photo.name} can't be shown and no eligible photo is left to take its place; "
            "add photos or ask for fewer stimuli"
        )
    following.role = dropped.role
    following.save(update_fields=["role"])
