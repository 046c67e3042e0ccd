"""The shape of reaction times, against numbers worked out another way."""

import numpy as np
import pytest
from scipy import stats

from studyapp.statistics.reaction_times import FEWEST, shape


def drawn(count: int, *, memory: float = 0.0, seed: int = 1) -> np.ndarray:
    """Log-normal times whose logarithms remember that share of the last one."""
    rng = np.random.default_rng(seed)
    logs = [0.0]
    for noise in rng.normal(0, 0.4, count):
        logs.append(memory * logs[-1] + noise)
    return 2000 * np.exp(np.array(logs[1:]))


def test_spread_and_skew_are_those_of_scipy() -> None:
    times = drawn(60)
    found = shape(times, ["main"] * 60, range(60))
    assert found.trials == 60
    assert found.variation == pytest.approx(stats.variation(times, ddof=1))
    assert found.skew == pytest.approx(stats.skew(times, bias=False))


def test_what_the_last_trial_leaves_is_found_and_is_no_line_over_positions() -> None:
    free = [shape(drawn(60, seed=seed), ["main"] * 60, range(60)).lag1 for seed in range(40)]
    # Under independence about 1 ÷ 60 below 0, in the mean over people
    assert np.mean(free) == pytest.approx(-1 / 60, abs=0.05)
    remembering = [
        shape(drawn(60, memory=0.5, seed=seed), ["main"] * 60, range(60)).lag1 for seed in range(40)
    ]
    assert np.mean(remembering) == pytest.approx(0.45, abs=0.06)
    hurried = [
        shape(drawn(60, seed=seed) * np.exp(-0.03 * np.arange(60)), ["main"] * 60, range(60)).lag1
        for seed in range(40)
    ]
    assert np.allclose(hurried, free)


def test_blocks_have_their_own_means_and_no_pair_spans_two() -> None:
    blocks = ["first"] * 30 + ["second"] * 30
    times = drawn(60, seed=3)
    plain = shape(times, blocks, range(60)).lag1
    assert shape(times * np.array([1.0] * 30 + [5.0] * 30), blocks, range(60)).lag1 == (
        pytest.approx(plain)
    )
    # As statsmodels-free algebra: residuals of a regression on both means and the line
    design = np.array([[1.0, 0.0, n] if n < 30 else [0.0, 1.0, n] for n in range(60)])
    logs = np.log(times)
    left = logs - design @ np.linalg.lstsq(design, logs, rcond=None)[0]
    pairs = [n for n in range(59) if n != 29]
    assert plain == pytest.approx(np.corrcoef(left[pairs], left[[n + 1 for n in pairs]])[0, 1])


def test_few_or_constant_times_have_no_shape() -> None:
    few = shape(drawn(FEWEST - 1), ["main"] * (FEWEST - 1), range(FEWEST - 1))
    assert (few.trials, few.variation, few.skew, few.lag1) == (FEWEST - 1, None, None, None)
    same = shape([800.0] * 40, ["main"] * 40, range(40))
    assert (same.variation, same.skew, same.lag1) == (0.0, None, None)
