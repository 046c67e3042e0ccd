"""The narrow sequence is right at all looks at once; its p values are those of its interval."""

import numpy as np
import pytest
from scipy import integrate
from scipy.stats import norm

from studyapp.statistics.narrow_sequence import (
    FROM_PEOPLE,
    RHO_SQUARED,
    Followed,
    followed_difference,
    followed_mean,
    p_values,
    reach,
    running,
)
from studyapp.statistics.sequential import confidence_sequence

STUDIES, PEOPLE = 200, 200


def differences(random: np.random.Generator, effect: float = 0.0) -> list[float]:
    """Of mean scores of five answers to either of two methods."""
    own = random.normal(size=(PEOPLE, 1)) * 0.5
    scores = [
        np.clip(np.round(own + shift + 1.2 * random.normal(size=(PEOPLE, 5))), -2, 2).mean(axis=1)
        for shift in (effect, 0)
    ]
    return (scores[0] - scores[1]).tolist()


def wrong(found: Followed, truth: float) -> bool:
    return any(not look.low <= truth <= look.high for look in found.looks)


def test_looking_after_every_person_is_seldom_wrong_at_any_look() -> None:
    random = np.random.default_rng(3)
    found = [wrong(followed_mean(differences(random), -4, 4), 0.0) for _ in range(STUDIES)]
    # A fixed sample's interval would be wrong in a third of them
    assert sum(found) / STUDIES <= 0.05


def test_two_arms_are_seldom_wrong_at_any_look() -> None:
    random = np.random.default_rng(4)
    second = np.arange(PEOPLE) % 3 == 0
    found = []
    for _ in range(STUDIES):
        shares = random.binomial(5, random.beta(8, 2, PEOPLE)) / 5
        found.append(wrong(followed_difference(shares.tolist(), second.tolist(), 0, 1), 0.0))
    assert sum(found) / STUDIES <= 0.05


def test_it_is_far_narrower_than_the_sequence_that_holds_for_any_number_of_people() -> None:
    values = differences(np.random.default_rng(5), 0.4)
    found, rough = followed_mean(values, -4, 4), confidence_sequence(values, -4, 4)
    one, other = found.looks[99], rough[99]
    assert (one.high - one.low) < 0.6 * (other.high - other.low)
    assert found.looks[: FROM_PEOPLE - 1] == rough[: FROM_PEOPLE - 1]


def test_it_begins_where_ten_people_answered_otherwise() -> None:
    values = [1.0] * 60 + [0.0] * 9
    assert followed_mean(values, 0, 1).begins > len(values)
    assert followed_mean(values, 0, 1).p(0.5) is None
    assert "no p yet" in followed_mean(values, 0, 1).note
    assert followed_mean([*values, 0.0], 0, 1).begins == len(values) + 1
    assert followed_mean(differences(np.random.default_rng(1)), -4, 4).begins == FROM_PEOPLE


def test_the_interval_leaves_out_what_has_a_p_below_five_percent() -> None:
    n = np.array([30.0, 100.0, 400.0])
    for factor, is_below in ((0.999, False), (1.001, True)):
        both, _ = p_values(reach(n) * factor, n)
        assert ((both < 0.05) == is_below).all()


def test_the_p_values_are_one_over_the_mixtures_worked_out_by_quadrature() -> None:
    n, z = 80.0, 3.1
    mean, se = z / np.sqrt(n), 1 / np.sqrt(n)

    def ratio(effect: float) -> float:
        likelihoods = norm.pdf(mean, effect, se) / norm.pdf(mean, 0, se)
        return float(likelihoods * norm.pdf(effect, 0, np.sqrt(RHO_SQUARED)))

    both, above = p_values(np.array([z]), np.array([n]))
    assert 1 / both[0] == pytest.approx(integrate.quad(ratio, -3, 3, points=[0, mean])[0])
    assert 1 / above[0] == pytest.approx(2 * integrate.quad(ratio, 0, 3, points=[mean])[0])


def test_means_and_errors_are_those_of_the_people_so_far() -> None:
    values = np.array(differences(np.random.default_rng(7), 0.2))
    mean, se = running(values)
    assert mean[49] == pytest.approx(values[:50].mean())
    assert se[49] == pytest.approx(values[:50].std(ddof=1) / np.sqrt(50))
    first, second = values[::2], values[1::2]
    found = followed_difference(values.tolist(), [True, False] * (PEOPLE // 2), -4, 4)
    assert found.looks[0].n == 2
    assert found.looks[-1].mean == pytest.approx(first.mean() - second.mean())
    assert found.se == pytest.approx(
        np.hypot(first.std(ddof=1) / 10, second.std(ddof=1) / 10)
    )  # of 100 people each


def test_the_nulls_are_nested_and_follow_the_direction() -> None:
    found = followed_mean(differences(np.random.default_rng(8), 0.5), -4, 4)
    greater, less = (found.nulls(way, "one", 0.1) for way in ("greater", "less"))
    assert greater.none is not None
    assert greater.none < 0.01
    assert less.none == 1
    assert greater.small is not None
    assert greater.small >= greater.none
    assert found.nulls("different", "two", 5.0).large < 0.001
    assert followed_mean([], 0, 1).nulls("different", "two", 0.1).none is None
