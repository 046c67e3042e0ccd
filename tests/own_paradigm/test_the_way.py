"""A kind of question that lives here alone goes the whole way: one folder, one line.

Nothing outside its folder knows it, so that what forgets to ask the paradigm fails here.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from sandbox.builders import open_small_study, take_part
from sandbox.people import send_people
from studyapp.analyses.reports import study_report
from studyapp.exports.bundle import write_bundle
from studyapp.management.verbs.checking import certificate_of
from studyapp.models import Judgment, Participation, Study, StudyKind, Trial
from studyapp.paradigms import PARADIGMS
from studyapp.simulation.crowd import send_crowd
from studyapp.simulation.profiles import POPULATIONS
from studyapp.studies.copies import marked_copy
from studyapp.studies.definition.file import json_schema, parse_definition
from studyapp.studies.definition.reference import fit_table, reference
from studyapp.studies.lifecycle import close_study
from tests.running import output_of, python
from tests.studies.definition.test_blocks import complaint, definition
from tests.tables import rows_of

NAME = "two_intervals"
BLOCK = {"name": "main", "paradigm": NAME, "trials": 3, "checks": 1, "exposure_ms": 120}
PRACTICE = {"name": "practice", "paradigm": NAME, "stage": "practice", "trials": 1}


def small(**options: Any) -> Study:
    return open_small_study(blocks=[PRACTICE, BLOCK], people=4, **options)


def test_its_file_is_checked_and_its_keys_are_its_own() -> None:
    own = {"paradigm": f'"{NAME}"', "exposure_ms": 500}
    found = parse_definition(definition(**own), "cats.toml")
    assert found.model_dump(exclude_unset=True)["blocks"][0]["exposure_ms"] == 500
    assert certificate_of(found)["problems"] == []
    told = complaint(definition(**{**own, "exposure_ms": 20}))
    assert "`blocks.exposure_ms = 20` is shorter than a screen can keep; use 50 or more" in told
    told = complaint(definition(exposure_ms=500))
    assert f"`blocks.0.exposure_ms`: only {NAME} reads it, it is an unknown key for trust" in told
    told = complaint(definition(paradigm=f'"{NAME}"', exposur_ms=500))
    assert 'unknown key; did you mean "exposure_ms"?' in told
    told = complaint(definition('method = "edges"', **own))
    assert "its map does not depend on the class" in told


def test_the_schema_and_the_reference_tell_it() -> None:
    kind = json_schema()["$defs"]["TwoIntervalsBlock"]["properties"]
    assert (kind["paradigm"]["enum"], kind["exposure_ms"]["default"]) == ([NAME], 800)
    [line] = [line for line in reference() if "`blocks[].exposure_ms`" in line]
    assert line.endswith(f"How long each picture is seen. Only in {NAME}. |")
    assert any(line.startswith(f"| {NAME} | ") for line in fit_table())


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "asked", "answer"),
    [("en", "Which picture showed this: ", "The later one"),
     ("de", "Welches Bild zeigte dies: ", "Das spätere")],
)  # fmt: skip
def test_its_page_is_asked_in_the_studys_language(
    client: Client, language: str, asked: str, answer: str
) -> None:
    study = open_small_study(blocks=[{**BLOCK, "checks": 0}], people=4, language=language)
    person = take_part(study)
    page = client.get(f"/p/{person.code}/").content.decode()
    assert 'data-presentation="/static/paradigms/two_intervals/present.js?' in page
    assert finders.find("paradigms/two_intervals/present.js") is not None
    assert 'data-exposure="120"' in page
    assert page.count('<figure class="one">') == 2
    assert asked in page
    assert answer in page
    assert 'name="confidence"' in page


@pytest.mark.django_db(transaction=True)
def test_simulated_people_answer_it_and_each_trial_has_its_key(live_server: LiveServer) -> None:
    copy = marked_copy(small(), StudyKind.SIMULATED, seed=5, people=4)
    crowd = send_crowd(
        copy, live_server.url, POPULATIONS["able"], people=4, seed=5, at_once=2, with_pictures=True
    )
    assert (crowd.errors, crowd.acknowledged, crowd.lost) == ([], 4 * 5, 0)
    assert all(one.profile["latent"] == PARADIGMS[NAME].able for one in copy.participations.all())
    for trial in Trial.objects.filter(slot__study=copy, stage="main"):
        right = trial.option_order.index(0)
        assert trial.keys == {"value": {str(right): 1, str(1 - right): 0}}
    for one in Judgment.objects.exclude(trial__stage="check"):
        assert set(one.data) == {"confidence"}


@pytest.mark.django_db(transaction=True)
def test_its_answers_are_published_with_confidence_and_described(tmp_path: Path) -> None:
    study = small()
    send_people(study, 3, paradigm=NAME)
    Participation.objects.update(publication_consent=True)
    folder = write_bundle(close_study(study), tmp_path / "public", public=True, analysis=False).path
    main = [row for row in rows_of(folder, "judgments") if row["stage"] == "main"]
    assert len(main) == 9
    assert {row["correct"] for row in main} <= {"0", "1"}
    assert all(1 <= json.loads(row["further_answers"])["confidence"] <= 5 for row in main)
    codebook = (folder / "codebook.csv").read_text(encoding="utf-8")
    assert "main/value" in codebook
    assert "The later one" in codebook
    assert "main/confidence" in codebook


@pytest.mark.django_db(transaction=True)
def test_its_bundle_is_rebuilt_and_written_again_alike(tmp_path: Path, settings: Any) -> None:
    study = small()
    send_people(study, 2, paradigm=NAME)
    study = close_study(study)
    bundle = write_bundle(study, tmp_path / "bundle").path
    before = rows_of(bundle, "judgments")
    call_command("flush", interactive=False, verbosity=0)
    settings.MEDIA_ROOT = str(tmp_path / "another")
    call_command("import_bundle", str(bundle), verbosity=0)
    again = write_bundle(Study.objects.get(), tmp_path / "again", analysis=False).path
    assert rows_of(again, "judgments") == before
    report = study_report(Study.objects.get()).html
    assert PARADIGMS[NAME].title in report
    done = python("-I", bundle / "analysis" / "reanalyse.py")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_table_from_elsewhere_is_analysed(tmp_path: Path) -> None:
    lines = ["participant,image,method,correct"]
    lines += [f"p{n},i{n % 5},grad_cam,{int(n % 4 > 0)}" for n in range(40)]
    table = tmp_path / "table.csv"
    table.write_text("\n".join(lines), encoding="utf-8")
    told = output_of("analyse", table, paradigm=NAME, json=tmp_path / "r.json")
    found = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert (found["paradigm"], found["outcome"]) == (NAME, "correct")
    assert "75" in told
