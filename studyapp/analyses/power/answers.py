"""Simulated answers to the trials of a drawn design: people and photos differ, and answer coarsely.

Behind every answer stands a normal value: the method's, plus what the person, the photo, and each
of them under this method adds, plus noise. A score is the value rounded to −2…+2, a right answer a
value above 0. The method's value is chosen so that the mean outcome is exactly the wanted one.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

from studyapp.statistics.labels import Floats, Integers
from studyapp.studies.design.draw import Design
from studyapp.studies.design.precision import VARIANCE, Shares

Outcome = Literal["score", "correct"]
SCORED = ("main", "final")
# Mean of the method that is compared with, where nothing is known of it
BASE = {"score": 0.0, "correct": 0.5}


@dataclass(frozen=True)
class Layout:
    """Who judges which photo, and under which of two methods: N trials, all as numbers 0, 1, …"""

    people: Integers
    photos: Integers
    second: Integers

    @property
    def size(self) -> tuple[int, int]:
        """People and photos."""
        return int(self.people.max()) + 1, int(self.photos.max()) + 1


def layout(design: Design, paradigm: str, methods: tuple[str, str]) -> Layout:
    """The main trials of `paradigm` under the two methods, as the design draws them; of two
    steps the final one, which has the outcome.

    Raises ValueError where one of them is never asked about.
    """
    rows = [
        (slot.position, trial.item.image, trial.condition == methods[1])
        for slot in design.slots
        for trial in slot.trials
        if trial.stage in SCORED and trial.paradigm == paradigm and trial.item is not None
        and trial.condition in methods
    ]  # fmt: skip
    if len({second for _, _, second in rows}) < 2:
        raise ValueError(f"the design never asks {paradigm} about both {' and '.join(methods)}")
    people, photos, second = zip(*rows, strict=True)
    return Layout(_numbered(people), _numbered(photos), np.array(second, dtype=np.int64))


def simulate(
    plan: Layout, outcome: Outcome, effect: float, shares: Shares, random: np.random.Generator
) -> Floats:
    """N outcomes, where the second method's mean outcome is `effect` above the first's."""
    variance = 1.0 if outcome == "correct" else VARIANCE["score"]
    means = np.array([latent_mean(outcome, BASE[outcome] + one, variance) for one in (0.0, effect)])
    people, photos = plan.size
    value = means[plan.second] + _drawn(random, shares.rest * variance, len(plan.second))
    value += _drawn(random, shares.people * variance, people)[plan.people]
    value += _drawn(random, shares.photos * variance, photos)[plan.photos]
    value += _drawn(random, shares.people_by_condition * variance, (people, 2))[
        plan.people, plan.second
    ]
    value += _drawn(random, shares.photos_by_condition * variance, (photos, 2))[
        plan.photos, plan.second
    ]
    if outcome == "correct":
        return (value > 0).astype(float)
    scores: Floats = np.clip(np.floor(value + 0.5), -2, 2)
    return scores


def latent_mean(outcome: Outcome, wanted: float, variance: float) -> float:
    """The mean of the normal value whose mean outcome is `wanted`.

    Raises ValueError for a mean outcome that no value has.
    """
    if outcome == "correct":
        if not 0 < wanted < 1:
            raise ValueError(
                f"a share of right answers of {wanted:g} is impossible; use a smaller effect"
            )
        return float(norm.ppf(wanted))
    if abs(wanted) >= 1.9:
        raise ValueError(f"a mean score of {wanted:g} is impossible; use a smaller effect")
    sd = variance**0.5
    return float(brentq(lambda mean: _mean_score(mean, sd) - wanted, -10, 10))


def _mean_score(mean: float, sd: float) -> float:
    """Of a normal value rounded to −2…+2: each edge that it passes adds one."""
    edges = np.array([-1.5, -0.5, 0.5, 1.5])
    return float(-2 + norm.sf(edges, mean, sd).sum())


def _drawn(random: np.random.Generator, variance: float, shape: Any) -> Floats:
    values: Floats = random.normal(0, variance**0.5, shape)
    return values


def _numbered(labels: tuple[Any, ...]) -> Integers:
    return np.unique(np.array(labels), return_inverse=True)[1].astype(np.int64)
