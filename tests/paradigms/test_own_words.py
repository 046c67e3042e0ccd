"""A study's own questions and answers: asked as written, scored by the stored key, never pooled."""

import json
from random import Random
from typing import Any

import pytest

from sandbox.builders import make_definition
from studyapp.models import Side
from studyapp.paradigms import PARADIGMS, Question
from studyapp.paradigms.wording import both_ways, step_scores
from studyapp.studies.definition.asking import asked_questions
from studyapp.studies.definition.file import parse_definition
from studyapp.studies.definition.study import stored_definition
from tests.paradigms.examples import asked, block_of, score, trial
from tests.studies.definition.test_blocks import complaint, definition

SEVEN = ["A sehr", "A", "A eher", "gleich", "B eher", "B", "B sehr"]
MAIN = {"name": "main", "trials": 4}


def first(paradigm: str, facts: dict[str, Any] | None = None, **block: Any) -> Question:
    order = {"option_order": [0, 1, 2, 3]} if block.pop("buttons", False) else {}
    return PARADIGMS[paradigm].asks(asked(trial(paradigm, facts, **order), **block))[0]


def test_trust_asks_seven_answers_in_own_words_with_the_robots_names() -> None:
    page = first("trust", question="Wer überzeugt mehr: {a} oder {b}?", answers=SEVEN)
    assert page.words == "Wer überzeugt mehr: Robot A oder Robot B?"
    assert page.answers == tuple(zip(range(-3, 4), SEVEN, strict=True))


def test_between_two_worded_ends_stand_numbers() -> None:
    page = first("trust", answers=["{a}", "{b}"], points=4)
    assert page.answers == ((-2, "1 – Robot A"), (-1, "2"), (1, "3"), (2, "4 – Robot B"))


def test_the_built_in_words_are_asked_where_none_are_given() -> None:
    assert len(first("trust").answers) == 5
    assert first("agreement", question="Stimmt „{name}“?").words == "Stimmt „tiger“?"
    assert len(first("agreement", question="Ok?").answers) == 4


@pytest.mark.parametrize(
    ("count", "values", "scores"),
    [
        (3, (-1, 0, 1), (-2, 0, 2)),
        (4, (-2, -1, 1, 2), (-2, -0.666667, 0.666667, 2)),
        (5, (-2, -1, 0, 1, 2), (-2, -1, 0, 1, 2)),
        (7, (-3, -2, -1, 0, 1, 2, 3), (-2, -1.333333, -0.666667, 0, 0.666667, 1.333333, 2)),
        (11, tuple(range(-5, 6)), (-2, -1.6, -1.2, -0.8, -0.4, 0, 0.4, 0.8, 1.2, 1.6, 2)),
    ],
)
def test_scales_go_from_minus_two_to_two_in_equal_steps(
    count: int, values: tuple[int, ...], scores: tuple[float, ...]
) -> None:
    assert both_ways(count) == values
    assert step_scores(count) == scores


def test_seven_answers_are_scored_towards_the_stronger_network() -> None:
    at_a, at_b = trial("trust", stronger_side=Side.A), trial("trust", stronger_side=Side.B)
    assert score(at_b, 3, answers=SEVEN) == 2
    assert score(at_a, 3, answers=SEVEN) == -2
    assert score(at_a, -1, answers=SEVEN) == 0.666667


@pytest.mark.parametrize(
    ("value", "is_right", "found"), [(3, True, 0), (4, True, 1), (6, False, 0), (1, False, 1)]
)
def test_belief_is_the_upper_half_of_an_own_scale(value: int, is_right: bool, found: int) -> None:
    one = trial("agreement", {"right": int(is_right)})
    assert score(one, value, answers=["nein", "ja"], points=6) == found


@pytest.mark.parametrize("paradigm", ["trust", "agreement"])
def test_simulated_people_use_the_whole_of_an_own_scale(paradigm: str) -> None:
    one, random = trial(paradigm, {"right": 1}, stronger_side=Side.B), Random(1)
    keys = {"answers": ["no", "yes"], "points": 10}
    one.keys = PARADIGMS[paradigm].keys_of(one, block_of(paradigm, **keys))
    simulate = PARADIGMS[paradigm].simulate
    given = {simulate(0.3, 0.0, one, random) for _ in range(300)}
    assert {str(value) for value in given} == set(one.keys["value"])


def test_attention_checks_ask_for_an_answer_that_the_scale_has() -> None:
    three = block_of("trust", answers=["A", "gleich", "B"])
    assert PARADIGMS["trust"].check_values_in(three) == (-1, 1)
    assert PARADIGMS["trust"].check_values_in(block_of("trust")) == (-2, -1, 1, 2)
    two = block_of("agreement", answers=["no", "yes"])
    assert PARADIGMS["agreement"].check_values_in(two) == (1, 2)


@pytest.mark.parametrize("paradigm", ["discrimination", "meta_prediction", "reliance"])
def test_questions_with_names_on_the_buttons_have_own_words(paradigm: str) -> None:
    assert first(paradigm, question="Was ist es?", buttons=True).words == "Was ist es?"


def test_every_question_of_a_page_has_own_words() -> None:
    both = asked(trial("distinction"), question="Welche?", second_question="Und welche?")
    assert [one.words for one in PARADIGMS["distinction"].asks(both)][::2] == [
        "Welche?",
        "Und welche?",
    ]
    assert first("pointing", question="Wo ist: {name}?").words == "Wo ist: tiger?"
    one_step = first("reliance", steps="one", question="Ok?", answers=["Ja", "Nein"])
    assert (one_step.words, one_step.answers) == ("Ok?", ((1, "Ja"), (0, "Nein")))
    final = trial("reliance", option_order=[0, 1, 2, 3], step=2)
    page = PARADIGMS["reliance"].asks(asked(final, final_question="Und jetzt?"))
    assert page[0].words == "Und jetzt?"


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"points": "7"}, "`blocks.points = 7` needs `answers`: the built-in words are those of 5"),
        ({"answers": '["a", "b", "c"]', "points": "7"},
         "`blocks.answers` has 3 answers, but `blocks.points = 7`; give 7, or two for the ends"),
        ({"answers": '["a", "b"]'}, "`blocks.answers` has two answers, and trust has 3 to 11"),
        ({"answers": '["a", "b", "a"]'}, "“a” is listed twice; word them differently"),
        ({"answers": '["a", "b", "A"]'}, "“a” and “A” read alike; word them differently"),
        ({"question": '"{c}?"'}, "nothing takes the place of {c} in main; use {a} or {b}"),
        ({"answers": str([str(n) for n in range(12)]).replace("'", '"')}, "11"),
        ({"paradigm": '"agreement"', "answers": '["a", "b", "c", "d", "e"]'},
         "agreement on 5 points has a middle that neither believes nor doubts"),
        ({"paradigm": '"agreement"', "answers": '["a", "b"]', "points": "7"}, "use 6 or 8"),
        ({"paradigm": '"agreement"', "answers": '["no {name}", "a {name}"]', "checks": "1"},
         "an attention check is about no photo, so nothing takes the place of {name} there"),
        ({"paradigm": '"reliance"', "answers": '["a", "b"]'},
         "in two steps people choose among names of classes"),
        ({"paradigm": '"reliance"', "steps": '"one"', "final_question": '"Now?"'},
         "in one step there is one question"),
        ({"paradigm": '"meta_prediction"', "question": '"{name}?"'},
         "nothing takes the place of {name} in main; remove it"),
        ({"paradigm": '"meta_prediction"', "stage": '"learning"', "question": '"Look."'},
         "tells the network's answer: write {name} where it should stand"),
        ({"paradigm": '"discrimination"', "answers": '["a", "b"]'},
         "it is an unknown key for discrimination; remove it"),
    ],
)  # fmt: skip
def test_words_that_do_not_match_their_scale_are_refused(
    keys: dict[str, str], sentence: str
) -> None:
    assert sentence in complaint(definition(**keys))


def test_a_number_of_points_that_is_advised_is_one_that_is_taken() -> None:
    words = {"paradigm": '"agreement"', "answers": '["a", "b"]'}
    assert complaint(definition(**words, points="11")).endswith("nor wrong; use 10")
    assert complaint(definition(**words, points="3")).endswith("nor wrong; use 2 or 4")


def test_own_words_have_a_digest_that_is_stored_and_checked() -> None:
    block = parse_definition(definition(question='"Why?"'), "cats.toml").blocks[0]
    stored = block.model_dump(mode="json")
    assert len(block.wording) == 64
    assert stored["wording"] == block.wording
    again = PARADIGMS["trust"].block.model_validate(stored)
    assert again.model_dump(mode="json") == stored
    with pytest.raises(ValueError, match="wording is not the digest of the words of main"):
        PARADIGMS["trust"].block.model_validate({**stored, "question": "Who?"})


def test_a_block_in_the_built_in_words_is_stored_as_before() -> None:
    block = parse_definition(definition(), "cats.toml").blocks[0]
    assert block.wording == ""
    assert not {"question", "answers", "points", "wording"} & block.model_dump().keys()


def test_other_words_have_another_digest() -> None:
    blocks = [
        block_of("trust", question="Why?"), block_of("trust", question="Why not?"),
        block_of("trust", answers=SEVEN), block_of("agreement", question="Why?"),
        block_of("trust", answers=["a", "b"], points=7),
        block_of("trust", answers=["a", "b"], points=9),
    ]  # fmt: skip
    assert len({one.wording for one in blocks}) == len(blocks)
    assert block_of("trust", question="Why?", name="other").wording == blocks[0].wording


def test_keys_that_every_block_once_held_are_not_taken_for_own_words() -> None:
    stored = json.loads(make_definition(paradigm="trust").model_dump_json())
    once = {"session": None, "steps": "two", "with_photos": False, "question": None, "points": 7,
            "required": True, "longest": 2000, "items": [], "lowest": "", "highest": "",
            "instrument": None, "text": None, "fields": []}  # fmt: skip
    stored["blocks"] = [{**one, **once} for one in stored["blocks"]]
    assert stored_definition(stored).blocks[0].wording == ""


def test_the_codebook_tells_own_answers_as_they_are_stored() -> None:
    told = make_definition(blocks=[{**MAIN, "paradigm": "trust", "answers": SEVEN}])
    assert asked_questions(told)[0].levels == dict(zip(map(str, range(-3, 4)), SEVEN, strict=True))
