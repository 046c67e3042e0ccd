"""Sites that differ or do not: against R, and by what they must say of themselves."""

import numpy as np
import pytest

from studyapp.statistics.heterogeneity import overall, welch
from studyapp.statistics.robust import two_way_contrast, two_way_within

MEANS = [0.31, 0.12, 0.55, -0.08, 0.27, 0.40]
ERRORS = [0.11, 0.15, 0.20, 0.12, 0.09, 0.25]
PEOPLE = [20, 14, 9, 25, 30, 8]


def test_the_test_of_equal_effects_is_rs_oneway_test() -> None:
    """R: oneway.test(x ~ g, d), of samples with exactly these means and standard errors."""
    found = welch(MEANS, ERRORS, [n - 1 for n in PEOPLE])
    assert found.f == pytest.approx(2.01178158179, rel=1e-9)
    assert found.df == (5, pytest.approx(31.4205345208, rel=1e-9))
    assert found.p == pytest.approx(0.10413461184, rel=1e-8)
    # R, metafor: rma(yi, sei, method = "DL")$I2 is 54.1814440822
    assert found.i2 == pytest.approx(0.541814440822, rel=1e-9)


def test_the_effect_at_large_is_metafors() -> None:
    """R, metafor 3.8: rma(yi = m, sei = se, method = "DL", test = "knha")."""
    found = overall(MEANS, ERRORS)
    told = [found.estimate, found.se, found.low, found.high, found.p, found.tau]
    assert told == pytest.approx(
        [0.22863375639, 0.0854965154075, 0.00885796687269, 0.448409545906, 0.0441263745276,
         0.145685819959],
        rel=1e-9,
    )  # fmt: skip


def test_equal_effects_do_not_differ() -> None:
    found = welch([0.3, 0.3], [0.1, 0.2], [10, 20])
    assert (found.p, found.i2) == (1.0, 0.0)
    assert overall([0.3] * 5, [0.1] * 5).tau == 0


def test_strata_that_differ_do_not_pass_for_an_effect() -> None:
    """One site has high means and mostly the one method: within sites nothing is left of it."""
    rng = np.random.default_rng(4)
    people = np.repeat(np.arange(40), 12)
    images = np.tile(np.arange(12), 40)
    site = (people >= 20).astype(int)
    second = rng.random(len(people)) < np.where(site, 0.8, 0.2)
    y = 2.0 * site + rng.normal(size=len(people))
    pooled = two_way_contrast(y, people.tolist(), images.tolist(), second.tolist())
    within = two_way_within(y, people.tolist(), images.tolist(), second.tolist(), site.tolist())
    assert pooled.estimate is not None
    assert within.estimate is not None
    assert pooled.estimate > 0.9
    assert abs(within.estimate) < 0.2
    # The coefficient of lm(y ~ second + factor(site))
    X = np.column_stack([second, site == 0, site == 1]).astype(float)
    assert within.estimate == pytest.approx(np.linalg.lstsq(X, y, rcond=None)[0][0])


def test_sites_that_each_have_one_method_can_not_be_told_from_it() -> None:
    found = two_way_within([1, 0, 1, 0], list("abcd"), list("xyxy"), [True, True, False, False],
                           list("ssrr"))  # fmt: skip
    assert (found.estimate, found.note) == (None, "no stratum has both of the two")
