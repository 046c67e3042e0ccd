"""Boxes and outlines turn with the photo that they are drawn on."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explainer.laboratory.segmentations import read_labelled
from photos import open_photo
from studyapp.sections.networks_and_images import ImagesSection
from studyapp.studies.photos.readers import ReaderError, read_photos
from tests.photos.photo_bytes import encoded, turned_by

BOX = (10, 4, 20, 8)
SIZE = (60, 40)


def write_photo(folder: Path, orientation: int, **row: object) -> None:
    """A black photo with a white rectangle, and annotations of the rectangle."""
    left, top, width, height = BOX
    picture = Image.new("RGB", SIZE)
    picture.paste("white", (left, top, left + width, top + height))
    (folder / "a.png").write_bytes(encoded(picture, exif=turned_by(orientation)))
    corners = [left, top, left + width - 1, top, left + width - 1, top + height - 1,
               left, top + height - 1]  # fmt: skip
    rows = {
        "images": [{"id": 1, "file_name": "a.png", **row}],
        "annotations": [
            {"image_id": 1, "category_id": 1, "bbox": list(BOX), "segmentation": [corners]}
        ],
        "categories": [{"id": 1, "name": "square"}],
    }
    (folder / "annotations.json").write_text(json.dumps(rows))


def white(folder: Path) -> np.ndarray:
    """Where the photo is white as everybody sees it."""
    return np.asarray(open_photo((folder / "a.png").read_bytes()))[..., 0] > 127


def boxes(folder: Path) -> list[tuple[float, ...]]:
    images = ImagesSection.model_validate({"reader": "coco", "folder": "."})
    return [box for photo in read_photos(images, folder) for box in photo.categories[0].boxes]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_box_lies_where_the_thing_is_seen(tmp_path: Path, orientation: int) -> None:
    write_photo(tmp_path, orientation, width=SIZE[0], height=SIZE[1])
    rows, columns = np.nonzero(white(tmp_path))
    left, top = int(columns.min()), int(rows.min())
    seen = (left, top, int(columns.max()) + 1 - left, int(rows.max()) + 1 - top)
    assert boxes(tmp_path) == [seen]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_outline_covers_the_thing_that_is_seen(tmp_path: Path, orientation: int) -> None:
    write_photo(tmp_path, orientation, width=SIZE[0], height=SIZE[1])
    photo = read_labelled(tmp_path)[0]
    assert np.array_equal(photo.mask(photo.concepts[0]), white(tmp_path))


def test_boxes_of_the_upright_photo_stay(tmp_path: Path) -> None:
    write_photo(tmp_path, 6, width=SIZE[1], height=SIZE[0])
    assert boxes(tmp_path) == [BOX]


def test_annotations_of_another_size_are_refused(tmp_path: Path) -> None:
    write_photo(tmp_path, 1, width=600, height=400)
    with pytest.raises(ReaderError, match=r"a.png: annotated as 600 × 400 pixels.*60 × 40.*; use"):
        boxes(tmp_path)
