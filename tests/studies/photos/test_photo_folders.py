"""Folders of photos as people have them: what is taken, left out and told, or refused."""

import io
import json
from collections import Counter
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from photos import is_litter
from studyapp.models import Study, StudyImage
from studyapp.sections.networks_and_images import ImagesSection
from studyapp.studies.loading import load_study
from studyapp.studies.photos.files import SURROUNDS, examine, photo_bytes
from studyapp.studies.photos.readers import (
    Photo,
    ReaderError,
    left_out,
    left_out_sentence,
    read_photos,
)
from tests.photos.photo_bytes import HEIC, encoded
from tests.studies.definition.test_checking import STUDY

ROOT = Path(__file__).resolve().parents[3]


def section(**values: object) -> ImagesSection:
    return ImagesSection.model_validate(
        {"reader": "folder", "folder": "photos", "smallest_side": 16, **values}
    )


def photo(number: int = 0, kind: str = "PNG") -> bytes:
    return encoded(Image.new("RGB", (96, 80), (number, 90, 60)), kind)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One class folder with a photo in it, and a study file that takes it."""
    (tmp_path / "photos" / "red").mkdir(parents=True)
    (tmp_path / "photos" / "red" / "a.jpg").write_bytes(photo(1, "JPEG"))
    (tmp_path / "t.md").write_text("text")
    (tmp_path / "labels.txt").write_text("red\ngreen\nblue\ngrey\npink\ngold")
    (tmp_path / "study.toml").write_text(STUDY.replace("stimuli = 4", "stimuli = 2"))
    return tmp_path


def test_two_spellings_of_a_category_are_refused(folder: Path) -> None:
    (folder / "photos" / "Red_").mkdir()
    (folder / "photos" / "Red_" / "b.jpg").write_bytes(photo(2, "JPEG"))
    with pytest.raises(ReaderError, match="categories Red and red differ only in how they are"):
        read_photos(section(), folder)


def test_every_format_that_can_be_read_is_taken_and_the_rest_is_counted(folder: Path) -> None:
    red = folder / "photos" / "red"
    red.joinpath("b.heic").write_bytes(HEIC.read_bytes())
    red.joinpath("c.jfif").write_bytes(photo(99, "JPEG"))
    red.joinpath("e.avif").write_bytes(photo(150, "AVIF"))
    for name in ("d.gif", "notes.txt", "LICENCE", ".hidden.jpg"):
        red.joinpath(name).write_bytes(photo(4))
    found = read_photos(section(), folder)
    assert [one.name for one in found] == ["red/a.jpg", "red/b.heic", "red/c.jfif", "red/e.avif"]
    assert examine(found, section()).transparent == ()
    assert left_out_sentence(left_out(section(), folder)) == (
        "left out: 1 .gif, 1 .txt, 1 without an ending"
    )


@pytest.mark.parametrize(
    "name", ["__MACOSX/tiger/._a.jpg", "._a.jpg", ".DS_Store", "x/Thumbs.db", "desktop.ini", ".x/a"]
)
def test_what_a_system_left_there_is_no_photo_and_is_not_told(folder: Path, name: str) -> None:
    assert is_litter(name)
    path = folder / "photos" / "red" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"no photo")
    assert [one.name for one in read_photos(section(), folder)] == ["red/a.jpg"]
    assert left_out(section(), folder) == Counter()


def test_photos_in_no_class_folder_are_named_all_at_once(folder: Path) -> None:
    for name in ("x.jpg", "y.png"):
        (folder / "photos" / name).write_bytes(photo())
    with pytest.raises(ReaderError) as caught:
        read_photos(section(), folder)
    assert [one.partition(";")[0] for one in caught.value.complaints] == [
        "x.jpg: is not in a class folder", "y.png: is not in a class folder"]  # fmt: skip
    # Where the file's own name is its class, no folder is needed.
    assert len(read_photos(section(label="filename"), folder)) == 3


def spoil(folder: Path) -> None:
    red = folder / "photos" / "red"
    red.joinpath("cut.jpg").write_bytes(photo(5, "JPEG")[:400])
    red.joinpath("empty.png").write_bytes(b"")
    red.joinpath("noise.webp").write_bytes(bytes(range(256)))
    red.joinpath("same.jpg").write_bytes(photo(1, "JPEG"))
    red.joinpath("small.png").write_bytes(encoded(Image.new("RGB", (15, 40))))
    red.joinpath("glass.png").write_bytes(encoded(Image.new("RGBA", (80, 80))))


SPOILED = {
    "red/cut.jpg": "not a whole photo",
    "red/empty.png": "the file is empty",
    "red/noise.webp": "its format is unknown",
    "red/same.jpg": "the same photo as red/a.jpg",
    "red/small.png": "each side needs",
    "red/glass.png": "entirely transparent",
}


def test_everything_that_is_wrong_with_photos_is_told_at_once_by_name(folder: Path) -> None:
    spoil(folder)
    with pytest.raises(ReaderError) as caught:
        examine(read_photos(section(), folder), section())
    told = dict(one.split(": ", 1) for one in caught.value.complaints)
    assert told.keys() == SPOILED.keys()
    assert all(SPOILED[name] in told[name] for name in told), told
    assert "object at" not in str(caught.value)


@pytest.mark.django_db
def test_a_study_is_loaded_only_when_every_photo_is_whole(folder: Path) -> None:
    spoil(folder)
    for verb in ("check", "load"):
        with pytest.raises(CommandError) as caught:
            call_command("study", verb, str(folder / "study.toml"), stdout=StringIO())
        assert all(name in str(caught.value) for name in SPOILED), str(caught.value)
    assert not Study.objects.exists()


def with_hole(path: Path) -> None:
    picture = Image.new("RGBA", (80, 80), (200, 20, 10, 255))
    picture.paste((0, 0, 0, 0), (0, 0, 40, 80))
    path.write_bytes(encoded(picture))


@pytest.mark.parametrize("surround", ["light", "dark"])
@pytest.mark.django_db
def test_a_hole_in_a_photo_shows_the_surround_to_network_and_people(
    folder: Path, surround: str
) -> None:
    with_hole(folder / "photos" / "red" / "b.png")
    (folder / "photos" / "red" / "c.gif").write_bytes(b"GIF89a")
    toml = folder / "study.toml"
    toml.write_text(toml.read_text() + f'[display]\nsurround = "{surround}"\n')
    study = load_study(toml)
    told = study.selection["photos"]
    assert "left out: 1 .gif" in told
    assert "1 of the photos have transparent parts" in told
    assert "red/b.png" in told
    found = next(one for one in read_photos(section(), folder) if one.name == "red/b.png")
    with Image.open(io.BytesIO(photo_bytes(found, surround))) as seen:
        assert "#" + bytes(seen.getpixel((5, 5))).hex() == SURROUNDS[surround]
        assert seen.getpixel((60, 5)) == (200, 20, 10)


@pytest.mark.parametrize(
    ("surround", "other"),
    [("light", 0), ("dark", 0), ("dark", 1)],
    ids=["behind nothing", "on dark", "beside the flattened one"],
)
@pytest.mark.django_db
def test_photos_that_the_surround_makes_the_same_are_told_before_anything_is_stored(
    folder: Path, surround: str, other: int
) -> None:
    red, toml = folder / "photos" / "red", folder / "study.toml"
    toml.write_text(toml.read_text() + f'[display]\nsurround = "{surround}"\n')
    with_hole(red / "b.png")
    if other:  # it has been laid on the surround already
        found = next(one for one in read_photos(section(), folder) if one.name == "red/b.png")
        red.joinpath("c.png").write_bytes(photo_bytes(found, surround))
    else:  # another colour, which nobody can see
        picture = Image.open(red / "b.png")
        picture.paste((9, 9, 9, 0), (0, 0, 40, 80))
        picture.save(red / "c.png")
    told = "red/c.png: the same photo as red/b.png"
    told += "; remove one" if other else f" on the {surround} surround; remove one"
    with pytest.raises(ReaderError, match=f"^{told}$"):
        load_study(toml)
    with pytest.raises(CommandError, match=told):
        call_command("study", "check", str(toml), stdout=StringIO())


def test_the_surround_is_that_of_the_pages() -> None:
    palette = (ROOT / "studyapp/static/studyapp/palette.css").read_text()
    assert all(f"--surround-{name}: {value};" in palette for name, value in SURROUNDS.items())


@pytest.mark.django_db
def test_a_turned_photo_is_stored_with_its_upright_size(folder: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    content = encoded(Image.new("RGB", (96, 80)), "JPEG", exif=exif)
    (folder / "photos" / "red" / "b.jpg").write_bytes(content)
    load_study(folder / "study.toml")
    image = StudyImage.objects.get(name="red/b.jpg").image
    assert (image.width, image.height) == (80, 96)


def test_photos_that_annotations_do_not_name_are_counted(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(photo())
    rows = {
        "images": [{"id": 1, "file_name": "a.png"}],
        "annotations": [{"image_id": 1, "category_id": 7, "bbox": [1, 2, 3, 4]}],
        "categories": [{"id": 7, "name": "cat"}],
    }
    (tmp_path / "annotations.json").write_text(json.dumps(rows))
    images = section(reader="coco", folder=".")
    assert left_out(images, tmp_path) == Counter({"not in annotations.json": 1})
    marked = json.dumps(rows)  # as some editors save it: with a byte order mark
    (tmp_path / "annotations.json").write_text(marked, encoding="utf-8-sig")
    assert [one.path.name for one in read_photos(images, tmp_path)] == ["a.png"]
    rows["annotations"][0]["image_id"] = 2
    (tmp_path / "annotations.json").write_text(json.dumps(rows))
    with pytest.raises(ReaderError, match="an annotation refers to image 2, which is missing"):
        read_photos(images, tmp_path)


@pytest.mark.parametrize("kind", ["folder", "nothing"])
def test_links_that_no_reader_goes_along_are_counted(folder: Path, kind: str) -> None:
    elsewhere = folder / "elsewhere"
    if kind == "folder":
        elsewhere.mkdir()
        (elsewhere / "more.png").write_bytes(photo())
    (folder / "photos" / "linked").symlink_to(elsewhere)
    told = left_out_sentence(left_out(section(), folder))
    assert {"folder": "1 link to a folder", "nothing": "1 broken link"}[kind] in told


def annotated(folder: Path, **changed: Any) -> list[Photo]:
    """The photos of annotations of one photo of a cat, but for what is `changed`."""
    path = folder / "photos" / "a.png"
    path.parent.mkdir()
    path.write_bytes(photo())
    rows = {
        "images": [{"id": 1, "file_name": "a.png"}],
        "categories": [{"id": 1, "name": "cat"}],
        "annotations": [{"image_id": 1, "category_id": 1, "bbox": [1, 1, 5, 5]}],
    }
    (path.parent / "annotations.json").write_text(json.dumps({**rows, **changed}))
    return read_photos(section(reader="coco"), folder)


def test_one_accepted_class_may_be_given_without_a_list(tmp_path: Path) -> None:
    [found] = annotated(tmp_path, categories=[{"id": 1, "name": "cat", "accepted": "tabby"}])
    assert [one.accepted for one in found.categories] == [("tabby",)]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"images": [{"id": n, "file_name": "a.png"} for n in (1, 2)]},
         "a.png: 2 images of the annotations have this file name; keep one"),
        ({"annotations": [{"image_id": 1, "category_id": 1, "bbox": [9, 9, -5, 5]}]},
         r"bbox \[9, 9, -5, 5\] is not \[x, y, width, height\]"),
    ],
)  # fmt: skip
def test_annotations_that_mean_nothing_are_told(
    tmp_path: Path, changed: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ReaderError, match=sentence):
        annotated(tmp_path, **changed)
