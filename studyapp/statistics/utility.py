"""How much an explanation helps people to predict a network, against an arm without one.

Utility-K of a session is the arm's accuracy ÷ the baseline's in the same session. Utility is the
sum of the arm's accuracies over sessions ÷ the sum of the baseline's, all sessions weighing the
same. Source: Colin, Fel, Cadène and Serre, What I cannot predict, I do not understand,
NeurIPS 2022.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .bootstrap import DRAWS, drawn_weights, percentile_interval
from .labels import Floats

# Person → session → (right answers, answers)
Tallies = Mapping[str, Mapping[str, tuple[int, int]]]


@dataclass(frozen=True)
class Utility:
    """by_session: Utility-K; value: Utility. None where a session or the baseline is empty."""

    by_session: dict[str, float | None]
    value: float | None
    low: float | None = None
    high: float | None = None
    note: str = ""


def utility(arm: Tallies, baseline: Tallies, *, seed: int, draws: int = DRAWS) -> Utility:
    """With a 95 % interval that draws people again within each arm, the baseline included."""
    sessions = sorted(
        {name for people in (arm, baseline) for one in people.values() for name in one}
    )
    own, other = _shares(arm, sessions, None), _shares(baseline, sessions, None)
    by_session = {
        name: _ratio(float(own[0, place]), float(other[0, place]))
        for place, name in enumerate(sessions)
    }
    value = _ratio(float(own.sum()), float(other.sum()))
    if value is None:
        return Utility(
            by_session, None, note="a session is empty, or nobody was right at the baseline"
        )
    if min(len(arm), len(baseline)) < 2:
        return Utility(by_session, value, note="an arm has one person, so there is no interval")
    random = np.random.default_rng(seed)
    top = _shares(arm, sessions, drawn_weights(random, len(arm), draws)).sum(axis=1)
    base = _shares(baseline, sessions, drawn_weights(random, len(baseline), draws)).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        interval = percentile_interval(top / base)
    return Utility(by_session, value, *(interval or (None, None)))


def _ratio(top: float, bottom: float) -> float | None:
    return top / bottom if np.isfinite(top) and np.isfinite(bottom) and bottom > 0 else None


def _shares(people: Tallies, sessions: Sequence[str], weights: Floats | None) -> Floats:
    """Accuracy by draw and session; NaN where a session has no answers."""
    cells = np.array(
        [[one.get(name, (0, 0)) for name in sessions] for one in people.values()], dtype=float
    ).reshape(len(people), len(sessions), 2)
    drawn = np.ones((1, len(people))) if weights is None else weights
    right, n = drawn @ cells[:, :, 0], drawn @ cells[:, :, 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        return right / n  # type: ignore[no-any-return]
