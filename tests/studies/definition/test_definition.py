"""A study file is checked whole; every complaint names the file, the line, the key and the fix."""

from inspect import signature
from pathlib import Path

import pytest
from pytest_django import Settings

from explainer import load_network
from studyapp.studies.definition.contradictions import DRAWN_FROM, OF_EVERY_NETWORK
from studyapp.studies.definition.file import DefinitionError, parse_definition, read_definition
from studyapp.studies.definition.study import Definition

GOOD = """\
slug = "cats"
title = "Cats"
kind = "pilot"

[texts]
consent = "consent.md"
instructions = "instructions.md"
debrief = "debrief.md"

[networks.vgg]
builder = "vgg16"
weights = "IMAGENET1K_V1"

[networks.alex]
builder = "alexnet"
weights = "IMAGENET1K_V1"

[pairs.main]
stronger = "vgg"
weaker = "alex"

[images]
reader = "folder"
folder = "photos"

[[conditions]]
name = "plain"
method = "guided_backprop"

[[conditions]]
name = "guided"
method = "guided_grad_cam"

[[blocks]]
name = "practice"
paradigm = "trust"
stage = "practice"
trials = 2

[[blocks]]
name = "main"
paradigm = "trust"
trials = 18
checks = 2

[design]
seed = 7
people = 100
stimuli = 30
"""


def complaint(text: str) -> str:
    with pytest.raises(DefinitionError) as caught:
        parse_definition(text, "cats.toml")
    message = str(caught.value)
    assert "\n" not in message
    return message


def spoiled(old: str, new: str) -> str:
    assert GOOD.count(old) == 1, f"{old!r} must stand once in the good file"
    return complaint(GOOD.replace(old, new))


def line(text: str) -> int:
    return GOOD[: GOOD.index(text)].count("\n") + 1


def test_a_good_file_gives_an_object_with_every_default_written_out() -> None:
    definition = parse_definition(GOOD, "cats.toml")
    assert definition.blocks[1].checks == 2
    assert definition.display.opacity == 0.5
    assert definition.arm_conditions() == {"everyone": ["plain", "guided"]}
    assert definition.shared_trials("trust", "practice") == 2
    assert definition.paradigms() == ["trust"]


def test_what_is_stored_gives_the_same_definition_back() -> None:
    definition = parse_definition(GOOD, "cats.toml")
    assert Definition.model_validate(definition.model_dump(mode="json")) == definition


def test_the_digest_knows_what_is_asked_and_not_how_it_is_spelt() -> None:
    first = parse_definition(GOOD, "a").digest()
    assert parse_definition(f"# a comment\n{GOOD}", "b").digest() == first
    assert parse_definition(GOOD.replace("seed = 7", "seed = 8"), "c").digest() != first


def test_an_unknown_paradigm_is_told_with_its_line_and_the_nearest_one() -> None:
    number = line('paradigm = "trust"\ntrials = 18')
    assert spoiled('paradigm = "trust"\ntrials = 18', 'paradigm = "trsut"\ntrials = 18') == (
        f'cats.toml, line {number}: `blocks.paradigm = "trsut"`: unknown; did you mean "trust"?'
    )


def test_an_unknown_key_is_told_with_its_line_and_the_nearest_one() -> None:
    number = line("checks = 2")
    assert spoiled("checks = 2", "chekcs = 2") == (
        f'cats.toml, line {number}: `blocks.1.chekcs`: unknown key; did you mean "checks"?'
    )


def test_a_missing_key_is_told() -> None:
    number = line("[design]")
    assert spoiled("seed = 7\n", "") == (
        f"cats.toml, line {number}: `design.seed`: is missing; add it"
    )


def test_a_value_of_the_wrong_kind_is_told_with_what_was_given() -> None:
    message = spoiled("people = 100", 'people = "many"')
    assert f"line {line('people = 100')}: `design.people`" in message
    assert "(given: 'many')" in message


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ('[display]\ncolour_map = "Viridis"', "'Viridis' is unknown; did you mean \"viridis\"?"),
        ("[display]\nsize = 4096", "`display.size`: use 1024 or less (given: 4096)"),
        ("[display]\nopacity = 0.0", "`display.opacity`: use more than 0"),
        ("[display]\nsize = 448.5", "`display.size`: write a whole number"),
        ('[display]\nlegend = "yes"', "`display.legend`: write true or false, without quotes"),
        ('[display]\nsurround = "pink"', "'pink' is unknown; known: "),
        ("[display]\nname_a = 3", "`display.name_a`: write a text, between quotes (given: 3)"),
        ('[panel]\nerase_ids_on = "soon"', "write a date as 2027-03-31 (given: 'soon')"),
    ],
)
def test_a_value_is_told_with_the_fix_and_in_no_words_of_the_checkers(
    lines: str, told: str
) -> None:
    message = complaint(f"{GOOD}\n{lines}\n")
    assert told in message
    assert "nput should" not in message
    assert "alue error" not in message


def test_a_folder_of_photos_that_is_not_there_is_told_with_key_and_line(tmp_path: Path) -> None:
    path = tmp_path / "cats.toml"
    path.write_text(GOOD, encoding="utf-8")
    for name in ("consent.md", "instructions.md", "debrief.md"):
        (tmp_path / name).write_text("Words.", encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        read_definition(path, with_photos=True)
    assert str(caught.value) == (
        f'{path}, line {line("folder = ")}: `images.folder = "photos"`: no such folder beside the '
        "study file; name the folder that holds the photos"
    )


def test_an_unknown_method_is_told_with_the_nearest_one() -> None:
    message = spoiled('"guided_grad_cam"', '"guided_gradcam"')
    assert 'did you mean "guided_grad_cam"?' in message
    number = line('method = "guided_grad_cam"')
    assert f"line {number}" in message


def test_an_unknown_network_is_told_with_all_that_are_equally_near() -> None:
    message = spoiled('builder = "vgg16"', 'builder = "vgg17"')
    assert 'did you mean "vgg11", "vgg13", "vgg16" or "vgg19"?' in message
    assert 'did you mean "vgg"?' in spoiled('stronger = "vgg"', 'stronger = "vggg"')


def test_a_pair_of_one_network_with_itself_is_told() -> None:
    number = line('weaker = "alex"')
    told = spoiled('weaker = "alex"', 'weaker = "vgg"')
    assert f"line {number}: `pairs.main`: stronger and weaker are both vgg; name two" in told
    told = spoiled('builder = "alexnet"', 'builder = "vgg16"')
    assert "vgg and alex are the same network; name two that differ" in told
    for default in ('probabilities = "softmax"', "grid = [7, 7, 0]"):
        told = spoiled('builder = "alexnet"', f'builder = "vgg16"\n{default}')
        assert "vgg and alex are the same network; name two that differ" in told


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ("classes = 6", 'options = "classes"`: unknown; did you mean "num_classes"?'),
        ('num_classes = "6"', "options.num_classes = '6'`: use a whole number above 0"),
        ("num_classes = 0", "options.num_classes = 0`: use a whole number above 0"),
        ("size = 0", "options.size = 0`: use a whole number above 0"),
        ("mean = 0.5", "options.mean = 0.5`: give three numbers, of red, green and blue"),
        ("mean = [123.7, 116.8, 103.9]", "from 0 to 1; std above 0. Divide numbers for bytes by"),
        ("mean = [0.5, 0.5, -0.1]", "give three numbers, of red, green and blue, from 0 to 1"),
        ("std = [58.4, 57.1, 57.4]", "Divide numbers for bytes by 255"),
        ("std = [0.5, 0.5, 0]", "options.std = [0.5, 0.5, 0]`: give three numbers"),
        ('interpolation = "lanczos"', "'lanczos'`: use bilinear or bicubic"),
    ],
)
def test_an_option_that_a_builder_does_not_take_is_told(option: str, sentence: str) -> None:
    builder = 'builder = "alexnet"'
    assert sentence in spoiled(builder, f"{builder}\noptions = {{ {option} }}")


SPOILED = {
    "a condition named twice": ('name = "guided"', 'name = "plain"', "is used twice"),
    "more trials than stimuli": ("trials = 18", "trials = 31", "more than `design.stimuli = 30`"),
    "no pilot and no ethics": ('kind = "pilot"', 'kind = "real"', "`ethics` is missing"),
    "a text that every study needs": ('debrief = "debrief.md"\n', "", "`texts.debrief` is missing"),
    "no TOML": ("seed = 7", "seed = = 7", "not TOML"),
    "a method's unknown setting": (
        'method = "guided_backprop"', 'method = "gradient"\nsettings = { groups = 3 }',
        '`conditions.settings = "groups"`: unknown; no name is known here',
    ),
    "an unknown key of a pair": ('stronger = "vgg"', 'strongr = "vgg"', 'did you mean "stronger"'),
    "an unknown key of the design": ("seed = 7", "sed = 7", 'did you mean "seed"'),
    "an unknown reference": (
        "[design]", '[analysis]\nreference = "plane"\n\n[design]', 'did you mean "plain"?'
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", SPOILED)
def test_what_a_study_file_may_not_say_is_told(what: str) -> None:
    old, new, told = SPOILED[what]
    assert told in spoiled(old, new)


def test_a_condition_must_name_its_pair_where_there_are_several() -> None:
    several = GOOD.replace("[images]", '[pairs.other]\nstronger = "alex"\n\n[images]')
    with pytest.raises(DefinitionError) as caught:
        parse_definition(several, "cats.toml")
    told = str(caught.value).split("\n")
    assert ["names no pair; add pair" in one for one in told] == [True, True]


def test_a_study_without_pairs_is_told_once() -> None:
    without = GOOD.replace('[pairs.main]\nstronger = "vgg"\nweaker = "alex"\n', "")
    assert without != GOOD
    assert "`pairs` is missing; add a section [pairs.main]" in complaint(without)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="name a study file"):
        read_definition(tmp_path / "none.toml")


def test_a_file_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b'title = "caf\xe9"')
    with pytest.raises(DefinitionError, match="save it as UTF-8"):
        read_definition(tmp_path / "latin.toml")


def test_a_text_file_that_is_not_there_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "cats.toml").write_text(GOOD)
    for name in ("consent", "instructions"):
        (tmp_path / f"{name}.md").write_text("text")
    with pytest.raises(DefinitionError, match=r'`texts.debrief = "debrief.md"`: no such file'):
        read_definition(tmp_path / "cats.toml")
    (tmp_path / "debrief.md").write_text("text")
    assert read_definition(tmp_path / "cats.toml").slug == "cats"


def test_networks_of_timms_are_taken_by_any_name_and_by_its_options() -> None:
    timm = 'builder = "timm:vit_tiny_patch16_224.augreg_in21k"'
    weights = 'builder = "vgg16"\nweights = "IMAGENET1K_V1"'
    taken = f'{timm}\nweights = "pretrained"\noptions = {{ size = 96 }}'
    read = parse_definition(GOOD.replace(weights, taken), "cats.toml")
    assert read.networks["vgg"].builder.startswith("timm:")
    told = spoiled('builder = "vgg16"', 'builder = "timm:"')
    assert 'builder = "timm:"`: unknown; did you mean "timm:NAME"?' in told
    told = spoiled('builder = "vgg16"', 'builder = "timm:hf-hub:timm/vit"')
    assert 'builder = "timm:hf-hub:timm/vit"`: unknown' in told
    told = spoiled('builder = "vgg16"', f"{timm}\noptions = {{ img_size = 96 }}")
    assert 'options = "img_size"`: unknown; did you mean "size"?' in told


def test_a_grid_is_rows_columns_and_tokens_before_them() -> None:
    builder = 'builder = "vgg16"'
    read = parse_definition(GOOD.replace(builder, f"{builder}\ngrid = [14, 14, 1]"), "cats.toml")
    assert read.networks["vgg"].grid == [14, 14, 1]
    told = spoiled(builder, f"{builder}\ngrid = [0, 14]")
    assert "give the rows and columns of the patches" in told
    assert "networks.vgg.grid" in spoiled(builder, f"{builder}\ngrid = [14]")


def test_a_factory_is_taken_where_it_is_allowed_and_else_told_whom_to_ask(
    settings: Settings,
) -> None:
    own, weights = 'builder = "my_lab.networks:vit"', 'builder = "vgg16"\nweights = "IMAGENET1K_V1"'
    taken = f'{own}\nweights = "package"\noptions = {{ size = 224, head = "cat" }}'
    settings.NETWORK_FACTORIES = ["my_lab.networks:other"]
    told = complaint(GOOD.replace(weights, taken))
    number = line('builder = "vgg16"')
    assert f"line {number}: `networks.vgg.builder`: the function my_lab.networks:vit is not" in told
    assert "here; write my_lab.networks:other if you mean that one, or ask whoever runs" in told
    assert "add it to NETWORK_FACTORIES" in told
    settings.NETWORK_FACTORIES = ["another.package:net"]
    assert "is not allowed here; ask whoever runs this" in complaint(GOOD.replace(weights, taken))
    settings.NETWORK_FACTORIES = ["my_lab.networks:vit"]
    read = parse_definition(GOOD.replace(weights, taken), "cats.toml")
    assert read.networks["vgg"].options == {"size": 224, "head": "cat"}
    told = complaint(GOOD.replace(weights, taken.replace('"cat"', '["cat"]')))
    assert "options.head = ['cat']`: use a text, a number, true or false" in told
    for key in OF_EVERY_NETWORK:
        told = complaint(GOOD.replace(weights, taken.replace("head", key)))
        assert f"`networks.vgg.options.{key}` can't be an option" in told
    own_arguments = signature(load_network).parameters.keys()
    assert own_arguments - {"options", DRAWN_FROM} == OF_EVERY_NETWORK
