"""Photos with annotations in the layout of PASCAL VOC 2007 and 2012, or of a set of one's own.

`Annotations/*.xml` say what is on the photos of `JPEGImages`, `ImageSets` lists which photos belong
to a split, and `SegmentationObject` and `SegmentationClass` hold masks as palette pictures: 0 is
background, 255 the void along the edges, which belongs to nothing.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .annotation_xml import Marked, MarkedObject, read_annotation
from .coco import AnnotatedPhoto, Things
from .errors import PhotoError
from .files import ENDINGS, is_litter
from .opening import UNREADABLE
from .turning import Box, Frame, Size, area_of, frame_of

ANNOTATIONS, PHOTOS, SETS = "Annotations", "JPEGImages", "ImageSets"
OBJECTS, CLASSES = "SegmentationObject", "SegmentationClass"
# In the order of the numbers in SegmentationClass, from 1
NAMES = (
    "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow",
    "diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train",
    "tvmonitor",
)  # fmt: skip
VOID = 255
# What VOC's own evaluations leave out of account
IGNORED = ("difficult",)
MOST_LINES = 1_000_000
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Painted:
    """The mask of one object: where a palette picture has `number`, within `box` if there is one.

    `most`: the highest number that its picture may have, beside void.
    """

    path: Path
    number: int
    most: int
    size: Size
    box: Box | None = None

    def mask(self) -> Mask:
        """height×width of the photo as it is stored; void belongs to no object."""
        numbers = _numbers(self.path, self.size)
        if (strange := int(numbers[numbers != VOID].max(initial=0))) > self.most:
            raise PhotoError(
                self.path.name,
                f"holds the number {strange}, and {self.most} is the highest with a meaning",
                "export the masks and the annotations together",
            )
        lit: Mask = numbers == self.number
        return lit if self.box is None else lit & area_of(self.box, self.size)


@dataclass(frozen=True)
class Void:
    """What of a photo counts neither as any object nor as background: the void of its palette
    picture, and the objects there that don't count, by their numbers and boxes as in Painted."""

    path: Path
    ignored: tuple[tuple[int, Box | None], ...]
    size: Size

    def mask(self) -> Mask:
        """height×width of the photo as it is stored."""
        numbers = _numbers(self.path, self.size)
        found: Mask = numbers == VOID
        for number, box in self.ignored:
            lit = numbers == number
            found = found | (lit if box is None else lit & area_of(box, self.size))
        return found


def read_voc(
    folder: Path, split: str | None = None, ignore: Collection[str] = IGNORED
) -> list[AnnotatedPhoto]:
    """The photos of a split (`val`, `cat_train`, `Segmentation/val`), or all that are annotated.

    Of a split of one class only photos that show it are read. Objects with one of the flags
    `ignore` don't count, as in VOC's evaluations; what a photo shows by such alone is `doubtful`.
    PhotoError says what is wrong with the folder, or with one of its files.
    """
    _refuse_other_layout(folder)
    photos = _photos_by_stem(folder / PHOTOS)
    if split is None:
        files = sorted((folder / ANNOTATIONS).glob("*.xml"))
        ids = [path.stem for path in files if not is_litter(path.name)]
        source = ANNOTATIONS
    else:
        file = _split_file(folder / SETS, split)
        ids, source = _listed_in(file), f"{SETS}/{file.relative_to(folder / SETS)}"
    if not ids:
        raise PhotoError(source, "names no photo", "choose another split")
    return [_photo(folder, one, photos, source, ignore) for one in ids]


def _refuse_other_layout(folder: Path) -> None:
    if (folder / ANNOTATIONS).is_dir() and (folder / PHOTOS).is_dir():
        return
    below = sorted(folder.glob(f"*/{ANNOTATIONS}")) or sorted(folder.glob(f"*/*/{ANNOTATIONS}"))
    fix = "name the folder that holds both, such as VOC2007"
    if below:
        fix = f"name the folder {below[0].parent.relative_to(folder)} in it"
    raise PhotoError(folder.name, f"has no folders {ANNOTATIONS} and {PHOTOS}", fix)


def _photos_by_stem(folder: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in ENDINGS or is_litter(path.name):
            continue
        if other := found.get(path.stem):
            reason = f"one annotation would be that of {other.name} as well"
            raise PhotoError(path.name, reason, "rename or remove one of the two")
        found[path.stem] = path
    return found


def _split_file(sets: Path, split: str) -> Path:
    """`val` is `Main/val.txt`; with a folder before it, that folder's."""
    file = (sets / f"{split}.txt") if "/" in split else (sets / "Main" / f"{split}.txt")
    if not file.resolve().is_relative_to(sets.resolve()) or not file.is_file():
        known = sorted(one.stem for one in (sets / "Main").glob("*.txt") if "_" not in one.stem)
        fix = f"choose among {', '.join(known)}" if known else f"add {SETS}/Main/{split}.txt"
        raise PhotoError(split[:80], f"no such split in {SETS}", fix)
    return file


def _listed_in(file: Path) -> list[str]:
    """The photos' ids, line by line; in a split of one class, those with a 1 behind them."""
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise PhotoError(file.name, "not text in UTF-8", "save it as plain text") from error
    if len(lines) > MOST_LINES:
        raise PhotoError(
            file.name, f"{len(lines):,} lines, and {MOST_LINES:,} is the limit", "list fewer photos"
        )
    rows = [(number, line.split()) for number, line in enumerate(lines, 1) if line.strip()]
    widths = {len(cells) for _, cells in rows}
    if wrong := [number for number, cells in rows if not _is_row(cells) or len(widths) > 1]:
        raise PhotoError(
            f"{file.name}, line {wrong[0]}",
            "is not a photo's name alone, or with 1, 0 or -1 for a class",
            "write every line in the same way",
        )
    ids = [cells[0] for _, cells in rows if len(cells) == 1 or cells[1] == "1"]
    if twice := next((one for one, count in Counter(ids).items() if count > 1), None):
        raise PhotoError(file.name, f"names {twice} twice", "remove one of the two lines")
    return ids


def _is_row(cells: Sequence[str]) -> bool:
    is_name = re.fullmatch(r"[^/\\\x00]+", cells[0]) is not None and cells[0] not in (".", "..")
    return is_name and (len(cells) == 1 or (len(cells) == 2 and cells[1] in ("1", "0", "-1")))


def _photo(
    folder: Path, stem: str, photos: dict[str, Path], source: str, ignore: Collection[str]
) -> AnnotatedPhoto:
    path, file = photos.get(stem), folder / ANNOTATIONS / f"{stem}.xml"
    if not file.is_file():
        raise PhotoError(stem, f"is in {source}, but has no {ANNOTATIONS}/{stem}.xml", "add it")
    if path is None:
        raise PhotoError(stem, f"is annotated, but {PHOTOS} has no photo of it", "add the photo")
    marked = read_annotation(file)
    if marked.file_name and Path(marked.file_name).stem != stem:
        raise PhotoError(
            file.name, f"says that its photo is {marked.file_name[:80]}", "rename one of the two"
        )
    frame = frame_of(path).of_annotations(marked.size, path.name)
    things = things_of(marked, frame, partial(_painted, folder, stem, marked, frame), ignore)
    shown = {one.name for one in things}
    doubtful = dict.fromkeys(one.name for one in marked.objects if one.name not in shown)
    name = f"{PHOTOS}/{path.name}"
    void = _void(folder, stem, marked, frame, ignore)
    return AnnotatedPhoto(path, name, name, things, frame, tuple(doubtful), void)


def things_of(
    marked: Marked, frame: Frame, outline: Callable[[int], Any], ignore: Collection[str] = ()
) -> tuple[Things, ...]:
    """What a photo shows, by its names in the file's order. `outline`: of the object at a place."""
    found: dict[str, list[tuple[int, MarkedObject]]] = {}
    for place, one in enumerate(marked.objects):
        if not one.flags & set(ignore):
            found.setdefault(one.name, []).append((place, one))
    return tuple(
        Things(
            name,
            (name,),
            tuple(frame.turned(one.box) for _, one in objects),
            tuple(outline(place) for place, _ in objects),
        )
        for name, objects in found.items()
    )


def _painted(folder: Path, stem: str, marked: Marked, frame: Frame, place: int) -> Painted | None:
    """The mask of the object at a place."""
    if (picture := _palette(folder, stem)) is None:
        return None
    if (found := _number(picture, marked, place)) is None:
        return None
    most = len(marked.objects) if picture.parent.name == OBJECTS else len(NAMES)
    number, box = found
    return Painted(picture, number, most, frame.stored, box)


def _void(
    folder: Path, stem: str, marked: Marked, frame: Frame, ignore: Collection[str]
) -> Void | None:
    """None where nothing of the photo is painted."""
    if (picture := _palette(folder, stem)) is None:
        return None
    places = (place for place, one in enumerate(marked.objects) if one.flags & set(ignore))
    found = (_number(picture, marked, place) for place in places)
    return Void(picture, tuple(one for one in found if one is not None), frame.stored)


def _palette(folder: Path, stem: str) -> Path | None:
    """The picture of the photo's objects, or else that of their classes."""
    files = (folder / kind / f"{stem}.png" for kind in (OBJECTS, CLASSES))
    return next((file for file in files if file.is_file()), None)


def _number(picture: Path, marked: Marked, place: int) -> tuple[int, Box | None] | None:
    """That of the object at a place: its own, or its class' within its box, where it has one."""
    if picture.parent.name == OBJECTS:
        return place + 1, None
    one = marked.objects[place]
    return (NAMES.index(one.name) + 1, one.box) if one.name in NAMES else None


def _numbers(path: Path, size: Size) -> NDArray[np.uint8]:
    try:
        with Image.open(path, formats=("PNG",)) as picture:
            mode, measured = picture.mode, picture.size
            numbers = np.asarray(picture) if (mode, measured) == ("P", size) else None
    except (*UNREADABLE, Image.DecompressionBombError) as error:
        raise PhotoError(path.name, "not a PNG", "export the masks again") from error
    if mode != "P":
        raise PhotoError(
            path.name,
            f"holds colours ({mode}) and no palette, so the numbers of its objects are lost",
            "export the masks as indexed PNG",
        )
    if numbers is None:
        raise PhotoError(
            path.name,
            f"{measured[0]} × {measured[1]} pixels, and its photo has {size[0]} × {size[1]}",
            "export the masks at the photo's own size",
        )
    return numbers
