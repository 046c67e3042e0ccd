"""“Prefer not to say” to the main question: asked, taken and stored in every kind of question."""

from typing import Any

import pytest

from studyapp.models import Side, Stage, Trial
from studyapp.paradigms import PARADIGMS, TrialForm
from studyapp.paradigms.questions import DECLINED
from studyapp.paradigms.ranking.analysis import placed
from studyapp.paradigms.wording import OwnQuestion

from .examples import asked, block_of, trial

MAIN = [name for name, one in PARADIGMS.items() if issubclass(one.block, OwnQuestion)]


def shown(paradigm: str, **values: Any) -> Trial:
    facts = {"right": 0, "correct": 1, "advice": 0, "accept": 1}
    order = list(range({"ranking": 3}.get(paradigm, 4)))
    return trial(paradigm, facts, **{"option_order": order, "stronger_side": Side.A, **values})


def form_of(page: Trial, sent: dict[str, str], **block: Any) -> TrialForm:
    form = TrialForm(sent, questions=PARADIGMS[page.paradigm].asks(asked(page, **block)))
    assert form.is_valid(), form.errors
    return form


def declined(page: Trial) -> dict[str, str]:
    """What the page sends of somebody who declines everything."""
    questions = PARADIGMS[page.paradigm].asks(asked(page, may_decline=True, confidence=True))
    return {
        **{one.name: "declined" for one in questions if one.kind == "choice"},
        **{one.tick: "yes" for one in questions if one.kind != "choice"},
    }


@pytest.mark.parametrize("paradigm", MAIN)
def test_every_question_of_a_page_may_be_declined_and_is_stored_once(paradigm: str) -> None:
    page = shown(paradigm)
    form = form_of(page, declined(page), may_decline=True, confidence=True)
    assert {one.decline for one in form.questions} == {"Prefer not to say"}
    assert form.value() is None
    assert form.extra() == {one.name: DECLINED for one in form.questions}
    page.keys = PARADIGMS[paradigm].keys_of(page, block_of(paradigm))
    assert page.score(form.value()) is None


@pytest.mark.parametrize("paradigm", MAIN)
def test_nothing_may_be_declined_where_the_block_does_not_say_so(paradigm: str) -> None:
    page = shown(paradigm)
    questions = PARADIGMS[paradigm].asks(asked(page))
    assert {one.decline for one in questions} == {""}
    assert not TrialForm(declined(page), questions=questions).is_valid()
    assert "may_decline" not in block_of(paradigm).model_dump()
    assert block_of(paradigm, may_decline=True).model_dump()["may_decline"] is True


@pytest.mark.parametrize("paradigm", [one for one in MAIN if PARADIGMS[one].check_values])
def test_an_attention_check_is_never_declined(paradigm: str) -> None:
    check = shown(paradigm, stage=Stage.CHECK, stimulus=None, expected=1)
    questions = PARADIGMS[paradigm].asks(asked(check, may_decline=True))
    assert [(one.name, one.decline) for one in questions] == [("value", "")]
    assert not TrialForm({"value": "declined"}, questions=questions).is_valid()


def test_a_custom_pages_main_answer_and_a_rating_s_confidence_may_be_declined() -> None:
    field = {"name": "value", "question": "?", "choices": ["a", "b"], "may_decline": True}
    form = form_of(shown("custom"), {"value": "declined"}, fields=[field])
    assert (form.value(), form.extra()) == (None, {"value": DECLINED})
    page = shown("rating")
    sent = {"item_1": "declined", "confidence": "declined"}
    form = form_of(page, sent, items=["Good?"], may_decline=True, confidence=True)
    assert form.extra() == {"item_1": DECLINED, "confidence": DECLINED}


def test_not_to_point_wins_over_a_square_and_not_to_mark_is_no_region() -> None:
    sent = {"point_cell": "7", "point.declined": "yes"}
    assert form_of(shown("pointing"), sent, may_decline=True).extra() == {"point": DECLINED}
    page = asked(shown("marking"), may_decline=True)
    both = {"region.5": "1", "region.declined": "yes"}
    refused = TrialForm(both, questions=PARADIGMS["marking"].asks(page))
    sentence = "Please either answer or choose “Prefer not to say”, not both."
    assert refused.problems() == {"region": sentence}


def test_places_may_be_declined_together_and_end_the_order() -> None:
    shown_names = ["a", "b", "c", "d"]
    assert placed(shown_names, 2, {"place_2": DECLINED, "place_3": 0}) == {
        "a": 2, "b": 2, "c": 1, "d": 2,
    }  # fmt: skip
    assert placed(shown_names, 2, {"worst": DECLINED}) == {"a": 2, "b": 2, "c": 1, "d": 2}
