"""Answers on scales of 2 to 11 points have ordinal models as R fits them, and cutpoints."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from studyapp.analyses.comparisons import pairs
from studyapp.analyses.ordinal import ordinal
from studyapp.analyses.reports.ordinal import ordinal_parts, summary_lines
from studyapp.analyses.results import results, results_json
from studyapp.analyses.sources import tidy_study
from studyapp.analyses.tidy import Tidy, tidy_file
from studyapp.paradigms.measures import Scale
from studyapp.statistics.cutpoints import cutpoint_effects
from tests.analyses.answered import ITEMS, answered_study
from tests.analyses.oracles import FOLDER


def rated(points: int, folder: Path) -> dict[str, Any]:
    """The results of the oracle's ratings on a scale of so many points."""
    frame = _points(points).drop(columns="points")
    path = folder / "table.csv"
    frame.to_csv(path, index=False)
    return results(tidy_file(path, paradigm="rating"))


def _points(points: int) -> pd.DataFrame:
    frame = pd.read_csv(FOLDER / "points.csv.gz")
    return frame[frame["points"] == points]


@pytest.mark.parametrize("points", [2, 4, 5, 7, 11])
def test_a_scale_of_any_length_has_the_models_and_cutpoints_of_r(
    points: int, tmp_path: Path
) -> None:
    answers = json.loads((FOLDER / "scales.json").read_text("utf-8"))[str(points)]
    (found,) = rated(points, tmp_path)["ordinal"]
    names = ("glmer", "glmer_full") if points == 2 else ("clmm", "clmm_full")
    assert tuple(found["models"]) == names
    assert found["beside"] == names[1]
    for name in names:
        own, told = found["models"][name], answers[name]
        assert own["estimate"] == pytest.approx(told["estimate"], abs=2e-4)
        assert own["se"] == pytest.approx(told["se"], rel=2e-4)
        assert sorted(own["sd"].values()) == pytest.approx(told["sd"], abs=2e-4)
        assert own["loglik"] == pytest.approx(told["loglik"], abs=2e-4)
        assert own["chance"]["cam"]["p"] is None
    (contrast,) = found["contrasts"]
    assert [one["at"] for one in contrast["cutpoints"]] == list(range(2, points + 1))
    for one in contrast["cutpoints"]:
        told = answers["cutpoints"][f"{one['at']:g}"]
        for name in ("log_odds", "difference"):
            assert one[name]["estimate"] == pytest.approx(told[name], abs=1e-7)
            assert one[name]["se"] == pytest.approx(told[f"{name}_se"], rel=1e-6)
            assert one[name]["low"] < one[name]["estimate"] < one[name]["high"]


def test_results_of_a_rating_are_plain_and_their_robust_means_stay_first(tmp_path: Path) -> None:
    found = rated(5, tmp_path)
    assert (found["preferred"], found["beside"]) == ("robust", None)
    assert '"1|2"' in results_json(found)
    (part,) = ordinal_parts(found)
    assert "no model was chosen by it" in part.sentences[0]
    assert part.models[0].title.startswith("clmm_full, as a second opinion on the robust means")
    assert "cam − blur, 3 and above" in [row[0] for row in part.tables[0].rows]
    assert any("clmm_full, cam − blur" in line for line in summary_lines(found))


def made(values: list[int], bounds: tuple[int, int] = (1, 5)) -> Tidy:
    """Twelve people rate twelve photos by two methods in turn, on one scale."""
    who, what = np.repeat(np.arange(12), 12), np.tile(np.arange(12), 12)
    frame = pd.DataFrame(
        {
            "participant": [f"p{one}" for one in who],
            "image": [f"i{one}" for one in what],
            "method": [("a", "b")[one % 2] for one in who + what],
            "value": [float(values[(5 * one + other) % len(values)]) for one, other in
                      zip(who, what, strict=True)],
            "scale": "",
        }
    )  # fmt: skip
    return Tidy(frame, "rating", "value", null=None, bounds=bounds, scales={"": Scale(bounds)})


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([2, 2, 4, 2, 4, 4, 2], "nobody answered 1, 3, 5: a model has thresholds only between"),
        ([2, 3, 4, 2, 4, 3, 2], "nobody answered 1, 5"),
        ([3], "every answer is 3: there is nothing to fit and nothing to read"),
    ],
)
def test_categories_that_nobody_used_are_named(values: list[int], words: str) -> None:
    (found,) = ordinal(made(values), pairs(made(values)))
    assert words in found["note"]
    assert found["levels"] == [1, 2, 3, 4, 5]
    if len(set(values)) > 1:
        assert found["models"]["clmm"]["converged"]
    else:
        assert found["models"] is None


def test_a_cutpoint_that_few_answers_reach_has_no_interval_and_says_why() -> None:
    values = [1.0] * 60 + [2.0] * 60 + [5.0] * 4 + [1.0] * 20
    who = [place % 12 for place in range(144)]
    what = [place // 12 for place in range(144)]
    found = cutpoint_effects(values, who, what, [place % 2 == 0 for place in who], [2, 3, 6])
    assert found[0].log_odds.low is not None
    assert found[1].log_odds.low is None
    assert "fewer than 10 answers" in found[1].note
    assert found[2].log_odds.estimate is None


def test_answers_that_are_no_steps_are_left_to_the_robust_means() -> None:
    tidy = made([1, 2, 3, 4])
    frame = tidy.frame.assign(value=tidy.frame["value"] + 0.5)
    (found,) = ordinal(replace(tidy, frame=frame), pairs(tidy))
    assert "no steps of a scale" in found["note"]
    assert found["models"] is None


def test_a_questionnaire_crosses_people_and_items_and_turns_reversed_ones() -> None:
    random = np.random.default_rng(3)
    items = [f"item_{number}" for number in range(1, 9)]
    people = [f"p{number}" for number in range(30)]
    answers = pd.DataFrame(
        [
            {"participant": who, "image": who, "method": "everything", "block": "after",
             "stage": "questionnaire", "question": item, "unit": None, "declined": False,
             "value": int(random.integers(1, 6))}
            for who in people for item in items
        ]
    )  # fmt: skip
    frame = pd.DataFrame(
        {"participant": people, "image": people, "scale": "trust", "value": 3.0,
         "condition": ["a", "b"] * 15, "method": ["trust, a", "trust, b"] * 15}
    )  # fmt: skip
    block = {
        "name": "after", "paradigm": "questionnaire", "points": 5, "items": ITEMS[:8],
        "instrument": "trust_in_explained_systems",
    }  # fmt: skip
    tidy = Tidy(
        frame, "questionnaire", "value", null=None, about_photos=False, answers=answers,
        definition={"blocks": [block], "arms": []}, scales={"trust": Scale((1, 5))},
    )  # fmt: skip
    (found,) = ordinal(tidy, pairs(tidy))
    assert found["scale"] == "trust"
    assert set(found["models"]["clmm_full"]["sd"]) >= {"participant", "image"}
    assert "participant:method is not identified" in found["models"]["clmm_full"]["note"]
    # "I am wary of the system" is item 6: an answer of 1 counts as 5
    counted = sum(found["counts"][arm]["5"] for arm in found["counts"])
    sixth = answers["question"] == "item_6"
    own = answers["value"].where(~sixth, 6 - answers["value"])
    assert counted == int((own == 5).sum())
    assert {one["a"] for one in found["contrasts"]} == {"b"}


@pytest.mark.django_db
def test_fields_of_a_custom_page_are_compared_at_their_cutpoints() -> None:
    study = answered_study("custom", with_photos=True)
    found = results(tidy_study(study))
    assert found["ordinal"][0]["scale"] == "main: seen"
    assert found["ordinal"][0]["levels"] == [1, 2, 3, 4, 5]


@pytest.mark.django_db
def test_own_words_of_agreement_bring_the_models_of_how_surely_people_were_right() -> None:
    study = answered_study("agreement", points=6, answers=["surely wrong", "surely right"])
    (found,) = results(tidy_study(study))["ordinal"]
    assert found["levels"] == [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5]
    assert set(found["models"]) == {"clmm", "clmm_full", "clmm_side", "clmm_side_full"}
    assert "how surely people were right" in found["about"]
