"""Two one-sided tests: is a difference smaller than the smallest one of interest?

Source: Schuirmann, A comparison of the two one-sided tests procedure and the power approach,
Journal of Pharmacokinetics and Biopharmaceutics 15 (1987).
"""

from dataclasses import dataclass

from scipy import stats

from .robust import Estimate


@dataclass(frozen=True)
class Equivalence:
    """p of the weaker of both tests, and the 90 % interval that must lie within ±margin."""

    margin: float
    p: float | None = None
    low90: float | None = None
    high90: float | None = None


def equivalence(found: Estimate, margin: float) -> Equivalence:
    """Whether the estimate lies within ±margin, by its own standard error and degrees.

    Nothing is said where the estimate rests on too few clusters for a test.
    """
    if found.estimate is None or found.se is None or found.df is None or not found.is_tested:
        return Equivalence(margin)
    below = stats.t.sf((found.estimate + margin) / found.se, found.df)
    above = stats.t.sf((margin - found.estimate) / found.se, found.df)
    half = float(stats.t.ppf(0.95, found.df)) * found.se
    low, high = found.estimate - half, found.estimate + half
    return Equivalence(margin, float(max(below, above)), low, high)
