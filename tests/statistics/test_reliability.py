"""Agreement among people against published examples."""

from typing import Any

import numpy as np
import pytest

from studyapp.statistics.labels import codes
from studyapp.statistics.reliability import (
    Level,
    _parts,
    _without_each_person,
    fleiss,
    krippendorff,
)

# Krippendorff, Computing Krippendorff's alpha-reliability (2011), section D: four observers, twelve
# units; nominal α = .743, ordinal .815, interval .849.
OBSERVERS = (
    (1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None),
    (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3),
    (None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None),
    (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None),
)
GIVEN = [
    (value, unit, observer)
    for observer, row in enumerate(OBSERVERS)
    for unit, value in enumerate(row)
    if value is not None
]


@pytest.mark.parametrize(
    ("level", "value"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)]
)
def test_alpha_is_that_of_krippendorffs_own_example(level: Level, value: float) -> None:
    found = krippendorff(*zip(*GIVEN, strict=True), level)
    assert found.value == pytest.approx(value, abs=0.0005)
    assert found.low < value < found.high <= 1


def test_the_two_coders_example_has_its_published_nominal_alpha() -> None:
    # Krippendorff (2011), section A: two observers, ten units, binary, α = .095
    one, other = (0, 1, 0, 0, 0, 0, 0, 0, 1, 0), (1, 1, 1, 0, 0, 1, 0, 0, 0, 0)
    coders = [*["a"] * 10, *["b"] * 10]
    found = krippendorff([*one, *other], [*range(10), *range(10)], coders, "nominal")
    assert found.value == pytest.approx(0.095, abs=0.0005)


@pytest.mark.parametrize(
    ("values", "units", "note"),
    [
        ([1, 1, 1, 1], [1, 1, 2, 2], "all judgments agree"),
        ([1, 2], [1, 2], "nothing was judged by two people"),
        ([], [], "nothing was judged by two people"),
    ],
)
def test_where_alpha_is_undefined_a_sentence_says_so(
    values: list[int], units: list[int], note: str
) -> None:
    found = krippendorff(values, units, range(len(values)), "nominal")
    assert found.value is None
    assert note in found.note


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
def test_people_who_never_disagree_leave_nothing_for_an_interval(level: Level) -> None:
    values, units = np.repeat([0.1, 0.7, 0.3], 3), np.repeat([1, 2, 3], 3)
    found = krippendorff(values.tolist(), units.tolist(), [1, 2, 3] * 3, level)
    assert found.value == pytest.approx(1)
    assert (found.low, found.high) == (None, None)
    assert "nobody ever disagreed" in found.note


def test_one_unit_has_a_value_and_no_interval() -> None:
    found = krippendorff([1, 2, 2], [1, 1, 1], [1, 2, 3], "nominal")
    assert (found.low, found.high) == (None, None)
    assert "no interval" in found.note


SPREAD = 0.7


def judged(random: np.random.Generator, people: int, units: int) -> tuple[Any, Any, Any]:
    """Values by everybody of everything; people and units both differ by SPREAD, noise is 1."""
    person = np.repeat(np.arange(people), units)
    unit = np.tile(np.arange(units), people)
    latent = random.normal(0, SPREAD, people)[person] + random.normal(0, SPREAD, units)[unit]
    return latent + random.normal(0, 1, len(unit)), unit, person


def test_the_interval_covers_alpha_of_other_people_and_other_units() -> None:
    truth = SPREAD**2 / (2 * SPREAD**2 + 1)
    random = np.random.default_rng(2)
    found = [krippendorff(*judged(random, 12, 40), "interval") for _ in range(400)]
    covered = sum((one.low or 0) <= truth <= (one.high or 0) for one in found)
    # Of 400 at 95 %: 363 is 4 standard errors below. Drawing units alone covered 4 of 5
    assert covered >= 363


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
def test_each_person_left_out_is_left_out_of_everything(level: Level) -> None:
    random = np.random.default_rng(4)
    y, unit, person = judged(random, 5, 6)
    y = np.clip(np.round(y), -2, 2)
    kept = random.random(len(y)) < 0.7
    y, unit, person = y[kept], unit[kept], person[kept]
    several = np.isin(unit, [one for one in set(unit) if (unit == one).sum() > 1])
    y, unit, person = y[several], codes(unit[several]), codes(person[several])
    each, terms, alpha = _parts(y, level)
    left_out = alpha(_without_each_person(each, unit, person, terms))
    for one in range(5):
        rest = person != one
        again = krippendorff(y[rest], unit[rest], person[rest], level)
        assert left_out[one] == pytest.approx(again.value)


def test_many_different_values_cost_no_table_of_all_pairs() -> None:
    random = np.random.default_rng(5)
    y = random.random(20_000)
    found = krippendorff(y, np.arange(20_000) % 500, np.arange(20_000) // 500, "interval")
    assert found.value == pytest.approx(0, abs=0.02)


def test_kappa_is_that_of_fleiss_psychiatric_example() -> None:
    # Fourteen raters, ten subjects, five categories; κ = .210 (the table printed in textbooks
    # after Fleiss 1971)
    table = (
        (0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1),
        (7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7),
    )  # fmt: skip
    cells = [
        (category, unit)
        for unit, row in enumerate(table)
        for category, count in enumerate(row)
        for _ in range(count)
    ]
    values, units = zip(*cells, strict=True)
    assert fleiss(values, units).value == pytest.approx(0.210, abs=0.0005)


def test_kappa_of_unequal_raters_is_refused() -> None:
    assert "same number of raters" in fleiss([1, 2, 1], [1, 1, 2]).note
