"""From predictions to stimuli: what is asked about, what is practised on, what is in reserve."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from django.db import transaction

from photos.class_groups import read_groups
from studyapp.models import (
    SHOWN_ROLES,
    NetworkPair,
    Stimulus,
    StimulusRole,
    Study,
    StudyImage,
    WorkState,
)
from studyapp.paradigms import PARADIGMS
from studyapp.paradigms.base import of_member
from studyapp.studies.definition.study import Definition, study_definition

from .eligibility import Eligible, eligible_photos, in_seed_order, unknown_to
from .readers import CATEGORY
from .untouched import Part, Untouched

# Of Study.selection: what is told of the photos' names
NAMES = "names"
# The one role whose trials may ask several things about a photo, though never one person
_MANY = StimulusRole.MAIN


class PreparationError(Exception):
    """A study that can't be prepared as its file asks: one sentence with the fix."""


@transaction.atomic
def select_stimuli(study: Study) -> None:
    """Store every eligible photo as a stimulus in the seed's order, the first ones chosen.

    PreparationError tells how many are eligible and which rule left the rest out.
    """
    definition = study_definition(study)
    used: set[int] = set()
    for paradigm in definition.photo_paradigms():
        pairs = paradigm_pairs(study, definition, paradigm)
        _refuse_strange_members(definition, pairs)
        photos = study.images.select_related("case__image").exclude(case__image__in=used)
        eligible = eligible_photos(photos, pairs, PARADIGMS[paradigm])
        study.selection[paradigm] = eligible.sentence()
        _tell_names(study, pairs[0])
        stimuli = chosen_stimuli(study, definition, paradigm, eligible)
        if lacking := shortage(definition, paradigm, stimuli):
            fix = "add photos or ask for fewer stimuli"
            if names := study.selection.get(NAMES):
                fix = f"{names}; rename these, or list what they mean in `images.names`; {fix}"
            raise PreparationError(f"{lacking}: {eligible.sentence()}; {fix}")
        _refuse_long_names(stimuli)
        _refuse_namesakes(stimuli)
        Stimulus.objects.bulk_create(stimuli)
        used |= {row.photo.case.image_id for row in stimuli if row.role in SHOWN_ROLES}
    study.save(update_fields=["selection"])


def _refuse_strange_members(definition: Definition, pairs: list[NetworkPair]) -> None:
    """A misspelt class of a group would make right answers wrong."""
    groups = read_groups(definition.images.groups)
    for pair in pairs:
        for sentence in groups.strangers(tuple(map(str, pair.stronger.labels))):
            raise PreparationError(sentence)


def _refuse_long_names(stimuli: list[Stimulus]) -> None:
    """Classes have the names of the network's file of labels, which the check does not read."""
    for row in stimuli:
        if len(row.category) > CATEGORY.most:
            raise PreparationError(
                f"the class “{row.category[:40]}…” has {len(row.category)} characters, and "
                f"{CATEGORY.most} is the limit; shorten its line in the network's file of labels"
            )


def _refuse_namesakes(stimuli: list[Stimulus]) -> None:
    """The design knows a stimulus by its photo and category: of two alike, one would be lost."""
    for row, count in Counter((row.photo, row.category) for row in stimuli).items():
        if count > 1:
            photo, category = row
            raise PreparationError(
                f"{stimuli[0].paradigm} asks {count} questions about “{category}” on {photo}, and "
                "the design can't tell them apart: give the paradigm's candidates different "
                "categories"
            )


def paradigm_pairs(study: Study, definition: Definition, paradigm: str) -> list[NetworkPair]:
    """The pairs whose predictions decide what may be asked: those of the paradigm's conditions."""
    names = dict.fromkeys(definition.pair_of(one) for one in definition.conditions_of(paradigm))
    pairs = study.pairs.select_related("stronger", "weaker")
    return [pairs.get(name=name) for name in names]


def wanted_stimuli(definition: Definition, paradigm: str) -> dict[tuple[str, str], int]:
    """How many stimuli are asked for, by (role, stratum), those of the main trials first.

    Practice and learning take equally many of each stratum too, the first ones one more.
    """
    roles = {
        StimulusRole.MAIN: definition.design.stimuli,
        StimulusRole.PRACTICE: definition.shared_trials(paradigm, "practice"),
        StimulusRole.LEARNING: definition.shared_trials(paradigm, "learning"),
    }
    strata = PARADIGMS[paradigm].strata or ("",)
    return {
        (role, stratum): count // len(strata) + (place < count % len(strata))
        for role, count in roles.items()
        for place, stratum in enumerate(strata)
    }


def replace_unusable(study: Study) -> int:
    """Drop chosen photos whose map is empty or failed, by name; the next eligible ones in the
    seed's order take their places. How many photos were dropped."""
    unusable: dict[tuple[int, str], str] = {}
    rows = study.stimuli.shown().prefetch_related(
        "overlays__overlay__explanation", "overlays__condition"
    )
    for stimulus in rows.order_by("position"):
        for use in stimulus.overlays.all():
            explanation = use.overlay.explanation
            reason = explanation.error or use.overlay.error
            if explanation.is_empty:
                reason = "the map is empty, with no positive value"
            failed = WorkState.FAILED in (explanation.state, use.overlay.state)
            if explanation.is_empty or failed:
                shown, role = of_member(use.condition.name, use.role)
                told = f"{shown}, {role} network: {reason}"
                unusable.setdefault((stimulus.photo_id, stimulus.paradigm), told)
    for (photo, paradigm), told in unusable.items():
        drop_photo(study, photo, paradigm, told)
    return len(unusable)


def drop_photo(study: Study, photo_id: int, paradigm: str, reason: str) -> None:
    """Drop the chosen stimuli of a photo by name; the next in the seed's order take their places.

    PreparationError when no eligible photo is left.
    """
    rows = study.stimuli.shown().filter(photo=photo_id, paradigm=paradigm)
    for row in rows.order_by("position"):
        _promote(study, row, reason)
        row.role, row.dropped_because = StimulusRole.DROPPED, reason
        row.save(update_fields=["role", "dropped_because"])


def chosen_stimuli(
    study: Study, definition: Definition, paradigm: str, eligible: Eligible
) -> list[Stimulus]:
    """All stimuli that a paradigm finds, with their roles, not stored."""
    order = in_seed_order(eligible.candidates, f"{study.seed}/stimuli/{paradigm}")
    return list(_stimuli(study, definition, paradigm, order, eligible))


def _stimuli(
    study: Study, definition: Definition, paradigm: str, order: list[StudyImage], eligible: Eligible
) -> Iterator[Stimulus]:
    """All stimuli: photos for practice and learning after those of the main trials, then the
    reserve. Only main trials ask all the questions that a photo gives."""
    left = wanted_stimuli(definition, paradigm)
    position = 0
    for photo, role in _roles(order, eligible, left):
        candidates = eligible.candidates[photo]
        stratum = candidates[0].stratum
        if role in (StimulusRole.PRACTICE, StimulusRole.LEARNING):
            candidates = candidates[:1]
        for candidate in candidates:
            yield Stimulus(
                study=study,
                photo=photo,
                paradigm=paradigm,
                position=position,
                role=role,
                category=candidate.category,
                class_index=candidate.class_index,
                options=list(candidate.options),
                facts={**candidate.facts, **({"stratum": of} if (of := candidate.stratum) else {})},
            )
            position += 1
            if role != StimulusRole.RESERVE:
                left[role, stratum] -= 1


def _roles(
    order: list[StudyImage], eligible: Eligible, left: Mapping[Part, int]
) -> Iterator[tuple[StudyImage, str]]:
    """Each case's role. A photo has one role and stratum in all its cases, so that what one person
    sees never has it twice; main trials leave as many photos as practice and learning need.

    left: how many stimuli each part still needs, which the caller counts down.
    """
    places = [(photo.case.image_id, eligible.candidates[photo][0].stratum) for photo in order]
    untouched = Untouched(places)
    parts: dict[int, Part] = {}
    for photo, (image, stratum) in zip(order, places, strict=True):
        known = parts.get(image)
        free = (role for (role, of), count in left.items() if of == stratum and count > 0
                and _may_have((role, of), known)
                and untouched.leave_enough(image, (role, of), left))  # fmt: skip
        role = next(free, StimulusRole.RESERVE)
        if role != StimulusRole.RESERVE:
            parts[image] = (role, stratum)
            untouched.has_part(image)
        else:
            untouched.has_passed(image, stratum)
        yield photo, role


def _may_have(part: Part, known: Part | None) -> bool:
    """Whether a photo may have this role and stratum with those that another case of it has."""
    return known is None or (known == part and part[0] == _MANY)


def shortage(definition: Definition, paradigm: str, stimuli: list[Stimulus]) -> str:
    """What is asked for and was not found, in words; nothing where there is enough."""
    found = Counter((str(row.role), str(row.facts.get("stratum", ""))) for row in stimuli)
    missing = [
        f"{count} {f'{stratum} ' if stratum else ''}{role} stimuli, found {found[role, stratum]}"
        for (role, stratum), count in wanted_stimuli(definition, paradigm).items()
        if found[role, stratum] < count
    ]
    return f"{paradigm} asks for {'; '.join(missing)}" if missing else ""


def _tell_names(study: Study, pair: NetworkPair) -> None:
    """The photos' names that are no class of the pair's networks, for the status and the desk."""
    study.selection.pop(NAMES, None)
    if unknown := unknown_to(study.images.all(), pair.stronger):
        study.selection[NAMES] = f"no class of the network: {' '.join(unknown)}"


def _promote(study: Study, dropped: Stimulus, reason: str) -> None:
    """The next stimulus in reserve takes the place of `dropped`: of a photo that nothing else
    asks about, which another paradigm or the practice may do meanwhile."""
    alike: dict[str, Any] = {"paradigm": dropped.paradigm}
    if "stratum" in dropped.facts:
        alike["facts__stratum"] = dropped.facts["stratum"]
    elsewhere = study.stimuli.shown()
    if dropped.role == _MANY:
        elsewhere = elsewhere.exclude(role=_MANY, **alike)
    waiting = study.stimuli.filter(role=StimulusRole.RESERVE, **alike)
    waiting = waiting.exclude(photo__case__image__in=elsewhere.values("photo__case__image"))
    following = waiting.order_by("position").first()
    if following is None:
        raise PreparationError(
            f"{dropped.photo.name} can't be shown ({reason}), and no eligible photo is left to "
            "take its place; add photos or ask for fewer stimuli"
        )
    following.role = dropped.role
    following.save(update_fields=["role"])
