"""How a study's own rows become what is analysed, where a paradigm has no analysis of its own.

The same tables come from the database and from a bundle, so both give the same frame.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from studyapp.paradigms import PARADIGMS

from .base import NO_EXPLANATION
from .questions import DECLINED

Frame = pd.DataFrame
# A float map: u×v, or C×H×W
Values = NDArray[np.float32]
Outcome = Literal["score", "correct", "value"]
NAMES = {
    "participant_id": "participant", "image_group": "image", "condition": "method",
    "stimulus_id": "unit", "trial_position": "order",
}  # fmt: skip


@dataclass(frozen=True)
class StudyTables:
    """A study as its analysis reads it.

    frames: its tables by name, the columns of `sources.COLUMNS`. stored_map: the float map of a
    digest; None where it is not kept. has_clock: whether times are moments, as no public bundle's.
    """

    frames: Mapping[str, Frame]
    definition: Mapping[str, Any]
    stored_map: Callable[[str], Values | None]
    has_clock: bool = True

    def blocks(self, paradigm: str) -> dict[str, Mapping[str, Any]]:
        own = (one for one in self.definition["blocks"] if one["paradigm"] == paradigm)
        return {str(one["name"]): one for one in own}

    def conditions_with(self, method: str) -> list[str]:
        """The names of the conditions whose method is `method`."""
        return [one["name"] for one in self.definition["conditions"] if one["method"] == method]

    def facts(self, judgments: Frame, name: str) -> "pd.Series[Any]":
        """What the paradigm noted of each judgment's stimulus under `name`."""
        known = {
            row.stimulus_id: loaded(row.facts).get(name)
            for row in self.frames["stimuli"].itertuples(index=False)
        }
        return judgments["stimulus_id"].map(known)


@dataclass(frozen=True)
class Scale:
    """What some methods of a paradigm are answered on, where others are answered on another.

    bounds: the least and greatest value. null: what a mean is tested against; None for no test.
    """

    bounds: tuple[float, float]
    null: float | None = None


@dataclass(frozen=True)
class Measured:
    """A frame as in Tidy, its rows under the index of the judgments that they come from.

    outcome: its outcome column, missing where an answer has none. chance, null, bounds,
    about_photos: as in Tidy. reference: the method to compare with where the plan names none.
    scales: by the names in the frame's column "scale". levels: what an answer can score, by the
    same names ("" where there is one scale); none of an outcome "score": −2 to +2 by ones.
    """

    frame: Frame
    outcome: Outcome
    chance: float = 0.5
    null: float | None = 0.0
    bounds: tuple[float, float] | None = None
    reference: str | None = None
    about_photos: bool = True
    notes: tuple[str, ...] = ()
    scales: Mapping[str, Scale] = field(default_factory=dict)
    levels: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


Measure = Callable[[StudyTables, str, Frame], Measured]


def scored(main: Frame, outcome: Outcome) -> Frame:
    extra = ["stronger_side"] if outcome == "score" else []
    frame = main[main[outcome].notna()][[*NAMES, *extra, outcome]].rename(columns=NAMES)
    # Scales with other than five points score fractions of ±2.
    is_whole = bool((frame[outcome] % 1 == 0).all())
    return frame.astype({outcome: int if is_whole else float})


def by_outcome(tables: StudyTables, paradigm: str, main: Frame) -> Measured:
    """Scores or right answers, by the stored key; guessing is right once among the buttons."""
    declared = PARADIGMS[paradigm]
    assert declared.outcome is not None
    frame = scored(main, declared.outcome)
    shown = set(frame["method"]) if declared.has_baseline else set()
    baseline = next((one for one in tables.conditions_with(NO_EXPLANATION) if one in shown), None)
    note = (
        f"“{baseline}” shows the photo and the answers without an explanation: it is the baseline, "
        "with which the other methods are compared unless the plan names another"
    )
    return Measured(
        frame, declared.outcome, chance=declared.chance, reference=baseline,
        notes=() if baseline is None else (note,),
    )  # fmt: skip


def by_value(tables: StudyTables, paradigm: str, main: Frame) -> Measured:
    """The numbers as they were answered, on a scale without known bounds."""
    frame = main[main["value"].notna()][[*NAMES, "value"]].rename(columns=NAMES)
    return Measured(frame.astype({"value": float}), "value", null=None)


def unscored(tables: StudyTables, paradigm: str, main: Frame) -> Measured:
    """Texts are for reading, and only the researcher knows what a custom field means."""
    people = main["participant_id"].nunique()
    note = (
        f"{paradigm} has no score: the {len(main)} answers of {people} people are in the column "
        "“data” of the private judgments table; code texts at the desk (Coding), or any answers in "
        "a table of your own, and run `analyse FILE` on it"
    )
    frame = Frame(columns=[*NAMES.values(), "value"])
    return Measured(frame, "value", null=None, notes=(note,))


def given(further: Mapping[str, Any], name: str) -> Any:
    """The answer to a question of a page; None where there is none, or somebody preferred not to
    say."""
    answer = further.get(name)
    return None if answer == DECLINED else answer


def loaded(cell: Any) -> Any:
    """A JSON cell; an empty object where it is missing."""
    return json.loads(cell) if isinstance(cell, str) else {}
