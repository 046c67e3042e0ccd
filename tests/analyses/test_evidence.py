"""Evidence of machines: a table, a rule that flags, and results that keep everybody."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any

import pandas as pd
import pytest

from sandbox.builders import make_definition, open_small_study
from sandbox.people import send_people
from studyapp.analyses.evidence import OUTCOME_SIDE, evidence
from studyapp.analyses.exclusions import apply_exclusions
from studyapp.analyses.flagging_plan import flagging_plan
from studyapp.analyses.frames import study_frame
from studyapp.analyses.preregistration import plan_sections
from studyapp.analyses.reports import study_report
from studyapp.analyses.results import results, results_json
from studyapp.analyses.sources import tidy_folder, tidy_study
from studyapp.analyses.summary import summary
from studyapp.analyses.tables import EVIDENCE, TABLES
from studyapp.analyses.tables.columns import participant_id
from studyapp.exports.bundle import write_bundle
from studyapp.exports.public import public_table
from studyapp.models import Evidence, Exclusion, Participation, Study
from studyapp.participations.outcomes import outcome
from studyapp.studies.definition.study import study_definition
from studyapp.studies.lifecycle import close_study
from tests.tables import rows_of

pytestmark = pytest.mark.django_db
CONDITIONS = [
    {"name": "looks", "method": "guided_backprop"},
    {"name": "other", "method": "grad_cam"},
    {"name": "same", "method": "grad_cam", "versus": "grad_cam"},
    {"name": "artefact", "method": "grad_cam", "versus": "random_weights"},
]
BLOCKS: list[dict[str, Any]] = [
    {"name": "main", "paradigm": "trust", "trials": 24, "repeats": 4},
    {"name": "squares", "paradigm": "sight", "trials": 1},
    {"name": "squares_control", "paradigm": "sight", "trials": 1, "control": True},
]
# For results, which take their time
FEW: dict[str, Any] = {
    "blocks": [{"name": "main", "paradigm": "discrimination", "trials": 6, "repeats": 2}],
    "conditions": CONDITIONS[:2],
    "stimuli": 6,
    "panel": {"codes": {"complete": "DONE", "failed_checks": "FAILED"}},
}
ALL: dict[str, Any] = {"blocks": BLOCKS, "conditions": CONDITIONS, "stimuli": 24}
RULE = {"webdriver": True, "untrusted_share": 0.5, "pastes": 3, "web_bot_auth": True}
# What browsers showed, person by person; of the last one nothing
SIGNS: list[dict[str, Any]] = [
    {"webdriver": True, "untrusted_events": 0},
    {"webdriver": False, "untrusted_events": 2},
    {"webdriver": False, "untrusted_events": 0, "pastes": 3},
    {"webdriver": False, "untrusted_events": 0, "web_bot_auth": "signed"},
    {"webdriver": False, "untrusted_events": 0, "path": "none", "pointer": "none",
     "key_interval_sd_ms": 0.0, "tab_switches": 9, "pastes": 2, "web_bot_auth": "invalid"},
    {},
]  # fmt: skip
FLAGGED = [True, True, True, True, False, False]


def observed_study(rule: Mapping[str, Any] | None = RULE, asked: Mapping[str, Any] = FEW) -> Study:
    """Six people, who answer on; each browser shows what SIGNS says, at the first answer."""
    section = {"traces": True, **({"rule": rule} if rule is not None else {})}
    study = open_small_study(people=8, evidence=section, **asked)
    send_people(study, 6, paradigm=asked["blocks"][0]["paradigm"])
    for person, signs in zip(people_of(study), SIGNS, strict=True):
        observe(person, signs)
    return study


def people_of(study: Study) -> list[Participation]:
    return list(study.participations.order_by("pk"))


def observe(person: Participation, signs: Mapping[str, Any]) -> None:
    if signs:
        Evidence.objects.create(judgment=person.judgments.order_by("pk")[0], **signs)


def pseudonyms(study: Study) -> list[str]:
    return list(study.participations.order_by("pk").values_list(participant_id(), flat=True))


def test_the_table_tells_what_browsers_showed_and_what_the_same_people_said_again() -> None:
    study = observed_study(asked=ALL)
    found = study_frame(EVIDENCE, study).set_index("participant_id")
    assert list(found.index) == pseudonyms(study)
    assert found["flagged"].to_list() == FLAGGED
    assert found["observed"].to_list() == [True] * 5 + [False]
    assert found["webdriver_answers"].to_list() == [1, 0, 0, 0, 0, 0]
    assert found["untrusted_share"].to_list()[:5] == [0, 1, 0, 0, 0]
    assert pd.isna(found["untrusted_share"].iloc[5])
    assert found["pastes"].to_list() == [0, 0, 3, 0, 2, 0]
    assert found["signed_answers"].to_list() == [0, 0, 0, 1, 0, 0]
    assert (found["path_none"].iloc[4], found["pointer_none"].iloc[4]) == (1, 1)
    for person, (_, row) in zip(people_of(study), found.iterrows(), strict=True):
        assert_told(person, row)


def assert_told(person: Participation, row: "pd.Series[Any]") -> None:
    """The computed columns, from the rows themselves."""
    given = person.judgments.select_related("trial__condition", "trial__stimulus")
    scores = {
        stage: [
            (one.trial.stimulus_id, one.trial.condition.name, one.trial.score(one.value))
            for one in given.filter(trial__stage=stage, trial__paradigm="trust")
        ]
        for stage in ("main", "repeat")
    }
    first = {(photo, name): score for photo, name, score in scores["main"]}
    again = [first[photo, name] == score for photo, name, score in scores["repeat"]]
    equal = [score == 0 for _, name, score in scores["main"] if name == "same"]
    noticed = [score > 0 for _, name, score in scores["main"] if name == "artefact"]
    assert (row["repeats"], row["same_sides"], row["artefacts"]) == (4, 6, 6)
    assert row["repeats_same"] == sum(again) / 4
    assert row["same_sides_equal"] == pytest.approx(sum(equal) / 6, abs=1e-5)
    assert row["artefacts_noticed"] == pytest.approx(sum(noticed) / 6, abs=1e-5)
    usual = {"squares": 0, "squares_control": 1}
    pictures = given.filter(trial__paradigm="sight", value__isnull=False)
    seen = [one.value == usual[one.trial.block] for one in pictures]
    assert row["seen_pictures"] == len(seen)
    assert pd.isna(row["seen_as_usual"]) if not seen else row["seen_as_usual"] == fmean(seen)
    # Everybody took 1200 ms: there is no spread, and nothing depends on anything
    assert (row["timed_trials"], row["rt_variation"]) == (28, 0)
    assert pd.isna(row["rt_lag1"])


def test_each_sign_flags_by_itself_and_nobody_else() -> None:
    study = observed_study()
    signs = [{"webdriver": True}, {"untrusted_share": 1.0}, {"pastes": 3}, {"web_bot_auth": True}]
    for who, rule in enumerate(signs):
        Study.objects.update(
            definition={
                **study.definition,
                "evidence": {**study.definition["evidence"], "rule": rule},
            },
            definition_digest=f"{who}",
        )
        table = study_frame(EVIDENCE, Study.objects.get())
        assert table["flagged"].to_list() == [place == who for place in range(6)]


def test_without_a_rule_nobody_is_flagged_and_the_results_say_nothing() -> None:
    study = observed_study(None)
    assert study_frame(EVIDENCE, study)["flagged"].isna().all()
    tidy = tidy_study(study)
    assert tidy.evidence is None
    assert evidence(tidy, [], {}) is None


def test_flagged_people_stay_in_everything_but_the_sensitivity_analysis() -> None:
    study = observed_study()
    tidy = tidy_study(study)
    found = results(tidy)
    assert found["people"] == 6
    told = found.pop("evidence")
    assert results_json(found) == results_json(results(replace(tidy, evidence=None)))
    assert not Exclusion.objects.exists()
    assert (told["people"], told["observed"], told["flagged"]) == (6, 5, 4)
    # The same numbers as of a study that only the others took part in
    flagged = [
        name for name, is_flagged in zip(pseudonyms(study), FLAGGED, strict=True) if is_flagged
    ]
    others = tidy.frame[~tidy.frame["participant"].isin(flagged)]
    alone = results(replace(tidy, frame=others, evidence=None))
    for name, one in told["methods"].items():
        assert one["with"]["estimate"] == found["methods"][name]["accuracy"]
        assert one["without"]["estimate"] == alone["methods"][name]["accuracy"]
        assert one["without"]["n"] == alone["methods"][name]["n"]
    for one, contrast, without in zip(
        told["contrasts"], found["contrasts"], alone["contrasts"], strict=True
    ):
        assert one["with"]["estimate"] == contrast["estimate"]
        assert one["without"]["estimate"] == without["estimate"]
        assert one["without"]["robust95"] == without["robust95"]


def test_whoever_is_flagged_is_paid_like_everybody_and_left_out_by_no_rule() -> None:
    study = observed_study()
    outcomes = {(one.status, one.completion_code) for one in people_of(study)}
    assert outcomes == {("finished", "DONE")}
    definition = study_definition(study)
    assert {outcome(one, definition) for one in people_of(study)} == {"complete"}
    assert apply_exclusions(study) == 0


ROOMS = ("participations", "payments", "panels_api", "views")
FILES = ("analyses/exclusions.py", "admin/desk/payment.py", "analyses/flow.py")


def test_no_module_that_pays_sends_or_excludes_people_reads_a_flag() -> None:
    root = Path(__file__).resolve().parents[2] / "studyapp"
    paths = [path for room in ROOMS for path in (root / room).rglob("*.py")]
    for path in [*paths, *(root / name for name in FILES)]:
        text = path.read_text(encoding="utf-8")
        for word in ("flagged", "tables.evidence", "analyses.evidence", "evidence.rule"):
            assert word not in text, f"{path} reads {word}"


def test_the_plan_says_whom_the_rule_flags_and_is_as_before_without_one() -> None:
    study = open_small_study(evidence={"traces": True, "rule": RULE})
    words = "\n".join(plan_sections(study_definition(study), study.certificate)["Analysis"])
    assert "50% or more of the observed pages" in words
    assert "A flag excludes nobody and changes no pay" in words
    without = make_definition(evidence={"traces": True})
    assert flagging_plan(without) == []
    assert "rule" not in without.model_dump(mode="json")["evidence"]


def test_a_public_table_has_the_flag_and_no_sign_of_a_browser() -> None:
    names = [column.name for column in public_table(EVIDENCE).columns]
    assert names[:3] == ["participant_id", "flagged", "observed"]
    assert {*OUTCOME_SIDE} <= {*names}
    assert not [name for name in names if name.startswith(("path", "pointer", "webdriver", "key"))]
    assert EVIDENCE in TABLES


def test_a_bundle_says_the_same_and_can_be_computed_again(tmp_path: Path) -> None:
    study = observed_study()
    Participation.objects.update(publication_consent=True)
    told = results_json(results(tidy_study(study)))
    study = close_study(study)
    for public in (False, True):
        folder = write_bundle(
            study, tmp_path / f"public-{public}", public=public, analysis=public
        ).path
        assert results_json(results(tidy_folder(folder))) == told
        rows = rows_of(folder, "evidence")
        assert [row["flagged"] for row in rows] == [str(one).lower() for one in FLAGGED]
        assert ("webdriver_answers" in rows[0]) != public
    script = folder / "analysis" / "reanalyse.py"
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert "looks without flagged people" in done.stdout
    results_file = folder / "analysis" / "results.json"
    changed = json.loads(results_file.read_text("utf-8"))
    changed["evidence"]["contrasts"][0]["without"]["estimate"] += 0.5
    results_file.write_text(json.dumps(changed), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1


def test_report_and_terminal_say_what_a_flag_is_not() -> None:
    study = observed_study()
    report = " ".join(study_report(study).html.split())
    assert "Without people who are flagged for automation" in report
    assert "flags 4 people of 6" in report
    assert "assistive technology" in report
    assert "never for exclusion" in report
    lines = "\n".join(summary(results(tidy_study(study))))
    assert "flagged for automation: 4 of 6 people" in lines
