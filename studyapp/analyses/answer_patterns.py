"""How one person answered, beside what: their times, and what they said of the same things.

All of it comes after the conditions that a person saw, so it is for sensitivity analyses alone and
leaves nobody out.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from statistics import fmean

from studyapp.paradigms import PARADIGMS
from studyapp.statistics.reaction_times import Shape, shape
from studyapp.studies.definition.study import Definition

# Stages whose pages ask about photos for the analysis, once or again
TIMED = ("main", "first", "final", "repeat")
# The control on the other side of an artefact trial: what a network that learnt nothing looked at
ARTEFACT = "random_weights"
TOWARDS = {"A": -1.0, "B": 1.0}
READS = (
    "participant_id", "trial_position", "block", "stage", "paradigm", "condition", "stimulus_id",
    "stronger_side", "value", "score", "correct", "rt_ms", "hidden_ms",
)  # fmt: skip
Row = Mapping[str, str]
Told = Mapping[str, float | int | None]


class AnswerPatterns:
    """What a study's answers tell of each person; `of` takes the person's rows of judgments."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition

    @cached_property
    def _same(self) -> set[str]:
        """Conditions with the same method on both sides."""
        return {one.name for one in self.definition.conditions if one.versus == one.method}

    @cached_property
    def _artefacts(self) -> set[str]:
        return {one.name for one in self.definition.conditions if one.versus == ARTEFACT}

    @cached_property
    def _usual(self) -> dict[str, int]:
        """The usual answer to each block that asks what is seen in a picture."""
        found = ((one.name, PARADIGMS[one.paradigm].usual(one)) for one in self.definition.blocks)
        return {name: usual for name, usual in found if usual is not None}

    def of(self, rows: Sequence[Row]) -> Told:
        """The columns of one person; `rows` are in the order of trials, empty cells are missing."""
        main = [row for row in rows if row["stage"] == "main"]
        same = _outcomes(row for row in main if row["condition"] in self._same)
        artefacts = _outcomes(row for row in main if row["condition"] in self._artefacts)
        again = list(_again(rows))
        seen = [
            int(row["value"]) == self._usual[row["block"]]
            for row in rows
            if row["block"] in self._usual and row["stage"] != "practice" and row["value"]
        ]
        times = _shape(rows)
        return {
            "timed_trials": times.trials,
            "rt_variation": times.variation,
            "rt_skew": times.skew,
            "rt_lag1": times.lag1,
            "repeats": len(again),
            "repeats_same": _share(again),
            "same_sides": len(same),
            "same_sides_equal": _share([one == 0 for one in same]),
            "artefacts": len(artefacts),
            "artefacts_noticed": _share([one > 0 for one in artefacts]),
            "side_mean": _side(main),
            "seen_pictures": len(seen),
            "seen_as_usual": _share(seen),
        }


def _share(found: Sequence[bool]) -> float | None:
    return fmean(found) if found else None


def _outcomes(rows: Iterator[Row]) -> list[float]:
    return [float(row["score"]) for row in rows if row["score"]]


def _again(rows: Sequence[Row]) -> Iterator[bool]:
    """Of each trial that was asked again whether its outcome was the same, as `repeats` counts."""
    first: dict[tuple[str, ...], str] = {}
    for row in rows:
        outcome = row["score"] or row["correct"]
        key = (row["block"], row["stimulus_id"], row["condition"])
        if not outcome:
            continue
        if row["stage"] == "main":
            first[key] = outcome
        elif row["stage"] == "repeat" and key in first:
            yield float(first[key]) == float(outcome)


def _side(rows: Sequence[Row]) -> float | None:
    """The mean answer as it was shown, plus for B."""
    shown = [
        float(row["score"]) * TOWARDS[row["stronger_side"]]
        for row in rows
        if row["score"] and row["stronger_side"] in TOWARDS
    ]
    return fmean(shown) if shown else None


def _shape(rows: Sequence[Row]) -> Shape:
    """Of pages that were never hidden: a time away is no time to answer."""
    timed = [
        row
        for row in rows
        if row["stage"] in TIMED
        and float(row["rt_ms"] or 0) > 0
        and not float(row["hidden_ms"] or 0)
    ]
    return shape(
        [float(row["rt_ms"]) for row in timed],
        [(row["block"], row["stage"]) for row in timed],
        [float(row["trial_position"]) for row in timed],
    )
