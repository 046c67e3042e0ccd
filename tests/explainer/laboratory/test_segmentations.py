"""Outlines in COCO's two forms, and what a crop leaves of them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explainer import ExplainerError, Preprocess
from explainer.laboratory.segmentations import (
    LabelledPhoto,
    outlined,
    read_labelled,
    read_labelled_voc,
)
from tests.explainer.coco_sets import rectangle, run_lengths, write_set
from tests.photos.voc_sets import Thing, write_mask, write_voc


def grey(side: int = 20) -> np.ndarray:
    return np.full((side, side, 3), 128, np.uint8)


def one_photo(folder: Path) -> LabelledPhoto:
    write_set(folder, {"1.png": (grey(), {"cup": (2, 4, 10, 12), "table": (0, 12, 20, 20)})})
    return read_labelled(folder)[0]


def test_plain_run_lengths_go_down_the_columns() -> None:
    mask = np.random.default_rng(0).random((5, 7)) > 0.5
    assert (outlined(run_lengths(mask), 7, 5) == mask).all()
    assert outlined({"size": [2, 2], "counts": [1, 3]}, 2, 2).tolist() == [
        [False, True],
        [True, True],
    ]


def test_a_polygon_covers_what_lies_inside_it() -> None:
    seen = outlined([[2, 3, 7, 3, 7, 8, 2, 8], [10, 10, 12, 10, 12, 12]], 16, 14)
    assert seen.shape == (14, 16)
    assert seen[3:9, 2:8].all()
    assert seen[10, 10:13].all()
    assert not seen[0:2].any()
    assert not seen[4, 9]


def test_a_photo_knows_its_concepts_and_their_masks(tmp_path: Path) -> None:
    photo = one_photo(tmp_path)
    names = {concept.name: concept for concept in photo.concepts}
    assert set(names) == {"cup", "table"}
    assert (photo.mask(names["cup"]) == rectangle((2, 4, 10, 12), 20)).all()


def test_masks_and_boxes_are_cropped_as_the_photo_is(tmp_path: Path) -> None:
    """20 pixels resized to 40, the middle 32 kept: 4 pixels are cut from each side."""
    photo, preprocess = one_photo(tmp_path), Preprocess(size=32, resize=40)
    cup = next(concept for concept in photo.concepts if concept.name == "cup")
    assert photo.seen_boxes(cup, preprocess) == [(0, 4, 16, 20)]
    seen = photo.seen_mask(cup, preprocess)
    assert seen.shape == (32, 32)
    assert seen.sum() == 16 * 16


def test_a_thing_outside_the_crop_has_no_box(tmp_path: Path) -> None:
    folder = write_set(tmp_path, {"1.png": (grey(), {"pen": (0, 0, 2, 2)})})
    photo = read_labelled(folder)[0]
    assert photo.seen_boxes(photo.concepts[0], Preprocess(size=16, resize=20)) == []


def test_accepted_names_are_read_and_default_to_the_category(tmp_path: Path) -> None:
    areas = {"cup": (2, 4, 10, 12)}
    write_set(tmp_path / "a", {"1.png": (grey(), areas)}, {"cup": ["coffee mug", "cup"]})
    write_set(tmp_path / "b", {"1.png": (grey(), areas)})
    assert read_labelled(tmp_path / "a")[0].concepts[0].accepted == ("coffee mug", "cup")
    assert read_labelled(tmp_path / "b")[0].concepts[0].accepted == ("cup",)


def changed(folder: Path, change: Any) -> Path:
    write_set(folder, {"1.png": (grey(), {"cup": (2, 4, 10, 12)})})
    path = folder / "annotations.json"
    rows = json.loads(path.read_text("utf-8"))
    change(rows)
    path.write_text(json.dumps(rows), "utf-8")
    return folder


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda rows: rows.pop("images"), "“images” is missing"),
        (
            lambda rows: rows["images"][0].update(file_name="none.png"),
            "none.png: is in the annotations, but",
        ),
        (lambda rows: rows["images"][0].update(file_name="../up.png"), "lies outside"),
    ],
)
def test_a_bad_set_is_told(tmp_path: Path, change: Any, told: str) -> None:
    with pytest.raises(ExplainerError, match=told):
        read_labelled(changed(tmp_path, change))


def test_a_box_alone_has_a_place_and_no_mask(tmp_path: Path) -> None:
    drop = changed(tmp_path, lambda rows: rows["annotations"][0].pop("segmentation"))
    photo = read_labelled(drop)[0]
    whole = Preprocess(size=20, resize=20)
    assert photo.seen_boxes(photo.concepts[0], whole) == [(2, 4, 10, 12)]
    with pytest.raises(ExplainerError, match=r"1.png: a cup has no segmentation: outline the"):
        photo.mask(photo.concepts[0])


def test_a_set_in_vocs_layout_has_its_objects_masks_and_its_void(tmp_path: Path) -> None:
    write_voc(tmp_path, {"1": [Thing("cat", (1, 1, 9, 9))], "2": [Thing("cat")]}, ["val"])
    numbers = np.zeros((40, 40))
    numbers[4:8, 6:20], numbers[:2] = 1, 255
    write_mask(tmp_path, "SegmentationObject", "1", numbers)
    masked, boxed = read_labelled_voc(tmp_path, "val")
    whole = Preprocess(size=40, resize=40)
    assert (masked.mask(masked.concepts[0]) == (numbers == 1)).all()
    assert masked.seen_boxes(masked.concepts[0], whole) == [(6, 4, 20, 8)]
    void = masked.seen_void(whole)
    assert void is not None
    assert (void == (numbers == 255)).all()
    assert boxed.seen_void(whole) is None
    write_mask(tmp_path, "SegmentationObject", "1", numbers[:20])
    with pytest.raises(ExplainerError, match=r"1.png: 40 × 20 pixels, and its photo has 40 × 40"):
        masked.seen_void(whole)
    assert boxed.seen_boxes(boxed.concepts[0], whole) == [(4, 8, 24, 28)]
    write_mask(tmp_path, "SegmentationObject", "1", np.full((40, 40), 7))
    with pytest.raises(ExplainerError, match=r"1.png: holds the number 7, and 1 is the highest"):
        masked.mask(masked.concepts[0])


def test_a_missing_set_and_strange_outlines_are_told(tmp_path: Path) -> None:
    with pytest.raises(ExplainerError, match=r"no instances.json or annotations.json"):
        read_labelled(tmp_path)
    with pytest.raises(ExplainerError, match="decompress its run lengths"):
        outlined({"size": [2, 2], "counts": "abc"}, 2, 2)
    with pytest.raises(ExplainerError, match="do not cover"):
        outlined({"size": [2, 2], "counts": [1, 2]}, 2, 2)
    with pytest.raises(ExplainerError, match="polygon has 4 numbers"):
        outlined([[0, 0, 1, 1]], 2, 2)
