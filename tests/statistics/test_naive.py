"""The naive figures against published ones, and Holm's against R."""

import pytest

from studyapp.statistics.holm import holm
from studyapp.statistics.naive import pooled_mean, wilcoxon_on_people, wilson


@pytest.mark.parametrize(
    ("right", "low", "high"),
    [
        (432, 0.4989004, 0.5674516),
        (360, 0.4105667, 0.4788467),
        (489, 0.5696059, 0.6368225),
        (496, 0.5783379, 0.6452929),
    ],
)
def test_wilson_on_the_counts_behind_grad_cams_class_discrimination(
    right: int, low: float, high: float
) -> None:
    # 53.33, 44.44, 60.37 and 61.23 % of 810 (arXiv 1610.02391, section 5.1); R:
    # prop.test(right, 810, correct = FALSE)$conf.int
    assert wilson(right, 810) == pytest.approx((low, high), abs=1e-7)


def test_nothing_judged_has_no_interval() -> None:
    assert wilson(0, 0) is None
    assert pooled_mean([1]) is None
    assert pooled_mean([2, 2, 2]) is None


def test_the_pooled_mean_is_that_of_r() -> None:
    # R: t.test(c(1, 2, 0, -1, 2, 1))$conf.int
    assert pooled_mean([1, 2, 0, -1, 2, 1]) == pytest.approx((-0.3935043, 2.0601710), abs=1e-6)


def test_wilcoxon_takes_one_mean_a_person() -> None:
    # R: wilcox.test(c(0.5, 1.5, 2, -0.25, 1))$p.value
    values = [0, 1, 1, 2, 2, 2, -0.5, 0, 1, 1]
    people = ["a", "a", "b", "b", "c", "c", "d", "d", "e", "e"]
    assert wilcoxon_on_people(values, people) == pytest.approx(0.125)
    assert wilcoxon_on_people([0, 0], ["a", "b"]) is None


def test_holm_is_that_of_r() -> None:
    # R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_a_missing_p_value_is_not_counted() -> None:
    assert holm([0.02, None, 0.5]) == pytest.approx([0.04, None, 0.5])
