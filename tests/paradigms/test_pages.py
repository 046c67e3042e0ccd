"""What each page asks and shows, and what its form takes."""

import pytest

from studyapp.models import Side, Stage, Trial
from studyapp.paradigms import PARADIGMS, TrialForm

from .examples import asked, trial

ITEMS = [f"Statement {number}." for number in range(1, 13)]


def form(one: Trial, data: dict[str, str], **block: object) -> TrialForm:
    return TrialForm(data, questions=PARADIGMS[one.paradigm].asks(asked(one, **block)))


def places(one: Trial, **block: object) -> dict[str, str]:
    return PARADIGMS[one.paradigm].places(asked(one, **block))


def test_the_stronger_network_stands_where_the_design_says() -> None:
    at_a = places(trial("trust", stronger_side=Side.A))
    assert (at_a["a"], at_a["b"]) == ("stronger", "weaker")
    at_b = places(trial("trust", stronger_side=Side.B))
    assert (at_b["a"], at_b["b"]) == ("weaker", "stronger")


def test_four_maps_stand_in_the_drawn_order() -> None:
    shown = places(trial("distinction", {"right": 0}, option_order=[3, 1, 0, 2]))
    assert shown == {
        "photo": "photo",
        "option_0": "option_3",
        "option_1": "option_1",
        "option_2": "option_0",
        "option_3": "option_2",
    }


def test_learning_shows_the_explanation_and_the_test_does_not() -> None:
    assert "one" in places(trial("meta_prediction", stage=Stage.LEARNING))
    assert places(trial("meta_prediction")) == {"photo": "photo"}
    learning = PARADIGMS["meta_prediction"].asks(
        asked(trial("meta_prediction", stage=Stage.LEARNING))
    )
    assert learning[0].kind == "seen"
    assert "tiger" in learning[0].words


def test_the_first_answer_is_given_before_any_advice() -> None:
    first = trial("reliance", option_order=[0, 1, 2, 3], stage=Stage.FIRST, step=1)
    final = trial("reliance", option_order=[0, 1, 2, 3], stage=Stage.FINAL, step=2)
    assert places(first) == {"photo": "photo"}
    assert set(places(final)) == {"photo", "one"}


def test_pointing_shows_the_photo_and_no_map() -> None:
    assert places(trial("pointing")) == {"photo": "photo"}


def test_a_click_is_kept_as_a_share_of_the_picture() -> None:
    found = form(trial("pointing"), {"point.x": "112", "point.y": "336"})
    assert found.is_valid()
    assert found.value() is None
    assert found.extra() == {"point": {"x": 0.25, "y": 0.75}}


@pytest.mark.parametrize("pressed", [{}, {"point.x": "0", "point.y": "0"}])
def test_a_square_chosen_by_keys_is_its_middle_and_says_so(pressed: dict[str, str]) -> None:
    found = form(trial("pointing"), {"point_cell": "73", **pressed})
    assert found.is_valid()
    assert found.extra() == {"point": {"x": 0.35, "y": 0.75, "by": "keys"}}
    assert not form(trial("pointing"), {"point_cell": "100", **pressed}).is_valid()


def test_a_click_counts_more_than_a_square_chosen_before() -> None:
    found = form(trial("pointing"), {"point_cell": "0", "point.x": "112", "point.y": "336"})
    assert found.is_valid()
    assert found.extra() == {"point": {"x": 0.25, "y": 0.75}}


@pytest.mark.parametrize(
    ("x", "y"), [("", ""), ("0", "0"), ("9999", "1"), ("-1", "5"), ("one", "2")]
)
def test_what_is_no_click_on_the_picture_is_refused(x: str, y: str) -> None:
    assert not form(trial("pointing"), {"point.x": x, "point.y": y}).is_valid()


def test_any_question_may_be_asked_with_confidence() -> None:
    one = trial("agreement", {"right": 1})
    assert not form(one, {"value": "3"}, confidence=True).is_valid()
    sure = form(one, {"value": "3", "confidence": "5"}, confidence=True)
    assert sure.is_valid()
    assert (sure.value(), sure.extra()) == (3, {"confidence": 5})


def test_distinction_asks_two_questions_with_confidence_each() -> None:
    one = trial("distinction", {"right": 0}, option_order=[0, 1, 2, 3])
    answers = {"value": "2", "confidence": "4", "correct": "0", "correct_confidence": "1"}
    found = form(one, answers)
    assert found.is_valid()
    assert found.value() == 2
    assert found.extra() == {"confidence": 4, "correct": 0, "correct_confidence": 1}
    for name in answers:
        assert not form(one, {**answers, name: "9"}).is_valid()
        assert not form(one, {key: answers[key] for key in answers if key != name}).is_valid()


def test_a_questionnaires_items_are_all_asked() -> None:
    one = Trial(paradigm="questionnaire", stage=Stage.QUESTIONNAIRE)
    answers = {f"item_{number}": "7" for number in range(1, 13)}
    found = form(one, answers, items=ITEMS)
    assert found.is_valid()
    assert (found.value(), len(found.extra())) == (None, 12)
    assert not form(one, answers | {"item_12": "8"}, items=ITEMS).is_valid()


def test_a_single_rating_is_the_value() -> None:
    found = form(trial("rating"), {"value": "4"}, items=ITEMS[:1], points=5)
    assert found.is_valid()
    assert found.value() == 4
    assert not form(trial("rating"), {"value": "6"}, items=ITEMS[:1], points=5).is_valid()


def test_a_text_may_be_left_out_only_where_the_block_says_so() -> None:
    one = Trial(paradigm="open_text", stage=Stage.QUESTIONNAIRE)
    assert not form(one, {"text": " "}).is_valid()
    assert form(one, {"text": ""}, required=False).is_valid()
    assert not form(one, {"text": "long"}, longest=3).is_valid()
    assert form(one, {"text": "all edges"}).is_valid()


def test_a_custom_page_asks_its_own_fields() -> None:
    one = Trial(paradigm="custom", stage=Stage.QUESTIONNAIRE)
    fields = [
        {"name": "value", "question": "Which?", "choices": ["this", "that"]},
        {"name": "strength", "question": "How much?", "kind": "scale", "points": 5},
        {"name": "why", "question": "Why?", "kind": "text", "required": False},
    ]
    found = form(one, {"value": "1", "strength": "5", "why": ""}, fields=fields)
    assert found.is_valid()
    assert (found.value(), found.extra()) == (1, {"strength": 5})
    assert not form(one, {"value": "2", "strength": "5"}, fields=fields).is_valid()


def test_an_attention_check_asks_only_its_own_question() -> None:
    for name in ("trust", "agreement", "distinction", "reliance"):
        check = Trial(paradigm=name, stage=Stage.CHECK, expected=1, option_order=[0, 1, 2, 3])
        questions = PARADIGMS[name].asks(asked(check, confidence=True))
        assert [question.name for question in questions] == ["value"]
        assert set(PARADIGMS[name].check_values) <= set(questions[0].values)
