"""The two-way robust interval against statsmodels, against hand-worked sums, and at the edges."""

import math

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.stats.sandwich_covariance import cov_cluster_2groups

from studyapp.analyses.statistics.robust import two_way_contrast, two_way_mean

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def crossed(people: int = 12, images: int = 9, share: float = 0.7, seed: int = 4) -> Arrays:
    """Values with effects of people and photos: values, people, images, is_second."""
    random = np.random.default_rng(seed)
    grid = [(p, i) for p in range(people) for i in range(images) if random.random() < share]
    person, image = (np.array(column) for column in zip(*grid, strict=True))
    effects = random.normal(size=people)[person] + random.normal(size=images)[image]
    values = effects + random.normal(size=len(grid))
    return values, person, image, random.random(len(grid)) < 0.5


def test_the_variance_of_a_mean_is_that_of_statsmodels() -> None:
    values, people, images, _ = crossed()
    fit = sm.OLS(values, np.ones(len(values))).fit()
    variance = float(cov_cluster_2groups(fit, people, images)[0][0, 0])
    found = two_way_mean(values, people, images)
    assert found.se == pytest.approx(math.sqrt(variance), rel=1e-9)
    assert found.df == 8


def test_the_variance_of_a_contrast_is_that_of_statsmodels() -> None:
    values, people, images, second = crossed(seed=9)
    X = np.column_stack([second.astype(float), np.ones(len(values))])
    fit = sm.OLS(values, X).fit()
    variance = float(cov_cluster_2groups(fit, people, images)[0][0, 0])
    found = two_way_contrast(values, people, images, second)
    assert found.estimate == pytest.approx(values[second].mean() - values[~second].mean())
    assert found.se == pytest.approx(math.sqrt(variance), rel=1e-9)


def test_a_hand_worked_mean_of_four_people_and_one_judgment_each() -> None:
    # One judgment a person and photo: every cluster is one value, so V = s²/n, s² = 2, n = 4.
    found = two_way_mean([1, 1, 3, 3 + 2 * 0], ["a", "b", "c", "d"], [1, 2, 3, 4], null=2)
    assert found.estimate == 2
    assert found.se == pytest.approx(math.sqrt((4 / 3) / 4))
    assert found.p == pytest.approx(1)


def test_the_interval_is_wider_than_the_pooled_one_where_photos_differ() -> None:
    values, people, images, _ = crossed(people=30, images=8, share=1)
    found = two_way_mean(values, people, images)
    assert found.se is not None
    assert found.se > 2 * values.std() / math.sqrt(len(values))


@pytest.mark.parametrize(
    ("values", "people", "images", "note"),
    [
        ([], [], [], "no judgments"),
        ([1, 2], ["a", "a"], [1, 2], "1 person and 2 photos"),
        ([1, 2], ["a", "b"], [1, 1], "2 people and 1 photo,"),
        ([1, 1, 1, 1], ["a", "a", "b", "b"], [1, 2, 1, 2], "all judgments agree"),
    ],
)
def test_where_there_is_too_little_a_sentence_says_so(
    values: list[float], people: list[str], images: list[int], note: str
) -> None:
    found = two_way_mean(values, people, images)
    assert note in found.note
    assert (found.se, found.low, found.p) == (None, None, None)


def test_a_contrast_with_one_side_only_says_so() -> None:
    found = two_way_contrast([1, 2], ["a", "b"], [1, 2], [True, True])
    assert (found.estimate, found.note) == (None, "only one of the two was judged")


def test_a_difference_of_variances_that_is_negative_takes_the_larger_one_way() -> None:
    # Every person is balanced over photos and every photo over people: both sums vanish.
    values = [1, -1, -1, 1, 0.5, -0.5]
    people, images = ["a", "a", "b", "b", "c", "c"], [1, 2, 1, 2, 3, 4]
    found = two_way_mean(values, people, images)
    assert found.se is not None
    assert found.se > 0


def test_values_that_no_double_holds_exactly_still_all_agree() -> None:
    found = two_way_mean([22.94] * 6, [1, 1, 2, 2, 3, 3], [1, 2, 1, 2, 1, 2])
    assert "all judgments agree" in found.note


def test_a_contrast_of_two_constants_has_a_difference_and_no_interval() -> None:
    people, images = [1, 1, 2, 2], [1, 2, 1, 2]
    found = two_way_contrast([1, 0, 1, 0], people, images, [True, False, True, False])
    assert found.estimate == pytest.approx(1)
    assert found.se is None
    assert "within each of the two" in found.note
