"""Photos as ImageNet comes: the WordNet id of a folder, a file's name, a table or a box decides.

Whatever of these says a class has to say the same one. A number is a class only beside the list
that numbers the ids: the challenge's own numbers don't follow the alphabetical order of the ids.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .annotation_xml import box_of, read_annotation
from .class_names import category_of_folder, is_wordnet_id
from .coco import AnnotatedPhoto, Things
from .errors import PhotoError
from .files import ENDINGS, is_litter
from .turning import Box, frame_of

MOST_BYTES = 100_000_000
NUMBERED = re.compile(r"_(\d{8})$")
SOLUTION = ["ImageId", "PredictionString"]
SOME_LINES = (
    "write lines with a WordNet id, with a number, or with a photo's name and one of the two"
)


@dataclass(frozen=True)
class Truth:
    """Classes by the photos' names without their endings, or by their numbers from 1; and boxes as
    the table has them: xmin, ymin, xmax, ymax."""

    name: str
    classes: Mapping[str, str]
    boxes: Mapping[str, Sequence[tuple[float, ...]]]
    is_numbered: bool

    def of(self, stem: str) -> str:
        key = stem
        if self.is_numbered:
            found = NUMBERED.search(stem)
            if found is None:
                raise PhotoError(
                    stem, f"has no number, and {self.name} tells classes line by line",
                    "keep ImageNet's own names, such as ILSVRC2012_val_00000001.JPEG",
                )  # fmt: skip
            key = str(int(found[1]))
        if key not in self.classes:
            raise PhotoError(stem, f"has no line in {self.name}", "add one, or remove the photo")
        return self.classes[key]


def read_imagenet(
    folder: Path, truth: Path | None = None, synsets: Path | None = None, boxes: Path | None = None
) -> list[AnnotatedPhoto]:
    """The photos below `folder`, in order, each with its one class.

    `truth`: LOC_val_solution.csv, or a text with a WordNet id or a number for each photo;
    `synsets`: which id each number means (map_clsloc.txt, or a list of ids); `boxes`: a folder of
    annotations in XML. PhotoError for what is missing, contradictory, or could mean two things.
    """
    told = None if truth is None else _truth(truth, synsets)
    files = [path for path in sorted(folder.rglob("*")) if _is_photo(path, folder)]
    _refuse_namesakes(files, [one for one in (truth, boxes) if one is not None])
    annotations = {} if boxes is None else _annotations(boxes)
    if boxes is not None and not annotations.keys() & {path.stem for path in files}:
        raise PhotoError(boxes.name, "has no annotation of any photo", "name the right folder")
    return [_photo(path, folder, told, annotations.get(path.stem)) for path in files]


def _is_photo(path: Path, folder: Path) -> bool:
    is_one = path.suffix.lower() in ENDINGS and path.is_file()
    return is_one and not is_litter(path.relative_to(folder))


def _refuse_namesakes(files: Sequence[Path], tables: Sequence[Path]) -> None:
    """What knows photos by their names alone can't tell two of one name apart."""
    twice = [stem for stem, count in Counter(path.stem for path in files).items() if count > 1]
    if twice and tables:
        raise PhotoError(
            twice[0], f"two photos have this name, and {tables[0].name} can't tell them apart",
            "rename or remove one of the two",
        )  # fmt: skip


def _annotations(folder: Path) -> dict[str, Path]:
    """The files of annotations below `folder`, by their photos' names without the endings."""
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*.xml")):
        if is_litter(path.relative_to(folder)):
            continue
        if other := found.get(path.stem):
            one, two = (file.relative_to(folder).as_posix() for file in (other, path))
            raise PhotoError(
                two, f"{one} is an annotation of the same photo", "rename or remove one of the two"
            )
        found[path.stem] = path
    return found


def _photo(path: Path, folder: Path, truth: Truth | None, file: Path | None) -> AnnotatedPhoto:
    relative = path.relative_to(folder)
    said = dict(_said_by_path(relative))
    if truth is not None:
        said[truth.name] = truth.of(path.stem)
    frame, boxes = frame_of(path), list[Box]()
    if file is not None:
        marked = read_annotation(file)
        frame = frame.of_annotations(marked.size, path.name)
        objects = enumerate(marked.objects, 1)
        said |= {f"{file.name}, object {number}": one.name for number, one in objects}
        boxes = [one.box for one in marked.objects]
    elif truth is not None:
        boxes = [box_of(box, frame.stored, path.name) for box in truth.boxes.get(path.stem, ())]
    name, accepted = category_of_folder(_agreed(said, relative.as_posix()))
    turned = tuple(map(frame.turned, boxes))
    things = (Things(name, accepted, turned, (None,) * len(turned)),)
    return AnnotatedPhoto(path, relative.as_posix(), relative.as_posix(), things, frame)


def _said_by_path(relative: Path) -> Iterator[tuple[str, str]]:
    """Ids in the names of the photo's folders, and at the beginning of its own."""
    for part in relative.parts[:-1]:
        if found := re.match(r"n\d{8}(?![^\W_])", part):
            yield f"the folder {part[:40]}", found[0]
    if found := re.match(r"n\d{8}(?=[_-])", relative.name):
        yield "its name", found[0]


def _agreed(said: Mapping[str, str], name: str) -> str:
    if not said:
        raise PhotoError(
            name,
            "nothing tells its class",
            "put it into a folder named by its WordNet id, or name the table of classes "
            "(`images.truth`, or --truth)",
        )
    if len(set(said.values())) > 1:
        (one, first), (other, second) = next(
            ((one, first), (other, second))
            for one, first in said.items()
            for other, second in said.items()
            if first != second
        )
        raise PhotoError(
            name, f"{one} says {first}, and {other} says {second}", "mend or remove one of them"
        )
    return next(iter(said.values()))


def _truth(file: Path, synsets: Path | None) -> Truth:
    is_table = file.suffix.lower() == ".csv"
    rows = [line.split("," if is_table else None) for line in _lines(file)]
    if is_table:
        return _solution(file, rows)
    widths = {len(row) for row in rows}
    if widths not in ({1}, {2}):
        raise PhotoError(file.name, "its lines have different numbers of words", SOME_LINES)
    ids = _ids_of([row[-1] for row in rows], file, synsets)
    keys = [str(n) if len(row) == 1 else Path(row[0]).stem for n, row in enumerate(rows, 1)]
    _refuse_twice(file, keys)
    return Truth(file.name, dict(zip(keys, ids, strict=True)), {}, widths == {1})


def _solution(file: Path, rows: Sequence[Sequence[str]]) -> Truth:
    """ImageId, and for each box a WordNet id and xmin, ymin, xmax, ymax, with blanks between."""
    if [cell.strip() for cell in rows[0]] != SOLUTION:
        raise PhotoError(
            f"{file.name}, line 1",
            f"the columns are not {','.join(SOLUTION)}",
            "name a file such as LOC_val_solution.csv",
        )
    classes, boxes = {}, {}
    for number, row in enumerate(rows[1:], 2):
        words = row[1].split() if len(row) == 2 else []
        groups = [words[place : place + 5] for place in range(0, len(words), 5)]
        try:
            numbers = [tuple(map(float, group[1:])) for group in groups if len(group) == 5]
        except ValueError:
            numbers = []
        ids = {group[0] for group in groups}
        is_finite = all(math.isfinite(one) for box in numbers for one in box)
        if not groups or len(numbers) < len(groups) or len(ids) > 1 or not is_finite:
            raise PhotoError(
                f"{file.name}, line {number}",
                "is not a photo with one class and four numbers for each box",
                "download the file again",
            )
        key = row[0].strip()
        classes[key], boxes[key] = groups[0][0], numbers
    _refuse_twice(file, [row[0].strip() for row in rows[1:]])
    for one in set(classes.values()):
        _refuse_other(one, file)
    return Truth(file.name, classes, boxes, False)


def _refuse_twice(file: Path, keys: Sequence[str]) -> None:
    if twice := next((key for key, count in Counter(keys).items() if count > 1), None):
        raise PhotoError(file.name, f"names {twice[:80]} twice", "remove one of the two lines")


def _refuse_other(said: str, file: Path) -> None:
    if not is_wordnet_id(said):
        raise PhotoError(file.name, f"“{said[:40]}” is no WordNet id", SOME_LINES)


def _ids_of(said: Sequence[str], file: Path, synsets: Path | None) -> list[str]:
    """The WordNet ids that ids or numbers mean."""
    if not all(one.isdecimal() for one in said):
        for one in said:
            _refuse_other(one, file)
        return list(said)
    if synsets is None:
        raise PhotoError(
            file.name,
            "tells classes by numbers, and which ones depends on the list that numbers them",
            "name it in `images.synsets`: map_clsloc.txt of the challenge, or a list of ids",
        )
    numbered = _numbered(synsets, set(map(int, said)))
    if strange := next((one for one in said if int(one) not in numbered), None):
        raise PhotoError(file.name, f"{strange[:20]} is no number of {synsets.name}", "check both")
    return [numbered[int(one)] for one in said]


def _numbered(synsets: Path, used: set[int]) -> Mapping[int, str]:
    """WordNet ids by number: as the list tells them, or by its lines, counted from 0 or from 1."""
    if synsets.suffix.lower() == ".mat":
        raise PhotoError(
            synsets.name, "is a MATLAB file", "write its ids and numbers as text: n02119789 1"
        )
    rows = [line.split() for line in _lines(synsets)]
    for row in rows:
        _refuse_other(row[0], synsets)
    if all(len(row) > 1 and row[1].isdecimal() for row in rows):
        found = {int(row[1]): row[0] for row in rows}
        if len(found) < len(rows):
            raise PhotoError(synsets.name, "gives one number to two ids", "use the original list")
        return found
    from_0, from_1 = 0 in used, len(rows) in used
    if from_0 == from_1:
        raise PhotoError(
            synsets.name,
            "doesn't tell whether its lines count from 0 or from 1",
            "write the number behind each id: n02119789 1",
        )
    ids = [row[0] for row in rows]
    if from_1 and ids == sorted(ids):
        raise PhotoError(
            synsets.name,
            "lists the ids in alphabetical order, which is not the order of the challenge's "
            "numbers",
            "name map_clsloc.txt, or write the number behind each id: n02119789 1",
        )
    return dict(enumerate(ids, int(from_1)))


def _lines(file: Path) -> list[str]:
    """The lines of a text. A blank one among them would give every class after it to the photo
    before."""
    try:
        if file.stat().st_size > MOST_BYTES:
            raise PhotoError(
                file.name, f"more than {MOST_BYTES // 10**6} MB", "keep the lines of your photos"
            )
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise PhotoError(file.name, "no such file", "check its path") from error
    except (OSError, UnicodeDecodeError) as error:
        raise PhotoError(file.name, "not text in UTF-8", "save it as plain text") from error
    lines = text.rstrip().splitlines()
    if not lines:
        raise PhotoError(file.name, "is empty", "add a line for each photo")
    if blank := next((number for number, one in enumerate(lines, 1) if not one.strip()), None):
        raise PhotoError(
            f"{file.name}, line {blank}", "is empty", "fill it, or download the file again"
        )
    return lines
