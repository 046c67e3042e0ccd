"""Neuron names: what is on a photo, what a text says of units, and what is measured."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from explainer import Network, load_network
from explainer.laboratory.dissection import Unit, Voice, Words, dissect
from ready.neuron_names.checks import at_random, measured, of_same_answer, present, read_concepts
from ready.neuron_names.concepts import (
    BACKGROUND_NAMES,
    MATERIALS,
    as_concepts,
    colours,
    masks_of,
    material,
)
from ready.neuron_names.study import QUANTILE, labelled, scenes, write
from ready.neuron_names.words import (
    LAYER,
    REDRAWN,
    UNITS,
    Told,
    anew,
    others,
    read_units,
    sentence,
    told,
    told_of,
)
from ready.photos.cutouts import BACKGROUNDS, CLASSES
from tests.ready.drawn_cutouts import draw_cutouts


def network() -> Network:
    """Small, and of four classes; a last layer of zeros would find every unit unimportant."""
    return load_network(
        "alexnet_pooled", weights="random", seed=3, labels=list(CLASSES), num_classes=4, size=224
    )


def make_small(folder: Path) -> None:
    """Of the study's files, with an AlexNet that learnt nothing in paper-pair's place."""
    asked = network()
    pair = folder.parent / "paper-pair" / "alexnet"
    pair.mkdir(parents=True)
    save_file(asked.module.state_dict(), pair / "weights.safetensors")
    (pair / "classes.txt").write_text("".join(f"{name}\n" for name in CLASSES), "utf-8")
    write(draw_cutouts(folder.parent / "originals"), asked, folder, naming=4, asked=40)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("names") / "neuron-names"
    make_small(folder)
    return folder


def test_every_background_and_class_has_a_name_and_none_is_that_of_a_class() -> None:
    assert set(BACKGROUND_NAMES) == set(BACKGROUNDS)
    assert set(MATERIALS) == set(CLASSES)
    assert not {*BACKGROUND_NAMES.values(), *MATERIALS.values()} & set(CLASSES)


def test_each_pixel_has_one_colour() -> None:
    pixels = [(0, 0, 0), (255, 255, 255), (120, 120, 120), (220, 20, 20), (220, 20, 40),
              (250, 140, 20), (120, 70, 20), (240, 230, 30), (30, 160, 40), (30, 60, 220),
              (220, 40, 200)]  # fmt: skip
    found = colours(Image.fromarray(np.array([pixels], np.uint8)))
    assert [next(name for name, mask in found.items() if mask[0, place])
            for place in range(len(pixels))] == [
        "black", "white", "grey", "red", "red", "orange", "brown", "yellow", "green", "blue",
        "pink"]  # fmt: skip
    assert (np.stack(list(found.values())).sum(0) == 1).all()


def test_a_thing_and_its_background_share_no_pixel(made: Path) -> None:
    for scene, background in scenes(made.parent / "originals", "asked", 4):
        masks = masks_of(scene, background)
        thing = masks[material(scene.objects[0].cutout)]
        assert (thing == scene.objects[0].mask).all()
        assert (masks[BACKGROUND_NAMES[background]] == ~thing).all()
        assert as_concepts({"fur": thing})[0].name == "fur"


def test_units_are_not_named_on_things_or_backgrounds_that_are_asked_about(made: Path) -> None:
    originals = made.parent / "originals"
    sides = [list(scenes(originals, use, 16)) for use in ("naming", "asked")]
    naming, asked = (
        {name for scene, background in side for name in (scene.objects[0].cutout.file, background)}
        for side in sides
    )
    assert not naming & asked


def test_a_text_names_each_concept_once_and_the_most_important_first() -> None:
    names = ["fur", "blue", "fur", "metal", "blue", "sky"]
    voices = [Voice(Unit(n, name, 0.1), 1.0 - n) for n, name in enumerate(names)]
    one = told_of(Words(tuple(voices[:3]), tuple(voices[:2:-1])))
    assert one == Told(("fur", "blue"), ("sky", "metal"))
    assert sentence(one) == "The robot looked for: fur, blue. Least of all for: sky, metal."
    assert "nothing that has a name. Least" in sentence(Told((), ("sky",)))


def test_what_is_written_is_of_the_photo_and_the_control_of_another(made: Path) -> None:
    own, other = (
        {row["photo"]: row for row in csv.DictReader((made / name).read_text("utf-8").splitlines())}
        for name in ("words.csv", "other-words.csv")
    )
    content = json.loads((made / "photos" / "annotations.json").read_text("utf-8"))
    groups = [row["group"] for row in content["images"]]
    photos = [row["file_name"] for row in content["images"]]
    assert list(own) == list(other) == photos == list(read_concepts(made))
    for place, (number, photo) in enumerate(zip(others(groups), photos, strict=True)):
        assert groups[number] != groups[place]
        assert other[photo]["text"] == own[photos[number]]["text"]
        assert other[photo]["answer"] == own[photo]["answer"]
    assert len({row["text"] for row in own.values()}) > 2
    asked = network()
    picture = asked.prepare([asked.open(made / "photos" / photos[5])])
    place = int(asked.predict(picture).argmax())
    assert own[photos[5]]["answer"] == asked.labels[place]
    assert own[photos[5]]["text"] == sentence(told(asked, picture, [place], read_units(made))[0])


def test_a_concept_is_there_where_it_covers_a_twentieth_of_the_photo() -> None:
    shares = {"fur": 0.05, "sky": 0.9, "red": 0.049}
    assert present(["fur", "sky", "red", "water"], shares) == 0.5
    assert present(["fur"], shares) == 1
    assert present([], shares) == 0.5
    assert of_same_answer([0, 1, 0, 0, 1], ["a", "b", "a", "c", "b"]) == [3, 1, 3, 0, 4]


def test_what_is_measured_lies_above_each_control_photo_by_photo(made: Path) -> None:
    right, units, met, *less, same = measured(network(), made)
    assert units.score.value == len(read_units(made)) / 256
    assert [one.what.removeprefix("the same, minus that ") for one in less] == [
        "of the text of another photo", "of five named units at random",
        "with importances of weights drawn anew", "with names of weights drawn anew",
        "of what it looked for least"]  # fmt: skip
    assert [set(one.controls) for one in less] == [{"no difference"}] * 5
    assert (met.controls, same.controls) == ({}, {})
    assert right.score.groups == met.score.groups == same.score.groups > 4
    assert {one.score.groups for one in less} == {right.score.groups}


def test_names_of_weights_drawn_anew_are_of_the_same_photos(made: Path, tmp_path: Path) -> None:
    own, redrawn = (read_units(made, file) for file in (UNITS, REDRAWN))
    assert own != redrawn
    again = {
        one.index: one.name
        for one in dissect(
            anew(network(), 1),
            labelled(made.parent / "originals", tmp_path, 4),
            LAYER,
            quantile=QUANTILE,
        ).named.values()
    }
    assert {index: unit.name for index, unit in redrawn.items()} == again


def test_units_at_random_have_names(made: Path) -> None:
    drawn = at_random(made, 3)
    assert len(drawn) == 3
    assert {name for one in drawn for name in one.most} <= {
        unit.name for unit in read_units(made).values()
    }


def test_photos_that_name_units_have_masks_of_all_that_is_on_them(
    made: Path, tmp_path: Path
) -> None:
    for photo in labelled(made.parent / "originals", tmp_path, 2):
        masks = {one.name: photo.mask(one) for one in photo.concepts}
        assert torch.from_numpy(np.stack(list(masks.values()))).sum(0).min() >= 2
