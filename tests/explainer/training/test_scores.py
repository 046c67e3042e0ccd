"""Held-out scores: against slow references, scikit-learn, and what must hold of any interval."""

import math
from fractions import Fraction

import numpy as np
import pytest

from explainer import ExplainerError
from explainer.training.scores import (
    accuracy,
    all_points,
    drawn_anew,
    eleven_points,
    mean_average_precision,
    precisions,
    wilson,
)


def slow_curve(scores: list[float], shown: list[int]) -> list[tuple[Fraction, Fraction]]:
    """(recall, precision) at each score that photos have, from the highest on."""
    judged = [(s, y) for s, y in zip(scores, shown, strict=True) if y >= 0]
    total = sum(y for _, y in judged)
    curve = []
    for cut in sorted({s for s, _ in judged}, reverse=True):
        taken = [y for s, y in judged if s >= cut]
        curve.append((Fraction(sum(taken), total), Fraction(sum(taken), len(taken))))
    return curve


def slow_eleven(scores: list[float], shown: list[int]) -> float:
    curve = slow_curve(scores, shown)
    points = [max(p for r, p in curve if r >= Fraction(n, 10)) for n in range(11)]
    return float(sum(points) / 11)


def slow_all(scores: list[float], shown: list[int]) -> float:
    area, before = Fraction(0), Fraction(0)
    curve = slow_curve(scores, shown)
    for place, (recall, _) in enumerate(curve):
        area += (recall - before) * max(p for _, p in curve[place:])
        before = recall
    return float(area)


def drawn(seed: int, photos: int = 40, classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Scores with ties, and labels with some that are not judged."""
    chance = np.random.default_rng(seed)
    shown = chance.choice([-1, 0, 1], p=[0.1, 0.6, 0.3], size=(photos, classes))
    return np.round(chance.normal(size=(photos, classes)) + shown, 1), shown


@pytest.mark.parametrize("seed", range(5))
def test_average_precisions_are_the_slow_references(seed: int) -> None:
    scores, shown = drawn(seed)
    once = np.ones((1, len(scores)), dtype=np.int64)
    for fast, slow in ((all_points, slow_all), (eleven_points, slow_eleven)):
        expected = [slow(scores[:, k].tolist(), shown[:, k].tolist()) for k in range(3)]
        np.testing.assert_allclose(precisions(scores, shown, once, fast)[0], expected, rtol=1e-12)


def test_vocs_protocol_on_a_set_that_is_counted_by_hand() -> None:
    """Ranked hit, difficult, miss, hit, miss, of two positives: precision 1, then 2/3."""
    scores = np.array([[5.0], [4], [3], [2], [1]])
    shown = np.array([[1], [-1], [0], [1], [0]])
    groups = list("abcde")
    eleven = mean_average_precision(scores, shown, groups, 0, "11-point")
    assert eleven.value == pytest.approx((6 * 1 + 5 * 2 / 3) / 11)
    assert mean_average_precision(scores, shown, groups, 0).value == pytest.approx((1 + 2 / 3) / 2)
    assert 0 <= eleven.low <= eleven.value <= eleven.high <= 1


def test_a_photo_that_is_drawn_twice_counts_as_two() -> None:
    scores, shown = drawn(7)
    weights = np.random.default_rng(1).integers(0, 4, size=(3, len(scores)))
    for fast, slow in ((all_points, slow_all), (eleven_points, slow_eleven)):
        found = precisions(scores, shown, weights, fast)
        for row, counts in enumerate(weights):
            for k in range(3):
                copies = np.repeat(scores[:, k], counts), np.repeat(shown[:, k], counts)
                expected = slow(copies[0].tolist(), copies[1].tolist())
                assert found[row, k] == pytest.approx(expected, rel=1e-12)


def test_precision_before_it_is_made_monotone_is_scikit_learns() -> None:
    """scikit-learn's is the step sum without the envelope: never above the all-point area."""
    metrics = pytest.importorskip("sklearn.metrics")
    chance = np.random.default_rng(3)
    shown, scores = chance.integers(0, 2, size=60), chance.normal(size=60)
    curve = slow_curve(scores.tolist(), shown.tolist())
    steps = sum((r - before) * p for (r, p), (before, _) in zip(curve, [(0, 0), *curve]))  # noqa: B905
    assert float(steps) == pytest.approx(metrics.average_precision_score(shown, scores))
    once = np.ones((1, 60), dtype=np.int64)
    found = precisions(scores[:, None], shown[:, None], once, all_points)[0, 0]
    assert found >= float(steps)
    # A ranking without a fault has no envelope to make
    perfect = precisions(shown[:, None] + 0.0, shown[:, None], once, all_points)
    assert perfect[0, 0] == metrics.average_precision_score(shown, shown) == 1


def test_a_class_that_no_photo_shows_is_left_out_of_the_mean() -> None:
    scores, shown = drawn(2)
    shown[:, 1] = 0
    found = mean_average_precision(scores, shown, [str(n) for n in range(40)], 0)
    assert math.isnan(found.of_classes[1])
    assert found.value == pytest.approx((found.of_classes[0] + found.of_classes[2]) / 2)
    with pytest.raises(ExplainerError, match="no held-out photo shows any of the classes: hold"):
        mean_average_precision(scores, 0 * shown, [str(n) for n in range(40)], 0)


def test_groups_are_drawn_whole() -> None:
    groups = ["a", "b", "a", "c", "b", "a"]
    for weights in drawn_anew(groups, 0):
        assert (weights[:, 0] == weights[:, 2]).all()
        assert (weights[:, 0] == weights[:, 5]).all()
        assert (weights[:, 1] == weights[:, 4]).all()
        assert (weights[:, 0] + weights[:, 1] + weights[:, 3] == 3).all()


def test_an_interval_is_as_wide_as_groups_not_photos_say() -> None:
    right = np.random.default_rng(0).integers(0, 2, size=40)
    scores = np.stack([1 - right, right], 1)
    alone = accuracy(scores, np.ones(40, int), [str(n) for n in range(40)], 0)
    copies = accuracy(
        np.repeat(scores, 5, 0), np.ones(200, int), [str(n // 5) for n in range(200)], 0
    )
    assert (alone.value, alone.groups) == (copies.value, copies.groups)
    assert (alone.low, alone.high) == pytest.approx((copies.low, copies.high))
    normal = 1.96 * math.sqrt(alone.value * (1 - alone.value) / 40)
    assert alone.high - alone.low == pytest.approx(2 * normal, rel=0.15)


def test_all_right_on_few_groups_is_no_certainty() -> None:
    found = accuracy(np.eye(2)[[0, 1, 0, 1]], np.array([0, 1, 0, 1]), ["a", "b", "c", "d"], 0)
    assert (found.value, found.high) == (1, 1)
    # Wilson's interval of 4 of 4, from its closed form
    assert found.low == pytest.approx(4 / (4 + 1.959963984540054**2))
    assert wilson(0.5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)
