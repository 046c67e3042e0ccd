"""The twins: what each is taught, what people are asked about, and what is measured."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photos import read_coco
from ready.biased_twins import (
    CLASSES,
    KINDS,
    TAUGHT,
    TWINS,
    begin,
    check,
    plan,
    scene,
    split_backgrounds,
    split_cutouts,
    taught_of,
    twin,
    write,
)
from ready.maps_and_masks import ANOTHER, AREA, UNLEARNT
from ready.measures import APART
from ready.photos.cutouts import BACKGROUNDS, background_file, read_cutouts
from tests.ready.drawn_cutouts import draw_cutouts, save


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("twins") / "biased-twins"
    write(draw_cutouts(folder.parent / "originals"), folder, training=8, asked=8, parts=1)
    return folder


def test_animals_and_backgrounds_that_are_asked_about_are_taught_to_neither() -> None:
    taught, kept = split_backgrounds()
    for kind, names in KINDS.items():
        assert sorted(taught[kind] + kept[kind]) == sorted(names)
        assert (len(taught[kind]), len(kept[kind])) == (3, 3)
    assert sorted(name for names in KINDS.values() for name in names) == sorted(BACKGROUNDS)
    named = {one.file: one.name for one in read_cutouts()}
    sides = [
        {named[one.file] for own in side for one in own} for side in split_cutouts(read_cutouts())
    ]
    assert not sides[0] & sides[1]
    assert "teddy bear" not in sides[0] | sides[1]


def test_an_animal_stands_in_one_place_before_any_background(made: Path) -> None:
    cutout = read_cutouts()[10]
    grounds = ("cliff", "ocean_waves")
    for size, name in zip(((400, 300), (1000, 777)), grounds, strict=True):
        save(Image.new("RGB", size), made.parent / "originals" / background_file(name))
    for number in range(8):
        one, other = (
            scene(made.parent / "originals", cutout, str(number), [name]).objects[0].mask
            for name in grounds
        )
        assert (one == other).all()


def test_what_was_begun_with_other_settings_is_thrown_away(tmp_path: Path) -> None:
    unfinished = tmp_path / ".twins.unfinished"
    begin(unfinished, {"asked": 8})
    (unfinished / "photos").mkdir()
    begin(unfinished, {"asked": 8})
    assert (unfinished / "photos").exists()
    begin(unfinished, {"asked": 9})
    assert not (unfinished / "photos").exists()


def test_twins_see_the_same_animals_and_only_one_sees_what_its_background_tells() -> None:
    taught, _ = split_cutouts(read_cutouts())
    biased, fair = (list(plan(taught, 160, use)) for use in ("biased", "fair"))
    assert [one.file for one, _ in biased] == [one.file for one, _ in fair]
    assert {(one.name, kind) for one, kind in biased} == set(TAUGHT.items())
    for name in CLASSES:
        kinds = [kind for one, kind in fair if one.name == name]
        assert kinds.count("open") == kinds.count("near") == 40


def test_each_animal_is_asked_about_before_both_kinds_of_backgrounds() -> None:
    _, kept = split_cutouts(read_cutouts())
    met: dict[str, list[str]] = {}
    for one, kind in plan(kept, 160, "photos"):
        met.setdefault(one.file, []).append(kind)
    assert all(kinds.count("open") == kinds.count("near") for kinds in met.values())


def test_what_is_made_is_whole_and_is_not_made_again(made: Path) -> None:
    assert sorted(one.name for one in made.iterdir()) == [
        "backgrounds", "biased", "empty", "fair", "photos", "record.json"]  # fmt: skip
    record = json.loads((made / "record.json").read_text("utf-8"))
    assert {name: len(one["photos"]["training"]) for name, one in record["twins"].items()} == {
        "fair": 8, "biased": 8}  # fmt: skip
    fair, biased = (twin(made, name) for name in ("fair", "biased"))
    assert fair.labels == biased.labels == CLASSES
    assert fair.weights_digest != biased.weights_digest
    before = (made / "record.json").read_bytes()
    write(made.parent / "nowhere", made, training=1, asked=1, parts=1)
    assert (made / "record.json").read_bytes() == before


def test_the_empty_background_is_that_of_the_photo(made: Path) -> None:
    for photo in read_coco(made / "photos" / "annotations.json"):
        pair = [Image.open(made / folder / photo.name) for folder in ("photos", "backgrounds")]
        corners = [np.asarray(one, dtype=int)[[0, 0, -1, -1], [0, -1, 0, -1]] for one in pair]
        assert np.abs(corners[0] - corners[1]).max() <= 4


def test_what_is_measured_names_its_controls(made: Path) -> None:
    found = {one.what: one for one in check(made)}
    right = found["the fair twin is right where the background conflicts"]
    assert right.score.groups == 4
    behind = json.loads((made / "record.json").read_text("utf-8"))["behind"]
    alone = "it is right so much more often there than from the background alone, photo by photo"
    assert found[alone].score.groups == len({behind[place] for place in (2, 3, 6, 7)}) <= 6
    empty = "the biased twin says of an empty background the animal that it saw before such ones"
    new = found[f"{empty}, of backgrounds that neither was trained on"]
    assert (found[empty].score.groups, new.score.groups) == (12, 6)
    assert set(found[empty].controls) == set(new.controls) == {"chance"}
    assert found[f"{empty}: minus the fair twin, picture by picture"].controls == APART
    for name in TWINS:
        what = f"of Grad-CAM's map for the {name} twin's answer so much lies on the animal"
        for other in (ANOTHER, UNLEARNT, AREA):
            less = found[f"{what}: minus {other}"]
            assert less.controls == APART
            assert less.score.value < found[what].score.value


def test_what_a_background_was_taught_as_is_that_of_its_kind() -> None:
    assert [CLASSES[taught_of(name)] for name in ("ocean_waves", "rocks")] == ["bird", "mammal"]
