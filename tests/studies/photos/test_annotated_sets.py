"""Studies with photos as data sets come: VOC's and ImageNet's layouts, COCO's own, groups."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from photos.class_names import class_names
from studyapp.paradigms import PARADIGMS, Classified, Refusal
from studyapp.sections.networks_and_images import ImagesSection
from studyapp.studies.definition.file import DefinitionError, parse_definition
from studyapp.studies.photos.eligibility import apply_rule, category_of
from studyapp.studies.photos.readers import (
    Photo,
    ReaderError,
    left_out,
    left_out_sentence,
    read_photos,
)
from tests.photos.voc_sets import Thing, write_voc
from tests.studies.definition.test_checking import STUDY

CAT, DOG, PERSON = Thing("cat"), Thing("dog", (2, 2, 30, 12)), Thing("person", (20, 20, 40, 40))
TABBY, PUG = "n02123045", "n02110958"


def section(**values: object) -> ImagesSection:
    return ImagesSection.model_validate(
        {"reader": "voc", "folder": "VOC2007", "smallest_side": 16, **values}
    )


def shown(photos: list[Photo]) -> dict[str, list[str]]:
    return {photo.path.stem: [one.name for one in photo.categories] for photo in photos}


@pytest.fixture
def voc(tmp_path: Path) -> Path:
    """The paper's protocol in small: photos with one, two and three classes, some difficult."""
    photos = {
        "000001": [CAT],
        "000002": [CAT, DOG],
        "000003": [CAT, DOG, PERSON],
        "000004": [CAT, DOG, Thing("person", difficult=True)],
        "000005": [CAT, DOG, Thing("dog", (1, 1, 4, 4), difficult=True)],
        "000006": [DOG, PERSON, Thing("person", (1, 1, 9, 9), truncated=True)],
    }
    write_voc(tmp_path / "VOC2007", photos, ["trainval"])
    listed = tmp_path / "VOC2007" / "ImageSets" / "Main" / "val.txt"
    listed.write_text("".join(f"{stem}\n" for stem in photos if stem != "000006"))
    return tmp_path


def test_a_split_is_read_without_difficult_objects_and_what_is_left_out_is_told(voc: Path) -> None:
    found = read_photos(section(split="val"), voc)
    assert shown(found) == {
        "000001": ["cat"], "000002": ["cat", "dog"], "000003": ["cat", "dog", "person"],
        "000005": ["cat", "dog"],
    }  # fmt: skip
    assert found[0].categories[0].boxes == ((4, 8, 20, 20),)
    assert len(found[-1].categories[1].boxes) == 1
    assert left_out_sentence(left_out(section(split="val"), voc)) == (
        "left out: 1 not in the split val, 1 that shows a class only by objects that don't count"
    )
    everything = section(ignore=[])
    assert len(read_photos(everything, voc)) == 6
    assert left_out_sentence(left_out(everything, voc)) == ""


def test_the_papers_protocol_asks_about_both_classes_of_photos_with_two(voc: Path) -> None:
    """Grad-CAM, section 5.1: photos of VOC 2007 val with exactly two annotated categories."""
    labels = ["bird", "cat", "dog", "person"]
    says = Classified([1, 2, 3, 0], labels, 1)
    asked = {}
    for photo in read_photos(section(split="val"), voc):
        names = class_names(tuple(labels))
        categories = [category_of(one.name, one.accepted, names) for one in photo.categories]
        outcome = apply_rule(categories, {"stronger": says}, PARADIGMS["discrimination"])
        if not isinstance(outcome, Refusal):
            asked[photo.path.stem] = [(one.category, one.class_index, one.facts) for one in outcome]
    both = [("cat", 1, {"right": 0}), ("dog", 2, {"right": 1})]
    assert asked == {"000002": both, "000005": both}
    # Which of them are taken is drawn by the seed
    some = section(split="val", count=2)
    draws = [tuple(shown(read_photos(some, voc, seed=seed))) for seed in (1, 1, *range(2, 9))]
    assert draws[0] == draws[1]
    assert len(set(draws)) > 1


@pytest.mark.parametrize(
    "name", ["VOC2007/Annotations/000001.xml", "VOC2007/JPEGImages/000001.jpg"]
)
def test_what_is_wrong_with_a_set_is_told_with_the_fix(voc: Path, name: str) -> None:
    (voc / name).unlink()
    with pytest.raises(ReaderError, match=r"000001: .*; add"):
        read_photos(section(split="val"), voc)


def test_imagenets_flat_photos_get_their_classes_from_a_table_beside_the_study(
    tmp_path: Path,
) -> None:
    (tmp_path / "val").mkdir()
    for number in (1, 2):
        picture = Image.new("RGB", (40, 40), (number, 9, 9))
        picture.save(tmp_path / "val" / f"ILSVRC2012_val_0000000{number}.JPEG", "JPEG")
    (tmp_path / "truth.txt").write_text(f"{PUG}\n{TABBY}\n")
    images = section(reader="imagenet", folder="val", truth="truth.txt")
    found = read_photos(images, tmp_path)
    assert [one.categories[0].name for one in found] == ["pug", "tabby"]
    assert found[0].categories[0].accepted == (PUG, "pug")
    (tmp_path / "truth.txt").rename(tmp_path / "val" / "truth.txt")
    inside = section(reader="imagenet", folder="val", truth="val/truth.txt")
    assert left_out_sentence(left_out(inside, tmp_path)) == ""


def coco(folder: Path) -> Path:
    """COCO's own layout: annotations/instances_val2017.json beside val2017/."""
    for name in ("annotations", "val2017"):
        (folder / "coco" / name).mkdir(parents=True)
    kinds = ["dog", "puppy", "cup"]
    rows: dict[str, list[dict[str, object]]] = {
        "images": [{"id": 1, "file_name": "1.jpg"}],
        "categories": [{"id": number, "name": name} for number, name in enumerate(kinds)],
        "annotations": [
            {"image_id": 1, "category_id": number, "bbox": [number, 2, 9, 9]}
            for number in range(len(kinds))
        ],
    }
    Image.new("RGB", (40, 40)).save(folder / "coco" / "val2017" / "1.jpg")
    file = folder / "coco" / "annotations" / "instances_val2017.json"
    file.write_text(json.dumps(rows))
    return folder


def test_cocos_own_layout_is_read_and_a_group_is_one_category(tmp_path: Path) -> None:
    images = section(
        reader="coco", folder="coco", annotations="annotations/instances_val2017.json",
        groups={"dog": ["puppy", "pug"]},
    )  # fmt: skip
    (photo,) = read_photos(images, coco(tmp_path))
    assert [(one.name, one.accepted, one.boxes) for one in photo.categories] == [
        ("cup", ("cup",), ((2, 2, 9, 9),)),
        ("dog", ("puppy", "pug"), ((0, 2, 9, 9), (1, 2, 9, 9))),
    ]
    assert left_out(images, tmp_path).total() == 0


def test_any_class_of_a_group_is_right_and_explained(voc: Path) -> None:
    images = section(split="val", groups={"dog": "n02084071", "cat": "n02121808"})
    labels = ["mug", "pug", "tabby", "Chihuahua"]
    names = class_names(tuple(labels))
    # Own labels have no ids: groups of words
    words = section(split="val", groups={"dog": ["pug", "Chihuahua"], "cat": ["tabby"]})
    photo = read_photos(words, voc)[1]
    categories = [category_of(one.name, one.accepted, names) for one in photo.categories]
    outcome = apply_rule(
        categories, {"stronger": Classified([3, 1, 2, 0], labels, 1)}, PARADIGMS["discrimination"]
    )
    assert isinstance(outcome, list)
    assert {(one.category, one.class_index) for one in outcome} == {("dog", 3), ("cat", 2)}
    # A network that says another class of the group is right about the photo
    dog = [one for one in categories if one.name == "dog"]
    strata = [
        outcome[0].stratum
        for first in (1, 3, 2)
        for answer in [Classified([first, 0], labels, 1)]
        if isinstance(
            outcome := apply_rule(dog, {"stronger": answer}, PARADIGMS["agreement"]), list
        )
    ]
    assert strata == ["right", "right", "wrong"]
    # VOC's names are none of ImageNet's, and mean its breeds by the group
    accepted = {one.name: len(one.accepted) for one in read_photos(images, voc)[1].categories}
    assert accepted == {"cat": 5, "dog": 118}


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ('split = "val"', '`images.split` is read with `reader = "voc"`; remove it, or change'),
        ("ignore = []", "`images.ignore` is read with"),
        ('annotations = "b.json"', '`images.annotations` is read with `reader = "coco"`'),
        ('reader = "voc"\nlabel = "filename"', '`images.label` is read with `reader = "folder"`'),
        ('truth = "t.csv"', '`images.truth` is read with `reader = "imagenet"`'),
        ('reader = "imagenet"\nsynsets = "s.txt"', "`images.synsets` says what the numbers of"),
        ('groups = { dog = "dog" }', "“dog” is no WordNet id"),
        ('groups = { a = ["x"], b = ["X"] }', "the groups “a” and “b” share “x”"),
        ('reader = "voc"\nchannels = 3', '`images.channels` needs `reader = "folder"`'),
    ],
)
def test_keys_that_do_not_fit_are_told_at_their_line(lines: str, told: str) -> None:
    head, middle, rest = STUDY.partition("[images]\n")
    if lines.startswith("reader"):
        rest = rest.partition("\n")[2] if rest.startswith("reader") else rest
    with pytest.raises(DefinitionError) as caught:
        parse_definition(f"{head}{middle}{lines}\n{rest}", "study.toml")
    assert told in str(caught.value), str(caught.value)


@pytest.mark.django_db
def test_a_misspelt_class_of_a_group_is_told_before_anything_runs(voc: Path) -> None:
    toml = STUDY.replace('folder = "photos"', 'folder = "VOC2007"\ngroups = { cat = ["tabbby"] }')
    toml = toml.replace('reader = "folder"', 'reader = "voc"\nignore = []\nsmallest_side = 16')
    (voc / "study.toml").write_text(toml)
    (voc / "t.md").write_text("text")
    (voc / "labels.txt").write_text("tabby\npug\nmug\nrug\ncup\npup")
    out = StringIO()
    with pytest.raises(CommandError, match="not met"):
        call_command("study", "check", str(voc / "study.toml"), stdout=out)
    assert (
        "NOT MET: the group “cat” lists “tabbby”, which is no class of the network (did you mean "
        "tabby?); write it as the network does, or take it out of `images.groups`"
    ) in out.getvalue()
