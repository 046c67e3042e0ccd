"""A researcher's own fields: numbers within bounds, lines, and “prefer not to say”."""

import json
from typing import Any

import pytest
from django.utils import translation

from studyapp.models import Stage, Trial
from studyapp.paradigms import PARADIGMS, Question, TrialForm
from studyapp.paradigms.custom.block import FieldSection
from tests.paradigms.test_pages import asked

AGE = {"name": "age", "question": "How old?", "kind": "number", "least": 18, "most": 99,
       "unit": "years"}  # fmt: skip
HEIGHT = {"name": "height", "question": "How tall?", "kind": "number", "least": 0.5, "most": 2.5,
          "decimals": 2, "unit": "m"}  # fmt: skip
WORK = {"name": "work", "question": "Which occupation?", "kind": "line", "longest": 9}
GROUP = {"name": "group", "question": "Which?", "choices": ["a", "b"]}
STEP = {"name": "step", "question": "How much?", "kind": "scale"}
DECLINED = {"declined": True}


def form(field: dict[str, Any], posted: dict[str, str], **options: Any) -> TrialForm:
    trial = Trial(paradigm="custom", stage=Stage.QUESTIONNAIRE)
    page = asked(trial, fields=[{**field, **options}])
    return TrialForm(posted, questions=PARADIGMS["custom"].asks(page))


def stored(field: dict[str, Any], posted: dict[str, str], **options: Any) -> Any:
    found = form(field, posted, **options)
    assert found.is_valid(), found.errors
    return found.extra().get(field["name"])


def problem(field: dict[str, Any], posted: dict[str, str], **options: Any) -> str:
    return form(field, posted, **options).problems()[field["name"]]


@pytest.mark.parametrize(("written", "number"), [("18", 18), (" 99 ", 99), ("+34", 34), ("٣٤", 34)])
def test_a_whole_number_is_stored_as_one(written: str, number: int) -> None:
    found = stored(AGE, {"age": written})
    assert (found, type(found)) == (number, int)


@pytest.mark.parametrize("written", ["abc", "17", "100", "34.5", "3e1", "-20", "3 4", "1,000", "∞"])
def test_what_is_no_whole_number_within_the_bounds_is_refused_with_them(written: str) -> None:
    sentence = "Please write a whole number from 18 to 99 years."
    assert problem(AGE, {"age": written}) == sentence


@pytest.mark.parametrize(("written", "number"), [("1.75", 1.75), ("1,8", 1.8), ("2", 2.0)])
def test_a_decimal_number_takes_a_point_or_a_comma(written: str, number: float) -> None:
    assert stored(HEIGHT, {"height": written}) == number


@pytest.mark.parametrize("written", ["1.755", "1,755", "0.49", "2.51", "1.7.5", "nan", "inf"])
def test_decimals_and_bounds_are_told_in_the_pages_language(written: str) -> None:
    with translation.override("de"):
        assert problem(HEIGHT, {"height": written}) == (
            "Bitte schreiben Sie eine Zahl von 0,5 bis 2,5 m mit höchstens zwei Nachkommastellen."
        )


def test_a_number_below_nought_may_be_written_with_either_minus() -> None:
    warmth = {**AGE, "least": -10, "most": 10}
    assert [stored(warmth, {"age": text}) for text in ("-3", "−3", "-0")] == [-3, -3, 0]


def test_a_number_is_required_or_left_out_as_the_field_says() -> None:
    assert problem(AGE, {"age": " "}) == "Please write an answer."
    assert stored(AGE, {"age": ""}, required=False) is None


def test_the_end_of_a_line_is_one_character_however_a_browser_sends_it() -> None:
    words = {"name": "why", "question": "Why?", "kind": "text", "longest": 3}
    assert stored(words, {"why": "a\r\nb"}) == stored(words, {"why": "a\nb"}) == "a\nb"


def test_a_line_is_one_line_within_its_length() -> None:
    assert stored(WORK, {"work": "baker"}) == "baker"
    assert problem(WORK, {"work": "a\nb"}) == "Please write your answer in one line."
    assert "Please shorten this to 9 characters" in problem(WORK, {"work": "a" * 10})
    # A browser leaves room for what is too long, instead of cutting it
    assert Question("work", "?", "text", longest=9).room == 18


@pytest.mark.parametrize(
    ("field", "posted"),
    [
        (AGE, {"age": "", "age.declined": "yes"}),
        (WORK, {"work.declined": "yes"}),
        ({**WORK, "kind": "text"}, {"work": " ", "work.declined": "yes"}),
        (GROUP, {"group": "declined"}),
        (STEP, {"step": "declined"}),
    ],
)
def test_preferring_not_to_say_is_an_answer_of_its_own(
    field: dict[str, Any], posted: dict[str, str]
) -> None:
    assert stored(field, posted, may_decline=True) == DECLINED
    assert not form(field, posted).is_valid(), "the page does not offer it"


def test_an_answer_and_preferring_not_to_say_are_not_taken_together() -> None:
    sent = {"age": "34", "age.declined": "yes"}
    sentence = "Please either answer or choose “Prefer not to say”, not both."
    assert problem(AGE, sent, may_decline=True) == sentence
    assert stored(WORK, {"work": "declined"}, may_decline=True) == "declined"


def test_a_field_of_before_is_stored_as_it_was() -> None:
    for kind in ("choice", "scale", "text"):
        field = FieldSection.model_validate({**GROUP, "kind": kind})
        assert json.loads(field.model_dump_json()) == {
            "name": "group", "question": "Which?", "kind": kind, "choices": ["a", "b"],
            "points": 7, "lowest": "", "highest": "", "longest": 2000, "required": True,
        }  # fmt: skip


@pytest.mark.parametrize("field", [AGE, HEIGHT, {**GROUP, "may_decline": True}])
def test_a_new_field_is_read_back_as_it_was_stored(field: dict[str, Any]) -> None:
    one = FieldSection.model_validate(field)
    assert FieldSection.model_validate_json(one.model_dump_json()) == one


@pytest.mark.parametrize(
    ("bounds", "sentence"),
    [
        (
            {"least": 99, "most": 18},
            "the field age accepts no number: least = 99 is more than most",
        ),
        ({"least": 0.5}, "least = 0.5 of the field age has more decimals than decimals = 0"),
        ({"decimals": 3}, "less than or equal to 2"),
    ],
)
def test_bounds_that_nobody_could_keep_are_refused(bounds: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        FieldSection.model_validate({**AGE, **bounds})
