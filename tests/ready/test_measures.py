"""Shares of cases, and what they lie above."""

import math

import numpy as np
import pytest

from ready.measures import APART, Measured, beside, difference, exactly, mean, share


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


def test_a_mean_has_an_interval_over_groups() -> None:
    found = mean([0.2] * 10 + [0.6] * 10, ["a"] * 10 + ["b"] * 10)
    assert (found.value, found.low, found.high) == pytest.approx((0.4, 0.2, 0.6))
    assert found.groups == 2
    assert Measured("more", found, {"no difference": exactly(0)}).not_beaten == []
    assert Measured("more", found, {"much": exactly(0.2)}).not_beaten == ["much"]


def test_what_could_not_be_measured_beats_nothing() -> None:
    nothing = exactly(float("nan"))
    assert Measured("nothing", nothing, {"no difference": exactly(0)}).faults
    assert Measured("more", exactly(1), {"nothing": nothing}).faults


def test_cases_that_differ_much_are_compared_each_with_itself() -> None:
    groups = [str(number) for number in range(40)]
    chance = np.random.default_rng(3)
    other = chance.uniform(0, 0.8, 40)
    own = other + chance.uniform(0.05, 0.1, 40)
    level, less, only_told = beside("own", own, {"a": other, "b": own}, groups, told=["b"])
    # Two intervals overlap where every single difference is above 0
    assert Measured("own", level.score, {"a": mean(other, groups)}).faults
    assert less.what == "own: minus a"
    assert less.faults == []
    assert 0.05 < less.score.low < less.score.high < 0.1
    assert only_told.faults == []
    assert next(iter(beside("b", own, {}, groups, told=[]))).score == mean(own, groups)
    (same,) = list(beside("own", own, {"b": own}, groups))[1:]
    assert same.faults


def test_what_is_yes_or_no_is_a_share() -> None:
    level, less = beside("hits", np.array([True, False]), {"none": [False, False]}, ["a", "b"])
    assert level.score == share([True, False], ["a", "b"])
    assert less.score.value == 0.5
