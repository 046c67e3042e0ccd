"""Sliders, several choices, matrices and fields that earlier answers show: page to results."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.template.loader import render_to_string
from django.test import Client

from sandbox.builders import open_small_study, take_part
from sandbox.people import due, send_people
from studyapp.admin.timeline import answer_words
from studyapp.analyses.reports import study_report
from studyapp.analyses.results import results, results_json
from studyapp.analyses.sources import tidy_study
from studyapp.exports.bundle import write_bundle
from studyapp.models import Judgment, Participation, Stage, Study, Trial
from studyapp.paradigms import PARADIGMS, TrialForm
from studyapp.paradigms.custom.block import FieldSection
from studyapp.studies.definition.study import study_definition
from studyapp.studies.lifecycle import close_study
from studyapp.views.trials import asked_on
from tests.admin.desk import administrator
from tests.paradigms.examples import asked
from tests.running import python
from tests.studies.definition.test_blocks import complaint, definition
from tests.tables import read_rows, rows_of

pytestmark = pytest.mark.django_db

OWNS = {"name": "owns", "question": "Do you own a pet?", "choices": ["yes", "no"]}
WHICH = {
    "name": "which", "question": "Which?", "kind": "several", "choices": ["cat", "dog", "owl"],
    "most": 2, "may_decline": True, "show_if": {"field": "owns", "answers": ["yes"]},
}  # fmt: skip
WHY = {"name": "why", "question": "Why an owl?", "kind": "line",
       "show_if": {"field": "which", "answers": ["owl"]}}  # fmt: skip
LIKING = {"name": "liking", "question": "How much?", "kind": "slider", "lowest": "not",
          "highest": "very"}  # fmt: skip
TERMS = {
    "name": "terms", "question": "How well do you know:", "kind": "matrix",
    "items": ["networks", "statistics"], "points": 5, "lowest": "not", "highest": "very",
}  # fmt: skip
FIELDS = [OWNS, WHICH, WHY, LIKING, TERMS]
SURE = {"liking": "70", "terms_1": "2", "terms_2": "5"}
OWL = {"owns": "0", "which.0": "yes", "which.2": "yes", "why": "silent", **SURE}
NO_PET = {"owns": "1", **SURE}


def form(posted: dict[str, str], *fields: dict[str, Any]) -> TrialForm:
    trial = Trial(paradigm="custom", stage=Stage.QUESTIONNAIRE)
    page = asked(trial, fields=list(fields or FIELDS))
    return TrialForm(posted, questions=PARADIGMS["custom"].asks(page))


def stored(posted: dict[str, str], *fields: dict[str, Any]) -> dict[str, Any]:
    found = form(posted, *fields)
    assert found.is_valid(), found.errors
    return found.extra()


def test_every_kind_of_field_is_stored_as_its_own_kind_of_answer() -> None:
    assert stored(OWL) == {"owns": 0, "which": [0, 2], "why": "silent", "liking": 70,
                           "terms_1": 2, "terms_2": 5}  # fmt: skip


def test_what_an_earlier_answer_leaves_out_is_stored_as_not_asked_whatever_was_sent() -> None:
    left_out = {"asked": False}
    expected = {"owns": 1, "which": left_out, "why": left_out, "liking": 70,
                "terms_1": 2, "terms_2": 5}  # fmt: skip
    assert stored(NO_PET) == expected
    # As a page without script sends it
    assert stored({**NO_PET, "which.2": "yes", "why": "an owl"}) == expected


def test_what_was_declined_shows_nothing_that_depends_on_it() -> None:
    found = stored({"owns": "0", "which.declined": "yes", "why": "", **SURE})
    assert (found["which"], found["why"]) == ({"declined": True}, {"asked": False})


@pytest.mark.parametrize(
    ("changed", "name", "sentence"),
    [
        ({"liking": ""}, "liking", "Please set the slider."),
        ({"liking": "101"}, "liking", "Please write a whole number from 0 to 100."),
        ({"liking": "7.5"}, "liking", "Please write a whole number from 0 to 100."),
        ({"which.1": "yes"}, "which", "Please choose from 1 to 2 answers."),
        ({"which.declined": "yes"}, "which", "Please either answer or choose"),
        ({"why": ""}, "why", "Please write an answer."),
        ({"terms_2": "6"}, "terms_2", "Please choose one of the answers."),
    ],
)
def test_what_does_not_fit_is_told_beside_its_field(
    changed: dict[str, str], name: str, sentence: str
) -> None:
    problems = form({**OWL, **changed}).problems()
    assert list(problems) == [name]
    assert problems[name].startswith(sentence)


def test_what_stands_above_a_matrix_is_left_out_with_it() -> None:
    terms = {**TERMS, "show_if": {"field": "owns", "answers": ["yes"]}}
    questions = form({}, OWNS, terms).questions[1:]
    page = {"trial": Trial(paradigm="custom"), "is_check": False, "sided": False}
    pages = [
        render_to_string("participants/question.html", {**page, "question": one})
        for one in questions
    ]
    assert [one.count("How well do you know:") for one in pages] == [1, 0]
    assert all(one.startswith('<div class="only-if"') for one in pages)


def test_how_many_may_be_chosen_is_what_the_field_says() -> None:
    both = {**WHICH, "show_if": None, "least": 2, "may_decline": False}
    assert form({"which.0": "yes"}, both).problems()["which"] == "Please choose 2 answers."
    none = {"name": "which", "question": "?", "kind": "several", "choices": ["a", "b"]}
    assert form({}, none).problems()["which"] == "Please choose one of the answers."
    assert stored({}, {**none, "required": False}) == {"which": []}
    one = {**none, "most": 1}
    for sent in ({}, {"which.0": "yes", "which.1": "yes"}):
        assert form(sent, one).problems()["which"] == "Please choose one of the answers."
    assert form({}, {**none, "least": 0}).questions[0].least == 1
    # What no box of the page sends is not there.
    assert stored({"which.0": "yes", "which.7": "yes"}, none) == {"which": [0]}


@pytest.mark.parametrize(("most", "words"), [(1, "one answer"), (2, "2 answers")])
def test_who_may_choose_nothing_is_not_told_to_choose(most: int, words: str) -> None:
    field = {"name": "which", "question": "?", "kind": "several", "choices": ["a", "b", "c"],
             "required": False, "most": most}  # fmt: skip
    refused = form({f"which.{number}": "yes" for number in range(3)}, field)
    assert refused.problems()["which"] == f"Please choose no more than {words}."
    assert refused.questions[0].how_many == f"Please choose no more than {words}."
    assert stored({}, field) == {"which": []}


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ([LIKING, {**WHY, "show_if": {"field": "liking", "answers": ["x"]}}],
         "why can't depend on the slider liking; name a choice, several choices or a scale"),
        ([{**WHY, "show_if": {"field": "owns", "answers": ["yes"]}}, OWNS], "show_if.field"),
        ([OWNS, {**WHY, "show_if": {"field": "owns", "answers": ["maybe"]}}],
         "“maybe” is no answer to owns; use yes, no"),
        ([{**OWNS, "name": "terms_1"}, TERMS], "2 fields of main are called terms_1"),
        ([OWNS, {**LIKING, "name": "value", "show_if": {"field": "owns", "answers": ["yes"]}}],
         "the main answer, value, is asked on every page"),
        ([{**OWNS, "points": 5}], "unknown key for the choice owns"),
        ([{**OWNS, "kind": "several", "least": 0, "most": 0}],
         "of which from 0 to 0 should be chosen; change least or most"),
        ([{**OWNS, "choices": ["yes", "yes", "no"]}, WHICH],
         "`blocks.fields.choices` of owns: “yes” is listed twice; word them differently"),
        ([{**OWNS, "choices": ["Yes", "yes ", "no"]}], "“Yes” and “yes” read alike; word them"),
        ([{**TERMS, "items": ["It is well-made", "It is well–made"]}], "read alike; word them"),
    ],
)  # fmt: skip
def test_fields_that_can_not_be_meant_are_refused(
    fields: list[dict[str, Any]], sentence: str
) -> None:
    given = json.dumps(fields).replace('": ', '" = ')
    assert sentence in complaint(definition(paradigm='"custom"', fields=given))


@pytest.mark.parametrize(
    ("field", "sentence"),
    [
        ({**LIKING, "least": 100}, "use two whole numbers"),
        ({**LIKING, "most": 99_999}, "use two whole numbers within ±10000"),
        ({**WHICH, "most": 4}, "of which from 1 to 4 should be chosen"),
        ({**TERMS, "items": []}, "the matrix terms has no items; list them"),
        ({**TERMS, "choices": ["a", "b"]}, "has both choices and a scale"),
        ({**WHICH, "choices": ["a"]}, "needs two choices or more"),
    ],
)
def test_bounds_and_items_that_do_not_fit_are_refused(field: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        FieldSection.model_validate(field)


@pytest.mark.parametrize("field", FIELDS, ids=lambda one: one["name"])
def test_a_field_is_read_back_as_it_was_stored(field: dict[str, Any]) -> None:
    told = FieldSection.model_validate(field).model_dump(mode="json")
    assert FieldSection.model_validate(told).model_dump(mode="json") == told


def make_study(*fields: dict[str, Any], **options: Any) -> Study:
    block = {"name": "you", "paradigm": "custom", "trials": 1, "fields": list(fields or FIELDS)}
    return open_small_study(blocks=[block], people=8, **options)


def post(person: Participation, answers: dict[str, str]) -> Any:
    return Client().post(f"/p/{person.code}/answer", {"trial": due(person).code, **answers})


def answered_study() -> Study:
    study = make_study()
    declining = {"owns": "0", "which.declined": "yes", **SURE}
    for number, answers in enumerate([OWL, NO_PET, NO_PET, declining]):
        assert post(take_part(study, str(number)), answers).status_code == 303
    Participation.objects.update(publication_consent=True)
    return close_study(study)


def test_a_page_can_be_used_without_script_and_keeps_what_was_sent(client: Client) -> None:
    why = {**WHY, "show_if": {"field": "which", "answers": ["cat", "owl"]}}
    person = take_part(make_study(OWNS, WHICH, why, LIKING, TERMS, language="de"))
    page = client.get(f"/p/{person.code}/").content.decode()
    assert "Nur wenn Sie auf „Do you own a pet?“ mit „yes“ geantwortet haben:" in page
    assert "Nur wenn Sie auf „Which?“ mit „cat“ / „owl“ geantwortet haben:" in page
    assert 'type="text" inputmode="numeric" id="answer-liking" name="liking" value=""' in page
    assert "Bitte wählen Sie 1 bis 2 Antworten." in page
    assert 'name="which.0" value="yes">' in page
    assert "How well do you know:" in page
    refused = post(person, {**OWL, "liking": "999"}).content.decode()
    assert 'name="which.2" value="yes" checked>' in refused
    assert 'name="liking" value="999"' in refused
    assert not Judgment.objects.exists()


def test_richer_answers_are_counted_and_recalculated(tmp_path: Path) -> None:
    study = answered_study()
    folder = write_bundle(study, tmp_path / "public", public=True).path
    found = json.loads((folder / "analysis" / "results.json").read_text("utf-8"))
    told = {one["question"]: one["methods"]["everything"] for one in found["answers"]}
    assert told["which"] == {"n": 2, "not_asked": 2, "declined": 1,
                             "counts": {"0": 1, "1": 0, "2": 1}}  # fmt: skip
    assert (told["why"]["n"], told["why"]["not_asked"]) == (1, 3)
    assert (told["liking"]["mean"], told["terms_2"]["mean"]) == (70, 5)
    done = python("-I", folder / "analysis" / "reanalyse.py")
    assert done.returncode == 0, done.stdout + done.stderr
    report = study_report(study).html
    assert "cat: 1; dog: 0; owl: 1; Prefer not to say: 1; not asked: 2" in report
    assert "you: terms_2, “How well do you know: statistics”" in report


def test_the_codebook_and_the_desk_tell_richer_answers_in_words(tmp_path: Path) -> None:
    study = answered_study()
    folder = write_bundle(study, tmp_path / "public", public=True, analysis=False).path
    codebook = {row["column"]: row for row in read_rows(folder / "codebook.csv")}
    assert codebook["you/liking"]["levels"] == "0 = not; 100 = very"
    assert codebook["you/which"]["kind"] == "JSON list of whole numbers"
    assert codebook["you/which"]["levels"] == (
        '0 = cat; 1 = dog; 2 = owl; {"declined": true} = Prefer not to say; '
        '{"asked": false} = not asked, because owns was not answered with yes'
    )
    assert codebook["you/terms_2"]["levels"].startswith("1 = 1 – not; 2 = 2;")
    assert codebook["you/terms_2"]["shown"] == "How well do you know: statistics"
    public = [json.loads(row["further_answers"]) for row in rows_of(folder, "judgments")]
    assert public[0]["which"] == [0, 2]
    assert public[0]["why"] == {"words": 1}
    asks = study_definition(study)
    said = [answer_words(one, asked_on(one.trial, asks)) for one in Judgment.objects.order_by("pk")]
    assert said[0] == "yes; cat, owl; silent; 70; 2; 5 – very"
    assert said[1] == "no; 70; 2; 5 – very"
    desk = administrator()
    replays = [desk.get(f"/replay/{one.participation.code}/1").content.decode()
               for one in Judgment.objects.order_by("pk")]  # fmt: skip
    assert "which: not asked. " in replays[1]
    assert "which: declined. " in replays[3]


@pytest.mark.django_db(transaction=True)
def test_simulated_people_answer_what_is_shown_and_the_bundle_comes_back(
    tmp_path: Path, settings: Any
) -> None:
    study = make_study()
    send_people(study, 8, paradigm="custom", seed=4)
    answers = list(Judgment.objects.values_list("data", flat=True))
    assert {json.dumps(one["which"]) for one in answers} >= {'{"asked": false}'}
    assert all((one["owns"] == 1) == (one["which"] == {"asked": False}) for one in answers)
    told = results_json(results(tidy_study(study)))
    close_study(study)
    bundle = write_bundle(study, tmp_path / "bundle", analysis=False).path
    call_command("flush", interactive=False, verbosity=0)
    settings.MEDIA_ROOT = str(tmp_path / "another-media")
    call_command("import_bundle", str(bundle), verbosity=0)
    assert results_json(results(tidy_study(Study.objects.get()))) == told


def test_any_choice_of_one_wording_shows_the_field() -> None:
    twice = {**OWNS, "choices": ["yes", "yes", "no"]}
    for value in ("0", "1"):
        sent = {"owns": value, "which.0": "yes"}
        assert stored(sent, twice, {**WHICH, "may_decline": False})["which"] == [0]
