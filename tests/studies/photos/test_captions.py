"""COCO's captions as what a network is asked about each photo."""

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from photos.questions import read_questions
from photos.tables import TableError
from studyapp.sections.networks_and_images import ImagesSection
from studyapp.studies.photos.readers import ReaderError, left_out, read_photos

IMAGES = [{"id": 5, "file_name": "1.jpg"}, {"id": 7, "file_name": "2.jpg"}]
CAPTIONS = [
    {"id": 1, "image_id": 7, "caption": " A cup on a table.\n"},
    {"id": 2, "image_id": 5, "caption": "A dog."},
    {"id": 3, "image_id": 7, "caption": "A cup  on a table."},
    {"id": 4, "image_id": 5, "caption": "Ein Hund „bellt“"},
]


def written(folder: Path, **changed: Any) -> Path:
    """Photos and captions in COCO's own folders."""
    for name in ("annotations", "val2017"):
        (folder / "coco" / name).mkdir(parents=True, exist_ok=True)
    for number, row in enumerate(IMAGES):
        picture = Image.new("RGB", (40, 40), (90 * number, 9, 9))
        picture.save(folder / "coco" / "val2017" / str(row["file_name"]))
    rows = {"images": IMAGES, "annotations": CAPTIONS, **changed}
    objects = [{"image_id": one["id"], "category_id": 1, "bbox": [1, 1, 9, 9]} for one in IMAGES]
    instances = {**rows, "annotations": objects, "categories": [{"id": 1, "name": "dog"}]}
    annotations = folder / "coco" / "annotations"
    (annotations / "instances_val2017.json").write_text(json.dumps({**instances, "images": IMAGES}))
    file = annotations / "captions_val2017.json"
    file.write_text(json.dumps(rows), "utf-8")
    return file


SECTION = ImagesSection(
    reader="coco",
    folder="coco",
    annotations="annotations/instances_val2017.json",
    cases="coco/annotations/captions_val2017.json",
    smallest_side=16,
)


def test_each_caption_is_a_case_of_its_photo_and_equal_ones_are_one(tmp_path: Path) -> None:
    written(tmp_path)
    found = read_photos(SECTION, tmp_path)
    assert [(one.name, one.context, one.shown) for one in found] == [
        ("1.jpg", '"A dog."', "A dog."),
        ("1.jpg", '"Ein Hund „bellt“"', "Ein Hund „bellt“"),
        ("2.jpg", '"A cup on a table."', "A cup on a table."),
    ]
    # What is right about a photo is what its instances say
    assert {one.categories[0].name for one in found} == {"dog"}
    assert not left_out(SECTION, tmp_path)


def test_a_photo_without_a_caption_and_a_caption_without_a_photo_are_told(tmp_path: Path) -> None:
    written(tmp_path, annotations=CAPTIONS[:1])
    with pytest.raises(ReaderError, match=r"1.jpg has no caption; add a caption for each photo"):
        read_photos(SECTION, tmp_path)
    written(tmp_path, images=[*IMAGES, {"id": 7, "file_name": "1.jpg"}])
    with pytest.raises(ReaderError, match=r"captions_val2017.json: two of its images share one id"):
        read_photos(SECTION, tmp_path)
    more = {"id": 9, "file_name": "9.jpg"}
    last = {"image_id": 9, "caption": "A rug."}
    written(tmp_path, images=[*IMAGES, more], annotations=[*CAPTIONS, last])
    with pytest.raises(ReaderError, match=r"val2017.json, caption 5: 9.jpg is not among the photo"):
        read_photos(SECTION, tmp_path)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"annotations": [{"image_id": 1, "caption": "A"}]}, "caption 1: its photo 1 is none of"),
        ({"annotations": [{"image_id": 5, "caption": " "}]}, "caption 1: says nothing; write the"),
        ({"annotations": [{"image_id": 5, "caption": 7}]}, "caption 1: says nothing"),
        ({"annotations": [{"image_id": 5, "caption": "a" * 501}]}, "caption 1: has 501 characters"),
        ({"annotations": [{"image_id": 5, "caption": "a\x00"}]}, "caption 1: has 2 characters, or"),
        ({"annotations": [{"image_id": 5, "bbox": [1]}]}, "not COCO's captions format .*'caption'"),
        ({"annotations": []}, "c.json: has no caption; add some"),
        ({"images": 5}, "c.json: not COCO's captions format"),
    ],
)
def test_captions_that_are_none_are_told_with_their_place(
    tmp_path: Path, changed: dict[str, Any], told: str
) -> None:
    file = written(tmp_path, **changed)
    with pytest.raises(TableError, match=told):
        read_questions(file, "c.json")


def test_files_that_hold_no_captions_are_told(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"c.json: no such file; check its path"):
        read_questions(tmp_path / "c.json", "c.json")
    for content in (b"{", b"\xff", b"[" * 100_000):
        (tmp_path / "c.json").write_bytes(content)
        with pytest.raises(TableError, match=r"c.json: not JSON in UTF-8; download or export it"):
            read_questions(tmp_path / "c.json", "c.json")
    (tmp_path / "c.json").write_text("[]")
    with pytest.raises(TableError, match=r"c.json: not COCO's captions format"):
        read_questions(tmp_path / "c.json", "c.json")
