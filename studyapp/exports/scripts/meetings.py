"""Conditions that met on one page: their places, and their worths by maximum likelihood.

For reanalyse.py beside this file. The intervals of the worths, which are robust to people and
photos, are not worked out again.
"""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np

# Between the names of conditions that stand on one page
BETWEEN = " · "
# Of Newton's method: more than it needs; and where the analysis stops, in log-likelihoods
STEPS, NEAR = 100, 1e-12
Places = dict[str, int]
# The alternatives, each by what it adds to every coefficient, and which one was taken
Choice = tuple[list[Any], int]


def placed(row: Any, order: str, further: dict[str, Any]) -> Places:
    """The place of each on a judgment's page, as shown there: those that are level share one.

    Of two, A comes first. Of several the best, those placed after it, all without a place, the
    worst. order: the trial's `option_order`.
    """
    met = str(row.condition).split(BETWEEN)
    if isinstance(row.stronger_side, str):
        first, second = met if row.stronger_side == "A" else met[::-1]
        return {first: int(row.value), second: -int(row.value)}
    shown = [met[one] for one in json.loads(order)]
    taken = [int(row.value)]
    while f"place_{len(taken) + 1}" in further:
        taken.append(int(further[f"place_{len(taken) + 1}"]))
    places = {name: len(taken) + 1 for name in shown}
    places |= {shown[one]: place for place, one in enumerate(taken, 1)}
    return places | ({shown[int(further["worst"])]: len(shown)} if "worst" in further else {})


def share_before(name: str, places: Places) -> float:
    """The share of the others that one was placed before, level ones counting a half."""
    behind = sum(other > places[name] for other in places.values())
    level = sum(other == places[name] for other in places.values()) - 1
    return (behind + level / 2) / (len(places) - 1)


def worths(own: dict[str, Any], pages: list[Places]) -> Iterator[tuple[str, Any, float]]:
    """(what it is, its value in a paradigm's own results, its value here)."""
    names = [name for name in own["worths"] if name != own["reference"]]
    extra = [name for name in ("tie", "side") if own[name] is not None]
    columns = np.eye(len(names) + len(extra))
    units = dict(zip(names, columns[: len(names)], strict=True))
    # The reference adds nothing
    units[own["reference"]] = np.zeros(len(columns))
    effects = dict(zip(extra, columns[len(names) :], strict=True))
    choices = [
        one
        for places in pages
        for one in (
            [of_two(places, units, effects)] if len(places) == 2 else of_several(places, units)
        )
    ]
    found, loglik = fitted(choices)
    told = [*(own["worths"][name] for name in names), *(own[name] for name in extra)]
    for name, one, again in zip([*names, *extra], told, found, strict=True):
        yield f"worth, {name}", one["estimate"], float(again)
    yield "worths, judgments", own["n"], len(pages)
    yield "worths, log-likelihood", own["loglik"], loglik


def of_two(places: Places, units: dict[str, Any], effects: dict[str, Any]) -> Choice:
    """The first, the second or a tie, where the fit has ties."""
    (a, at), (b, other) = places.items()
    half = (units[a] - units[b] + effects.get("side", 0)) / 2
    if "tie" not in effects:
        return [half, -half], int(at > other)
    return [half, -half, effects["tie"]], 2 if at == other else int(at > other)


def of_several(places: Places, units: dict[str, Any]) -> Iterator[Choice]:
    """Each next best one, then each next worst one, of those that are left, until only those
    without an order are."""
    groups = [[one for one in places if places[one] == at] for at in sorted({*places.values()})]
    middle = next((number for number, group in enumerate(groups) if len(group) > 1), len(groups))
    left = list(places)
    for sign, order in ((1, groups[:middle]), (-1, groups[:middle:-1])):
        for (name,) in order:
            if len(left) > 1:
                yield [sign * units[one] for one in left], left.index(name)
            left.remove(name)


def fitted(choices: list[Choice]) -> tuple[Any, float]:
    """The most likely coefficients of a conditional logit, and their log-likelihood."""
    x = np.concatenate([alternatives for alternatives, _ in choices])
    sizes = np.array([len(alternatives) for alternatives, _ in choices])
    starts = np.cumsum(sizes) - sizes
    taken = starts + [number for _, number in choices]

    def at(beta: Any) -> tuple[float, Any]:
        total = np.logaddexp.reduceat(x @ beta, starts)
        return float(((x @ beta)[taken] - total).sum()), np.exp(x @ beta - np.repeat(total, sizes))

    beta = np.zeros(x.shape[1])
    for _ in range(STEPS):
        loglik, share = at(beta)
        mean = np.add.reduceat(share[:, None] * x, starts)
        slope = x[taken].sum(axis=0) - mean.sum(axis=0)
        step = np.linalg.solve(x.T @ (share[:, None] * x) - mean.T @ mean, slope)
        if step @ slope < NEAR:
            break
        while at(beta + step)[0] < loglik:
            step = step / 2
        beta = beta + step
    return beta, at(beta)[0]
