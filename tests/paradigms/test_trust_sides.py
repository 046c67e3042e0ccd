"""Trust between any two conditions: what people see, and what is made of their answers."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from django.core.management import call_command

from sandbox.builders import open_small_study
from sandbox.people import send_people
from studyapp.analyses.preregistration import BETWEEN_SIDES, frozen_preregistration
from studyapp.analyses.reports.sections import section
from studyapp.analyses.results import results, results_json
from studyapp.analyses.sources import tidy_study
from studyapp.exports.bundle import write_bundle
from studyapp.exports.rebuilding import import_bundle
from studyapp.models import Side, Study, Trial
from studyapp.paradigms.trust.analysis import ANALYSIS, SEVERAL_WORDINGS
from studyapp.sections.meetings import meeting, members
from studyapp.studies.definition.study import study_definition
from studyapp.studies.lifecycle import close_study
from studyapp.views.trials import pictures_of
from tests.analyses.oracles import oracle
from tests.running import python

METHODS = ("grad_cam", "occlusion", "deconvnet")
SMALL: dict[str, Any] = {
    "people": 6,
    "stimuli": 6,
    "conditions": [{"name": name, "method": name} for name in METHODS],
    "blocks": [
        {
            "name": "main",
            "paradigm": "trust",
            "trials": 6,
            "compare": [["grad_cam", "occlusion"], ["deconvnet", "grad_cam"]],
        }
    ],
}


def scores_of(frame: pd.DataFrame) -> pd.DataFrame:
    """The oracle's comparisons as scores of trust: how clearly people answer changes nothing."""
    strength = [1 + number % 2 for number in range(len(frame))]
    return pd.DataFrame(
        {
            "participant": frame["participant"],
            "image": frame["image"],
            "method": [meeting(two) for two in zip(frame["first"], frame["second"], strict=True)],
            "stronger_side": frame["left"].map({1: "A", 0: "B"}),
            "score": (2 * frame["result"] - 1) * strength,
        }
    )


def test_worths_of_the_sides_are_those_of_rs_bradley_terry_with_ties() -> None:
    frame, told = oracle("ties")
    scores = scores_of(frame)
    assert ANALYSIS.results is not None
    found = ANALYSIS.results(scores, sorted(set(scores["method"])), 1)
    expected = dict(told["davidson"])
    assert found["tie"]["estimate"] == pytest.approx(expected.pop("tie"), abs=2e-5)
    assert found["side"]["estimate"] == pytest.approx(expected.pop("side"), abs=2e-5)
    worths = {name: one["estimate"] for name, one in found["worths"].items() if name != "a"}
    assert worths == pytest.approx(expected, abs=2e-5)
    own = scores[scores["method"] == "a · b"]["score"]
    assert found["preferred"]["a · b"]["share"] == pytest.approx(
        ((own > 0).sum() + (own == 0).sum() / 2) / len(own)
    )
    p_values = [one["p"] for one in found["preferred"].values()]
    assert all(one["p_holm"] >= one["p"] for one in found["preferred"].values())
    assert len(p_values) == 10


def test_worths_do_not_depend_on_the_order_of_the_rows() -> None:
    scores = scores_of(oracle("ties")[0])
    assert ANALYSIS.results is not None
    names = sorted(set(scores["method"]))
    others_first = scores.sort_values("method", ascending=False)
    found = [ANALYSIS.results(one, names, 1) for one in (scores, others_first)]
    assert [one["reference"] for one in found] == ["a", "a"]


def test_a_table_without_sides_has_worths_without_their_pull() -> None:
    scores = scores_of(oracle("ties")[0]).drop(columns="stronger_side")
    assert ANALYSIS.results is not None
    assert ANALYSIS.results(scores, sorted(set(scores["method"])), 1)["side"] is None


def test_other_words_give_no_common_worth() -> None:
    scores = scores_of(oracle("ties")[0])
    half = len(scores) // 2
    scores["scale"] = ["one"] * half + ["two"] * (len(scores) - half)
    assert ANALYSIS.results is not None
    found = ANALYSIS.results(scores, sorted(set(scores["method"])), 1)
    assert found["refused"] == SEVERAL_WORDINGS
    assert "worths" not in found


def test_where_a_network_is_called_stronger_nothing_is_added() -> None:
    scores = scores_of(oracle("ties")[0]).assign(method="grad_cam")
    assert ANALYSIS.results is not None
    assert ANALYSIS.results(scores, ["grad_cam"], 1) == {}
    assert ANALYSIS.results(scores.head(0).astype({"method": "string"}), [], 1) == {}


@pytest.mark.django_db
def test_both_sides_stand_where_the_design_has_them_and_count_by_name() -> None:
    study = open_small_study(**SMALL)
    _refuse_wrong_sides(study)
    send_people(study, 6, paradigm="trust", seed=3)
    found = results(tidy_study(study))
    results_json(found)
    names = ["deconvnet · grad_cam", "grad_cam · occlusion"]
    assert list(found["methods"]) == names
    own = found["trust"]
    assert {one["n"] for one in found["methods"].values()} == {18}
    for one in own["preferred"].values():
        assert one["first"] + one["equal"] + one["second"] == 18
        assert one["p"] is not None
    assert found["notes"][0].startswith("of two conditions that stand side by side neither is")
    told = section(found, None)
    texts = " ".join(f"{figure.data} {figure}" for figure in told.figures)
    assert "first clearly" in texts
    assert "stronger" not in texts
    assert told.own_tables[0].rows[0][0] == names[0]


def _refuse_wrong_sides(study: Study) -> None:
    for one in Trial.objects.filter(slot__study=study).select_related("condition"):
        assert one.condition is not None
        pictures = pictures_of(one, study_definition(study))
        first, second = members(one.condition.name)
        codes = {
            name: study.conditions.get(name=one.condition.name)
            .overlays.get(stimulus=one.stimulus, role=f"option_{place}")
            .overlay.code
            for place, name in enumerate((first, second))
        }
        at_a, at_b = (first, second) if one.stronger_side == Side.A else (second, first)
        assert (pictures["a"], pictures["b"]) == (codes[at_a], codes[at_b])
        assert "photo" in pictures


@pytest.mark.django_db
def test_the_registered_plan_tells_who_stands_beside_whom() -> None:
    study = open_small_study(**SMALL)
    facts = {
        name: getattr(study, name)
        for name in ("definition_digest", "design_digest", "texts_digest")
    }
    facts["opened_at"] = "2027-01-01 00:00:00"
    plan = frozen_preregistration(facts, study.definition, study.certificate).plan
    assert "  - side by side, the first favoured by plus: grad_cam and occlusion; deconvn" in plan
    assert BETWEEN_SIDES in plan


@pytest.mark.django_db(transaction=True)
def test_the_bundle_tells_the_same_to_its_own_script_and_comes_back(
    tmp_path: Path, settings: Any
) -> None:
    # Beside two that are compared one whose networks are: it is in no worth
    block = {**SMALL["blocks"][0], "conditions": ["grad_cam"]}
    study = open_small_study(**{**SMALL, "blocks": [block]})
    send_people(study, 6, paradigm="trust", seed=3)
    told = results_json(results(tidy_study(study)))
    assert json.loads(told)["trust"]["n"] == 24
    close_study(study)
    bundle = write_bundle(study, tmp_path / "bundle").path
    done = python("-I", bundle / "analysis" / "reanalyse.py")
    assert "everything is as in the results" in done.stdout, done.stdout + done.stderr
    assert "worth, grad_cam" in done.stdout or "worth, occlusion" in done.stdout
    call_command("flush", interactive=False, verbosity=0)
    settings.MEDIA_ROOT = tmp_path / "other"
    again = import_bundle(bundle)
    assert results_json(results(tidy_study(again))) == told
