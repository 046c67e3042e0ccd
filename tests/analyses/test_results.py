"""Results say what the judgments say, and a sentence where they say nothing."""

import json
import math
from typing import Any

import pytest

from studyapp.analyses.results import results, results_json
from studyapp.analyses.summary import summary
from studyapp.analyses.tidy import Tidy
from studyapp.statistics.naive import wilson
from studyapp.statistics.robust import two_way_share
from tests.analyses.tidy_tables import crossed, make_tidy


def test_accuracy_is_counted_and_its_interval_is_the_robust_one() -> None:
    tidy = make_tidy("correct", crossed("ab", "1101101"))
    found = results(tidy)["methods"]["a"]
    rows = tidy.frame[tidy.frame["method"] == "a"]
    robust = two_way_share(
        rows["correct"].to_list(), rows["participant"].to_list(), rows["image"].to_list()
    )
    assert (found["n"], found["right"]) == (len(rows), int(rows["correct"].sum()))
    assert found["accuracy"] == found["right"] / found["n"]
    assert found["robust95"] == [robust.low, robust.high]


def test_trust_has_its_mean_and_its_whole_distribution() -> None:
    rows = [("p1", "i1", "a", -2), ("p1", "i2", "a", 1), ("p2", "i1", "a", 1), ("p2", "i2", "a", 2)]
    found = results(make_tidy("score", rows))["methods"]["a"]
    assert found["mean"] == 0.5
    assert found["counts"] == {"-2": 1, "-1": 0, "0": 0, "1": 2, "2": 1}


def test_the_naive_figure_stands_beside_it_and_is_labelled() -> None:
    found = results(make_tidy("correct", crossed("a", "1101101")))
    right, n = (found["methods"]["a"][key] for key in ("right", "n"))
    assert found["naive"]["methods"]["a"]["wilson95"] == list(wilson(right, n) or ())
    assert found["naive"]["label"].startswith("naive:")
    assert any(line.startswith("    naive: Wilson") for line in summary(found))


def test_every_contrast_is_a_minus_b_and_the_reference_is_b() -> None:
    tidy = make_tidy("correct", crossed("abc", "1101101"))
    first = [(one["a"], one["b"]) for one in results(tidy)["contrasts"]]
    assert first == [("b", "a"), ("c", "a"), ("c", "b")]
    other = [(one["a"], one["b"]) for one in results(tidy.with_reference("c"))["contrasts"]]
    assert other == [("a", "c"), ("b", "c"), ("b", "a")]


STRANGE: dict[str, Tidy] = {
    "nothing": make_tidy("score", []),
    "one judgment": make_tidy("correct", [("p", "i", "a", 1)]),
    "one person": make_tidy("score", crossed("ab", "1201", people=1)),
    "one photo": make_tidy("correct", crossed("ab", "1", people=5)),
    "nobody right": make_tidy("correct", crossed("ab", "0000")),
    "all equal": make_tidy("score", crossed("ab", "2222")),
    "all in the middle": make_tidy("score", crossed("ab", "0000")),
    "methods that share nobody": make_tidy(
        "score", [("p1", "i1", "a", 1), ("p2", "i2", "b", 2), ("p3", "i3", "b", 0)]
    ),
}


def numbers(value: Any) -> list[float]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [number for one in value for number in numbers(one)]
    return [value] if isinstance(value, float) else []


@pytest.mark.parametrize("name", sorted(STRANGE))
def test_small_and_strange_data_give_sentences_and_never_a_nan(name: str) -> None:
    found = results(STRANGE[name])
    assert all(math.isfinite(number) for number in numbers(found))
    assert json.loads(results_json(found)) == found
    for method in found["methods"].values():
        assert method["robust95"] is not None or method["note"]
    assert len(list(summary(found))) >= 3


def test_a_study_without_judgments_says_so() -> None:
    assert results(STRANGE["nothing"])["notes"] == ["there are no judgments to analyse"]


def test_the_same_judgments_give_the_same_bytes() -> None:
    texts = [results_json(results(make_tidy("score", crossed("ab", "2011200")))) for _ in range(2)]
    assert texts[0] == texts[1]


def test_means_are_plain_and_no_zero_has_a_minus() -> None:
    rows = [(f"p{one}", f"i{other}", "ab"[other % 2], 1) for one in range(7) for other in range(6)]
    found = json.loads(results_json(results(make_tidy("correct", rows))))
    assert [one["accuracy"] for one in found["methods"].values()] == [1.0, 1.0]
    assert found["contrasts"][0]["estimate"] == 0.0
    flat = make_tidy("score", [(*row[:3], (-1) ** place) for place, row in enumerate(rows)])
    for text in (results_json(results(flat)), results_json(found)):
        assert "-0.0," not in text
        assert [one for one in numbers(json.loads(text)) if str(one) == "-0.0"] == []
    assert '"x": 0.0' in results_json({"x": -0.0})


def test_a_contrast_is_the_plain_difference_of_the_means() -> None:
    values = [3, 1, 4, 1, 5, 2, 2, 3, 3]
    rows = [(f"p{n % 3}", f"i{n // 3}", "ab"[n % 2], value % 2) for n, value in enumerate(values)]
    found = results(make_tidy("correct", rows))
    one = found["contrasts"][0]
    means = {name: method["accuracy"] for name, method in found["methods"].items()}
    assert one["estimate"] == means[one["a"]] - means[one["b"]]
