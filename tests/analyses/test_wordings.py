"""Answers to different words are analysed apart, and a paper's numbers are not put beside them."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from sandbox.builders import open_small_study
from sandbox.people import send_people
from studyapp.analyses.disagreement import disagreements
from studyapp.analyses.reports import study_report
from studyapp.analyses.results import results, results_json
from studyapp.analyses.sources import tidy_study
from studyapp.exports.bundle import write_bundle
from studyapp.models import Explanation, MetricValue, StimulusOverlay, Study
from studyapp.studies.lifecycle import close_study
from tests.admin.desk import administrator, page_of
from tests.analyses.answered import store_map
from tests.running import python

pytestmark = pytest.mark.django_db
SEVEN = ["A +++", "A ++", "A +", "=", "B +", "B ++", "B +++"]
PAPER = "Grad-CAM paper (other networks and photos)"


def asked_study(paradigm: str, *own: dict[str, Any], **options: Any) -> Study:
    blocks = [
        {"name": f"block_{number}", "paradigm": paradigm, "trials": 4, "stimuli": 4, **keys}
        for number, keys in enumerate(own, 1)
    ]
    if len(blocks) == 1:
        blocks[0].pop("stimuli")
    study = open_small_study(blocks=blocks, people=8, stimuli=4 * len(blocks), **options)
    for row in Explanation.objects.order_by("pk"):
        store_map(row)
    send_people(study, 8, paradigm=paradigm, seed=3)
    return study


def found_of(study: Study) -> dict[str, Any]:
    return dict(json.loads(results_json(results(tidy_study(study)))))


def test_blocks_in_other_words_are_scales_of_their_own() -> None:
    found = found_of(asked_study("trust", {}, {"answers": SEVEN}))
    assert set(found["methods"]) == {
        "guided_backprop, built-in words", "guided_backprop, block_2",
        "guided_grad_cam, built-in words", "guided_grad_cam, block_2",
    }  # fmt: skip
    assert len(found["methods"]["guided_backprop, block_2"]["counts"]) == 7
    assert len(found["methods"]["guided_backprop, built-in words"]["counts"]) == 5
    pairs = {(one["a"], one["b"]) for one in found["contrasts"]}
    assert all(a.partition(", ")[2] == b.partition(", ")[2] for a, b in pairs)
    assert set(found["alpha"]["scales"]) == {"built-in words", "block_2"}


def test_blocks_in_the_same_own_words_are_one() -> None:
    own = {"answers": SEVEN}
    found = found_of(asked_study("trust", own, own))
    assert set(found["methods"]) == {"guided_backprop", "guided_grad_cam"}
    assert set(found["wordings"]) == {"block_1 and block_2"}


def test_a_papers_numbers_stand_beside_the_built_in_words_only() -> None:
    own = asked_study("trust", {"question": "Whom would you choose?"})
    assert PAPER not in study_report(own).html
    assert "The words of block_1 are the study&#x27;s own" in study_report(own).html
    plain = asked_study("trust", {}, slug="plain")
    assert PAPER in study_report(plain).html
    assert "wordings" not in found_of(plain)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("paradigm", "own"),
    [
        ("trust", ({"answers": SEVEN},)),
        ("trust", ({}, {"answers": ["A", "B"], "points": 4})),
        ("agreement", ({"answers": ["wrong", "right"], "points": 6}, {})),
        ("pointing", ({"question": "Where?"}, {})),
    ],
)
def test_a_bundle_in_own_words_is_recalculated_and_comes_back(
    paradigm: str, own: tuple[dict[str, Any], ...], tmp_path: Path, settings: Any
) -> None:
    study = asked_study(paradigm, *own)
    close_study(study)
    told = results_json(results(tidy_study(study)))
    bundle = write_bundle(study, tmp_path / "bundle").path
    assert (bundle / "analysis" / "results.json").read_text("utf-8") == told
    done = python("-I", bundle / "analysis" / "reanalyse.py")
    assert "everything is as in the results" in done.stdout, done.stdout + done.stderr
    call_command("flush", interactive=False, verbosity=0)
    settings.MEDIA_ROOT = str(tmp_path / "another-media")
    call_command("import_bundle", str(bundle), verbosity=0)
    assert results_json(results(tidy_study(Study.objects.get()))) == told


def test_utility_is_against_the_baseline_in_the_same_words() -> None:
    study = asked_study("meta_prediction", {}, {"question": "What will it answer?"})
    found = found_of(study)
    own = found["meta_prediction"]
    assert own["baseline"] == "guided_backprop, block_2 and guided_backprop, built-in words"
    assert set(own["utility"]) == {"guided_grad_cam, block_2", "guided_grad_cam, built-in words"}
    for words in ("block_2", "built-in words"):
        shares = {
            name: found["methods"][f"{name}, {words}"]["accuracy"]
            for name in ("guided_backprop", "guided_grad_cam")
        }
        told = own["utility"][f"guided_grad_cam, {words}"]["by_session"]["1"]
        assert told == pytest.approx(shares["guided_grad_cam"] / shares["guided_backprop"])


def test_nothing_is_pooled_over_wordings() -> None:
    study = asked_study("trust", {"repeats": 2}, {"answers": SEVEN, "repeats": 2})
    MetricValue.objects.bulk_create(
        MetricValue(use=use, metric="deletion_auc", value=use.stimulus.position)
        for use in StimulusOverlay.objects.filter(stimulus__study=study)
    )
    found = found_of(study)
    assert found["automatic"]["metrics"]["deletion_auc"]["pooled"] is None
    assert found["repeats"].keys() == {"n", "same", "methods"}
    report = study_report(study).html
    assert "Pooled over all methods" not in report
    assert "<h3>Stimuli</h3>" in report
    for one in disagreements(study, "deletion_auc").values():
        assert one.of <= 4
    page = administrator().get(page_of(study, "study_gallery")).content.decode()
    assert "built-in words: mean score" in page
    assert "block_2: mean score" in page
