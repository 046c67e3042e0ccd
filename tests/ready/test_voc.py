"""The ready study on VOC: what has to be named, what is made of it, and what is measured."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from photos import read_voc
from ready import catalogue, voc
from ready.errors import MakingError
from ready.paper_pair import Member
from ready.voc import check, inside, two_classes, write
from tests.photos.voc_sets import Thing, xml_of

SIDE = 96
LEFT, RIGHT = (5, 20, 44, 76), (53, 20, 92, 76)  # as VOC's XML has boxes
COLOURS = {"cat": (220, 30, 30), "dog": (30, 30, 220), "sheep": (30, 200, 30)}
SMALL = {"alexnet": Member("Small", "alexnet_pooled", 64)}


def made_voc(folder: Path, sides: int = 18) -> Path:
    """Photos of coloured rectangles: each class alone, and every two of them side by side."""
    for name in ("Annotations", "JPEGImages", "ImageSets/Main"):
        (folder / name).mkdir(parents=True)
    names = [(one,) for one in COLOURS] + [("cat", "dog"), ("dog", "sheep"), ("sheep", "cat")]
    for split in ("train", "val"):
        stems = []
        for number in range(sides):
            shown = names[number % len(names)]
            stem = f"{split}_{number:03}"
            things = [Thing(*one) for one in zip(shown, (LEFT, RIGHT), strict=False)]
            photo(folder, stem, things, np.random.default_rng([number, split == "val"]))
            stems.append(stem)
        (folder / "ImageSets" / "Main" / f"{split}.txt").write_text("\n".join(stems))
    return folder


def photo(folder: Path, stem: str, things: list[Thing], chance: np.random.Generator) -> None:
    ground = chance.integers(90, 140, (SIDE, SIDE, 3), np.uint8)
    picture = Image.fromarray(ground)
    for one in things:
        ImageDraw.Draw(picture).rectangle([end - 1 for end in one.box], COLOURS[one.name])
    picture.save(folder / "JPEGImages" / f"{stem}.jpg", quality=95)
    (folder / "Annotations" / f"{stem}.xml").write_text(xml_of(f"{stem}.jpg", things, SIDE))


def test_without_a_folder_one_sentence_says_what_to_get(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCERN_VAR", str(tmp_path))
    for named, told in (("", "No folder of PASCAL VOC is named: get VOC 2007"), ("x", "VOC=x is")):
        monkeypatch.setenv("VOC", named)
        with pytest.raises(MakingError, match=told):
            catalogue.make("voc")
    assert not (tmp_path / "demo" / "voc").exists()


def test_only_photos_of_exactly_two_classes_without_doubt_are_asked_about(tmp_path: Path) -> None:
    folder = made_voc(tmp_path / "VOC2007", 6)
    hard = [Thing("cat", LEFT), Thing("dog", RIGHT), Thing("sheep", LEFT, difficult=True)]
    photo(folder, "val_003", hard, np.random.default_rng(0))
    found = two_classes(read_voc(folder, "val"))
    assert sorted(one.path.stem for one in found) == ["val_004", "val_005"]


def test_what_is_made_of_a_folder_is_asked_about_and_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(voc, "ASKED", 6)
    source, folder = made_voc(tmp_path / "VOC2007"), tmp_path / "voc"
    write(source, folder, SMALL)
    made = ["alexnet", "photos", "record.json"]
    assert sorted(one.name for one in folder.iterdir()) == made
    asked = read_voc(folder / "photos")
    assert len(asked) == 6
    for one in asked:
        assert one.path.stem.startswith("val")
        original = source / "JPEGImages" / one.path.name
        assert one.path.read_bytes() == original.read_bytes()
        assert len(one.things) == 2
    record = json.loads((folder / "record.json").read_text("utf-8"))
    assert record["map"]["alexnet"]["measure"] == "mAP (11-point)"

    rows = {one.what: one for one in check(folder, SMALL)}
    found = rows["Small: mAP of VOC's classes"]
    assert found.score.value > 0.9
    # Half of the photos show each class: a constant score finds all of them together
    assert found.controls["one score for every photo"].value == pytest.approx(0.5)
    assert found.faults == []
    assert rows["Small: the same, minus that of the other class"].faults == []


def test_the_share_in_the_boxes_is_that_of_the_map() -> None:
    box = np.zeros((4, 4), dtype=bool)
    box[:2, :2] = True
    values = torch.zeros(4, 4)
    assert inside(values, box) == 0.25
    values[0, 0] = values[3, 3] = 1
    assert inside(values, box) == 0.5


def test_the_study_asks_what_is_made() -> None:
    file = Path(__file__).resolve().parents[2] / "fixtures" / "studies" / "voc.toml"
    text = file.read_text("utf-8")
    for name, member in voc.NETWORKS.items():
        assert f'[networks.{name}]\nbuilder = "{member.builder}"' in text
        assert f"voc/{name}/weights.safetensors" in text
        assert f"options = {{ size = {member.size} }}" in text
