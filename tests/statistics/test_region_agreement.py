"""α of regions against NLTK, against our own interval α, and against a loop over all pairs."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studyapp.statistics.labels import Floats, Integers
from studyapp.statistics.region_agreement import (
    Difference,
    _Pairs,
    jaccard,
    krippendorff_by,
    mean_similarity,
)
from studyapp.statistics.reliability import krippendorff

ORACLE = json.loads(Path(__file__).with_name("oracles").joinpath("regions.json").read_text())


def sets_of(rows: list[Any]) -> np.ndarray[Any, Any]:
    made = np.zeros((len(rows), 36), dtype=bool)
    for place, (_, _, cells) in enumerate(rows):
        made[place, cells] = True
    return made


def squared(values: list[float]) -> Difference:
    y = np.array(values)

    def difference(some: Integers, others: Integers) -> Floats:
        found: Floats = (y[some][:, None] - y[others][None, :]) ** 2
        return found

    return difference


def slow_alpha(sets: list[set[int]], units: list[Any]) -> float:
    """Krippendorff (2011), pair by pair."""
    pairable = [place for place, unit in enumerate(units) if units.count(unit) > 1]

    def distance(one: int, other: int) -> float:
        return 1 - len(sets[one] & sets[other]) / len(sets[one] | sets[other])

    n = len(pairable)
    observed = sum(
        distance(one, other) / (units.count(units[one]) - 1)
        for one in pairable
        for other in pairable
        if one != other and units[one] == units[other]
    )
    expected = sum(distance(one, other) for one in pairable for other in pairable)
    return 1 - (observed / n) / (expected / (n * (n - 1)))


def test_alpha_of_regions_is_that_of_nltk() -> None:
    rows = ORACLE["rows"]
    people, photos = [row[0] for row in rows], [row[1] for row in rows]
    found = krippendorff_by(jaccard(sets_of(rows)), photos, people)
    assert found.value == pytest.approx(ORACLE["alpha"], abs=1e-6)
    assert found.value == pytest.approx(slow_alpha([set(row[2]) for row in rows], photos))
    assert found.low < found.value < found.high


def test_of_squared_differences_it_is_the_interval_alpha_with_the_same_interval() -> None:
    random = np.random.default_rng(3)
    units = random.integers(0, 9, 60).tolist()
    people = random.integers(0, 8, 60).tolist()
    values = (np.array(units) + random.normal(0, 2, 60)).tolist()
    found = krippendorff_by(squared(values), units, people)
    known = krippendorff(values, units, people, "interval")
    assert (found.value, found.low, found.high) == pytest.approx(
        (known.value, known.low, known.high)
    )


@pytest.mark.parametrize("of", ["unit", "person"])
def test_what_is_left_out_is_as_if_it_had_never_been_there(of: str) -> None:
    # Two people marked the first photo: without one of them the other is alone with it.
    first = [row for row in ORACLE["rows"] if row[1] == 0][:2]
    rows = [*first, *(row for row in ORACLE["rows"] if row[1] not in (0, 6))]
    people, photos = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    whole = _Pairs(jaccard(sets_of(rows)), np.arange(len(rows)), photos, people)
    labels = photos if of == "unit" else people
    found = (whole.without_units() if of == "unit" else whole.without_people()).alpha
    for label in range(int(labels.max()) + 1):
        left = [row for row, own in zip(rows, labels, strict=True) if own != label]
        again = slow_alpha([set(row[2]) for row in left], [row[1] for row in left])
        assert found[label] == pytest.approx(again)


def test_a_hand_computed_example() -> None:
    # Two photos, two people: {1,2} and {2} share one of two; {3} and {3} are the same. Observed:
    # (2·½ + 0) / 4 = ¼. Expected over 12 ordered pairs: 2·½ + 8·1 + 2·0 = 9, 9/12 = ¾. α = ⅔.
    sets = np.zeros((4, 4), dtype=bool)
    for place, cells in enumerate(([1, 2], [2], [3], [3])):
        sets[place, cells] = True
    found = krippendorff_by(jaccard(sets), ["a", "a", "b", "b"], [1, 2, 1, 2])
    assert found.value == pytest.approx(2 / 3)


def test_nobody_or_sameness_has_no_alpha_and_says_why() -> None:
    sets = np.ones((4, 9), dtype=bool)
    same = krippendorff_by(jaccard(sets), ["a", "a", "b", "b"], [1, 2, 1, 2])
    assert (same.value, same.note[:20]) == (None, "all judgments agree,")
    alone = krippendorff_by(jaccard(sets), ["a", "b", "c", "d"], [1, 2, 1, 2])
    assert alone.note == "nothing was judged by two people"
    assert krippendorff_by(jaccard(sets[:0]), [], []).value is None


def test_the_mean_overlap_of_two_people_is_told_for_each_photo() -> None:
    sets = np.zeros((4, 4), dtype=bool)
    for place, cells in enumerate(([0, 1], [1], [1, 2], [3])):
        sets[place, cells] = True
    found = mean_similarity(jaccard(sets), ["a", "a", "a", "b"])
    # ½, ⅓ and ½ of the three pairs
    assert found == {"a": (3, pytest.approx(4 / 9)), "b": (1, None)}
