"""Several null hypotheses of each of several effects, with one family-wise error rate.

Of each effect θ up to three nulls are tested: that there is none (A), that it is the smallest
effect of interest m or more (B), and that it is below m (C). All of one effect are tested at its
one share of alpha, because a false rejection among them is no likelier than one of a single null:
at θ = 0 A and C are true, and C is rejected only with A; between 0 and m only C is true, beyond m
only B. Holm's step-down runs over the n effects. One without m gives its share to the others once A
is rejected. One with m keeps its share, because B or C is true whatever θ is.

Sources: Holm, Scandinavian Journal of Statistics 6 (1979); for nulls that exclude each other
Shaffer, Modified sequentially rejective multiple test procedures, JASA 81 (1986); for the proof
Goeman and Solari, The sequential rejection principle of familywise error control, Annals of
Statistics 38 (2010). bench/family_error.py simulates it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from scipy import stats

from .holm import holm

Direction = Literal["greater", "less", "different", "equivalent"]
Sides = Literal["two", "one"]


@dataclass(frozen=True)
class Measured:
    """An effect's distance from its null, its standard error and degrees, and its two-sided p.

    Each is None where it can't be said.
    """

    distance: float | None
    se: float | None
    df: float | None
    p: float | None


@dataclass(frozen=True)
class Nulls:
    """The p of each null of one effect; None where it is not tested.

    none: there is no effect (A). large: it is m or more, either way (B). small: it is below m, in
    the direction that is claimed (C).
    """

    none: float | None
    large: float | None = None
    small: float | None = None


def nulls(found: Measured, direction: Direction, sides: Sides, margin: float | None) -> Nulls:
    """The p of every null of the effect `found`. margin: m; None where there is none."""
    if found.p is None or found.distance is None:
        return Nulls(None)
    none = _against_none(found.p, found.distance, direction, sides)
    if margin is None or found.se is None or found.df is None:
        return Nulls(none)
    beyond = abs(found.distance) if direction not in SIGNS else SIGNS[direction] * found.distance
    small = float(stats.t.sf((beyond - margin) / found.se, found.df))
    if direction not in SIGNS:
        small = min(1.0, 2 * small)
    large = float(stats.t.sf((margin - abs(found.distance)) / found.se, found.df))
    # Nested: whoever claims m or more claims an effect
    return Nulls(none, large, max(none, small))


SIGNS = {"greater": 1, "less": -1}


def _against_none(p: float, distance: float, direction: Direction, sides: Sides) -> float:
    """Two-sided, or one-sided in the direction that is claimed."""
    if sides == "two" or direction not in SIGNS:
        return p
    return p / 2 if SIGNS[direction] * distance > 0 else 1 - p / 2


def adjusted(found: Sequence[Nulls], keeps: Sequence[bool]) -> list[Nulls]:
    """The p values with the family-wise error rate of all; keeps: whether an effect has an m.

    An effect that is not tested keeps its share too: it was declared.
    """
    shares = [
        1.0 if kept or one.none is None else one.none
        for one, kept in zip(found, keeps, strict=True)
    ]

    def by_holm(p: float | None, place: int) -> float | None:
        return None if p is None else holm([p, *shares[:place], *shares[place + 1 :]])[0]

    return [
        Nulls(*(by_holm(p, place) for p in (one.none, one.large, one.small)))
        for place, one in enumerate(found)
    ]
