"""d′ with slopes of people against lme4, and type-2 AUROC with its two-way interval."""

import numpy as np
import pytest

from studyapp.statistics.families import Probit
from studyapp.statistics.glmm import crossed_of
from studyapp.statistics.metacognition import placements, type2_difference, type2_estimate
from studyapp.statistics.signals import SignalModel, fit_signals
from tests.analyses.oracles import oracle


def noticed(*, full: bool) -> SignalModel:
    frame = oracle("noticed")[0]
    signal = 1 - frame["prediction_right"].to_numpy()
    crossed = crossed_of(frame, ["a", "b"])
    return fit_signals(Probit(), frame["said"].to_numpy(), signal, crossed, full=full)


def test_d_prime_that_varies_by_person_is_that_of_lme4() -> None:
    told, model = oracle("noticed")[1], noticed(full=False)
    assert model.fit.sd == pytest.approx(told["sd"], abs=1e-3)
    assert model.fit.loglik == pytest.approx(told["loglik"], abs=1e-3)
    for name, weights in (("d_prime", (-1.0, 1.0)), ("criterion", (-0.5, -0.5))):
        minus = -weights[0], -weights[1]
        found = model.contrast({"b": weights, "a": minus}, np.inf)
        assert found is not None
        assert found.estimate == pytest.approx(told[name]["estimate"], abs=1e-3)
        assert found.se == pytest.approx(told[name]["se"], rel=0.005)


def test_what_the_design_tells_apart_has_a_variance_of_its_own() -> None:
    """Photos are right or wrong for everybody, so no slope of theirs can be told."""
    assert set(noticed(full=True).fit.sd) == {
        "participant", "image", "participant:method", "image:method", "participant:signal",
        "participant:method:signal",
    }  # fmt: skip


def test_placements_add_up_to_the_pairs_won() -> None:
    # right: 3, 1; wrong: 2, 1. Pairs: 3>2, 3>1, 1<2, 1=1
    told = placements(np.array([1.0, 1, 0, 0]), np.array([3.0, 1, 2, 1]))
    assert told is not None
    area, scores = told
    assert area == 2.5 / 4
    assert scores == pytest.approx([3 / 16, -3 / 16, -1 / 16, 1 / 16])
    assert placements(np.ones(3), np.arange(3.0)) is None


def test_with_one_judgment_a_cluster_the_error_is_delongs() -> None:
    random = np.random.default_rng(8)
    right = random.integers(0, 2, 200).astype(float)
    confidence = random.normal(size=200) + right
    told = placements(right, confidence)
    assert told is not None
    area, scores = told
    ones, zeros = scores[right == 1], scores[right == 0]
    delong = (ones**2).sum() * len(ones) / (len(ones) - 1)
    delong += (zeros**2).sum() * len(zeros) / (len(zeros) - 1)
    found = type2_estimate(right, confidence, range(200), range(200))
    assert found.estimate == area
    assert found.se == pytest.approx(delong**0.5, rel=0.01)
    assert found.p < 0.001


def test_the_difference_of_two_areas_is_that_of_both() -> None:
    random = np.random.default_rng(9)
    people, images = np.repeat(np.arange(20), 20), np.tile(np.arange(20), 20)
    second = (people + images) % 2 == 0
    right = random.integers(0, 2, 400)
    confidence = random.integers(1, 6, 400) + right * second
    found = type2_difference(right, confidence, people, images, second)
    areas = [
        type2_estimate(right[side], confidence[side], people[side], images[side]).estimate
        for side in (second, ~second)
    ]
    assert found.estimate == pytest.approx(areas[0] - areas[1])
    assert found.df == 19
    assert found.p < 0.05
    alone = type2_difference(right, np.ones(400), people, images, second)
    assert (alone.interval, alone.note) == (None, "confidence never varies, so nothing can be told")
