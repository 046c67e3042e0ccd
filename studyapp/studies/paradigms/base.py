"""What every kind of question says of itself, so that the site, the design and the analysis can
work without knowing which kind it is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal

from django import forms

from studyapp.models import Stage, Trial

TIMING = (
    "rt_ms",
    "confirm_ms",
    "choice_changes",
    "hidden_ms",
    "focus_losses",
    "window_width",
    "window_height",
)
# Everything that the page measures, by the names of its hidden fields
MEASURES = (*TIMING, "pixel_ratio", "picture_failed")
LARGEST_INTEGER = 2_147_483_647
LARGEST_COUNT = 32_767


class TrialForm(forms.Form):
    """The answer to one trial: `value` as shown on the page, and what the page measured.

    What was measured is never a reason to refuse an answer: a missing or odd measure is None.
    """

    value = forms.IntegerField()

    def __init__(self, data: Any = None, *, trial: Trial) -> None:
        super().__init__(data)
        self.trial = trial

    def timing(self) -> dict[str, Any]:
        """The measures by the names of Judgment's columns; None where the page told none."""
        measures: dict[str, Any] = {name: self._count(name) for name in TIMING}
        measures["pixel_ratio"] = self._ratio()
        failed = self.data.get("picture_failed", "")
        measures["picture_failed"] = {"true": True, "false": False}.get(failed)
        return measures

    def extra(self) -> dict[str, Any]:
        """What else the paradigm asked, for Judgment.data."""
        return {}

    def clean_value(self) -> int:
        value: int = self.cleaned_data["value"]
        if value not in self.values():
            raise forms.ValidationError("That answer is not one of those on the page.")
        return value

    def values(self) -> Sequence[int]:
        """The answers that the page offers."""
        raise NotImplementedError

    def _count(self, name: str) -> int | None:
        text = self.data.get(name, "")
        if not text.isascii() or not text.isdecimal() or len(text) > 10:
            return None
        largest = LARGEST_COUNT if name in {"choice_changes", "focus_losses"} else LARGEST_INTEGER
        return min(int(text), largest)

    def _ratio(self) -> float | None:
        try:
            ratio = float(self.data.get("pixel_ratio", ""))
        except ValueError:
            return None
        return ratio if 0 < ratio < 100 else None


@dataclass(frozen=True)
class Classified:
    """One network's answer for a photo: its classes, the most probable first."""

    classes: Sequence[int]


@dataclass(frozen=True)
class Category:
    """An annotated category of a photo: the shown name and the class indices that mean it."""

    name: str
    accepted: frozenset[int]


@dataclass(frozen=True)
class Candidate:
    """A stimulus that may be asked about."""

    category: str
    class_index: int
    options: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Refusal:
    """Why a photo can't be asked about: a rule in words that can be counted."""

    rule: str


# (categories of the photo, answers by role: "stronger", "weaker") → what may be asked, or why not
Eligibility = Callable[[Sequence[Category], dict[str, Classified]], list[Candidate] | Refusal]


@dataclass(frozen=True)
class Paradigm:
    """One kind of question.

    roles: the overlays that a trial shows, by the role of the network in its pair.
    has_sides: the stronger network stands at A or B, drawn by the design.
    values: the answers to an instructed attention check may be any of these.
    stimuli_a_photo: how many stimuli an eligible photo gives.
    score: (trial, value as shown) → −2…+2, plus favouring the stronger network, for outcome
        "score"; 1 right or 0 wrong for outcome "correct".
    simulate: (latent, bias, trial, random) → value as shown of a person whose tendency towards
        the stronger network (or the right answer) is `latent`, with a pull `bias` to B (or to
        the first option).
    """

    name: str
    title: str
    template: str
    form: type[TrialForm]
    roles: tuple[str, ...]
    has_sides: bool
    outcome: Literal["score", "correct"]
    check_values: tuple[int, ...]
    stimuli_a_photo: int
    candidates: Eligibility
    score: Callable[[Trial, int], int]
    simulate: Callable[[float, float, Trial, Random], int]

    def is_check_passed(self, trial: Trial, value: int) -> bool:
        return trial.stage == Stage.CHECK and value == trial.expected
