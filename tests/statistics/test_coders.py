"""Agreement of coders against R: Cohen's κ by psych, α by its definition, nominal and by MASI."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studyapp.statistics.coders import coder_alpha, cohen, masi

ORACLES = Path(__file__).parent / "oracles"
FOUND: dict[str, Any] = json.loads((ORACLES / "coders.json").read_text("utf-8"))


def rows(design: str) -> list[dict[str, str]]:
    with (ORACLES / "coders.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["design"] == design]


def set_of(row: dict[str, str]) -> frozenset[str]:
    return frozenset(filter(None, row["codes"].split("|")))


def alpha(design: str, code: str | None = None) -> float | None:
    given = rows(design)
    sets = [set_of(row) if code is None else set_of(row) & {code} for row in given]
    answers, people = [row["answer"] for row in given], [row["person"] for row in given]
    return coder_alpha(sets, answers, people).value


def both(first: str, second: str) -> tuple[list[str], list[str], list[str]]:
    by_coder: dict[str, dict[str, dict[str, str]]] = {}
    for row in rows("one"):
        by_coder.setdefault(row["coder"], {})[row["answer"]] = row
    shared = [one for one in by_coder[first] if one in by_coder[second]]
    chosen = [[by_coder[coder][one]["codes"] for one in shared] for coder in (first, second)]
    return chosen[0], chosen[1], [by_coder[first][one]["person"] for one in shared]


@pytest.mark.parametrize("pair", ["1-2", "1-3", "2-3"])
def test_kappa_is_that_of_psych(pair: str) -> None:
    found = cohen(*both(*pair.split("-")))
    value, low, high = FOUND["kappa"][pair]
    assert found.value == pytest.approx(value, abs=1e-9)
    # psych's interval takes answers for independent and their number for large
    assert found.low == pytest.approx(low, abs=0.12)
    assert found.high == pytest.approx(high, abs=0.12)


def test_kappa_of_one_code_is_that_of_whether_it_was_given() -> None:
    one, other, people = both("1", "2")
    found = cohen([code == "shape" for code in one], [code == "shape" for code in other], people)
    assert found.value == pytest.approx(FOUND["kappa_of_shape"][0], abs=1e-9)


def test_alpha_is_that_of_its_definition() -> None:
    assert alpha("one") == pytest.approx(FOUND["alpha"], abs=1e-9)
    assert alpha("one", "shape") == pytest.approx(FOUND["alpha_of_shape"], abs=1e-9)
    assert alpha("several") == pytest.approx(FOUND["masi"], abs=1e-9)
    assert alpha("several", "b") == pytest.approx(FOUND["alpha_of_b"], abs=1e-9)


def test_masi_counts_a_part_more_than_an_overlap() -> None:
    ab, bc = frozenset("ab"), frozenset("bc")
    assert masi(ab, ab) == 0
    assert masi(ab, frozenset("cd")) == 1
    assert masi(ab, frozenset("a")) == pytest.approx(1 - 1 / 2 * 2 / 3)
    assert masi(ab, bc) == pytest.approx(1 - 1 / 3 * 1 / 3)
    assert masi(frozenset(), frozenset()) == 0
    assert masi(frozenset(), ab) == 1


def test_what_can_not_be_said_is_none_beside_a_sentence() -> None:
    nothing = coder_alpha([frozenset("a")], ["x"], ["p"])
    same = cohen(["a", "a"], ["a", "a"], ["p", "q"])
    perfect = cohen(["a", "b"], ["a", "b"], ["p", "q"])
    few = cohen(["a", "b", "b"] * 5, ["a", "b", "a"] * 5, [1, 2, 3, 4, 5] * 3)
    assert (nothing.value, nothing.note) == (None, "no answer was coded by two coders")
    assert same.value is None
    assert "all codes agree" in same.note
    assert (perfect.value, perfect.low) == (1, None)
    assert few.value is not None
    assert few.low is None
    assert "fewer than 6 people" in few.note


def test_the_interval_is_that_of_people_and_not_of_their_answers() -> None:
    one, other, _ = both("1", "2")
    once = cohen(one, other, range(len(one)))
    repeated = cohen(one * 4, other * 4, [*range(len(one))] * 4)
    assert repeated.value == pytest.approx(once.value)
    assert (repeated.low, repeated.high) == pytest.approx((once.low, once.high))


@pytest.mark.parametrize("answers_each", [1, 4])
def test_the_interval_covers_kappa_of_other_people(answers_each: int) -> None:
    random = np.random.default_rng(3)
    # What is meant, what two coders see of it: each right with 0.8, else the other of two codes
    truth = 0.8**2 + 0.2**2
    kappa = (truth - 0.5) / 0.5
    covered = 0
    for _ in range(400):
        tendency = np.repeat(random.choice([0.2, 0.8], 40), answers_each)
        meant = random.random(len(tendency)) < tendency
        one, other = ((random.random(len(meant)) < 0.8) == meant for _ in range(2))
        people = np.repeat(np.arange(40), answers_each)
        found = cohen(one.tolist(), other.tolist(), people.tolist())
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= kappa <= found.high
    # Of 400 at 95 %: 363 is 4 standard errors below
    assert covered >= 363
