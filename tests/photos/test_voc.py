"""VOC's folders: boxes counted from 1, flags, splits, palettes, and what can't be used."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photos import PhotoError, read_voc
from photos.voc import NAMES, Painted, Void
from tests.photos.voc_sets import SIDE, Thing, write_mask, write_voc, xml_of

CAT, DOG = Thing("cat"), Thing("dog", (1, 1, 40, 10))


def test_boxes_are_counted_from_0_and_parts_are_no_objects(tmp_path: Path) -> None:
    write_voc(tmp_path, {"000001": [CAT, DOG, Thing("cat", (30, 30, 30, 30))]})
    (photo,) = read_voc(tmp_path)
    assert (photo.name, photo.doubtful) == ("JPEGImages/000001.jpg", ())
    assert [(one.name, one.accepted, one.boxes) for one in photo.things] == [
        ("cat", ("cat",), ((4, 8, 20, 20), (29, 29, 1, 1))),
        ("dog", ("dog",), ((0, 0, 40, 10),)),
    ]


def test_a_box_is_turned_with_its_photo(tmp_path: Path) -> None:
    write_voc(tmp_path, {"1": []})
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    Image.new("RGB", (40, 20)).save(tmp_path / "JPEGImages" / "1.jpg", exif=exif)
    written = xml_of("1.jpg", [Thing("cat", (1, 1, 10, 5))]).replace("<height>40", "<height>20")
    (tmp_path / "Annotations" / "1.xml").write_text(written)
    (photo,) = read_voc(tmp_path)
    assert photo.things[0].boxes == ((15, 0, 5, 10),)


def test_difficult_objects_do_not_count_unless_they_are_asked_for(tmp_path: Path) -> None:
    hard = Thing("dog", difficult=True)
    cut = Thing("cat", truncated=True)
    write_voc(tmp_path, {"1": [CAT, cut, Thing("cat", difficult=True), hard]})
    (photo,) = read_voc(tmp_path)
    assert ([one.name for one in photo.things], photo.doubtful) == (["cat"], ("dog",))
    assert len(photo.things[0].boxes) == 2
    (photo,) = read_voc(tmp_path, ignore=())
    assert [(one.name, len(one.boxes)) for one in photo.things] == [("cat", 3), ("dog", 1)]
    assert photo.doubtful == ()
    (photo,) = read_voc(tmp_path, ignore=("difficult", "truncated"))
    assert [(one.name, len(one.boxes)) for one in photo.things] == [("cat", 1)]


def test_a_split_lists_its_photos_and_that_of_a_class_those_that_show_it(tmp_path: Path) -> None:
    write_voc(tmp_path, {"1": [CAT], "2": [DOG], "3": [CAT]}, ["trainval"])
    sets = tmp_path / "ImageSets"
    (sets / "Main" / "val.txt").write_text("\ufeff3\n2\n", "utf-8")  # as Windows' editor saves it
    (sets / "Main" / "cat_val.txt").write_text("1  1\n2 -1\n3  0\n")
    (sets / "Segmentation").mkdir()
    (sets / "Segmentation" / "val.txt").write_text("2\n")
    told = {
        split: [photo.path.stem for photo in read_voc(tmp_path, split)]
        for split in ("trainval", "val", "cat_val", "Segmentation/val", None)
    }
    assert told == {
        "trainval": ["1", "2", "3"], "val": ["3", "2"], "cat_val": ["1"],
        "Segmentation/val": ["2"], None: ["1", "2", "3"],
    }  # fmt: skip


def painted() -> np.ndarray:
    numbers = np.zeros((SIDE, SIDE))
    numbers[8:28, 4:24], numbers[10:14, 6:8], numbers[30:35, 30:40] = 1, 255, 2
    return numbers


def outline_of(folder: Path) -> Painted:
    outline = read_voc(folder)[0].things[0].outlines[0]
    assert isinstance(outline, Painted)
    return outline


def void_of(folder: Path) -> Void:
    void = read_voc(folder)[0].void
    assert isinstance(void, Void)
    return void


def test_masks_are_the_objects_numbers_and_void_is_none_of_them(tmp_path: Path) -> None:
    write_voc(tmp_path, {"1": [CAT, DOG]})
    write_mask(tmp_path, "SegmentationObject", "1", painted())
    cat, dog = (one.outlines[0].mask() for one in read_voc(tmp_path)[0].things)
    assert (cat == (painted() == 1)).all()
    assert (dog == (painted() == 2)).all()
    assert (void_of(tmp_path).mask() == (painted() == 255)).all()


def test_objects_that_do_not_count_are_no_background_either(tmp_path: Path) -> None:
    hard = Thing("dog", (31, 31, 40, 35), difficult=True)
    write_voc(tmp_path, {"1": [CAT, hard]})
    write_mask(tmp_path, "SegmentationObject", "1", painted())
    assert (void_of(tmp_path).mask() == (painted() >= 2)).all()
    (tmp_path / "SegmentationObject" / "1.png").unlink()
    numbers = np.full((SIDE, SIDE), NAMES.index("dog") + 1)
    write_mask(tmp_path, "SegmentationClass", "1", numbers)
    void = void_of(tmp_path).mask()
    assert (void.sum(), void[30:35, 30:40].all()) == (50, True)
    assert not read_voc(tmp_path, ignore=())[0].void.mask().any()
    write_voc(tmp_path, {"1": [hard]})  # a photo that shows nothing else
    assert void_of(tmp_path).mask().sum() == 50


def test_without_objects_numbers_a_mask_is_the_class_within_the_box(tmp_path: Path) -> None:
    write_voc(tmp_path, {"1": [CAT, Thing("kitten")]})
    numbers = np.full((SIDE, SIDE), NAMES.index("cat") + 1)
    write_mask(tmp_path, "SegmentationClass", "1", numbers)
    cat, kitten = (one.outlines[0] for one in read_voc(tmp_path)[0].things)
    assert (cat.mask().sum(), cat.mask()[8:28, 4:24].all()) == (400, True)
    assert kitten is None  # VOC's palette has no number for it


def test_void_is_the_highest_number_that_may_mean_nothing(tmp_path: Path) -> None:
    write_voc(tmp_path, {"1": [CAT]})
    write_mask(tmp_path, "SegmentationObject", "1", painted())
    with pytest.raises(PhotoError, match=r"1.png: holds the number 2, and 1 is the highest"):
        outline_of(tmp_path).mask()


@pytest.mark.parametrize(
    ("picture", "told"),
    [
        (Image.new("RGB", (SIDE, SIDE)), r"1.png: holds colours \(RGB\) and no palette.*indexed"),
        (Image.new("P", (20, SIDE)), r"1.png: 20 × 40 pixels, and its photo has 40 × 40;"),
    ],
)
def test_a_picture_that_is_no_palette_of_the_photo_is_refused(
    tmp_path: Path, picture: Image.Image, told: str
) -> None:
    write_voc(tmp_path, {"1": [CAT]})
    (tmp_path / "SegmentationObject").mkdir()
    picture.save(tmp_path / "SegmentationObject" / "1.png")
    with pytest.raises(PhotoError, match=told):
        outline_of(tmp_path).mask()
    (tmp_path / "SegmentationObject" / "1.png").write_bytes(b"P6")
    with pytest.raises(PhotoError, match=r"1.png: not a PNG; export"):
        outline_of(tmp_path).mask()


def xml(text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / "Annotations" / "1.xml").write_text(text)


def split(text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / "ImageSets" / "Main" / "val.txt").write_text(text)


def boxed(*box: float) -> Callable[[Path], object]:
    return xml(xml_of("1.jpg", [Thing("cat", box)]))  # type: ignore[arg-type]


ENTITIES = '<!DOCTYPE a [<!ENTITY lol "ha"><!ENTITY l "&lol;&lol;">]><annotation>&l;</annotation>'
FROM_DISK = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><annotation>&x;</annotation>'
BAD = {
    "entities": (xml(ENTITIES), "1.xml: has a document type, .*; remove its line <!DOCTYPE"),
    "a file's entity": (xml(FROM_DISK), "1.xml: has a document type"),
    "an unknown entity": (xml("<annotation>&x;</annotation>"), "1.xml: not XML .*; export it"),
    "cut": (xml("<annotation><object>"), "1.xml: not XML"),
    "empty": (xml(""), "1.xml: not XML"),
    "other": (xml("<html></html>"), "its outermost element is <html>"),
    "nested": (xml("<annotation>" + "<a>" * 30), "elements within elements, 20 deep"),
    "long": (xml("<annotation>" + " " * 2_000_001), "more than 2 MB of annotations"),
    "many": (xml("<annotation>" + "<object/>" * 10_001 + "</annotation>"), "10001 objects on one"),
    "no name": (xml(xml_of("1.jpg", [Thing("")])), "1.xml: its object 1 has no name; name"),
    "no number": (xml(xml_of("1.jpg", [CAT]).replace(">24<", ">x<")), "<xmax> is “x”, and must"),
    "infinite": (xml(xml_of("1.jpg", [CAT]).replace(">24<", ">inf<")), "<xmax> is “inf”"),
    "no box": (
        xml(xml_of("1.jpg", [CAT]).replace("bndbox", "polygon")), r"object 1 \(cat\) has 0 boxes"),
    "flag": (
        xml(xml_of("1.jpg", [CAT]).replace("cult>0<", "cult>no<")), "<difficult> is “no”; write"),
    "outside": (boxed(30, 1, 44, 10), "box 30, 1, 44, 10 lies outside the photo of 40 × 40 pixels"),
    "turned round": (boxed(30, 1, 10, 10), "box 30, 1, 10, 10 has no area"),
    "other size": (
        xml(xml_of("1.jpg", [CAT], side=50)), "annotated as 50 × 50 pixels, but the file has 40"),
    "other photo": (xml(xml_of("7.jpg", [CAT])), "1.xml: says that its photo is 7.jpg; rename"),
    "no photo": (
        lambda folder: (folder / "JPEGImages" / "1.jpg").unlink(),
        "1: is annotated, but JPEGImages has no photo of it; add the photo"),
    "two photos": (
        lambda folder: Image.new("RGB", (40, 40)).save(folder / "JPEGImages" / "1.png"),
        "1.png: one annotation would be that of 1.jpg as well; rename"),
    "no annotation": (split("1\n2\n"), "2: is in ImageSets/Main/val.txt, but has no Annotations/2"),
    "twice": (split("1\n1\n"), "val.txt: names 1 twice; remove"),
    "a path": (split("../1\n"), "val.txt, line 1: is not a photo's name alone"),
    "mixed": (split("1\n2 -1\n"), "val.txt, line 1: is not .*; write every line in the same way"),
    "none": (split("\n"), "ImageSets/Main/val.txt: names no photo; choose another split"),
    "a million": (split("1\n" * 1_000_001), "val.txt: 1,000,001 lines, and 1,000,000 is the limit"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD)
def test_what_cannot_be_used_is_told_with_the_fix(tmp_path: Path, kind: str) -> None:
    write_voc(tmp_path, {"1": [CAT]}, ["val"])
    spoil, told = BAD[kind]
    spoil(tmp_path)
    with pytest.raises(PhotoError, match=told) as caught:
        read_voc(tmp_path, "val")
    assert "; " in str(caught.value)


def test_a_pixel_over_the_edge_is_cut_off_as_tools_that_count_from_0_write_it(
    tmp_path: Path,
) -> None:
    write_voc(tmp_path, {"1": [Thing("cat", (0, 0, 40.5, 20))]})
    assert read_voc(tmp_path)[0].things[0].boxes == ((0, 0, 40, 20),)


def test_another_layout_and_an_unknown_split_are_told(tmp_path: Path) -> None:
    write_voc(tmp_path / "VOCdevkit" / "VOC2007", {"1": [CAT]}, ["train", "val"])
    with pytest.raises(PhotoError, match=r"name the folder VOCdevkit/VOC2007 in it"):
        read_voc(tmp_path)
    with pytest.raises(PhotoError, match=r"dev: no such split in ImageSets; choose among train, v"):
        read_voc(tmp_path / "VOCdevkit" / "VOC2007", "dev")
    with pytest.raises(PhotoError, match=r"no such split"):
        read_voc(tmp_path / "VOCdevkit" / "VOC2007", "../../x")
    with pytest.raises(PhotoError, match=r"has no folders Annotations and JPEGImages; name the f"):
        read_voc(tmp_path / "VOCdevkit" / "VOC2007" / "ImageSets")
