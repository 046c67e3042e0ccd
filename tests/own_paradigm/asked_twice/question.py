"""Two intervals, asked in both orders of one photo: two questions that are called the same."""

from collections.abc import Sequence
from dataclasses import replace

from studyapp.paradigms.base import Candidate, Category, Classified, Refusal
from tests.own_paradigm.two_intervals.question import PARADIGM as TWO_INTERVALS
from tests.own_paradigm.two_intervals.question import candidates


def twice(
    categories: Sequence[Category], answers: dict[str, Classified]
) -> list[Candidate] | Refusal:
    found = candidates(categories, answers)
    return found if isinstance(found, Refusal) else found * 2


PARADIGM = replace(
    TWO_INTERVALS,
    name="asked_twice",
    candidates=twice,
    stimuli_a_photo=2,
    networks=("stronger", "weaker"),
)
