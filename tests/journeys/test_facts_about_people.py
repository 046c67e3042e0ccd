"""Age, occupation and gender, asked by a custom page: from the page to the results."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from sandbox.builders import open_small_study, take_part
from sandbox.people import due
from studyapp.admin.timeline import answer_words
from studyapp.analyses.reports import study_report
from studyapp.exports.bundle import write_bundle
from studyapp.models import Judgment, Participation, Study
from studyapp.studies.definition.study import study_definition
from studyapp.studies.lifecycle import close_study
from studyapp.views.trials import asked_on
from tests.running import python
from tests.tables import read_rows, rows_of

pytestmark = pytest.mark.django_db

FIELDS = [
    {"name": "age", "question": "How old?", "kind": "number", "least": 18, "most": 99,
     "unit": "years", "may_decline": True},
    {"name": "work", "question": "Which occupation?", "kind": "line", "may_decline": True},
    {"name": "gender", "question": "Which gender?", "choices": ["woman", "man"],
     "may_decline": True},
]  # fmt: skip
AGES = ["20", "30", "40", "50"]
DECLINING = {"age.declined": "yes", "work.declined": "yes", "gender": "declined"}


def make_study(**options: Any) -> Study:
    block = {"name": "about_you", "paradigm": "custom", "trials": 1, "fields": FIELDS}
    return open_small_study(blocks=[block], people=8, **options)


def post(client: Client, person: Participation, answers: dict[str, str], **options: Any) -> Any:
    sent = {"trial": due(person).code, **answers}
    return client.post(f"/p/{person.code}/answer", sent, **options)


def answered_study() -> Study:
    study = make_study()
    for number, age in enumerate(AGES):
        answers = {"age": age, "work": "a baker", "gender": str(number % 2)}
        assert post(Client(), take_part(study, age), answers).status_code == 303
    for name in ("one", "two"):
        assert post(Client(), take_part(study, name), DECLINING).status_code == 303
    Participation.objects.update(publication_consent=True)
    return close_study(study)


def test_a_refused_number_is_told_beside_its_field_and_everything_typed_stays(
    client: Client,
) -> None:
    person = take_part(make_study())
    sent = {"age": "abc", "work": "a <b>baker", "work.declined": "yes", "gender": "declined"}
    reply = post(client, person, sent)
    page = reply.content.decode()
    assert reply.status_code == 400
    sentence = "Please write a whole number from 18 to 99 years."
    assert f'data-problem="age" role="alert">{sentence}</p>' in page
    assert 'data-problem="work" role="alert">Please either answer or choose' in page
    assert 'name="age" value="abc"' in page
    assert 'name="work" value="a &lt;b&gt;baker"' in page
    assert page.count(" checked>") == 2
    assert not Judgment.objects.exists()
    told = post(client, person, sent, headers={"accept": "application/json"}).json()
    assert (told["ok"], told["problems"]["age"]) == (False, sentence)


def test_a_german_page_offers_not_to_say_in_german(client: Client) -> None:
    person = take_part(make_study(language="de"))
    page = client.get(f"/p/{person.code}/").content.decode()
    assert page.count("<span>Keine Angabe</span>") == 2
    assert '<span class="words">Keine Angabe</span>' in page
    assert '<span id="unit-age" translate="no">years</span>' in page


def test_what_people_prefer_not_to_say_is_exported_with_its_level(tmp_path: Path) -> None:
    folder = write_bundle(answered_study(), tmp_path / "public", public=True, analysis=False).path
    found = [json.loads(row["further_answers"]) for row in rows_of(folder, "judgments")]
    assert [one["age"] for one in found[:4]] == [20, 30, 40, 50]
    assert found[4] == {key: {"declined": True} for key in ["age", "work", "gender"]}
    codebook = {row["column"]: row for row in read_rows(folder / "codebook.csv")}
    age, gender = codebook["about_you/age"], codebook["about_you/gender"]
    assert (age["kind"], age["unit"]) == ("whole number", "years")
    assert age["levels"] == '{"declined": true} = Prefer not to say'
    assert gender["levels"] == '0 = woman; 1 = man; {"declined": true} = Prefer not to say'


def test_what_people_prefer_not_to_say_is_in_no_mean_and_no_count(tmp_path: Path) -> None:
    study = answered_study()
    folder = write_bundle(study, tmp_path / "public", public=True).path
    results = json.loads((folder / "analysis" / "results.json").read_text("utf-8"))
    told = {one["question"]: one["methods"]["everything"] for one in results["answers"]}
    assert {name: (one["n"], one["declined"]) for name, one in told.items()} == {
        "age": (6, 2), "work": (6, 2), "gender": (6, 2),
    }  # fmt: skip
    assert (told["age"]["mean"], told["work"]["mean"]) == (35, 2)
    assert told["gender"]["counts"] == {"0": 2, "1": 2}
    done = python("-I", folder / "analysis" / "reanalyse.py")
    assert done.returncode == 0, done.stdout + done.stderr
    report = study_report(study).html
    assert "35.00 years" in report
    assert "woman: 2; man: 2; Prefer not to say: 2" in report


def test_the_desk_says_what_was_answered_in_words() -> None:
    study = answered_study()
    definition = study_definition(study)
    said = [
        answer_words(one, asked_on(one.trial, definition))
        for one in Judgment.objects.order_by("pk")
    ]
    assert said[0] == "20 years; a baker; woman"
    assert said[-1] == "Prefer not to say; Prefer not to say; Prefer not to say"
