"""Intervals of variance shares where they can be worked out by hand."""

import numpy as np
import pytest
from scipy import stats

from studyapp.statistics.glmm import MethodModel
from studyapp.statistics.labels import Floats
from studyapp.statistics.laplace import Effects
from studyapp.statistics.mixed import MixedFit
from studyapp.statistics.variance_shares import NO_INTERVAL, TOO_FEW, variance_shares

REST = np.pi**2 / 3


def model_of(sd: float, se: float, groups: int) -> MethodModel:
    """One term beside the intercept, whose deviation has the standard error `se`."""
    zeros: Floats = np.zeros(groups)
    fit = MixedFit(
        ("(Intercept)", "participant"), np.array([0.0, sd]), np.diag([0.1, se**2]),
        {"participant": sd}, 0.0, True, effects={"participant": Effects(zeros, zeros, groups, 1)},
    )  # fmt: skip
    return MethodModel(fit, ["a"], np.array([[1.0, 0.0]]), np.zeros(0))


def test_an_interval_is_that_of_a_balanced_one_way_layout_by_chi_squared() -> None:
    variance, noise, groups = 0.5, 0.3, 12
    # What groups' observed effects vary by, of which maximum likelihood is G·W on χ² of G − 1
    whole = variance + noise
    se_of_variance = whole * (2 / groups) ** 0.5
    share = variance_shares(model_of(variance**0.5, se_of_variance / 2 / variance**0.5, groups))[0]
    low, high = (
        groups * whole / stats.chi2.ppf(level, groups - 1) - noise for level in (0.975, 0.025)
    )
    assert share.share == pytest.approx(variance / (variance + REST))
    assert share.low == pytest.approx(low / (low + REST))
    assert share.high == pytest.approx(high / (high + REST))


def test_a_variance_told_apart_from_noise_by_nothing_reaches_down_to_zero() -> None:
    share = variance_shares(model_of(0.2, 0.2, 30))[0]
    assert share.low == 0
    assert share.high is not None
    assert share.high > share.share


def test_a_variance_of_zero_ends_where_its_curvature_ends_it() -> None:
    share = variance_shares(model_of(0.0, 0.25, 30))[0]
    end = (1.959964 * 0.25) ** 2
    assert (share.low, share.high) == (0, pytest.approx(end / (end + REST)))


@pytest.mark.parametrize(
    ("model", "note"),
    [(model_of(0.5, float("nan"), 9), NO_INTERVAL), (model_of(0.5, 0.2, 1), TOO_FEW)],
)
def test_without_a_standard_error_or_effects_there_is_a_sentence(
    model: MethodModel, note: str
) -> None:
    share = variance_shares(model)[0]
    assert (share.note, share.low) == (note, None)
