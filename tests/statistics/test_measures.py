"""Detection, calibration, reliance, utility, equivalence and the bootstrap: worked values."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from studyapp.paradigms.reliance.analysis import two_step_shares
from studyapp.statistics.bootstrap import two_way_bootstrap
from studyapp.statistics.detection import brier, calibration_error, type2_auroc
from studyapp.statistics.equivalence import equivalence
from studyapp.statistics.families import Probit
from studyapp.statistics.glmm import Crossed
from studyapp.statistics.robust import Estimate, two_way_mean, two_way_slope
from studyapp.statistics.signals import fit_signals
from studyapp.statistics.utility import utility


def test_d_prime_without_people_and_photos_is_the_textbook_one() -> None:
    # 75 hits of 100 and 25 false alarms of 100: d′ = z(.75) − z(.25), c = 0
    random = np.random.default_rng(3)
    signal = np.repeat([1, 0], 100)
    said = np.concatenate([np.repeat([1, 0], [75, 25]), np.repeat([1, 0], [25, 75])])
    order = random.permutation(200)
    people, images = np.arange(200) % 20, (np.arange(200) // 20) * 2
    crossed = Crossed(people, images // 2, np.zeros(200, dtype=int), ["a"])
    model = fit_signals(Probit(), said[order], signal[order], crossed)
    assert model.fit.converged
    found = {
        name: model.of_method("a", weights)
        for name, weights in (("d", (-1, 1)), ("c", (-0.5, -0.5)))
    }
    assert found["d"].estimate == pytest.approx(2 * norm.ppf(0.75), abs=0.1)
    assert found["c"].estimate == pytest.approx(0, abs=0.08)


def test_type_2_auroc_counts_pairs() -> None:
    # right: 3, 1; wrong: 2, 1. Pairs: 3>2, 3>1, 1<2, 1=1 → 2.5 of 4
    assert type2_auroc([1, 1, 0, 0], [3, 1, 2, 1]) == 2.5 / 4
    assert type2_auroc([1, 1], [1, 2]) is None


def test_brier_and_calibration_are_worked_by_hand() -> None:
    assert brier([1, 0], [0.8, 0.4]) == pytest.approx((0.04 + 0.16) / 2)
    # bins .8–.9: 2 answers, stated .85, right .5; bin .2–.3: 2 answers, stated .25, right .5
    assert calibration_error([1, 0, 1, 0], [0.85, 0.85, 0.25, 0.25]) == pytest.approx(0.3)
    assert brier([], []) is None
    assert calibration_error([], []) is None


CHOICES = pd.DataFrame(
    [
        ("cat", "dog", "dog", "dog"),  # first wrong, advice right, followed
        ("cat", "dog", "cat", "dog"),  # not followed
        ("dog", "cat", "dog", "dog"),  # first right, advice wrong, kept
        ("dog", "cat", "cat", "dog"),  # given up
        ("dog", "cat", "dog", "dog"),
        ("dog", "dog", "dog", "dog"),  # in neither
    ],
    columns=["first", "advice", "final", "truth"],
)
CHOICES = CHOICES.assign(method="a", participant=CHOICES.index, image=CHOICES.index)


def test_reliance_has_its_own_denominators() -> None:
    shares = two_step_shares(CHOICES, ["a"])["a"]
    counts = {name: (one["count"], one["n"]) for name, one in shares.items()}
    assert counts == {"rair": (1, 2), "rsr": (2, 3), "switch": (2, 5)}


def test_an_empty_denominator_is_missing_and_not_zero() -> None:
    assert two_step_shares(CHOICES[-1:], ["a"])["a"]["rair"]["value"] is None


@pytest.mark.parametrize(
    ("cells", "published"),
    [
        ((53.9, 69.6, 73.3), 1.06),
        ((67.4, 72.8, 73.2), 1.15),
        ((68.7, 75.3, 78.0), 1.20),
        ((77.6, 85.7, 84.1), 1.34),
        ((71.0, 75.7, 78.1), 1.22),
        ((65.8, 63.3, 67.9), 1.07),
    ],
)
def test_utility_is_the_published_ratio_of_sums(cells: tuple[float, ...], published: float) -> None:
    # Colin et al. (NeurIPS 2022), table 1, husky against wolf, per cent right in three sessions:
    # saliency, integrated gradients, SmoothGrad, Grad-CAM, occlusion, gradient × input.
    # Cells and Utilities were written down without the paper at hand and are not compared with it
    # yet. Confirmed is only that they fit each other: each Utility is its row's ratio of sums.
    def arm(accuracies: tuple[float, ...]) -> dict[str, dict[str, tuple[int, int]]]:
        return {"p": {str(n): (round(10 * one), 1000) for n, one in enumerate(accuracies)}}

    found = utility(arm(cells), arm((55.7, 66.2, 62.9)), seed=1)
    assert found.value == pytest.approx(published, abs=0.0056)


def test_utility_from_people_is_that_from_its_cells() -> None:
    arm = {f"a{n}": {"1": (6, 7), "2": (5 + n % 2, 7)} for n in range(6)}
    base = {f"b{n}": {"1": (4, 7), "2": (3 + n % 2, 7)} for n in range(6)}
    found = utility(arm, base, seed=1)
    assert found.by_session["1"] == pytest.approx(6 / 4)
    assert found.value == pytest.approx((6 + 5.5) / (4 + 3.5))
    assert found.low < found.value < found.high
    assert utility(arm, base, seed=1) == found


def test_utility_without_a_baseline_says_so() -> None:
    found = utility({"a": {"1": (1, 1)}}, {}, seed=1)
    assert found.value is None
    assert found.note


def test_equivalence_takes_the_weaker_of_both_tests() -> None:
    # se 1, df huge: (0.5 + 2)/1 and (2 − 0.5)/1 → p = 1 − Φ(1.5)
    found = equivalence(Estimate(0.5, 1.0, 10**6), 2.0)
    assert found.p == pytest.approx(norm.sf(1.5), abs=1e-5)
    assert found.low90 == pytest.approx(0.5 - norm.ppf(0.95), abs=1e-4)
    assert equivalence(Estimate(0.5), 2.0).p is None


def test_the_bootstrap_of_a_mean_is_near_the_robust_interval_and_always_the_same() -> None:
    random = np.random.default_rng(5)
    people, images = np.repeat(np.arange(40), 30), np.tile(np.arange(30), 40)
    values = random.normal(size=40)[people] + random.normal(size=30)[images]
    found = two_way_bootstrap(values, people, images, seed=7)
    robust = two_way_mean(values, people, images)
    assert found == two_way_bootstrap(values, people, images, seed=7)
    assert found == pytest.approx((robust.low, robust.high), abs=0.15)
    assert two_way_bootstrap([1, 2], ["a", "a"], [1, 2], seed=1) is None
    assert two_way_bootstrap([], [], [], seed=1) is None


def test_a_slope_along_the_order_is_found() -> None:
    order = np.tile(np.arange(10), 8)
    people, images = np.repeat(np.arange(8), 10), (order + np.repeat(np.arange(8), 10)) % 10
    noise = np.random.default_rng(2).normal(size=80)
    found = two_way_slope(0.5 * order + noise, people, images, order)
    assert found.estimate == pytest.approx(0.5, abs=0.1)
    assert two_way_slope([1, 2], [1, 2], [1, 2], [3, 3]).note == "it never varies"


def test_a_slope_along_moments_in_milliseconds_is_that_along_places() -> None:
    order = np.tile(np.arange(10), 8)
    people, images = np.repeat(np.arange(8), 10), (order + np.repeat(np.arange(8), 10)) % 10
    values = 0.5 * order + np.random.default_rng(2).normal(size=80)
    by_place = two_way_slope(values, people, images, order)
    by_moment = two_way_slope(values, people, images, 1.7e11 + order)
    assert by_moment.p == pytest.approx(by_place.p, rel=1e-6)
    assert by_moment.estimate == pytest.approx(by_place.estimate, rel=1e-6)
    assert by_moment.low == pytest.approx(by_place.low, rel=1e-6)
