"""What an open study asks and shows. It never changes once a study is open, so that each process
reads it once and remembers what was asked for lately; nobody may change what is given here."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from sys import intern
from typing import Any
from weakref import WeakValueDictionary

from studyapp.models import (
    CasePhoto,
    Condition,
    Crop,
    Kind,
    Stimulus,
    StimulusOverlay,
    StudyImage,
    Trial,
)
from studyapp.shelf.rows import rows_where

from .words import Words, words_by_role

# Some 300 bytes each
REMEMBERED = 20_000
# Some 0.7 kB a trial each: more people at once than one process serves
REMEMBERED_SLOTS = 5_000
REMEMBERED_CONDITIONS = 400
# What is explained of a text, such as a word of a caption
MARKED = re.compile(r"\*\*(\S|\S[^*]*\S)\*\*")


@dataclass(frozen=True)
class ShownContext:
    """What people read of what a network is asked, with the word that is explained between double
    asterisks. `is_itself`: the very text that it gets."""

    text: str
    is_itself: bool

    @property
    def parts(self) -> list[tuple[str, bool]]:
        """The text in parts that are marked or not: between two asterisks on either side."""
        # What a network gets as it stands may hold asterisks of its own
        found = [self.text] if self.is_itself else MARKED.split(self.text)
        return [(part, place % 2 == 1) for place, part in enumerate(found) if part]

    @property
    def unmarked(self) -> "ShownContext":
        """For pages on which the mark would answer the question."""
        return self if self.is_itself else replace(self, text=MARKED.sub(r"\1", self.text))

    @property
    def is_question(self) -> bool:
        """Not a goal, say, or the caption so far."""
        return self.text.rstrip().endswith(("?", "？", "؟"))


# Each lives as long as a trial that is remembered asks about it
_stimuli: WeakValueDictionary[int, Stimulus] = WeakValueDictionary()


@lru_cache(maxsize=REMEMBERED_SLOTS)
def slot_trials(slot: int) -> Sequence[Trial]:
    """The trials of a slot (by key) in their order, with stimulus, condition and pair.

    What is the same for many trials is one object: thousands of slots are remembered.
    """
    rows = tuple(rows_where(Trial, "slot_id", slot, order="position"))
    stimuli = _shared_stimuli({one.stimulus_id for one in rows if one.stimulus_id is not None})
    for trial in rows:
        if trial.stimulus_id is not None:
            trial.stimulus = stimuli[trial.stimulus_id]
        if trial.condition_id is not None:
            trial.condition = shown_condition(trial.condition_id)
        for name in ("block", "paradigm", "stage", "stronger_side"):
            setattr(trial, name, intern(getattr(trial, name)))
        trial.option_order = _shared(json.dumps(trial.option_order))
        trial.keys = _shared(json.dumps(trial.keys))
    return rows


def _shared_stimuli(keys: set[int]) -> dict[int, Stimulus]:
    known = {key: found for key in keys if (found := _stimuli.get(key)) is not None}
    read = Stimulus.objects.in_bulk(keys - known.keys())
    _stimuli.update(read)
    return known | read


@lru_cache(maxsize=REMEMBERED)
def _shared(text: str) -> Any:
    return json.loads(text)


@lru_cache(maxsize=REMEMBERED_CONDITIONS)
def shown_condition(condition: int) -> Condition:
    """A condition (by key) with its pair."""
    return Condition.objects.select_related("pair").get(pk=condition)


@lru_cache(maxsize=REMEMBERED)
def overlay_codes(stimulus: int, condition: int) -> Mapping[str, str]:
    """The codes of the overlays of a stimulus under a condition (both by key), by their role."""
    uses = StimulusOverlay.objects.filter(stimulus=stimulus, condition=condition)
    uses = uses.exclude(overlay__explanation__kind=Kind.TEXT)
    return dict(uses.values_list("role", "overlay__code"))


@lru_cache(maxsize=REMEMBERED)
def overlay_words(stimulus: int, condition: int) -> Mapping[str, Words]:
    """The texts that stand in a picture's place, by the picture's role (both by key)."""
    return words_by_role(stimulus, condition)


@lru_cache(maxsize=REMEMBERED)
def overlay_films(stimulus: int, condition: int) -> Mapping[str, float]:
    """How many seconds each film among the overlays lasts, by its role (both by key)."""
    uses = StimulusOverlay.objects.filter(
        stimulus=stimulus, condition=condition, overlay__explanation__kind=Kind.FILM
    )
    told = uses.values_list("role", "overlay__explanation__provenance")
    return {role: float(provenance["imported"]["seconds"]) for role, provenance in told}


@lru_cache(maxsize=REMEMBERED)
def photo_code(image: int, network: int, size: int) -> str:
    """The code of a photo as `network` crops it, `size` pixels wide (both by key)."""
    rows = Crop.objects.filter(image=image, network=network, size=size)
    return str(rows.values_list("code", flat=True).get())


@lru_cache(maxsize=REMEMBERED)
def further_images(photo: int) -> Sequence[int]:
    """The photos (by key) beside a study's photo (by key), in their order."""
    rows = CasePhoto.objects.filter(case__uses=photo).order_by("position")
    return tuple(rows.values_list("image_id", flat=True))


@lru_cache(maxsize=REMEMBERED)
def shown_context(photo: int) -> ShownContext:
    """What people read of the context of a study's photo (by key)."""
    row = StudyImage.objects.select_related("case").get(pk=photo)
    return ShownContext(row.shown, row.shown == row.case.asked_with)
