"""What fits which kind of question is told by file, line, key and fix."""

import re

import pytest

from studyapp.paradigms import PARADIGMS
from studyapp.studies.definition.file import DefinitionError, parse_definition

HEAD = """\
slug = "cats"
title = "Cats"
kind = "pilot"
[texts]
consent = "a.md"
instructions = "b.md"
debrief = "c.md"
own = "d.html"
[pairs.main]
use = "vgg16_alexnet"
[images]
reader = "folder"
folder = "photos"
[design]
seed = 1
people = 12
stimuli = 8
"""


def definition(*conditions: str, **block: object) -> str:
    """A study file with one block of these keys and conditions of these lines."""
    lines = [HEAD]
    for number, text in enumerate(conditions or ('method = "grad_cam"',)):
        lines.append(f'[[conditions]]\nname = "c{number}"\n{text}\n')
    keys = {"name": '"main"', "paradigm": '"trust"', "trials": 4, **block}
    lines.append("[[blocks]]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items()))
    return "".join(lines)


def complaint(text: str) -> str:
    with pytest.raises(DefinitionError) as caught:
        parse_definition(text, "cats.toml")
    assert re.match(r"cats\.toml, line \d+: ", str(caught.value))
    return str(caught.value)


@pytest.mark.parametrize("control", ["edges", "centre_prior"])
@pytest.mark.parametrize("paradigm", ["trust", "distinction"])
def test_a_control_that_is_the_same_everywhere_is_refused(control: str, paradigm: str) -> None:
    told = complaint(definition(f'method = "{control}"', paradigm=f'"{paradigm}"'))
    assert f"`conditions` c0 does not fit {paradigm}: {control} gives the same picture" in told
    compared = {"trust": "network", "distinction": "class"}[paradigm]
    assert f"its map does not depend on the {compared}; use random_weights" in told


@pytest.mark.parametrize("paradigm", ["discrimination", "agreement", "pointing", "reliance"])
def test_other_paradigms_take_every_control(paradigm: str) -> None:
    text = definition('method = "edges"', 'method = "random_weights"', paradigm=f'"{paradigm}"')
    assert parse_definition(text, "cats.toml").blocks[0].paradigm == paradigm


def test_trust_takes_two_methods_of_one_network_and_a_equals_a() -> None:
    one = 'method = "grad_cam"\nversus = "edges"'
    same = 'method = "grad_cam"\nversus = "grad_cam"'
    assert len(parse_definition(definition(one, same), "cats.toml").conditions) == 2
    told = complaint(definition(one, paradigm='"agreement"'))
    assert "only trust compares two methods" in told


def test_one_network_with_one_method_has_nothing_to_compare() -> None:
    text = definition().replace(
        'use = "vgg16_alexnet"', 'stronger = "vgg"\n[networks.vgg]\nbuilder = "vgg16"\n'
        'weights = "random"',
    )  # fmt: skip
    assert "give its pair a weaker network" in complaint(text)


def test_no_explanation_fits_only_where_it_can_be_missed() -> None:
    fits = {name for name, one in PARADIGMS.items() if "none" in one.without_map}
    assert fits == {"agreement", "meta_prediction", "reliance", "trust"}
    told = complaint(definition('method = "none"', paradigm='"discrimination"'))
    assert "without an explanation, which fits trust, agreement, meta_prediction, reliance" in told
    told = complaint(definition('method = "no_advice"', paradigm='"agreement"'))
    assert "which fits reliance" in told


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"steps": '"one"'}, "`blocks.0.steps`: only reliance reads it"),
        ({"session": 1}, "only meta_prediction reads it"),
        ({"items": '["x"]'}, "only questionnaire and rating read it"),
        ({"stage": '"learning"'}, 'use "practice"'),
        ({"paradigm": '"pointing"', "checks": 1}, "has no answer that a check could ask for"),
        ({"paradigm": '"pointing"', "repeats": 1}, "can't be asked again here"),
        ({"paradigm": '"reliance"', "repeats": 1}, "can't be asked again here"),
        ({"pass_at": 1}, "only practice with right answers can be passed"),
        ({"paradigm": '"agreement"', "trials": 3}, "`blocks.trials = 3` can't hold equally many"),
        ({"paradigm": '"rating"'}, "`blocks.items` is missing"),
        ({"paradigm": '"custom"'}, "`blocks.fields` is missing"),
        ({"paradigm": '"marking"', "tool": '"brush"', "most": 2}, "a brush has none; remove it"),
        ({"paradigm": '"marking"', "least": 3, "most": 2}, "is more than `blocks.most = 2`; lower"),
        ({"paradigm": '"marking"', "most": 51}, "is 51; use 50 or less"),
        ({"paradigm": '"marking"', "tool": '"lasso"'}, "tool"),
        ({"paradigm": '"questionnaire"', "items": '["x"]', "instrument": '"trust"'}, "unknown;"),
        (
            {"paradigm": '"questionnaire"', "items": '["x"]',
             "instrument": '"trust_in_automation"'},
            "has 1 item, but trust_in_automation has 12; see Jian",
        ),
        (
            {"paradigm": '"questionnaire"', "items": str(["x"] * 12), "points": 5,
             "instrument": '"trust_in_automation"'},
            "is answered from 1 to 7",
        ),
        ({"trials": 9}, "more than `design.stimuli = 8`"),
        ({"conditions": '["c1"]'}, '`blocks.conditions = "c1"`: unknown; known: c0'),
    ],
)  # fmt: skip
def test_what_a_block_can_not_mean_is_told(keys: dict[str, object], sentence: str) -> None:
    assert sentence in complaint(definition(**keys))


# The value of each key that a paradigm may ignore, and the paradigms that read it.
OWN_WORDS = {
    "trust", "discrimination", "agreement", "distinction", "meta_prediction", "reliance",
    "pointing", "marking", "comparison", "ranking", "which_answer",
}  # fmt: skip
READ_BY = {
    ("steps", '"two"'): {"reliance"},
    ("session", "1"): {"meta_prediction"},
    ("items", '["x"]'): {"rating", "questionnaire"},
    ("instrument", '"trust_in_automation"'): {"questionnaire"},
    ("translation", '"Some and Other"'): {"questionnaire"},
    ("question", '"Why?"'): {"open_text", *OWN_WORDS},
    ("answers", '["a", "b"]'): {"trust", "agreement", "reliance", "comparison"},
    ("further_question", '"Why?"'): {"ranking"},
    ("second_question", '"Why?"'): {"distinction"},
    ("final_question", '"Why?"'): {"reliance"},
    ("tool", '"brush"'): {"marking"},
    ("least", "1"): {"marking"},
    ("most", "9"): {"marking"},
    ("with_explanation", "true"): {"marking"},
    ("required", "false"): {"open_text"},
    ("required", "true"): {"open_text"},
    ("longest", "2000"): {"open_text"},
    ("may_decline", "true"): {"open_text", "rating", "questionnaire", *OWN_WORDS},
    ("text", '"own"'): {"custom"},
    ("fields", '[{ name = "a", question = "b", kind = "text" }]'): {"custom"},
    ("with_photos", "true"): {"open_text", "custom"},
    ("with_photos", "false"): {"open_text", "custom"},
    ("lowest", '"no"'): {"rating", "questionnaire"},
    ("highest", '"yes"'): {"rating", "questionnaire"},
    ("points", "7"): {"rating", "questionnaire", "trust", "agreement"},
    ("ties", "false"): {"comparison"},
    ("asks_for", '"best"'): {"ranking"},
    ("illusion", '"grid"'): {"sight"},
    ("control", "true"): {"sight"},
}


@pytest.mark.parametrize("paradigm", PARADIGMS)
@pytest.mark.parametrize(("key", "value"), READ_BY)
def test_a_key_that_a_paradigm_ignores_is_unknown_to_it(
    paradigm: str, key: str, value: str
) -> None:
    keys = {"paradigm": f'"{paradigm}"', key: value}
    if paradigm in READ_BY[key, value]:
        said = ""
        try:
            parse_definition(definition(**keys), "cats.toml")
        except DefinitionError as error:  # of another key that is missing
            said = str(error)
        assert "unknown key" not in said
    else:
        assert f"it is an unknown key for {paradigm}; remove it" in complaint(definition(**keys))


@pytest.mark.parametrize("paradigm", ["questionnaire", "open_text", "sight", "custom"])
def test_keys_about_photos_are_refused_where_none_is_asked_about(paradigm: str) -> None:
    needed = {"questionnaire": {"items": '["x"]'}, "open_text": {}, "sight": {}, "custom": {
        "fields": '[{ name = "a", question = "b", kind = "text" }]'}}[paradigm]  # fmt: skip
    block = {"paradigm": f'"{paradigm}"', **needed}
    parse_definition(definition(**block), "cats.toml")
    assert "asks about no photo" in complaint(definition(**block, conditions='["c0"]'))
    assert "have a share of them" in complaint(definition(**block, stimuli="4"))


def test_a_share_of_photos_that_nobody_shares_is_refused() -> None:
    assert "the only block of trust" in complaint(definition(stimuli="4"))


@pytest.mark.parametrize(
    ("kind", "key"),
    [("text", "points = 5"), ("text", 'choices = ["a", "b"]'), ("scale", "longest = 9"),
     ("choice", 'lowest = "no"'), ("line", "most = 9"), ("number", "longest = 9"),
     ("text", 'unit = "years"'), ("scale", "decimals = 1")],
)  # fmt: skip
def test_a_key_that_a_field_ignores_is_refused(kind: str, key: str) -> None:
    choices = ', choices = ["a", "b"]' if kind == "choice" else ""
    field = f'[{{ name = "a", question = "b", kind = "{kind}", {key}{choices} }}]'
    found = complaint(definition(paradigm='"custom"', fields=field))
    assert f"unknown key for the {kind} a" in found


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (["text value"], "the main answer, value, must be a number, which a text is not"),
        (["line value"], "the main answer, value, must be a number, which a line is not"),
        (["number value"], "value, must be one of the listed choices or a step of a scale, which"),
        (["scale a", "text a"], "2 fields of main are called a, so only one answer would be kept"),
        (["text rt_ms"], "the page itself has a field called rt_ms; choose another name"),
        (["scale trial"], "the page itself has a field called trial"),
    ],
)
def test_a_field_whose_answer_would_be_lost_is_refused(fields: list[str], sentence: str) -> None:
    told = [field.split() for field in fields]
    written = ", ".join(
        f'{{ name = "{name}", question = "b", kind = "{kind}" }}' for kind, name in told
    )
    assert sentence in complaint(definition(paradigm='"custom"', fields=f"[{written}]"))


def test_the_main_answer_of_a_custom_page_can_be_declined() -> None:
    field = '[{ name = "value", question = "b", choices = ["a", "b"], may_decline = true }]'
    parse_definition(definition(paradigm='"custom"', fields=field), "cats.toml")


def test_nobody_declines_while_learning_and_blocks_of_a_paradigm_agree_on_declining() -> None:
    learning = definition(paradigm='"meta_prediction"', stage='"learning"', may_decline="true")
    assert (
        "`blocks.may_decline`: in main people learn and are asked nothing that they could decline; "
        "remove it" in complaint(learning)
    )
    both = definition(may_decline="true")
    both += (
        both[both.index("[[blocks]]") :].replace('"main"', '"more"').replace("= true", "= false")
    )
    assert (
        "`blocks.may_decline`: main offers “Prefer not to say” and more does not, and both are "
        "analysed together; say the same in both" in complaint(both)
    )


@pytest.mark.parametrize("method", ["edges", "centre_prior", "other_image"])
def test_distinction_refuses_maps_that_do_not_depend_on_the_class(method: str) -> None:
    found = complaint(definition(f'method = "{method}"', paradigm='"distinction"'))
    assert f"{method} gives the same picture" in found
    assert "its map does not depend on the class; use random_weights or another" in found
    for fitting in ("grad_cam", "random_weights"):
        text = definition(f'method = "{fitting}"', paradigm='"distinction"')
        parse_definition(text, "cats.toml")


def test_an_arm_without_any_of_a_blocks_conditions_is_told() -> None:
    arms = '[[arms]]\nname = "one"\nconditions = ["c0"]\n[[arms]]\nname = "two"\n'
    text = definition('method = "grad_cam"', 'method = "gradient"', conditions='["c0"]')
    told = complaint(text + arms + 'conditions = ["c1"]\n')
    assert "the arm two has none of them" in told


def test_a_ready_pair_is_written_out_and_an_unknown_one_is_told() -> None:
    found = parse_definition(definition(), "cats.toml")
    assert (found.pairs["main"].stronger, found.pairs["main"].weaker) == ("vgg16", "alexnet")
    assert found.networks["vgg16"].weights == "IMAGENET1K_V1"
    told = complaint(definition().replace("vgg16_alexnet", "vgg_alexnet"))
    assert "'vgg_alexnet' is unknown; did you mean \"vgg16_alexnet\"?" in told


@pytest.mark.parametrize("value", ["[]", "{}", "1", "true", "2026-01-01"])
def test_a_pair_that_is_named_by_anything_but_a_text_is_refused(value: str) -> None:
    told = complaint(definition().replace('"vgg16_alexnet"', value))
    assert "pairs.main" in told


def test_pay_below_its_own_hourly_floor_is_told() -> None:
    names = "approved_by protocol contact complaints risks data_controller legal_basis retention"
    ethics = dict.fromkeys([*names.split(), "withdrawal_deadline"], "x")
    lines = "".join(f'{name} = "{text}"\n' for name, text in ethics.items())
    pay = '[pay]\namount = 1.0\ncurrency = "GBP"\nhourly_floor = 9.0\n'
    told = complaint(f"{definition()}[ethics]\nminutes = 10\n{lines}{pay}")
    assert "is 6.00 an hour, below `pay.hourly_floor = 9`" in told


def test_a_screening_question_accepts_answers_that_it_has() -> None:
    asking = '[[screening]]\nquestion = "Q?"\nanswers = ["a", "b"]\naccept = [3]\n'
    assert "accept names answer 3, but there are 2 answers" in complaint(definition() + asking)
