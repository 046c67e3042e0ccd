"""How much each of several competitors is worth, from comparisons, choices and rankings.

The worth of competitor i is π_i = exp(β_i), told against one reference whose β is 0.

- Two at a time: Bradley and Terry, Biometrika 39 (1952), with ties after Davidson, Journal of the
  American Statistical Association 65 (1970) 317, and an effect of the side after Davidson and
  Beaver, Biometrics 33 (1977): i beats j : tie : j beats i = √(π_iγ/π_j) : ν : √(π_j/(π_iγ)),
  where i stands at the first side.
- Several at a time: Plackett, Applied Statistics 24 (1975), and Luce, Individual choice behavior
  (1959): the first is taken with probability π_i ÷ Σπ, the next one among the rest, and so on.
  One choice is its first step alone.
- The best and the worst: the sequential model of Marley and Louviere, Journal of Mathematical
  Psychology 49 (2005): the best as above, then the worst among the rest by 1 ÷ π.

All are conditional logits, so one fit and one robust covariance serve them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from .choices import Choices, combined, fitted, gathered, is_separated
from .labels import Floats, codes
from .robust import Estimate

NO_SIDE_EFFECT = "the effect of the side can't be told apart from the methods, so the fit has none"
ONE_SIDE = (
    "every answer but the ties went to the same side, so the pull of the side has no limit: the "
    "worths rest on a fit without it and say little"
)


class WorthError(ValueError):
    """Worths that can't be estimated: one sentence that names the competitors."""


@dataclass(frozen=True)
class Compared:
    """One comparison: `result` is 1 if `first` was preferred, 0 if `second`, ½ for a tie.
    is_left: whether `first` stood at the first side; None if it is not known."""

    first: str
    second: str
    result: float
    person: Any
    image: Any
    is_left: bool | None = None


@dataclass(frozen=True)
class Ranked:
    """One page with several competitors: `best` from the first place down, and `worst` from the
    last place up; what stands in neither was left without an order, below the best and above the
    worst."""

    competitors: tuple[str, ...]
    best: tuple[str, ...]
    person: Any
    image: Any
    worst: tuple[str, ...] = ()


@dataclass(frozen=True)
class Worth:
    """What a fit says. log_worths: β against the reference, by competitor. contrasts: β_a − β_b of
    every two competitors (a, b). tie: log ν; None if there were no ties. side: log γ, the pull to
    the first side; None if it was not estimated. note: what was left out of the fit."""

    log_worths: Mapping[str, Estimate]
    contrasts: Mapping[tuple[str, str], Estimate]
    tie: Estimate | None
    side: Estimate | None
    loglik: float
    n: int
    note: str = ""


@dataclass
class _Rows:
    """Alternatives as they are collected, with so many coefficients: those of the competitors but
    the first, then the tie's and the side's. page: which judgment a choice belongs to."""

    names: Sequence[str]
    has_ties: bool = False
    has_sides: bool = False
    x: list[Floats] = field(default_factory=list)
    choice: list[int] = field(default_factory=list)
    taken: list[bool] = field(default_factory=list)
    page: list[int] = field(default_factory=list)

    def add(self, alternatives: Sequence[Floats], taken: int, page: int) -> None:
        number = len(self.page)
        self.page.append(page)
        for place, one in enumerate(alternatives):
            self.x.append(one)
            self.choice.append(number)
            self.taken.append(place == taken)

    @property
    def width(self) -> int:
        return len(self.names) - 1 + self.has_ties + self.has_sides

    def choices(self) -> Choices:
        return Choices(
            np.array(self.x, dtype=float).reshape(len(self.x), self.width),
            np.array(self.choice, dtype=np.int64),
            np.array(self.taken, dtype=bool),
        )


def compared_worths(comparisons: Sequence[Compared], reference: str) -> Worth:
    """Bradley-Terry with Davidson's ties, and the effect of the side if every side is known.

    Raises WorthError if no comparison leads from some competitors to the others, if some never
    lose to the others, or if too few were decided for how often equals are tied.
    """
    names = _names(((one.first, one.second) for one in comparisons), reference)
    if alone := {one.first for one in comparisons if one.first == one.second}:
        raise WorthError(f"{min(alone)} is compared with itself; remove these rows")
    edges = [
        edge
        for one in comparisons
        for edge, is_there in (
            ((one.first, one.second), one.result > 0),
            ((one.second, one.first), one.result < 1),
        )
        if is_there
    ]
    _refuse(names, edges)
    has_ties = any(one.result == 0.5 for one in comparisons)
    has_sides = all(one.is_left is not None for one in comparisons)
    rows = _comparison_rows(comparisons, _Rows(names, has_ties, has_sides))
    if has_sides and is_separated(rows.choices()):
        rows = _comparison_rows(comparisons, _Rows(names, has_ties))
    if has_ties and is_separated(rows.choices()):
        raise WorthError(
            "too few comparisons were decided, so how often equals are tied has no limit; ask more "
            "people, or leave out the ties"
        )
    note = "" if rows.has_sides else _without_sides(comparisons)
    return replace(_told(rows, comparisons), note=note)


def _without_sides(comparisons: Sequence[Compared]) -> str:
    """Why a fit has no effect of the side; nothing where no side is known."""
    unknown = sum(one.is_left is None for one in comparisons)
    if unknown:
        rows = "1 comparison" if unknown == 1 else f"{unknown} comparisons"
        note = f"the side of {rows} is not known, so the fit has no effect of the side"
        return note if unknown < len(comparisons) else ""
    taken = {(one.result == 1) == one.is_left for one in comparisons if one.result != 0.5}
    return ONE_SIDE if len(taken) == 1 else NO_SIDE_EFFECT


def _comparison_rows(comparisons: Sequence[Compared], rows: _Rows) -> _Rows:
    """Halves of β_i − β_j + the side's, for and against; the tie between them."""
    places = {name: place - 1 for place, name in enumerate(rows.names)}
    for page, one in enumerate(comparisons):
        half, tie = np.zeros(rows.width), np.zeros(rows.width)
        for name, sign in ((one.first, 0.5), (one.second, -0.5)):
            if places[name] >= 0:
                half[places[name]] += sign
        if rows.has_sides:
            half[-1] = 0.5 if one.is_left else -0.5
        if rows.has_ties:
            tie[len(rows.names) - 1] = 1
        alternatives = [half, -half, tie] if rows.has_ties else [half, -half]
        rows.add(alternatives, {1.0: 0, 0.0: 1, 0.5: 2}[one.result], page)
    return rows


def ranked_worths(rankings: Sequence[Ranked], reference: str) -> Worth:
    """Plackett-Luce of whole or partial orders; sequential where a worst one is told.

    Raises WorthError as `compared_worths`.
    """
    rankings = [one for one in rankings if len(one.competitors) > 1 and one.best + one.worst]
    names = _names((one.competitors for one in rankings), reference)
    _refuse(names, [edge for one in rankings for edge in _preferences(one)])
    rows = _Rows(names)
    # The reference has no coefficient
    unit = dict(zip(names, np.eye(len(names), len(names) - 1, -1), strict=True))
    for page, one in enumerate(rankings):
        left = list(one.competitors)
        for sign, order in ((1, one.best), (-1, one.worst)):
            for name in order:
                if len(left) > 1:
                    rows.add([sign * unit[other] for other in left], left.index(name), page)
                left.remove(name)
    return _told(rows, rankings)


def _preferences(one: Ranked) -> Iterable[tuple[str, str]]:
    """(preferred, other) of every two that the page puts in an order."""
    left = list(one.competitors)
    for is_best, order in ((True, one.best), (False, one.worst)):
        for name in order:
            left.remove(name)
            yield from ((name, other) if is_best else (other, name) for other in left)


def _names(pages: Iterable[Iterable[str]], reference: str) -> list[str]:
    """The competitors, the reference first and the others in alphabetical order."""
    found = {name for page in pages for name in page}
    if not found:
        raise WorthError("there are no comparisons")
    first = reference if reference in found else min(found)
    return [first, *sorted(found - {first})]


def _refuse(names: list[str], edges: Iterable[tuple[str, str]]) -> None:
    """WorthError unless every competitor was preferred, by steps, to every other.

    That is when the most likely worths exist: Ford, American Mathematical Monthly 64 (1957).
    """
    beats: dict[str, set[str]] = {name: set() for name in names}
    meets: dict[str, set[str]] = {name: set() for name in names}
    for winner, loser in edges:
        beats[winner].add(loser)
        meets[winner].add(loser)
        meets[loser].add(winner)
    near = _reached(names[0], meets)
    if far := [name for name in names if name not in near]:
        raise WorthError(
            f"no page links {_listed(sorted(near))} to {_listed(far)}, not even by way of others, "
            "so their worths can't be compared; show them together"
        )
    for name in names:
        below = _reached(name, beats)
        if len(below) < len(names):
            above = [one for one in names if one not in below]
            never = "never lost" if len(above) == 1 else "lost only to each other"
            raise WorthError(
                f"{_listed(above)} {never}, so how far the worth lies above that of "
                f"{_listed(sorted(below))} has no limit; ask more people, or leave "
                f"{'it' if len(above) == 1 else 'them'} out"
            )


def _reached(start: str, ways: Mapping[str, set[str]]) -> set[str]:
    found, waiting = {start}, [start]
    while waiting:
        new = ways[waiting.pop()] - found
        found |= new
        waiting.extend(new)
    return found


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _told(rows: _Rows, judged: Sequence[Compared] | Sequence[Ranked]) -> Worth:
    try:
        fit = fitted(rows.choices())
    except ValueError as error:
        raise WorthError(f"the worths can't be estimated: {error}") from error
    pages = gathered(fit, codes(rows.page))
    people, images = [one.person for one in judged], [one.image for one in judged]
    names, unit = rows.names, np.eye(rows.width)
    vectors = dict(zip(names, [np.zeros(rows.width), *unit], strict=False))

    def told(weights: Floats) -> Estimate:
        return combined(pages, weights, people, images)

    return Worth(
        log_worths={
            names[0]: Estimate(0.0, note="the reference"),
            **{name: told(vectors[name]) for name in names[1:]},
        },
        contrasts={(a, b): told(vectors[a] - vectors[b]) for a in names for b in names if a != b},
        tie=told(unit[len(names) - 1]) if rows.has_ties else None,
        side=told(unit[-1]) if rows.has_sides else None,
        loglik=fit.loglik,
        n=len(judged),
    )


def chance_of_beating(contrast: Estimate) -> Estimate:
    """P(a is preferred to b) without a tie and whatever the side, from β_a − β_b: its logistic."""
    values = (contrast.estimate, contrast.low, contrast.high)
    estimate, low, high = (None if one is None else _logistic(one) for one in values)
    return replace(contrast, estimate=estimate, low=low, high=high, se=None)


def _logistic(value: float) -> float:
    return float(1 / (1 + np.exp(-value)))
