"""The verdicts on the study's hypotheses, worked out again, for reanalyse.py beside this file.

Every number is computed from the judgments alone but for those of a mixed model, which are taken
from hypotheses.json as they are (reanalyse.R fits the models).
"""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import numpy as np

contrasts: Any = import_module("contrasts")

# The least two-way variance of a mean, in cell-clustered ones; of how many clusters too few
MEAN_FLOOR, CONCENTRATED, FEWEST = 0.7, 0.5, 6
SIGNS = {"greater": 1, "less": -1}
NODES, WEIGHTS = np.polynomial.legendre.leggauss(200)


def verdicts(
    told: list[Any], sided: str, rows_of: dict[str, Any]
) -> Iterator[tuple[str, Any, Any]]:
    """What is compared of every hypothesis: its p values, adjusted, and its verdict."""
    tests = [_tests(one, sided, rows_of) for one in told]
    shares = [
        1.0 if one["margin"] is not None or p[0] is None else p[0]
        for one, p in zip(told, tests, strict=True)
    ]
    for place, (one, p_values) in enumerate(zip(told, tests, strict=True)):
        others = shares[:place] + shares[place + 1 :]
        after = [None if p is None else _by_holm(p, others) for p in p_values]
        name = f"hypothesis {one['number']}"
        keys = ("p_adjusted", "p_equivalence_adjusted", "p_at_least_adjusted")
        for key, p in zip(keys, after, strict=True):
            yield f"{name}, {key}", one[key], p
        again = _verdict(one, after)
        yield f"{name}, verdict “{again}”", 1, int(again == one["verdict"])


def _tests(one: Any, sided: str, rows_of: dict[str, Any]) -> list[float | None]:
    """The p of no effect, of an effect of m or more, and of one below m."""
    if one["model"] != "robust":
        return [one["p"], one["p_equivalence"], one["p_at_least"]]
    rows = rows_of[one["paradigm"]]
    known = [name for name in (one["a"], one["b"]) if name is not None]
    if not set(known) <= set(rows.method):
        return [None, None, None]
    rows = rows[rows.method.isin(known)]
    if one["b"] is None:
        estimate, se, df = _mean(rows)
    else:
        (estimate, se), df = (
            contrasts.contrast(rows, one["b"], one["a"]),
            _effective(rows, one["a"]) - 1,
        )
        if df + 1 < FEWEST:
            return [None, None, None]
    distance = estimate - one["null"]
    if not se > 0:
        return [one["p"], None, None]
    two = min(1.0, 2 * _tail(abs(_steps(one, estimate)) / se, df))
    none, sign = two, SIGNS.get(one["direction"])
    if sided == "one" and sign is not None:
        none = two / 2 if sign * distance > 0 else 1 - two / 2
    if one["margin"] is None:
        return [none, None, None]
    large = _tail((one["margin"] - abs(distance)) / se, df)
    beyond = abs(distance) if sign is None else sign * distance
    small = _tail((beyond - one["margin"]) / se, df) * (2 if sign is None else 1)
    return [none, large, max(none, min(1.0, small))]


def _steps(one: Any, estimate: float) -> float:
    """How far the estimate is from its null; of a share on the logit, in units of its slope."""
    if one["b"] is not None or one["unit"] != "correct":
        return float(estimate - one["null"])
    logits = [float(np.log(share / (1 - share))) for share in (estimate, one["null"])]
    return (logits[0] - logits[1]) * estimate * (1 - estimate)


def _mean(rows: Any) -> tuple[float, float, float]:
    """A mean with its two-way standard error and its degrees of freedom."""
    share, ways = (rows.y - rows.y.mean()) / len(rows), [rows.participant, rows.image]
    by_cell = contrasts.one_way(share, ways, share.groupby(ways).ngroups)
    sums = sum(contrasts.one_way(share, [way], int(way.nunique())) for way in ways)
    clusters = []
    for way in ways:
        sizes = way.groupby(way).size()
        even = float(sizes.sum() ** 2 / (sizes**2).sum())
        clusters.append(even if even < CONCENTRATED * len(sizes) else float(len(sizes)))
    variance = max(sums - by_cell, MEAN_FLOOR * by_cell)
    return float(rows.y.mean()), float(variance**0.5), min(clusters) - 1


def _effective(rows: Any, a: str) -> float:
    """G* of a contrast: the fewer of effective people and photos."""
    weights = 1 / rows.groupby("method").y.transform("size")
    return min(
        float(shares.sum() ** 2 / (shares**2).sum())
        for way in (rows.participant, rows.image)
        for shares in [weights.groupby(way).sum() ** 2]
    )


def _tail(t: float, df: float) -> float:
    """P(T > t) of Student's t, with t = √df · tan θ: the density of θ is cos^(df − 1)."""
    if t < 0:
        return 1 - _tail(-t, df)

    def area(start: float) -> float:
        half = (np.pi / 2 - start) / 2
        return float(half * (WEIGHTS @ np.cos(start + half * (NODES + 1)) ** (df - 1)))

    return area(float(np.arctan(t / df**0.5))) / (2 * area(0.0))


def _by_holm(p: float, others: list[float]) -> float:
    """The adjusted p in the family of it and the others."""
    ordered = sorted([p, *others])
    place = ordered.index(p)
    return max(min(1.0, (len(ordered) - rank) * ordered[rank]) for rank in range(place + 1))


def _verdict(one: Any, after: list[float | None]) -> str:
    differs, is_small, is_large = (p is not None and p < one["alpha"] for p in after)
    if one["direction"] == "equivalent":
        return "supported" if is_small else "opposite" if is_large else "undecided"
    if not differs:
        return "equivalent" if is_small else "undecided"
    sign = SIGNS.get(one["direction"])
    if sign is not None and sign * (one["estimate"] - one["null"]) < 0:
        return "opposite"
    return "supported, but below the smallest effect" if is_small else "supported"
