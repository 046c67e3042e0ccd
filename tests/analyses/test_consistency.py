"""Scales of several items have α, ω, split halves and item-rest correlations, or say why not."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from studyapp.analyses.consistency import scale_reliability
from studyapp.analyses.reports.consistency import consistency_parts, summary_lines
from studyapp.analyses.results import results, results_json
from studyapp.analyses.sources import tidy_study
from studyapp.analyses.tidy import Tidy, tidy_file
from studyapp.paradigms.measures import Scale
from studyapp.paradigms.questionnaire.instruments import INSTRUMENTS
from studyapp.statistics.consistency import (
    Answered,
    answered,
    cronbach,
    item_rest,
    mcdonald,
    split_halves,
)
from tests.analyses.answered import answered_study
from tests.analyses.oracles import FOLDER


def of_people(values: Any) -> Answered:
    people = list(range(len(values)))
    return answered(values, people, people)


def oracle() -> tuple[np.ndarray, dict[str, Any]]:
    frame = pd.read_csv(FOLDER / "items.csv.gz")
    answers = json.loads((FOLDER / "scales.json").read_text("utf-8"))["items"]
    return frame.drop(columns="participant").to_numpy(dtype=float), answers


def test_the_coefficients_are_those_of_psych_and_factanal() -> None:
    values, told = oracle()
    found = of_people(values)
    assert cronbach(found).value == pytest.approx(told["alpha"], abs=1e-9)
    assert mcdonald(found).value == pytest.approx(told["omega"], abs=2e-6)
    assert mcdonald(found).value == pytest.approx(told["omega_by_psych"], abs=2e-6)
    assert item_rest(found) == pytest.approx(told["item_rest"], abs=1e-9)
    halves = split_halves(found)
    assert (halves.mean, halves.least, halves.most) == pytest.approx(
        tuple(told["halves"][name] for name in ("mean", "least", "most")), abs=1e-9
    )
    assert (halves.splits, halves.is_all) == (10, True)
    without = [cronbach(of_people(np.delete(values, item, axis=1))).value for item in range(6)]
    assert without == pytest.approx(told["without"], abs=1e-9)


@pytest.mark.parametrize("of", [cronbach, mcdonald])
def test_intervals_are_as_wide_as_a_jackknife_of_whole_fits_says(of: Any) -> None:
    values, _ = oracle()
    found = of(of_people(values))
    logs = [np.log(1 - of(of_people(np.delete(values, row, axis=0))).value) for row in range(60)]
    spread = np.sqrt(59 / 60 * np.square(np.array(logs) - np.mean(logs)).sum())
    half = (np.log(1 - found.low) - np.log(1 - found.high)) / 2
    assert half == pytest.approx(spread * 2.0010, rel=1e-4 if of is cronbach else 0.03)


def test_rows_of_one_person_count_as_one_cluster() -> None:
    values, _ = oracle()
    people = np.repeat(np.arange(12), 5).tolist()
    alone = cronbach(answered(values, range(60), range(60)))
    together = cronbach(answered(np.repeat(values[:12], 5, axis=0), people, people))
    assert together.high - together.low > 1.5 * (alone.high - alone.low)


@pytest.mark.parametrize("items", [4, 5, 7])
def test_parallel_items_have_one_reliability_however_they_are_split(items: int) -> None:
    # Equal variances 1 and covariances ½: Spearman and Brown's formula gives α for every split
    root = np.linalg.cholesky(np.full((items, items), 0.5) + 0.5 * np.eye(items))
    raw = np.random.default_rng(1).normal(size=(200, items))
    raw = raw - raw.mean(axis=0)
    white = raw @ np.linalg.inv(np.linalg.cholesky(np.cov(raw, rowvar=False))).T
    found = of_people(white @ root.T)
    halves = split_halves(found)
    alpha = items * 0.5 / (1 + (items - 1) * 0.5)
    told = (halves.least, halves.mean, halves.most, cronbach(found).value, mcdonald(found).value)
    assert told == pytest.approx((alpha,) * 5, abs=1e-5)


def test_within_people_a_leaning_to_high_answers_is_gone() -> None:
    random = np.random.default_rng(2)
    people = np.repeat(np.arange(30), 10)
    lean = 2 * random.normal(size=30)[people]
    values = lean[:, None] + random.normal(size=(300, 4))
    found = answered(values, people.tolist(), np.tile(np.arange(10), 30).tolist())
    assert cronbach(found).value > 0.9
    assert cronbach(found.without_levels()).value == pytest.approx(0, abs=0.15)


def of_questionnaire(items: int, words: list[str] | None = None, **block: Any) -> Tidy:
    random = np.random.default_rng(5)
    people = [f"p{number}" for number in range(40)]
    traits = random.normal(size=40)
    answers = pd.DataFrame(
        [
            {"participant": who, "image": who, "method": "everything", "block": "after",
             "stage": "questionnaire", "question": f"item_{item}", "unit": None, "declined": False,
             "value": float(np.clip(round(4 + trait + random.normal()), 1, 7))}
            for who, trait in zip(people, traits, strict=True) for item in range(1, items + 1)
        ]
    )  # fmt: skip
    frame = pd.DataFrame(
        {"participant": people, "image": people, "value": 3.0, "scale": "item_1",
         "condition": "main", "method": "item_1"}
    )  # fmt: skip
    own = {
        "name": "after", "paradigm": "questionnaire", "points": 7,
        "items": words or [f"Statement {number}." for number in range(1, items + 1)], **block,
    }  # fmt: skip
    return Tidy(
        frame, "questionnaire", "value", null=None, about_photos=False, answers=answers,
        definition={"blocks": [own], "arms": []}, scales={"item_1": Scale((1, 7))},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("items", "words", "has_omega"),
    [(2, "too short for ω and for split halves", False), (3, "three items are too short", True)],
)
def test_a_scale_that_is_too_short_says_so(items: int, words: str, has_omega: bool) -> None:
    (found,) = scale_reliability(of_questionnaire(items))
    assert words in found["note"]
    assert found["alpha"]["low"] < found["alpha"]["value"] < found["alpha"]["high"]
    assert (found["omega"]["value"] is not None) == has_omega
    assert found["split_half"] is None
    assert found["within_people"] is None


def test_the_items_of_an_index_need_not_go_together() -> None:
    words = list(INSTRUMENTS["nasa_tlx"].words)
    (found,) = scale_reliability(of_questionnaire(6, words, instrument="nasa_tlx"))
    assert found["alpha"] is None
    assert "sources of load" in found["note"]


def test_an_item_that_was_not_turned_is_named() -> None:
    tidy = of_questionnaire(5)
    turned = tidy.answers["question"] == "item_3"
    tidy.answers.loc[turned, "value"] = 8 - tidy.answers.loc[turned, "value"]
    (found,) = scale_reliability(tidy)
    assert "item_3 run" in found["note"]
    assert found["item_rest"]["item_3"] < 0


def test_pages_on_which_an_item_was_declined_are_left_out_and_counted() -> None:
    tidy = of_questionnaire(4)
    tidy.answers.loc[5, "value"] = np.nan
    (found,) = scale_reliability(tidy)
    assert (found["n"], found["incomplete"]) == (39, 1)


def test_a_table_from_elsewhere_names_its_items(tmp_path: Path) -> None:
    random = np.random.default_rng(6)
    rows = [
        {"participant": f"p{who}", "image": f"i{what}", "method": "ab"[(who + what) % 2],
         "item": item, "value": int(random.integers(1, 6))}
        for who in range(12) for what in range(6) for item in ("clear", "fair", "useful", "short")
    ]  # fmt: skip
    path = tmp_path / "table.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    found = results(tidy_file(path, paradigm="rating"))
    (told,) = found["scale_reliability"]
    assert (told["scale"], told["n"]) == ("the items", 72)
    assert told["items"] == ["clear", "fair", "short", "useful"]
    assert [one["scale"] for one in found["ordinal"]] == told["items"]


@pytest.mark.django_db
def test_a_rating_has_its_statements_as_one_scale_within_people_too() -> None:
    study = answered_study("rating", items=[f"It is {word}." for word in ("a", "b", "c", "d")])
    found = results(tidy_study(study))
    results_json(found)
    (told,) = found["scale_reliability"]
    assert (told["unit"], told["n"], told["people"]) == ("person × photo", 32, 8)
    assert told["within_people"]["alpha"]["value"] is not None
    (part,) = consistency_parts(found)
    assert "a row is one person × photo" in part.sentences[0]
    assert any("Cronbach’s α" in line for line in summary_lines(found))
