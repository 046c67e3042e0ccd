"""Shares of cases, and what they lie above."""

import math

import numpy as np
import pytest

from ready.measures import APART, Measured, difference, exactly, mean, share


def test_a_share_is_of_cases_and_of_no_classes() -> None:
    found = share([True, False], ["a", "b"])
    assert (found.value, found.groups, found.of_classes) == (0.5, 2, ())


def test_a_share_of_no_cases_lies_above_nothing_and_nothing_above_it() -> None:
    none = share([], [])
    assert math.isnan(none.value)
    assert none.groups == 0
    assert Measured("nothing", none, {"chance": exactly(0.5)}).not_beaten == ["chance"]
    assert Measured("all", exactly(1), {"a control": none}).not_beaten == ["a control"]


def test_a_mean_or_difference_of_no_cases_is_no_number() -> None:
    for none in (mean([], []), difference([], [], [])):
        assert math.isnan(none.low)
        assert none.groups == 0


def test_groups_that_all_say_the_same_are_no_certainty() -> None:
    few, many = ([str(number) for number in range(count)] for count in (4, 400))
    for groups in (few, many):
        same = difference([0.3] * len(groups), [0.2] * len(groups), groups)
        assert same.value == pytest.approx(0.1)
        assert same.low < same.value < same.high
    assert Measured("more", difference([0.3] * 4, [0.2] * 4, few), APART).faults
    assert Measured("more", difference([1] * 400, [0] * 400, many), APART).faults == []
    half = mean([0.5] * 4, few)
    assert (half.low, half.high) == pytest.approx((0.15, 0.85), abs=0.005)  # Wilson's for 2 of 4


def test_one_group_is_no_certainty() -> None:
    alone = share(np.array([True, True, False]), ["a"] * 3)
    assert alone.low < 0.25 < 0.9 < alone.high
    one = mean([0.2, 0.4], ["a", "a"])
    assert one.low < 0.1 < 0.7 < one.high
