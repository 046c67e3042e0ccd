"""How right a network is on photos that it was not trained on, with an interval over groups.

Photos of one group are alike, so groups are drawn anew, not photos: each of `DRAWS` times as many
groups as there are, with replacement (percentile bootstrap, Efron 1979).
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from explainer.errors import ExplainerError

Precision = Literal["all-point", "11-point"]
Array = NDArray[Any]
DRAWS = 1000
LEVEL = 0.95
Z = 1.959963984540054  # the normal distribution's quantile for LEVEL
NO_DOUBT = 1e-9  # width of an interval that rounding alone can make
AT_ONCE = 2_000_000  # weights of photos that are in memory together


@dataclass(frozen=True)
class Score:
    """A share from 0 to 1 with the ends of its 95 % interval, and how many groups it rests on."""

    measure: str
    value: float
    low: float
    high: float
    groups: int
    of_classes: tuple[float, ...] = ()

    def __str__(self) -> str:
        inside = f"95 % interval {self.low:.1%} to {self.high:.1%}"
        return f"{self.measure} {self.value:.1%} ({inside}, {self.groups} groups)"


def accuracy(scores: Array, answers: Array, groups: Sequence[str], seed: int) -> Score:
    """The share of photos (N×classes scores, N classes) whose best scored class is the right one.

    The interval is that of `mean_over_groups`.
    """
    right = np.asarray(scores).argmax(1) == np.asarray(answers)
    found = mean_over_groups("accuracy", right, groups, seed)
    classes = range(np.asarray(scores).shape[1])
    each = [right[answers == k].mean() if (answers == k).any() else math.nan for k in classes]
    return replace(found, of_classes=tuple(map(float, each)))


def mean_over_groups(
    measure: str,
    values: Array,
    groups: Sequence[str],
    seed: int,
    ends: tuple[float, float] = (0, 1),
) -> Score:
    """The mean of N numbers between `ends`, one for each photo.

    Where all groups have the same mean, or there is only one, drawing anew shows no doubt: then the
    interval is Wilson's (1927) with the groups as observations, each at one end or the other.
    """
    drawn = [weights @ values / weights.sum(1) for weights in drawn_anew(groups, seed)]
    low, high = _middle(np.concatenate(drawn))
    value, count, (least, most) = float(values.mean()), len(set(groups)), ends
    if high - low < NO_DOUBT:
        share = min(1.0, max(0.0, (value - least) / (most - least)))
        low, high = (least + (most - least) * end for end in wilson(share, count))
    return Score(measure, value, low, high, count)


def wilson(share: float, count: int) -> tuple[float, float]:
    """The ends of Wilson's score interval for a share of `count` observations."""
    middle = (share + Z**2 / (2 * count)) / (1 + Z**2 / count)
    spread = math.sqrt(share * (1 - share) / count + Z**2 / (4 * count**2))
    half = Z * spread / (1 + Z**2 / count)
    return max(0.0, middle - half), min(1.0, middle + half)


def mean_average_precision(
    scores: Array, shown: Array, groups: Sequence[str], seed: int, form: Precision = "all-point"
) -> Score:
    """The mean over the classes of the average precision of N photos.

    `scores`: N×classes. `shown`: N×classes of 1 (on the photo), 0 (not) and −1 (not judged, as
    VOC's difficult objects). Classes that no photo shows are left out, in each draw anew.
    """
    scores, shown = np.asarray(scores), np.asarray(shown)
    precision = PRECISIONS[_known(form)]
    once = np.ones((1, len(scores)), dtype=np.int64)
    each = precisions(scores, shown, once, precision)[0]
    if np.isnan(each).all():
        raise ExplainerError(
            "no held-out photo shows any of the classes", "hold out photos that show them"
        )
    drawn = [
        np.nanmean(found[~np.isnan(found).all(1)], 1)
        for weights in drawn_anew(groups, seed)
        for found in [precisions(scores, shown, weights, precision)]
    ]
    low, high = _middle(np.concatenate(drawn))
    measure = f"mAP ({form})"
    value = float(np.nanmean(each))
    return Score(measure, value, low, high, len(set(groups)), tuple(map(float, each)))


def _known(form: str) -> Precision:
    if form not in get_args(Precision):
        raise ExplainerError(f"average precision “{form}”", "use all-point or 11-point")
    known: Precision = form  # type: ignore[assignment]
    return known


def drawn_anew(groups: Sequence[str], seed: int) -> Iterator[Array]:
    """Blocks of draws × photos: how often each photo is there when groups are drawn anew."""
    _, places = np.unique(np.asarray(groups), return_inverse=True)
    count, chance = int(places.max()) + 1, np.random.default_rng(seed)
    rows = max(1, min(DRAWS, AT_ONCE // len(places)))
    for start in range(0, DRAWS, rows):
        size = min(rows, DRAWS - start)
        yield chance.multinomial(count, np.full(count, 1 / count), size=size)[:, places]


def _middle(values: Array) -> tuple[float, float]:
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def precisions(
    scores: Array, shown: Array, weights: Array, precision: Callable[[Array, Array], Array]
) -> Array:
    """Draws×classes: the average precision of each class where photos count `weights` times.

    Photos with the same score are found together, so their order changes nothing. NaN where
    nothing shows a class.
    """
    found = np.full((len(weights), scores.shape[1]), math.nan)
    for k in range(scores.shape[1]):
        judged = np.flatnonzero(shown[:, k] >= 0)
        order = judged[np.argsort(-scores[judged, k], kind="stable")]
        if not len(order):
            continue
        last = np.flatnonzero(np.append(np.diff(scores[order, k]) != 0, True))
        of_class = weights[:, order]
        hits = np.cumsum(of_class * (shown[order, k] == 1), 1)[:, last]
        all_found = np.cumsum(of_class, 1)[:, last]
        some = hits[:, -1] > 0
        share = hits[some] / np.maximum(all_found[some], 1)
        best = np.maximum.accumulate(share[:, ::-1], 1)[:, ::-1]
        found[some, k] = precision(hits[some], best)
    return found


def all_points(hits: Array, best: Array) -> Array:
    """The area below precision as a function of recall, made monotone (VOC from 2010 on)."""
    new = np.diff(hits, axis=1, prepend=0)
    return np.asarray((new * best).sum(1) / hits[:, -1])


def eleven_points(hits: Array, best: Array) -> Array:
    """The mean of the best precision at a recall of at least 0, .1, …, 1 (VOC 2007)."""
    total = hits[:, -1:]
    rows = np.arange(len(hits))
    points = [best[rows, (10 * hits >= tenth * total).argmax(1)] for tenth in range(11)]
    return np.asarray(np.mean(points, axis=0))


PRECISIONS: dict[Precision, Callable[[Array, Array], Array]] = {
    "all-point": all_points,
    "11-point": eleven_points,
}
