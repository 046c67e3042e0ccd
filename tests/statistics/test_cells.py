"""Contrasts of cells and of slopes against R's sandwich, and against the contrast of two."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from studyapp.statistics.cells import Cells, cell_contrast, cells_of, joint_test
from studyapp.statistics.lines import TwoLines, two_lines
from studyapp.statistics.robust import two_way_contrast
from tests.analyses.oracles import oracle

LEVELS = ("low", "middle", "high")


def cells(frame: pd.DataFrame, values: str, level: "pd.Series[Any]", count: int) -> Cells:
    """Method a's levels, then method b's."""
    cell = (frame["method"] == "b").to_numpy() * count + level.to_numpy()
    return cells_of(frame[values].to_numpy(), frame["participant"], frame["image"], cell)


def test_the_variance_is_not_less_than_that_of_the_people_whom_a_moderator_belongs_to() -> None:
    _, rows, told = moderated()
    assert told["by_people"] > told["high_middle"]["se"]
    found = cell_contrast(replace(rows, of=0), interaction(1, 2))
    assert found.se == pytest.approx(told["by_people"], rel=1e-9)


def moderated() -> tuple[pd.DataFrame, Cells, dict[str, Any]]:
    frame, told = oracle("moderated")
    return frame, cells(frame, "correct", frame["expertise"].map(LEVELS.index), 3), told


def interaction(low: int, high: int) -> list[int]:
    weights = np.zeros((2, 3), dtype=int)
    weights[0, [low, high]], weights[1, [low, high]] = (1, -1), (-1, 1)
    return weights.ravel().tolist()


def test_a_contrast_of_two_cells_is_the_contrast_of_two_methods() -> None:
    frame, _ = oracle("moderated")
    second = (frame["method"] == "b").to_numpy()
    columns = frame["correct"], frame["participant"], frame["image"]
    one = cell_contrast(cells_of(*columns, second.astype(int)), [-1, 1])
    other = two_way_contrast(*columns, second)
    assert (one.estimate, one.se, one.df, one.p) == pytest.approx(
        (other.estimate, other.se, other.df, other.p), rel=1e-12
    )


@pytest.mark.parametrize(("name", "low"), [("high_low", 0), ("high_middle", 1)])
def test_a_difference_of_differences_is_that_of_r(name: str, low: int) -> None:
    _, rows, told = moderated()
    found = cell_contrast(rows, interaction(low, 2))
    assert (found.estimate, found.se) == pytest.approx(
        (told[name]["estimate"], told[name]["se"]), rel=1e-9
    )
    assert 28 < found.clusters < 30


def test_the_joint_test_is_rs_wald_statistic_with_hotellings_correction() -> None:
    _, rows, told = moderated()
    found = joint_test(rows, np.array([interaction(0, 1), interaction(0, 2)]))
    eta = found.df[1] + 1 if found.df else 0
    assert 28 < eta < 30
    assert found.df == (2, eta - 1)
    assert pytest.approx(told["wald"] * (eta - 1) / (eta * 2), rel=1e-9) == found.F


@pytest.mark.parametrize("column", ["age", "order"])
def test_a_difference_of_slopes_is_that_of_r_leaving_out_one_after_the_other(column: str) -> None:
    frame, told = oracle("moderated")
    found = of_lines(frame, column).slope_difference()
    assert (found.estimate, found.se) == pytest.approx(
        (told[column]["estimate"], told[column]["se"]), rel=1e-9
    )


def test_the_difference_at_a_place_lies_on_both_lines() -> None:
    lines = of_lines(oracle("moderated")[0], "age")
    at = [lines.difference_at(place).estimate or 0 for place in (30.0, 31.0)]
    assert at[1] - at[0] == pytest.approx(lines.slope_difference().estimate, rel=1e-9)


def test_a_slope_that_one_person_carries_has_no_interval() -> None:
    frame, _ = oracle("moderated")
    alone = frame.assign(age=(frame["participant"] == "p01").astype(float))
    found = of_lines(alone, "age").slope_difference()
    assert (found.interval, found.p) == (None, None)
    assert found.note == "too little for an interval: it rests on a single person"


def of_lines(frame: pd.DataFrame, column: str) -> TwoLines:
    columns = (frame[name] for name in ("correct", "participant", "image"))
    return two_lines(*columns, frame["method"] == "b", frame[column])


def test_a_moderator_of_the_photo_rests_on_the_photos_of_its_levels() -> None:
    frame, told = oracle("moderated")
    found = cell_contrast(cells(frame, "correct", frame["right"], 2), [1, -1, -1, 1])
    assert (found.estimate, found.se) == pytest.approx(
        (told["photo"]["estimate"], told["photo"]["se"]), rel=1e-9
    )
    fewer = frame[(frame["right"] == 0) | (frame["image"].isin(["i02", "i04", "i06"]))]
    bare = cell_contrast(cells(fewer, "correct", fewer["right"], 2), [1, -1, -1, 1])
    assert bare.p is None
    assert bare.interval is not None
    assert "effective photos" in bare.note
    assert "at each level" in bare.note


def test_a_difference_of_d_primes_is_that_of_r_by_the_delta_method() -> None:
    frame, told = oracle("noticed")
    rows = cells(frame, "said", 1 - frame["prediction_right"], 2)
    found = cell_contrast(rows, [1, -1, -1, 1], link="probit")
    assert (found.estimate, found.se) == pytest.approx(
        (told["marginal"]["estimate"], told["marginal"]["se"]), rel=1e-7
    )


def test_no_direction_of_the_joint_variance_lies_below_the_floor() -> None:
    random = np.random.default_rng(5)
    people, images = np.repeat(np.arange(12), 12), np.tile(np.arange(12), 12)
    cell = random.integers(0, 4, 144)
    # Effects that alternate within every person and photo take the two-way part below 0
    y = (-1.0) ** (people + images) + 0.01 * random.normal(size=144)
    rows = cells_of(y, people, images, cell)
    found = joint_test(rows, np.array([[1, -1, 0, 0], [0, 0, 1, -1]]))
    assert found.F is not None
    assert 0 <= found.F < 3


def test_what_has_no_limit_or_no_cell_is_said_and_not_a_number() -> None:
    y, people, images = [1, 1, 0, 1, 0, 1], [1, 2, 3, 1, 2, 3], [1, 2, 3, 3, 1, 2]
    cell = np.array([0, 0, 1, 1, 2, 2])
    rows = cells_of(y, people, images, cell)
    assert cell_contrast(rows, [1, -1, 0], link="probit").note == (
        "in one cell all judgments agree, so it has no limit"
    )
    assert cell_contrast(rows, [1, 0, 0, -1]).note == "not every cell was judged"
