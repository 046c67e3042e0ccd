"""ImageNet's layouts: whatever tells a photo's class has to tell the same one."""

from pathlib import Path

import pytest
from PIL import Image

from photos import AnnotatedPhoto, PhotoError, read_imagenet
from tests.photos.voc_sets import SIDE, Thing, xml_of

TABBY, PUG, ORANGE = "n02123045", "n02110958", "n07747607"
VAL = "ILSVRC2012_val_0000000"


def photos(folder: Path, *names: str) -> Path:
    for number, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (SIDE, SIDE), (number, 9, 9)).save(folder / name, "JPEG")
    return folder


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def classes(found: list[AnnotatedPhoto]) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(one.name, one.things[0].name, one.things[0].accepted) for one in found]


def test_folders_and_names_with_an_id_tell_the_class(tmp_path: Path) -> None:
    photos(tmp_path, f"train/{TABBY}/{TABBY}_10.JPEG", f"{PUG}_7.JPEG", f"{ORANGE}_fruit/a.jpg")
    assert classes(read_imagenet(tmp_path)) == [
        (f"{PUG}_7.JPEG", "pug", (PUG, "pug")),
        (f"{ORANGE}_fruit/a.jpg", "orange", (ORANGE, "orange")),
        (f"train/{TABBY}/{TABBY}_10.JPEG", "tabby", (TABBY, "tabby")),
    ]


def test_a_solution_tells_classes_and_boxes(tmp_path: Path) -> None:
    folder = photos(tmp_path / "val", f"{VAL}1.JPEG", f"{VAL}2.JPEG")
    table = written(
        tmp_path / "LOC_val_solution.CSV",
        f"ImageId,PredictionString\n{VAL}2,{PUG} 1 1 40 10 {PUG} 3 3 5 5 \n{VAL}1,{TABBY} 5 9 24 28"
        f"\n{VAL}3,{ORANGE} 1 1 2 2\n",
    )
    one, two = read_imagenet(folder, table)
    assert [photo.things[0].name for photo in (one, two)] == ["tabby", "pug"]
    assert one.things[0].boxes == ((4, 8, 20, 20),)
    assert two.things[0].boxes == ((0, 0, 40, 10), (2, 2, 3, 3))


@pytest.mark.parametrize(
    ("truth", "synsets"),
    [
        (f"{PUG}\n{TABBY}\n", None),
        (f"{VAL}2.JPEG {TABBY}\n{VAL}1.JPEG {PUG}\n", None),
        ("2\n1\n", f"{TABBY} 1 tabby\n{PUG} 2 pug\n"),  # as map_clsloc.txt has them
        ("2\n1\n", f"{TABBY}\n{PUG}\n"),  # counted from 1, for 2 is there
        ("1\n0\n", f"{TABBY}\n{PUG}\n"),  # from 0
    ],
)
def test_a_text_tells_classes_line_by_line_or_by_name(
    tmp_path: Path, truth: str, synsets: str | None
) -> None:
    folder = photos(tmp_path / "val", f"{VAL}1.JPEG", f"{VAL}2.JPEG")
    table = written(tmp_path / "truth.txt", truth)
    order = None if synsets is None else written(tmp_path / "synsets.txt", synsets)
    found = read_imagenet(folder, table, order)
    assert [photo.things[0].name for photo in found] == ["pug", "tabby"]


def test_boxes_in_xml_are_those_of_the_photo_and_may_be_missing(tmp_path: Path) -> None:
    folder = photos(tmp_path / "val", f"{TABBY}/{TABBY}_1.JPEG", f"{TABBY}/{TABBY}_2.JPEG")
    (tmp_path / "boxes" / TABBY).mkdir(parents=True)
    file = tmp_path / "boxes" / TABBY / f"{TABBY}_1.xml"
    file.write_text(xml_of("%s", [Thing(TABBY)]))  # as some of ImageNet's own files are
    one, two = read_imagenet(folder, boxes=tmp_path / "boxes")
    assert (one.things[0].boxes, two.things[0].boxes) == (((4, 8, 20, 20),), ())
    file.write_text(xml_of("x", [Thing(PUG)]))
    with pytest.raises(
        PhotoError, match=rf"folder {TABBY} says {TABBY}, and .*xml.* says {PUG}; m"
    ):
        read_imagenet(folder, boxes=tmp_path / "boxes")
    file.write_text(xml_of("x", [Thing(TABBY), Thing(PUG), Thing(TABBY)]))
    with pytest.raises(PhotoError, match=rf"_1.xml, object 2 says {PUG}; mend"):
        read_imagenet(folder, boxes=tmp_path / "boxes")
    other = tmp_path / "boxes" / "more" / file.name
    other.parent.mkdir()
    file.rename(other)
    file.write_text(xml_of("x", [Thing(TABBY)]))
    with pytest.raises(PhotoError, match=rf"{TABBY}/.*: more/.*xml is an annotation of the same"):
        read_imagenet(folder, boxes=tmp_path / "boxes")
    with pytest.raises(PhotoError, match="val: has no annotation of any photo; name the right"):
        read_imagenet(folder, boxes=folder)


TWO = "\n".join([TABBY, PUG])
SOLUTION = "ImageId,PredictionString\n"


@pytest.mark.parametrize(
    ("name", "truth", "synsets", "told"),
    [
        ("a.jpg", None, None, "a.jpg: nothing tells its class; put it into a folder named by its"),
        (f"{PUG}/{TABBY}_1.jpg", None, None, f"folder {PUG} says {PUG}, and its name says {TABBY}"),
        (f"{VAL}1.jpg", "1\n", None, "truth.txt: tells classes by numbers.*`images.synsets`"),
        (f"{VAL}1.jpg", "1\n", f"{TWO}\nn01440764", "whether its lines count from 0 or from 1"),
        (f"{VAL}1.jpg", "9\n", f"{PUG} 1", "truth.txt: 9 is no number of synsets.txt; check both"),
        (f"{VAL}1.jpg", "1\n", f"{PUG} 1\n{TABBY} 1", "one number to two ids; use the original"),
        (f"{VAL}1.jpg", "1\n", "pug\n", "synsets.txt: “pug” is no WordNet id; write lines"),
        (f"{VAL}1.jpg", "pug\n", None, "truth.txt: “pug” is no WordNet id"),
        (f"{VAL}3.jpg", TWO, None, f"{VAL}3: has no line in truth.txt; add one"),
        ("a.jpg", TWO, None, "a: has no number, and truth.txt tells classes line by line; keep"),
        (f"{VAL}1.jpg", f"{PUG}\n{VAL}1 {PUG}", None, "lines have different numbers of words"),
        (f"{VAL}1.jpg", f"{VAL}1 {PUG}\n" * 2, None, f"truth.txt: names {VAL}1 twice; remove one"),
        (f"{VAL}1.jpg", "\n", None, "truth.txt: is empty; add a line for each photo"),
        (f"{VAL}1.jpg", f"{PUG}\n\n{TABBY}\n\n", None, "truth.txt, line 2: is empty; fill it, or"),
        (f"{VAL}1.jpg", "1\n", f"\n{PUG} 1", "synsets.txt, line 1: is empty; fill it, or"),
        (
            f"{VAL}1.jpg", "2\n", f"{PUG} pug\n{TABBY} tabby",
            "synsets.txt: lists the ids in alphabetical order, .*; name map_clsloc.txt, or write",
        ),
    ],
)  # fmt: skip
def test_what_could_mean_two_things_is_told(
    tmp_path: Path, name: str, truth: str | None, synsets: str | None, told: str
) -> None:
    folder = photos(tmp_path / "val", name)
    table = None if truth is None else written(tmp_path / "truth.txt", truth)
    order = None if synsets is None else written(tmp_path / "synsets.txt", synsets)
    with pytest.raises(PhotoError, match=told):
        read_imagenet(folder, table, order)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a,b\n", "t.csv, line 1: the columns are not ImageId,PredictionString"),
        (f"{SOLUTION}{VAL}1,{PUG} 1 2 3\n", "t.csv, line 2: is not a photo with one class"),
        (f"{SOLUTION}{VAL}1,{PUG} 1 1 2 2 {TABBY} 1 1 2 2\n", "t.csv, line 2: is not a photo with"),
        (f"{SOLUTION}{VAL}1,{PUG} 1 1 x 2\n", "t.csv, line 2: is not"),
        (f"{SOLUTION}{VAL}1,{PUG} 1 1 nan 2\n", "t.csv, line 2: is not a photo with one class"),
        (f"{SOLUTION}\n{VAL}1,{PUG} 1 1 2 2\n", "t.csv, line 2: is empty; fill it"),
        (f"{SOLUTION}{VAL}1,pug 1 1 2 2\n", "“pug” is no WordNet id"),
        (
            f"{SOLUTION}{VAL}1,{PUG} 1 1 90 2\n",
            "1.JPEG: the box 1, 1, 90, 2 lies outside the photo",
        ),
    ],
)
def test_a_solution_that_is_none_is_told_with_its_line(
    tmp_path: Path, text: str, told: str
) -> None:
    folder = photos(tmp_path / "val", f"{VAL}1.JPEG")
    with pytest.raises(PhotoError, match=told):
        read_imagenet(folder, written(tmp_path / "t.csv", text))


def test_files_that_are_no_lists_and_photos_of_one_name_are_told(tmp_path: Path) -> None:
    folder = photos(tmp_path / "val", f"{VAL}1.JPEG")
    table = written(tmp_path / "t.txt", "1\n")
    with pytest.raises(PhotoError, match=r"meta.mat: is a MATLAB file; write its ids and numbers"):
        read_imagenet(folder, table, tmp_path / "meta.mat")
    with pytest.raises(PhotoError, match=r"none.txt: no such file; check its path"):
        read_imagenet(folder, tmp_path / "none.txt")
    (tmp_path / "bytes.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(PhotoError, match=r"bytes.txt: not text in UTF-8"):
        read_imagenet(folder, tmp_path / "bytes.txt")
    photos(tmp_path / "val" / "more", f"{VAL}1.JPEG")
    with pytest.raises(PhotoError, match=r"two photos have this name, and t.txt can't tell"):
        read_imagenet(folder, written(tmp_path / "t.txt", PUG))
