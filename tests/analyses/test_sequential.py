"""A confidence sequence is right at all looks at once, and narrows as people come in."""

import numpy as np
import pytest

from studyapp.analyses.statistics.sequential import confidence_sequence

STUDIES, PEOPLE = 400, 150


def test_looking_after_every_person_is_seldom_wrong_at_any_look() -> None:
    random = np.random.default_rng(11)
    wrong = 0
    for _ in range(STUDIES):
        ability = random.beta(4, 4, PEOPLE)
        means = random.binomial(18, ability) / 18
        looks = confidence_sequence(means, 0, 1)
        wrong += any(not look.low <= 0.5 <= look.high for look in looks)
    assert wrong / STUDIES <= 0.05


def test_the_usual_interval_at_every_look_would_be_wrong_far_more_often() -> None:
    random = np.random.default_rng(11)
    wrong = 0
    for _ in range(STUDIES):
        means = random.binomial(18, random.beta(4, 4, PEOPLE)) / 18
        steps = np.arange(1, PEOPLE + 1)
        running = np.cumsum(means) / steps
        spread = np.sqrt(np.maximum(np.cumsum(means**2) / steps - running**2, 1e-9) / steps)
        wrong += bool((np.abs(running - 0.5) > 1.96 * spread)[9:].any())
    assert wrong / STUDIES > 0.15


def test_an_effect_is_seen_and_the_interval_narrows() -> None:
    random = np.random.default_rng(3)
    looks = confidence_sequence(random.uniform(0, 2, 300), -2, 2)
    assert looks[-1].low > 0 > looks[0].low
    widths = [look.high - look.low for look in looks]
    assert widths == sorted(widths, reverse=True)
    assert looks[-1].low < looks[-1].mean < looks[-1].high


def test_scores_are_the_same_sequence_as_shares_on_another_scale() -> None:
    shares = [0.25, 1.0, 0.5, 0.75]
    scores = [4 * share - 2 for share in shares]
    for one, other in zip(
        confidence_sequence(shares, 0, 1), confidence_sequence(scores, -2, 2), strict=True
    ):
        assert other.low == pytest.approx(4 * one.low - 2)
        assert other.high == pytest.approx(4 * one.high - 2)


def test_nobody_gives_no_look_and_an_impossible_mean_is_refused() -> None:
    assert confidence_sequence([], 0, 1) == []
    with pytest.raises(ValueError, match="outside 0…1"):
        confidence_sequence([0.5, 1.2], 0, 1)
