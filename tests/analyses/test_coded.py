"""Coded answers in the results: agreement after a round's end, shares once all is adjudicated."""

import json
from pathlib import Path
from typing import Any

import pytest

from studyapp.analyses.frames import study_frame
from studyapp.analyses.results import results, results_json
from studyapp.analyses.sources import tidy_study
from studyapp.analyses.tables.coding import CODES, CODINGS
from studyapp.models import Exclusion, Study
from studyapp.statistics.robust import two_way_contrast, two_way_share
from studyapp.studies.coding.readings import adjudicate, disagreements
from studyapp.studies.coding.rounds import end_round
from tests.coded import QUESTION, answered_study, begun, code_all

pytestmark = pytest.mark.django_db


def coded_of(study: Study) -> Any:
    found = results(tidy_study(study))
    assert json.loads(results_json(found))
    return found.get("coded")


def finished(study: Study, *, wrong: int = 0) -> None:
    """Coded by two, and adjudicated as “shape”."""
    round_ = begun(study)
    code_all(round_, wrong=wrong)
    end_round(round_)
    for answer in disagreements(round_.scheme):
        adjudicate(answer, ["shape"], by=None, seen=0)


def test_a_study_without_codes_says_nothing_of_them() -> None:
    assert coded_of(answered_study(people=1)) is None


def test_neither_agreement_nor_shares_are_told_while_coders_code() -> None:
    study = answered_study()
    code_all(begun(study), wrong=3)
    [found] = coded_of(study)
    assert found["coder_agreement"]["answers"] == 0
    assert found["coder_agreement"]["alpha"]["value"] is None
    assert (found["methods"], found["contrasts"]) == ({}, [])
    assert "12 answers are in a round that runs" in found["note"]


def test_shares_wait_for_the_adjudicator() -> None:
    study = answered_study()
    round_ = begun(study)
    code_all(round_, wrong=6)
    end_round(round_)
    differing = disagreements(round_.scheme).count()
    assert differing
    [found] = coded_of(study)
    assert found["coder_agreement"]["answers"] == 12
    assert found["coder_agreement"]["pairs"][0]["same"] == 12 - differing
    assert found["methods"] == {}
    assert f"about {differing} coders disagreed" in found["note"]


def test_shares_and_contrasts_are_the_robust_ones_of_the_final_codes() -> None:
    study = answered_study(people=8, trials=4, stimuli=8)
    finished(study, wrong=10)
    left_out = study.participations.earliest("pk")
    Exclusion.objects.create(participation=left_out, rule="by hand")
    [found] = coded_of(study)
    assert (found["words"], found["version"], found["exclusive"]) == (QUESTION, 1, True)
    codes = study_frame(CODES, study)
    [gone] = study_frame(CODINGS, study)["participant_id"].unique()[:1]
    tidy = tidy_study(study)
    assert tidy.coded is not None
    rows = tidy.coded.answers
    assert gone not in set(rows["participant_id"])
    assert len(codes) == 32
    assert len(rows) == 28
    has = rows["codes"].map(lambda cell: float("shape" in json.loads(cell))).to_list()
    people, images = rows["participant_id"].to_list(), rows["image"].to_list()
    [contrast] = [one for one in found["contrasts"] if one["code"] == "shape"]
    expected = two_way_contrast(has, people, images, (rows["method"] == contrast["a"]).to_list())
    assert contrast["estimate"] == pytest.approx(expected.estimate)
    assert contrast["robust95"] == pytest.approx(expected.interval)
    of = rows["method"] == contrast["a"]
    own = rows[of]
    share = two_way_share(
        [one for one, is_own in zip(has, of, strict=True) if is_own],
        own["participant_id"].to_list(),
        own["image"].to_list(),
    )
    assert found["methods"][contrast["a"]]["codes"]["shape"]["share"] == share.estimate
    assert found["methods"][contrast["a"]]["codes"]["shape"]["robust95"] == share.interval
    assert sum(one["n"] for one in found["methods"].values()) == 28
    assert "adjudicated" in found["sources"]


def test_the_last_choice_counts_and_the_adjudicators_before_it() -> None:
    study = answered_study(people=2, trials=2)
    round_ = begun(study)
    code_all(round_, wrong=4)
    end_round(round_)
    first = disagreements(round_.scheme).earliest("pk")
    for seen, code in enumerate(("shape", "colour")):
        adjudicate(first, [code], by=None, seen=seen)
    codes = study_frame(CODES, study)
    assert list(codes.loc[codes["source"] == "adjudicated", "codes"]) == ['["colour"]']
    assert codes.loc[codes["source"] == "open", "codes"].isna().all()
    assert codes.loc[codes["source"] == "agreed", "codes"].notna().all()


def test_answers_read_by_one_coder_have_their_codes_and_no_agreement() -> None:
    study = answered_study(people=4, trials=3)
    round_ = begun(study, overlap=50)
    code_all(round_)
    end_round(round_)
    [found] = coded_of(study)
    assert found["sources"] == {"agreed": 6, "one coder": 6}
    assert (
        found["coder_agreement"]["answers"] == found["coder_agreement"]["pairs"][0]["answers"] == 6
    )
    assert found["coder_agreement"]["alpha"]["value"] == pytest.approx(1)


def test_several_codes_agree_by_masi_and_have_no_kappa_of_all() -> None:
    study = answered_study(people=2, trials=2)
    round_ = begun(study, is_exclusive=False)
    code_all(round_, wrong=2)
    end_round(round_)
    [found] = coded_of(study)
    assert found["coder_agreement"]["distance"] == "MASI"
    assert found["coder_agreement"]["pairs"][0]["kappa"] is None
    assert found["coder_agreement"]["codes"]["shape"]["kappa"][0]["value"] is not None


def test_a_bundle_gives_the_same_results_of_codes(tmp_path: Path) -> None:
    from studyapp.analyses.sources import tidy_folder
    from studyapp.exports.bundle import write_bundle
    from studyapp.studies.lifecycle import close_study

    study = answered_study()
    finished(study, wrong=5)
    close_study(study)
    folder = write_bundle(study, tmp_path / "bundle").path
    assert results_json(results(tidy_folder(folder))) == results_json(results(tidy_study(study)))
    report = (folder / "analysis" / "report.html").read_text("utf-8")
    for words in (" adjudicated</caption>", "exploratory", "Cohen’s κ, coders 1 and 2"):
        assert words in report
