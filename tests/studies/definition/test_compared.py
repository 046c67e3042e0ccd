"""Any two conditions as the sides of a trust page: read, drawn, shown, or refused with the fix."""

import pytest

from studyapp.studies.definition.file import DefinitionError, parse_definition
from studyapp.studies.design.imagined import imagined_pages

STUDY = """
slug = "sides"
title = "Two sides"
kind = "pilot"
texts = { consent = "text.md", instructions = "text.md", debrief = "text.md" }
images = { reader = "folder", folder = "photos" }
conditions = [
    { name = "cam_vgg", method = "grad_cam", pair = "vgg" },
    { name = "shap_resnet", method = "imported", files = "shap.csv", pair = "resnet" },
    { name = "occl_vgg", method = "occlusion", pair = "vgg" },
    { name = "both", method = "grad_cam", pair = "two" },
    { name = "nothing", method = "none", pair = "two" },
    { name = "again", method = "grad_cam", pair = "vgg" },
    { name = "edges_vgg", method = "edges", pair = "vgg" },
    { name = "edges_resnet", method = "edges", pair = "resnet" },
    { name = "methods", method = "grad_cam", versus = "occlusion", pair = "vgg" },
]

[[blocks]]
name = "main"
paradigm = "trust"
trials = 4
compare = [["cam_vgg", "shap_resnet"], ["occl_vgg", "cam_vgg"]]

[design]
seed = 1
people = 4
stimuli = 4
[pairs]
vgg = { stronger = "vgg16" }
resnet = { stronger = "resnet18" }
two = { stronger = "vgg16", weaker = "resnet18" }

[networks]
vgg16 = { builder = "vgg16", weights = "random", labels = "imagenet" }
resnet18 = { builder = "resnet18", weights = "random", labels = "imagenet" }
"""
PAIRS = '[["cam_vgg", "shap_resnet"], ["occl_vgg", "cam_vgg"]]'


def with_pairs(compare: str, more: str = "") -> str:
    return STUDY.replace(f"compare = {PAIRS}", f"compare = {compare}{more}")


def test_any_two_conditions_are_the_sides_of_a_page() -> None:
    study = parse_definition(STUDY, "study.toml")
    names = ["cam_vgg · shap_resnet", "occl_vgg · cam_vgg"]
    assert study.meetings() == study.meetings_of("trust") == names
    assert {one.name for one in study.conditions_of("trust")} == {
        "cam_vgg", "occl_vgg", "shap_resnet",
    }  # fmt: skip
    assert study.conditions_alone_in("trust") == []
    pages = imagined_pages(study, "everyone")
    assert {str(page.condition) for page in pages} == set(names)
    assert {page.stronger_side for page in pages} == {"A", "B"}
    for page in pages:
        at_b = 1 if page.stronger_side == "B" else -1
        assert page.keys["value"] == {str(one): at_b * one for one in (-2, -1, 0, 1, 2)}


def test_conditions_that_are_named_too_are_asked_about_by_themselves() -> None:
    told = with_pairs('[["cam_vgg", "occl_vgg"]]', '\nconditions = ["both", "nothing"]')
    study = parse_definition(told, "study.toml")
    assert study.meetings_of("trust") == ["both", "nothing", "cam_vgg · occl_vgg"]
    assert study.baseline_of("trust") == "nothing"


def test_an_arm_sees_the_two_sides_that_it_has() -> None:
    arms = """
[[arms]]
name = "a"
conditions = ["cam_vgg", "shap_resnet"]

[[arms]]
name = "b"
conditions = ["cam_vgg", "occl_vgg"]

[design]"""
    told = STUDY.replace("\n[design]", arms)
    study = parse_definition(told, "study.toml")
    shown = [study.shown_under(study.blocks[0], names) for names in study.arm_conditions().values()]
    assert shown == [["cam_vgg · shap_resnet"], ["occl_vgg · cam_vgg"]]
    with pytest.raises(DefinitionError, match="the arm b sees nothing of main; add two of them"):
        parse_definition(
            told.replace('conditions = ["cam_vgg", "occl_vgg"]', 'conditions = ["occl_vgg"]'),
            "study.toml",
        )
    more = told.replace(PAIRS, f'{PAIRS[:-1]}, ["occl_vgg", "shap_resnet"]]')
    with pytest.raises(DefinitionError, match="no arm has both occl_vgg and shap_resnet, so"):
        parse_definition(more, "study.toml")


def test_a_block_without_two_sides_is_stored_as_before() -> None:
    study = parse_definition(with_pairs('[["cam_vgg", "occl_vgg"]]'), "study.toml")
    without = study.blocks[0].model_copy(update={"compare": None})
    assert "compare" in study.blocks[0].model_dump(mode="json")
    assert "compare" not in without.model_dump(mode="json")


@pytest.mark.parametrize(
    ("compare", "said"),
    [
        ('[["cam_vgg", "cam_vgg"]]', "cam_vgg stands on both sides; name two that differ. For A ="),
        ('[["cam_vgg", "occl_vgg"], ["occl_vgg", "cam_vgg"]]',
         "occl_vgg and cam_vgg are there twice; name them once, because both sides are"),
        ('[["cam_vgg", "again"]]', "cam_vgg and again show the same pictures; name two that"),
        ('[["edges_vgg", "edges_resnet"]]', "edges_vgg and edges_resnet show the same pictures"),
        ('[["cam_vgg", "nothing"]]', "nothing shows the network's answer without an explanation,"),
        ('[["cam_vgg", "methods"]]', "methods has two sides of its own; name a condition without"),
        ('[["cam_vgg", "occl_vg"]]', r'`blocks.compare = "occl_vg"`: unknown; did you mean "?occl'),
        ('[["cam_vgg"]]', "list at least 2"),
        ('[["cam_vgg", "occl_vgg", "shap_resnet"]]', "list at most 2"),
        ("[]", "list at least 1"),
        ('"cam_vgg"', "write a list, in square brackets"),
    ],
)  # fmt: skip
def test_sides_that_tell_nothing_are_refused_with_the_fix(compare: str, said: str) -> None:
    with pytest.raises(DefinitionError, match=said):
        parse_definition(with_pairs(compare), "study.toml")


def test_a_condition_of_one_network_alone_is_refused_and_sent_to_compare() -> None:
    told = with_pairs('[["cam_vgg", "occl_vgg"]]', '\nconditions = ["cam_vgg"]')
    said = "or name it with another one in `compare` of the block main, which asks about it by it"
    with pytest.raises(DefinitionError, match=said):
        parse_definition(told, "study.toml")


PRACTICE = """
[[blocks]]
name = "again"
paradigm = "trust"
stage = "practice"
trials = 1
{keys}

[design]"""


def with_practice(keys: str) -> str:
    return STUDY.replace("\n[design]", PRACTICE.format(keys=keys))


def test_the_block_that_asks_about_one_network_alone_is_named() -> None:
    with pytest.raises(DefinitionError, match="in `compare` of the block again, which asks about"):
        parse_definition(with_practice(""), "study.toml")


def test_sides_stand_the_same_way_round_in_every_block() -> None:
    parse_definition(with_practice('compare = [["occl_vgg", "cam_vgg"]]'), "study.toml")
    turned = with_practice('compare = [["cam_vgg", "occl_vgg"]]')
    said = "`blocks.compare` of again: cam_vgg and occl_vgg stand the other way round in main, so"
    with pytest.raises(DefinitionError, match=said) as caught:
        parse_definition(turned, "study.toml")
    assert str(caught.value).count("\n") == 0


def test_other_questions_have_no_sides_to_name() -> None:
    told = STUDY.replace('"trust"', '"comparison"')
    with pytest.raises(DefinitionError, match="compare"):
        parse_definition(told, "study.toml")
