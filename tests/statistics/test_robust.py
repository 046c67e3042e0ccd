"""The two-way robust interval against statsmodels, against hand-worked sums, and at the edges."""

import math

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.sandwich_covariance import cov_cluster_2groups

from studyapp.statistics.equivalence import equivalence
from studyapp.statistics.robust import (
    effective_pair,
    too_few,
    two_way_contrast,
    two_way_mean,
    two_way_share,
)

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


def test_a_contrast_of_two_judgments_says_how_many_there_are() -> None:
    found = two_way_contrast([1.0, 0.0], ["a", "b"], [1, 2], [True, False])
    assert found.note == "too little for an interval: 2 judgments"


def test_a_contrast_with_one_side_only_says_so() -> None:
    found = two_way_contrast([1, 2], ["a", "b"], [1, 2], [True, True])
    assert (found.estimate, found.note) == (None, "only one of the two was judged")


def test_a_difference_of_variances_that_is_negative_takes_the_larger_one_way() -> None:
    # Every person is balanced over photos and every photo over people: both sums vanish.
    values = [1, -1, -1, 1, 0.5, -0.5]
    people, images = ["a", "a", "b", "b", "c", "c"], [1, 2, 1, 2, 3, 4]
    found = two_way_mean(values, people, images)
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


def sided(first: int, second: int, images: int, *, by: str) -> tuple[list[int], list[int]]:
    """Everybody judges every photo, the two methods between people or between photos."""
    people = [place for place in range(first + second) for _ in range(images)]
    photos = list(range(images)) * (first + second)
    return (people, photos) if by == "people" else (photos, people)


@pytest.mark.parametrize("by", ["people", "photos"])
def test_the_degrees_come_from_the_effective_clusters_of_the_uneven_way(by: str) -> None:
    # a = 5 times 1/25 and 45 times 1/2025: (2/9)² ÷ (5/625 + 45/2025²) = 6.164383562
    people, images = sided(5, 45, 12, by=by)
    uneven = people if by == "people" else images
    values = np.random.default_rng(2).normal(size=len(people))
    found = two_way_contrast(values, people, images, [one < 5 for one in uneven])
    assert found.clusters == pytest.approx(6.164383562)
    assert found.df == pytest.approx(5.164383562)
    assert found.p is not None


@pytest.mark.parametrize(("by", "word"), [("people", "people"), ("photos", "photos")])
def test_a_contrast_with_three_clusters_on_one_side_has_no_test_and_says_why(
    by: str, word: str
) -> None:
    people, images = sided(3, 60, 12, by=by)
    uneven = people if by == "people" else images
    values = np.random.default_rng(2).normal(size=len(people)) + np.array(uneven) * 5
    found = two_way_contrast(values, people, images, [one < 3 for one in uneven])
    assert found.p is None
    assert found.low is not None
    assert found.note == (
        f"no test: it rests on 3.3 effective {word}, and with fewer than 6 a test is wrong too "
        f"often; each method needs at least 6 {word}"
    )
    assert too_few(effective_pair(people, images, [one < 3 for one in uneven])) == found.note
    assert equivalence(found, 1e9).p is None


def test_a_balanced_contrast_keeps_one_degree_less_than_its_clusters() -> None:
    people, images = sided(20, 0, 14, by="people")
    second = [(person + image) % 2 == 0 for person, image in zip(people, images, strict=True)]
    values = np.random.default_rng(2).normal(size=len(people))
    assert two_way_contrast(values, people, images, second).df == 13


def test_a_side_with_few_people_is_corrected_by_their_own_number() -> None:
    # Nothing but people differ: the 5 of the smaller arm stand for 5/4, where 50 stood for 50/49
    people, images = sided(5, 45, 10, by="people")
    effect = np.random.default_rng(3).normal(size=50)
    values, second = effect[people], np.array(people) < 5
    found = two_way_contrast(values, people, images, second.tolist())
    means = [effect[:5], effect[5:]]
    squares = sum(((one - one.mean()) ** 2).sum() / len(one) ** 2 for one in means)
    by_cell = 500 / 499 / 10
    assert found.se == pytest.approx(math.sqrt(squares * (5 / 4 - by_cell) * 499 / 498))


def test_the_two_way_variance_never_falls_far_below_the_cell_clustered_one() -> None:
    # Every person and every photo is balanced, so that both one-way sums vanish.
    grid = [(person, image) for person in range(10) for image in range(10)]
    people, images = (list(column) for column in zip(*grid, strict=True))
    second = [(person + image) % 2 == 0 for person, image in grid]
    values = [
        1.0 if person < 8 and image < 8 and (person // 2 + image // 2) % 2 else 0.0
        for person, image in grid
    ]
    found = two_way_contrast(values, people, images, second)
    # By either method 16 of 50 are 1, so that a residual is .32 or .68
    by_cell = 100 * (0.32 * 0.68) / 50**2 * 100 / 99 * 99 / 98
    assert found.se == pytest.approx(math.sqrt(0.45 * by_cell))


def test_a_mean_that_few_people_carry_rests_on_fewer_than_all_of_them() -> None:
    # 5 people with 40 judgments and 60 with 3: 380² ÷ (5·1600 + 60·9) = 16.9
    people = [person for person in range(65) for _ in range(40 if person < 5 else 3)]
    images = [place % 40 for place in range(len(people))]
    found = two_way_mean(np.random.default_rng(1).normal(size=len(people)), people, images)
    assert found.df == pytest.approx(380**2 / 8540 - 1)


def test_a_share_has_its_interval_and_its_test_on_the_logit() -> None:
    random = np.random.default_rng(8)
    people, images = sided(30, 0, 20, by="people")
    right = (random.random(len(people)) < 0.95).astype(float)
    mean = two_way_mean(right, people, images)
    found = two_way_share(right, people, images, null=0.9)
    share, se = found.estimate, mean.se / (found.estimate * (1 - found.estimate))
    half = stats.t.ppf(0.975, 19) * se
    ends = [1 / (1 + math.exp(-(math.log(share / (1 - share)) + one))) for one in (-half, half)]
    assert (found.low, found.high) == pytest.approx(tuple(ends))
    z = (math.log(share / (1 - share)) - math.log(9)) / se
    assert found.p == pytest.approx(2 * stats.t.sf(abs(z), 19))


@pytest.mark.parametrize(("value", "p"), [(1.0, 2 * 0.25**14), (0.0, 2 * 0.75**14)])
def test_a_share_of_all_or_none_has_a_bound_over_the_fewer_clusters(value: float, p: float) -> None:
    people, images = sided(19, 0, 14, by="people")
    found = two_way_share([value] * 266, people, images, null=0.25)
    ends = (1 - 3 / 14, 1.0) if value else (0.0, 3 / 14)
    assert (found.low, found.high) == pytest.approx(ends)
    assert found.p == pytest.approx(p)
    assert "conservative, as if there were 14 judgments, one per photo" in found.note


def test_few_null_studies_of_ten_people_and_photos_alarm() -> None:
    # 1,000 studies: of 5 % with 95 % certainty at most 64; the former variance gives some 75,
    # ten of them with p < .001
    random = np.random.default_rng(40)
    people, images = sided(10, 0, 10, by="people")
    second = [(person + image) % 2 == 0 for person, image in zip(people, images, strict=True)]
    p_values = []
    for _ in range(1000):
        effects = 0.5 * random.normal(size=10)[people] + 0.7 * random.normal(size=10)[images]
        found = two_way_contrast(effects + random.logistic(size=100), people, images, second)
        p_values.append(found.p or 0)
    assert sum(p < 0.05 for p in p_values) <= 64
    assert sum(p < 0.001 for p in p_values) <= 4
