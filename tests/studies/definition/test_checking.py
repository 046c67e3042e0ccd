"""`study check` and `study schema` read a file, its photos and nothing of the database."""

import json
import math
import os
import re
import shutil
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from studyapp.sections.networks_and_images import ImagesSection
from studyapp.studies.design.precision import Shares, precision, precision_lines, precision_table
from studyapp.studies.photos.files import measure, photo_bytes
from studyapp.studies.photos.readers import ReaderError, read_photos
from tests.photos.test_class_names import make_folders
from tests.running import ROOT, Done, output_of, python

STUDY = """\
slug = "colours"
title = "Colours"
kind = "pilot"
[texts]
consent = "t.md"
instructions = "t.md"
debrief = "t.md"
[networks.one]
builder = "alexnet"
weights = "random"
labels = "labels.txt"
options = { num_classes = 6 }
[pairs.main]
stronger = "one"
[images]
reader = "folder"
folder = "photos"
[[conditions]]
name = "grad_cam"
method = "grad_cam"
[[blocks]]
name = "main"
paradigm = "pointing"
trials = 2
[design]
seed = 1
people = 4
stimuli = 4
"""
SECOND_METHOD = """
[[conditions]]
name = "deconvnet"
method = "deconvnet"
"""
CLASSES = ("red", "green", "blue", "grey", "pink", "gold")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A study of six plain colours, two photos each of three of them."""
    for number, name in enumerate(CLASSES[:3]):
        for copy in range(2):
            path = tmp_path / "photos" / name / f"{copy}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (96, 80), (number * 80, copy * 90, 60)).save(path)
    (tmp_path / "t.md").write_text("text")
    (tmp_path / "labels.txt").write_text("\n".join(CLASSES))
    path = tmp_path / "colours.toml"
    path.write_text(STUDY)
    return path


def said(*arguments: object, **options: object) -> dict[str, object]:
    return json.loads(output_of("study", *arguments, json=True, **options))


def test_a_day_of_erasing_that_has_passed_is_a_goal_that_is_not_met(file: Path) -> None:
    file.write_text(f"{STUDY}\n[panel]\nerase_ids_on = 2020-01-31\n")
    out = StringIO()
    with pytest.raises(CommandError, match="1 goal is not met"):
        call_command("study", "check", str(file), stdout=out)
    assert "erased before people are paid; name a day after the study" in out.getvalue()


def test_a_name_with_a_namesake_is_told_by_the_check(file: Path) -> None:
    (file.parent / "photos" / "red").rename(file.parent / "photos" / "crane")
    labels = 'labels = "labels.txt"\noptions = { num_classes = 6 }'
    file.write_text(STUDY.replace(labels, 'labels = "imagenet"'))
    out = StringIO()
    with pytest.raises(CommandError):  # red and green are no classes of ImageNet
        call_command("study", "check", str(file), stdout=out)
    assert "Note: “crane” (2 photos) is taken for the class crane (n03126707)" in out.getvalue()


def test_a_check_that_loads_no_network_says_so(file: Path) -> None:
    told = output_of("study", "check", str(file))
    assert "No network was loaded; --predict loads them" in told
    assert "No network was loaded" not in output_of("study", "check", str(file), predict=True)


def test_a_good_file_is_told_with_photos_certificate_and_precision(file: Path) -> None:
    # No database fixture: any query would fail here.
    facts = said("check", str(file))
    assert facts["photos_by_category"] == {"red": 2, "green": 2, "blue": 2}
    assert facts["certificate"]["problems"] == []
    assert facts["precision"] == []
    file.write_text(STUDY.replace('"pointing"', '"agreement"'))
    row = said("check", str(file))["precision"][0]
    assert (row["people"], row["photos"], row["ratings"]) == (4, 4, 8)


def test_what_can_be_asked_is_counted_by_a_child_process(file: Path) -> None:
    found = said("check", str(file), predict=True)["eligible"]
    # Six classes, so every category is among the first ten.
    assert found == {"pointing": {"eligible": {"photos": 6}, "left_out": {}}}


def test_weights_and_labels_that_are_not_there_are_told_with_their_line(file: Path) -> None:
    file.write_text(STUDY.replace('weights = "random"', 'weights = "nowhere.pth"'))
    with pytest.raises(CommandError, match=r'line \d+: `networks.one.weights = "nowhere.pth"`: no'):
        said("check", str(file))
    file.write_text(STUDY.replace('labels = "labels.txt"', 'labels = "none.txt"'))
    with pytest.raises(CommandError, match=r"line \d+: `networks.one.labels.*one class per line"):
        said("check", str(file))


def test_a_network_that_cannot_answer_is_told_in_one_line(file: Path) -> None:
    (file.parent / "broken.pth").write_bytes(b"no weights")
    file.write_text(STUDY.replace('weights = "random"', 'weights = "broken.pth"'))
    with pytest.raises(CommandError, match="could not answer") as caught:
        said("check", str(file), predict=True)
    assert "\n" not in str(caught.value)


def test_the_schema_is_printed() -> None:
    schema = said("schema")
    assert schema["title"] == "A study file of Discern"
    assert "blocks" in schema["properties"]


def images(**values: object) -> ImagesSection:
    return ImagesSection.model_validate({"reader": "folder", "folder": "photos", **values})


def test_so_many_photos_are_taken_by_the_seed(file: Path) -> None:
    first = [photo.name for photo in read_photos(images(count=3), file.parent, seed=1)]
    assert first == [photo.name for photo in read_photos(images(count=3), file.parent, seed=1)]
    assert any(
        first != [photo.name for photo in read_photos(images(count=3), file.parent, seed=seed)]
        for seed in range(2, 6)
    )


def test_photos_are_taken_evenly_by_category_or_the_first_by_name(file: Path) -> None:
    balanced = read_photos(images(count=3, select="balanced"), file.parent)
    assert sorted(photo.categories[0].name for photo in balanced) == ["blue", "green", "red"]
    first = read_photos(images(count=3, select="first"), file.parent)
    assert [photo.name for photo in first] == ["blue/0.png", "blue/1.png", "green/0.png"]


def test_more_photos_than_there_are_is_told(file: Path) -> None:
    with pytest.raises(ReaderError, match="has 6 photos, and 7 are asked for"):
        read_photos(images(count=7), file.parent)


def test_pairs_hold_two_categories_and_every_photo_once(file: Path) -> None:
    pairs = read_photos(images(compose="pair"), file.parent)
    assert len(pairs) == 3
    for pair in pairs:
        assert len({one.name for one in pair.categories}) == 2
    names = [name for pair in pairs for name in pair.name.split(" + ")]
    assert len(set(names)) == 6


def test_a_pair_is_one_picture_the_same_every_time(file: Path) -> None:
    pair = read_photos(images(compose="pair"), file.parent)[0]
    content = photo_bytes(pair)
    assert content == photo_bytes(pair)
    found = measure(content, pair.name)
    assert (found.width, found.height, found.ending) == (512, 512, "png")


@pytest.mark.parametrize(
    "arguments",
    [
        ["schema"],
        ["check", "colours.toml"],
        ["power", "colours.toml", "--studies", "2", "--effects", "0.1", "--processes", "1"],
        ["preregister", "colours.toml", "--out", "plan.md"],
    ],
)
def test_what_is_said_of_a_file_needs_neither_database_nor_secret(
    file: Path, arguments: list[str]
) -> None:
    file.write_text(STUDY.replace('"pointing"', '"agreement"') + SECOND_METHOD)
    done = in_an_empty_environment(file.parent, *arguments)
    assert done.returncode == 0, done.stderr


def test_a_file_that_is_not_there_is_told_in_one_line_without_a_secret(tmp_path: Path) -> None:
    done = in_an_empty_environment(tmp_path, "check", "nothing.toml")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "CommandError: nothing.toml: No such file or directory; name a study file"
    ]


def in_an_empty_environment(folder: Path, *arguments: str) -> Done:
    """`manage.py study …` as on a machine without a site; its copy stands beside no var/env."""
    shutil.copy(ROOT / "manage.py", folder / "manage.py")
    given = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT),
             "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}  # fmt: skip
    return python("manage.py", "study", *arguments, env=given, cwd=folder)


def test_precision_is_what_the_formula_says() -> None:
    # Variance 0.25, 100 people, 50 photos, 2000 ratings; shares .05 .10 .03 .07 .75:
    # own = .0003 + .0014 + .000375 = .002075; mean² = .25 (.0005 + .002 + own) = .00114375;
    # contrast² = 2 · .25 · .002075 = .0010375.
    found = precision(0.25, people=100, photos=50, ratings=2000, shares=Shares())
    assert found["mean"] == pytest.approx(1.959964 * math.sqrt(0.00114375))
    assert found["contrast"] == pytest.approx(1.959964 * math.sqrt(0.0010375))
    assert found["detectable"] == pytest.approx(2.801585 * math.sqrt(0.0010375))


def test_the_difference_of_two_arms_keeps_what_differs_between_people() -> None:
    # As above, and the share of people does not cancel: 2 · .25 · (.002075 + .0005) = .0012875.
    found = precision(0.25, people=100, photos=50, ratings=2000, is_between=True)
    assert found["contrast"] == pytest.approx(1.959964 * math.sqrt(0.0012875))


def block_of(arm: str, conditions: int) -> dict[str, object]:
    return {
        "arm": arm, "block": "main", "people": 10, "stimuli": 8, "ratings": 80,
        "conditions": conditions,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("conditions", "arms", "said"),
    [
        (2, "a", "difference within people ±"),
        (1, "ab", "difference between arms ±"),
        (1, "a", "one condition: nothing to compare it with"),
    ],
)
def test_precision_is_told_of_the_difference_that_the_design_has(
    conditions: int, arms: str, said: str
) -> None:
    certificate = {"blocks": [block_of(arm, conditions) for arm in arms]}
    table = precision_table(certificate, {"main": "correct"}, {(arm, "main"): 9 for arm in arms})
    lines = precision_lines(table, 0.0001 if len(arms) + conditions > 2 else None)
    assert said in lines[0]
    assert len(lines) == (2 * len(arms) if "±" in said else 1)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("num_classes = 6", "num_classes = 7"), "6 class names for num_classes = 7"),
        (("stimuli = 4", "stimuli = 500"), "500 photos, and at most 6 can be asked about"),
        (('"pointing"', '"discrimination"'), "6: not exactly two annotated categories"),
    ],
)
def test_what_cannot_be_had_is_told_and_the_check_ends_with_1(
    file: Path, change: tuple[str, str], sentence: str
) -> None:
    file.write_text(STUDY.replace(*change))
    out = StringIO()
    with pytest.raises(CommandError, match="not met, see above"):
        call_command("study", "check", str(file), stdout=out)
    assert sentence in out.getvalue()
    assert "a good study file" not in out.getvalue()


def test_weights_of_another_digest_are_told(file: Path) -> None:
    (file.parent / "w.pth").write_bytes(b"weights")
    text = STUDY.replace('weights = "random"', f'weights = "w.pth"\nsha256 = "{"0" * 64}"')
    file.write_text(text)
    with pytest.raises(CommandError, match="1 goal is not met"):
        call_command("study", "check", str(file), stdout=StringIO())


def test_a_design_that_misses_its_goal_ends_the_check_with_1(file: Path) -> None:
    file.write_text(
        STUDY.replace('"pointing"', '"trust"').replace('stronger = "one"', 'use = "vgg16_alexnet"')
        .replace("people = 4", "people = 3")
    )  # fmt: skip
    with pytest.raises(CommandError):
        call_command("study", "check", str(file), stdout=StringIO())


@pytest.mark.parametrize("language", ["fa", "xx"])
def test_a_language_without_a_translation_is_refused_with_those_that_there_are(
    file: Path, language: str
) -> None:
    file.write_text(f'language = "{language}"\n{STUDY}')
    with pytest.raises(CommandError, match=r"line 1.*not translated into it; use en or de"):
        said("check", str(file))


def test_a_method_that_cannot_explain_a_network_is_told_before_any_photo(file: Path) -> None:
    file.write_text(
        STUDY.replace('"alexnet"', '"mobilenet_v3_small"').replace(
            'method = "grad_cam"', 'method = "guided_backprop"'
        )
    )
    with pytest.raises(CommandError, match="mobilenet_v3_small: the network also rec") as told:
        said("check", str(file), predict=True)
    assert "\n" not in str(told.value)


PRETRAINED = STUDY.replace('weights = "random"', 'weights = "IMAGENET1K_V1"').replace(
    'labels = "labels.txt"\noptions = { num_classes = 6 }\n', ""
)


def write_study(base: Path, toml: str) -> str:
    (base / "t.md").write_text("text")
    (base / "study.toml").write_text(toml)
    return str(base / "study.toml")


def test_the_guides_own_example_runs(tmp_path: Path) -> None:
    example = re.search(
        r"```\nphotos/\n(.*?)```",
        (ROOT / "docs" / "running-a-study.md").read_text("utf-8"),
        re.DOTALL,
    )
    folders = [line.strip().partition("/")[0] for line in example[1].splitlines()]
    assert folders == ["tiger", "tabby cat"]
    make_folders(tmp_path, folders, photos=2)
    facts = said("check", write_study(tmp_path, PRETRAINED))
    assert facts["unknown_names"] == []
    assert facts["not_met"] == []


def test_the_check_tells_every_unknown_name_without_running_a_network(tmp_path: Path) -> None:
    make_folders(tmp_path, ["tiger", "Goldfish", "tigger", "zebra"], photos=2)
    out = StringIO()
    file = write_study(tmp_path, PRETRAINED.replace("stimuli = 4", "stimuli = 8"))
    with pytest.raises(CommandError, match="1 goal is not met"):
        call_command("study", "check", file, stdout=out)
    assert "“tigger” (2 photos): did you mean tiger" in out.getvalue()
    assert "8 photos, and at most 6 can be asked about (left out: 2: a category" in out.getvalue()
