"""A study of every paradigm is analysed from its own rows, and its bundle says the same."""

import io
import json
from typing import Any

import numpy as np
import pytest
from django.core.files.storage import default_storage

from sandbox.builders import open_small_study, take_part
from sandbox.people import give, send_people
from studyapp.analyses.reports import analyse_study, study_report
from studyapp.analyses.results import results, results_json
from studyapp.analyses.sources import tidy_study
from studyapp.analyses.summary import summary
from studyapp.models import Explanation, Judgment
from studyapp.paradigms import PARADIGMS
from studyapp.paradigms.analysis import analysis_of
from studyapp.paradigms.measures import unscored
from studyapp.paradigms.pointing.analysis import point_scores
from studyapp.participations.answering import current_trial
from tests.analyses.answered import ITEMS, answered_study

pytestmark = pytest.mark.django_db


def own_results(paradigm: str, **block: Any) -> dict[str, Any]:
    found = results(tidy_study(answered_study(paradigm, **block)))
    return json.loads(results_json(found))


def test_every_paradigm_that_is_scored_is_measured() -> None:
    scored = {name for name in PARADIGMS if analysis_of(name).measure is not unscored}
    assert scored == {name for name, one in PARADIGMS.items() if one.is_scored}


def test_reliance_counts_each_share_by_its_own_cases() -> None:
    own = own_results("reliance")["reliance"]["methods"]
    counted = {"rair": 0, "rsr": 0, "switch": 0}
    finals = {
        (one.participation_id, one.trial.stimulus_id): one.value
        for one in judgments("final")
    }  # fmt: skip
    for one in judgments("first"):
        order, facts = one.trial.option_order, one.trial.stimulus.facts
        first, final = order[one.value], order[finals[one.participation_id, one.trial.stimulus_id]]
        is_wrong, is_advised_well = first != facts["right"], facts["advice"] == facts["right"]
        counted["rair"] += is_wrong and is_advised_well and final == facts["advice"]
        counted["rsr"] += not is_wrong and not is_advised_well and final == first
        counted["switch"] += first != facts["advice"] and final == facts["advice"]
    found = {name: sum(one[name]["count"] for one in own.values()) for name in counted}
    assert found == counted
    assert counted["rair"] > 0


def judgments(stage: str) -> list[Judgment]:
    rows = Judgment.objects.filter(trial__stage=stage).select_related("trial__stimulus")
    return list(rows)


def test_one_step_reliance_tells_wrong_answers_that_were_accepted() -> None:
    own = own_results("reliance", steps="one")["reliance"]["methods"]
    wrong = [one for one in judgments("main") if not one.trial.stimulus.facts["accept"]]
    accepted = sum(one.value for one in wrong)
    assert sum(one["accept_wrong"]["n"] for one in own.values()) == len(wrong) > 0
    assert sum(one["accept_wrong"]["count"] for one in own.values()) == accepted


def test_the_second_question_of_distinction_has_its_own_score() -> None:
    found = own_results("distinction")
    right = sum(
        one.trial.option_order[one.data["correct"]] == one.trial.stimulus.facts["correct"]
        for one in judgments("main")
    )
    own = found["distinction"]["truth"]["methods"]
    assert sum(one["count"] for one in own.values()) == right > 0
    assert found["tests"]["guided_backprop"]["null"] == 0.25
    assert set(found["distinction"]["truth"]["by_stratum"]) == {
        "prediction_right",
        "prediction_wrong",
    }


def test_clicks_are_scored_on_the_stored_map() -> None:
    found = own_results("pointing")
    expected = []
    for one in judgments("main"):
        use = one.trial.stimulus.overlays.get(condition=one.trial.condition)
        row = use.overlay.explanation
        with default_storage.open(row.map_file) as file:
            values = np.load(io.BytesIO(file.read()))["map"]
        expected.append(point_scores(values, one.data["point"])[0])
    mean = sum(one["mean"] * one["n"] for one in found["methods"].values()) / found["n"]
    assert mean == pytest.approx(np.mean(expected))
    assert found["bounds"] == [0, 100]
    assert sum(one["n"] for one in found["pointing"]["nss"].values()) == found["n"] == 32


def test_trust_and_distrust_of_a_questionnaire_are_never_compared_or_merged() -> None:
    found = own_results("questionnaire")
    assert set(found["methods"]) == {"trust", "distrust"}
    assert (found["contrasts"], found["images"]) == ([], None)
    data = [one.data for one in judgments("questionnaire")]
    distrust = np.mean([one[f"item_{number}"] for one in data for number in range(1, 6)])
    assert found["methods"]["distrust"]["mean"] == pytest.approx(distrust)


def test_statements_about_an_explanation_are_compared_each_by_itself() -> None:
    found = own_results("rating")
    pairs = {(one["a"].split(", ")[1], one["b"].split(", ")[1]) for one in found["contrasts"]}
    assert pairs == {("item_1", "item_1"), ("item_2", "item_2")}


def rated_block(name: str, points: int, **options: Any) -> dict[str, Any]:
    return {"name": name, "paradigm": "rating", "trials": 2, "stimuli": 2, "points": points,
            "items": [f"Statement of {name}."], **options}  # fmt: skip


def test_statements_of_two_blocks_are_never_pooled_and_keep_their_scales() -> None:
    blocks = [rated_block("clear", 5), rated_block("useful", 7)]
    study = open_small_study(blocks=blocks, people=4, stimuli=4, conditions=1)
    for number in range(4):
        person = take_part(study, f"person-{number}")
        while (trial := current_trial(person)) is not None:
            value = {"clear": 5, "useful": 1}[trial.block]
            give(person, value)
    tidy = tidy_study(study)
    found = results(tidy)
    assert {name: (one["n"], one["mean"]) for name, one in found["methods"].items()} == {
        "guided_backprop, clear": (8, 5.0), "guided_backprop, useful": (8, 1.0),
    }  # fmt: skip
    assert found["contrasts"] == []
    assert tidy.limits_of("guided_backprop, clear") == (1, 5)
    assert tidy.limits_of("guided_backprop, useful") == (1, 7)
    assert set(found["alpha"]["scales"]) == {"clear", "useful"}
    assert any("Statement of clear.”, 1 to 5" in note for note in found["notes"])


def test_the_reference_comes_first_among_the_statements_of_all_conditions() -> None:
    study = open_small_study(
        blocks=[rated_block("one", 5, items=ITEMS[:2])], people=4, stimuli=4,
        analysis={"reference": "guided_grad_cam"},
    )  # fmt: skip
    send_people(study, 4, paradigm="rating")
    found = results(tidy_study(study))
    assert [one["b"] for one in found["contrasts"]] == [
        "guided_grad_cam, item_1", "guided_grad_cam, item_2"
    ]  # fmt: skip


def test_reliance_in_one_step_and_in_two_is_analysed_apart_and_whole() -> None:
    blocks = [
        {"name": steps, "paradigm": "reliance", "trials": 2, "steps": steps, "stimuli": 2}
        for steps in ("one", "two")
    ]
    study = open_small_study(blocks=blocks, people=4, stimuli=4, conditions=1)
    send_people(study, 4, paradigm="reliance")
    found = results(tidy_study(study))
    assert found["n"] == 16
    nulls = {name: found["tests"][name]["null"] for name in found["methods"]}
    assert nulls == {"guided_backprop, one step": 0.5, "guided_backprop, two steps": 0.25}
    own = found["reliance"]["methods"]
    assert "accept_wrong" in own["guided_backprop, one step"]
    assert "rair" in own["guided_backprop, two steps"]
    assert found["contrasts"] == []
    assert study_report(study).html.count("guided_backprop, one step") > 1


def test_the_condition_without_explanation_is_the_baseline_of_meta_prediction() -> None:
    study = answered_study("meta_prediction")
    study.definition["conditions"][1]["method"] = "none"
    own = results(tidy_study(study))["meta_prediction"]
    assert own["baseline"] == "guided_grad_cam"
    assert list(own["utility"]["guided_backprop"]["by_session"]) == ["1"]


@pytest.mark.parametrize("paradigm", ["open_text", "custom"])
def test_answers_without_a_score_are_told_in_a_sentence(paradigm: str) -> None:
    study = answered_study(paradigm)
    found = analyse_study(study)[paradigm]
    assert found["methods"] == {}
    assert f"{paradigm} has no score: " in found["notes"][0]
    assert next(summary(found)) == f"{paradigm}: no scored judgments"
    assert "has no score: " in study_report(study).html


def test_lost_maps_are_counted_and_their_clicks_left_out() -> None:
    study = answered_study("pointing")
    Explanation.objects.update(map_file="")
    found = results(tidy_study(study))
    assert found["n"] == 0
    assert found["notes"][0] == "32 clicks are left out because their maps were not kept"


@pytest.mark.parametrize("paradigm", ["trust", "discrimination"])
def test_trials_that_are_asked_again_are_compared_by_their_outcome(paradigm: str) -> None:
    study = answered_study(paradigm, repeats=2)
    again = Judgment.objects.filter(trial__stage="repeat").select_related("trial__stimulus")
    same = 0
    for one in again:
        first = Judgment.objects.get(
            participation=one.participation_id,
            trial__stimulus=one.trial.stimulus_id,
            trial__condition=one.trial.condition_id,
            trial__stage="main",
        )
        same += first.trial.score(first.value) == one.trial.score(one.value)
    found = results(tidy_study(study))["repeats"]
    assert (found["n"], found["same"]) == (16, same)
    assert (
        f"16 trials were repeated with sides or buttons swapped: {same} had"
        in study_report(study).html
    )
