"""“Prefer not to say” to main questions, from simulated people to the report and the bundle."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from sandbox.builders import open_small_study, take_part
from sandbox.people import due, send_people
from studyapp.admin.timeline import answer_words
from studyapp.analyses.preregistration import preregistration
from studyapp.analyses.results import results, results_json
from studyapp.analyses.tidy import tidy_file
from studyapp.exports.bundle import write_bundle
from studyapp.exports.rebuilding import import_bundle
from studyapp.models import Judgment, Study
from studyapp.studies.definition.study import study_definition
from studyapp.studies.lifecycle import close_study
from studyapp.views.trials import asked_on
from tests.running import python
from tests.tables import read_rows

pytestmark = pytest.mark.django_db
PARADIGMS = ("trust", "distinction", "pointing", "ranking")
BLOCKS: list[dict[str, Any]] = [
    {"name": one, "paradigm": one, "trials": 2, "may_decline": True} for one in PARADIGMS
]


def answers_of(study: Study) -> list[str]:
    return sorted(map(str, Judgment.objects.of(study).values_list("value", "data")))


def declining_study(**options: Any) -> Study:
    study = open_small_study(people=4, blocks=BLOCKS, display={"size": 64}, **options)
    send_people(study, 3)
    return close_study(study)


def test_a_declined_main_answer_is_a_judgment_stored_once(client: Client) -> None:
    person = take_part(open_small_study(blocks=BLOCKS[:1], language="de"))
    page = client.get(f"/p/{person.code}/").content.decode()
    assert '<span class="words">Keine Angabe</span>' in page
    sent = {"trial": due(person).code, "value": "declined"}
    for _ in range(2):
        assert client.post(f"/p/{person.code}/answer", sent).status_code == 303
    judgment = Judgment.objects.get()
    assert (judgment.value, judgment.data) == (None, {"value": {"declined": True}})
    assert judgment.trial != due(person)
    definition = study_definition(person.study)
    assert answer_words(judgment, asked_on(judgment.trial, definition)) == "Prefer not to say"


def test_declined_answers_are_counted_left_out_and_recalculated(tmp_path: Path) -> None:
    study = declining_study()
    gone = Judgment.objects.filter(data__value={"declined": True}, trial__paradigm="trust").count()
    folder = write_bundle(study, tmp_path / "bundle", public=False).path
    told = json.loads((folder / "analysis" / "results-trust.json").read_text("utf-8"))
    assert gone
    assert (told["n"], told["declined"]["asked"], told["declined"]["declined"]) == (
        6 - gone, 6, gone,
    )  # fmt: skip
    assert sum(one["declined"] for one in told["declined"]["methods"].values()) == gone
    assert sum(told["declined"]["stimuli"].values()) == gone
    assert told["flow"]["declined"] > gone
    both = json.loads((folder / "analysis" / "results-distinction.json").read_text("utf-8"))
    assert both["declined"]["asked"] == 12
    table = tidy_file(folder / "analysis" / "table-distinction.csv", paradigm="distinction")
    again = json.loads(results_json(results(table)))
    assert {key: again[key] for key in ("n", "distinction")} == {
        key: both[key] for key in ("n", "distinction")
    }
    assert f"{gone} of 6 answers are “Prefer not to say”" in " ".join(told["notes"])
    done = python("-I", folder / "analysis" / "reanalyse.py")
    assert done.returncode == 0, done.stdout + done.stderr
    codebook = {row["column"]: row["levels"] for row in read_rows(folder / "codebook.csv")}
    assert '{"declined": true} = Prefer not to say' in codebook["trust/value"]
    report = (folder / "analysis" / "report.html").read_text("utf-8")
    assert f"of them {told['flow']['declined']} “Prefer not to say”" in report
    assert "“Prefer not to say”: answers without a score, left out above" in report
    assert " × “Prefer not to say”" in report
    before = answers_of(study)
    Study.objects.filter(pk=study.pk).update(slug="the-original")
    assert answers_of(import_bundle(folder)) == before


def test_a_plan_says_it_only_where_people_may_decline() -> None:
    sentence = "people may answer “Prefer not to say”: it is stored as an answer without a score"
    for blocks, told in ((BLOCKS[:1], True), ([{**BLOCKS[0], "may_decline": False}], False)):
        study = open_small_study(slug=f"plan-{told}".lower(), blocks=blocks)
        plan = preregistration(study_definition(study), study.certificate, frozen="").markdown()
        assert (sentence in plan) == told
