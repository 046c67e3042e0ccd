"""What is tested: each method against no effect, and methods against each other, in two families.

Planned are the contrasts of every method with the reference, adjusted together by Holm. Every other
pair is exploratory and adjusted over all pairs. Neither depends on an outcome. Where hypotheses are
tied to contrasts, these alone are planned, and their verdicts have their adjusted p.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from typing import Any

import pandas as pd

from studyapp.statistics.equivalence import equivalence
from studyapp.statistics.holm import holm
from studyapp.statistics.robust import (
    Estimate,
    effective_pair,
    too_few,
    two_way_contrast,
    two_way_mean,
    two_way_share,
)

from .hypotheses import Tied, tied_hypotheses
from .tidy import Tidy


@dataclass(frozen=True)
class Pair:
    """`a` − `b`, of which `b` is the reference wherever it takes part.

    hypothesis: the number of the one that is tied to it, as it states `a` and `b`; 0 for none.
    decided_by: the model that the plan names for it; empty for none.
    worth: effective people and photos that it rests on.
    """

    a: str
    b: str
    is_planned: bool
    worth: tuple[float, float]
    hypothesis: int = 0
    decided_by: str = ""

    @property
    def too_few(self) -> str:
        """Why it has no test; empty where it has one."""
        return too_few(self.worth)

    @property
    def df(self) -> float:
        return min(self.worth) - 1


def pairs(tidy: Tidy) -> list[Pair]:
    """Every pair of methods that answer on one scale."""
    scales, tied = tidy.scale_names(), tied_hypotheses(tidy.definition)
    of_pair = {
        frozenset((one.a, one.b)): one for one in tied if one.paradigm == tidy.paradigm and one.b
    }
    # The methods of each scale, its reference first: trust is not the opposite of distrust
    by_scale: dict[str, list[str]] = {}
    for name in tidy.methods():
        by_scale.setdefault(scales.get(name, ""), []).append(name)
    return [
        _as_stated(Pair(later, first, first == names[0] and not tied, worth), of_pair)
        for names in by_scale.values()
        for first, later in combinations(names, 2)
        for worth in [_worth(tidy.frame, first, later)]
    ]


def _as_stated(pair: Pair, of_pair: Mapping[frozenset[str], Tied]) -> Pair:
    """The pair as the hypothesis that is tied to it states it; unchanged where none is."""
    one = of_pair.get(frozenset((pair.a, pair.b)))
    if one is None:
        return pair
    return replace(
        pair, a=one.a, b=one.b, is_planned=True, hypothesis=one.number, decided_by=one.model
    )


def _worth(frame: pd.DataFrame, first: str, later: str) -> tuple[float, float]:
    rows = frame[frame["method"].isin([first, later])]
    people, images = rows["participant"].to_list(), rows["image"].to_list()
    return effective_pair(people, images, (rows["method"] == later).to_list())


def adjusted(chosen: Sequence[Pair], p_values: Sequence[float | None]) -> list[float | None]:
    """By Holm: planned pairs among themselves, the others over all; over all, too, the pairs of
    hypotheses, whose own adjusted p belongs to their verdict."""
    places = [place for place, one in enumerate(chosen) if one.is_planned and not one.hypothesis]
    found = holm(p_values)
    for place, p in zip(places, holm([p_values[place] for place in places]), strict=True):
        found[place] = p
    return found


def contrasts(tidy: Tidy, chosen: Sequence[Pair]) -> list[dict[str, Any]]:
    """Every pair with its robust interval and p; equivalence where the plan names a margin."""
    found = [contrast(tidy, one) for one in chosen]
    holm_values = adjusted(chosen, [one.p for one in found])
    margin = tidy.smallest_effect
    return [
        {
            "a": pair.a, "b": pair.b, "planned": pair.is_planned, "estimate": one.estimate,
            "se": one.se, "df": one.df, "clusters": one.clusters, "robust95": one.interval,
            "t": one.t, "p": one.p, "p_holm": None if pair.hypothesis else p_holm, "note": one.note,
            **({"hypothesis": pair.hypothesis} if pair.hypothesis else {}),
            "equivalence": None if margin is None else asdict(equivalence(one, margin)),
        }
        for pair, one, p_holm in zip(chosen, found, holm_values, strict=True)
    ]  # fmt: skip


def contrast(tidy: Tidy, pair: Pair) -> Estimate:
    """One pair with its two-way robust interval and p, before any adjustment."""
    rows = tidy.frame[tidy.frame["method"].isin([pair.a, pair.b])]
    return two_way_contrast(
        rows[tidy.outcome].to_list(),
        rows["participant"].to_list(),
        rows["image"].to_list(),
        (rows["method"] == pair.a).to_list(),
    )


def tests(tidy: Tidy) -> dict[str, Any]:
    """Each method against no effect: chance for right answers, 0 for scores."""
    names = tidy.methods()
    found = [estimated(tidy, tidy.frame, name, null=tidy.null_of(name)) for name in names]
    return {
        name: {
            "null": tidy.null_of(name), "se": one.se, "df": one.df, "t": one.t, "p": one.p,
            "p_holm": p_holm,
        }
        for name, one, p_holm in zip(names, found, holm([one.p for one in found]), strict=True)
    }  # fmt: skip


def tied_means(tidy: Tidy) -> dict[str, dict[str, Any]]:
    """The robust estimate of each method that a hypothesis compares with chance or 0."""
    tied = tied_hypotheses(tidy.definition)
    names = {one.a for one in tied if one.paradigm == tidy.paradigm and not one.b}
    found = {
        name: estimated(tidy, tidy.frame, name, null=tidy.null_of(name))
        for name in tidy.methods()
        if name in names
    }
    return {
        name: {
            "estimate": one.estimate, "se": one.se, "df": one.df, "robust95": one.interval,
            "p": one.p, "null": tidy.null_of(name), "note": one.note,
        }
        for name, one in found.items()
    }  # fmt: skip


def estimated(
    tidy: Tidy, frame: pd.DataFrame, method: str, *, null: float | None = None
) -> Estimate:
    """One method's mean or share in `frame`, with its interval and its p against `null`."""
    rows = frame[frame["method"] == method]
    way = two_way_share if tidy.outcome == "correct" else two_way_mean
    values, people, images = (rows[key].to_list() for key in (tidy.outcome, "participant", "image"))
    return way(values, people, images, null=null)
