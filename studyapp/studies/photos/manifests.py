"""What another tool made of the photos: a table that names its files, and these, each checked."""

import difflib
import hashlib
import io
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from photos import Measured, PhotoError, measure, open_photo
from photos.films import read_film
from photos.maps import PNG, maps_bytes, open_map
from photos.questions import JSON, TEXT, context_in
from photos.squares import square
from photos.tables import Record, TableError, records_of
from studyapp.models import Kind
from studyapp.sections.design import ConditionSection
from studyapp.sections.networks_and_images import NetworkSection
from studyapp.studies.definition.study import Definition

from .answers import ANSWER, PHOTO, Asked, not_asked, refuse_shared
from .demands import Demands
from .files import SURROUNDS
from .marked_squares import SQUARE, refuse_square
from .readers import Photo
from .telling import WORDS, Telling

FILE, NETWORK = "file", "network"
# Of a picture's side: no display is larger
LARGEST = 1024
GAP = 16
MOST_PICTURES = 9
# The least side of the square that is cut out of a map of the whole photo
LEAST_SQUARE = 224
# Of a file, in bytes: more than any map or picture that is shown needs
LARGEST_FILE = 64 * 1024**2
# Of a map's largest value: less of a difference comes from cutting it
LEAST_DIFFERENCE = 1e-6


@dataclass(frozen=True)
class Beside:
    """What manifests are read against. `photos`: those that are taken, once for each context;
    `names`: of all in the folder; `labels`: by network, None where only a worker could tell."""

    definition: Definition
    photos: Sequence[Photo]
    names: Sequence[str]
    labels: dict[str, Sequence[str] | None]
    base: Path

    @cached_property
    def _files(self) -> dict[str, Path]:
        return {one.name: one.path for one in self.photos}

    @cached_property
    def categories(self) -> list[str]:
        """The names of what is on the photos."""
        return sorted({one.name for photo in self.photos for one in photo.categories})

    @cached_property
    def _sizes(self) -> dict[str, Measured]:
        return {}

    def size(self, photo: str) -> Measured:
        """Of a photo, whose file is read once."""
        if photo not in self._sizes:
            self._sizes[photo] = measure(self._files[photo].read_bytes(), photo)
        return self._sizes[photo]


@dataclass(frozen=True)
class Made:
    """One explanation as it is stored. `answer`: the number of the explained one, None where it is
    of none; `told`: which lines of which table it comes from."""

    asked: Asked
    network: str
    answer: int | None
    content: bytes
    ending: str
    told: dict[str, Any]

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


@dataclass
class _Group:
    """The rows of one explanation."""

    asked: Asked
    network: str
    answer: int | None
    records: list[Record] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)


def read_manifest(condition: ConditionSection, beside: Beside) -> Iterator[Made]:
    """Everything that was made for `condition`, one at a time. TableError tells the row."""
    demands = Demands.of(condition, beside.definition)
    found: dict[tuple[object, ...], Record] = {}
    for group in _groups(condition, beside, demands):
        made, record = _made(condition, beside, group), group.records[0]
        for what, block, other in (
            ("answer", demands.compares_answers, made.network),
            ("network", demands.compares_networks, made.answer),
        ):
            first = found.setdefault((what, made.asked, other, made.sha256), record)
            if block and first is not record:
                raise TableError(
                    f"{record.where}: shows the same as line {first.line}, for another {what}, "
                    f"and {block} compares {what}s on one page; make it again"
                )
        yield made


def _made(condition: ConditionSection, beside: Beside, group: _Group) -> Made:
    if condition.shown_kind == WORDS:
        return _text(condition, group)
    contents = [
        _content(record, path) for record, path in zip(group.records, group.files, strict=True)
    ]
    kept, ending, measures = _kept(condition, beside, group, contents)
    told = {
        "files": condition.files,
        "lines": [record.line for record in group.records],
        "names": [record.cells[FILE] for record in group.records],
        "sha256": [hashlib.sha256(content).hexdigest() for content in contents],
        **measures,
    }
    return Made(group.asked, group.network, group.answer, kept, ending, told)


def _content(record: Record, path: Path) -> bytes:
    size = path.stat().st_size
    if size > LARGEST_FILE:
        raise TableError(
            f"{record.where}: {record.cells[FILE]} has {size / 1024**2:,.0f} MiB, and "
            f"{LARGEST_FILE // 1024**2} MiB is the limit; scale it down"
        )
    return path.read_bytes()


def _groups(condition: ConditionSection, beside: Beside, demands: Demands) -> list[_Group]:
    name = str(condition.files)
    contexts = () if beside.definition.images.cases is None else (TEXT, JSON)
    is_text = condition.shown_kind == WORDS
    needed = (PHOTO, WORDS if is_text else FILE)
    records = records_of(beside.base / name, name, needed, (NETWORK, ANSWER, SQUARE, *contexts))
    if demands.parts_answers and ANSWER not in records[0].cells:
        raise TableError(
            f"{name}, line 1: {demands.parts_answers} asks which answer an explanation is of; add "
            f"the column {ANSWER}"
        )
    tells = None
    if is_text:
        tells = Telling.of(condition, beside.definition, beside.labels, beside.categories)
    taken = {(photo.name, photo.context) for photo in beside.photos}
    _refuse_alike(name, beside.photos)
    photos, known = {photo for photo, _ in taken}, {*beside.names}
    found: dict[tuple[Asked, str, int | None], _Group] = {}
    for record in records:
        photo = record.cells[PHOTO]
        if photo not in known:
            raise TableError(
                f"{record.where}: {photo} is not among the photos; write its path in "
                f"`images.folder`, such as {beside.names[0]}"
            )
        asked = (photo, context_in(record))
        network = _network(record, condition, beside.definition)
        answer = _answer(record, network, beside.labels[network])
        refuse_square(record, condition, network, beside.definition.networks[network].square)
        if tells is None:
            path = _file(record, (beside.base / name).parent)
        else:
            tells.refuse(record, network)
        if asked not in taken and photo in photos:
            raise not_asked(record, asked)
        group = found.setdefault((asked, network, answer), _Group(asked, network, answer))
        group.records.append(record)
        if tells is None:
            group.files.append(path)
    groups = [group for group in found.values() if group.asked in taken]
    _refuse_counts(condition, groups)
    return groups


def _refuse_alike(name: str, photos: Sequence[Photo]) -> None:
    """A row names a case by its photo and context, which further photos may leave the same."""
    for (photo, _), count in Counter((one.name, one.context) for one in photos).items():
        if count > 1:
            raise TableError(
                f"{name}: a row names a photo and a context, and `images.cases` asks about {photo} "
                f"{count} times with the same context and other further photos; give each of "
                "these a context of its own"
            )


def _network(record: Record, condition: ConditionSection, definition: Definition) -> str:
    pair = definition.pairs[definition.pair_of(condition)]
    names = [name for name in (pair.stronger, pair.weaker) if name is not None]
    given = record.cells.get(NETWORK)
    if given is None and len(names) == 1:
        return names[0]
    if given not in names:
        told = "no network" if not given else f"the network {given}"
        raise TableError(
            f"{record.where}: {told}, and {condition.name} is about {' and '.join(names)}; write "
            f"one of these in the column {NETWORK}"
        )
    return given


def _answer(record: Record, network: str, labels: Sequence[str] | None) -> int | None:
    given = record.cells.get(ANSWER)
    if given is None:
        return None
    if labels is None:
        raise TableError(
            f"{record.where}: what the answers of {network} are called is not known before it is "
            f"loaded; name the file of its class names as `networks.{network}.labels`"
        )
    if given not in labels:
        near = difflib.get_close_matches(given, labels, n=1)
        fix = f"did you mean {near[0]}?" if near else f"write an answer of {network}"
        raise TableError(f"{record.where}: {given or 'no name'} is no answer of {network}; {fix}")
    refuse_shared(record, labels)
    return list(labels).index(given)


def _file(record: Record, folder: Path) -> Path:
    name = record.cells[FILE]
    path = folder / name
    try:
        is_inside = path.resolve().is_relative_to(folder.resolve()) and "\\" not in name
        is_there = is_inside and path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        is_inside = is_there = False
    if not is_inside:
        raise TableError(
            f"{record.where}: {name} is not below the folder of the table; move the file there, "
            "and write its path from that folder"
        )
    if not is_there:
        raise TableError(
            f"{record.where}: {name} is not there; write the file's path from the table's folder"
        )
    return path


def _refuse_counts(condition: ConditionSection, groups: Sequence[_Group]) -> None:
    """One file for each explanation; of several pictures as many as every other has, so that their
    number tells nothing."""
    if condition.shown_kind != Kind.PICTURES:
        for group in groups:
            if len(group.records) > 1:
                first, second = group.records[:2]
                other = "" if condition.kind in (WORDS, Kind.FILM) else (
                    ', or show several pictures side by side with kind = "pictures"'
                )  # fmt: skip
                raise TableError(
                    f"{second.where}: the same explanation as line {first.line}; remove one of the "
                    f"two{other}"
                )
        return
    for group in groups:
        count, usual = len(group.files), len(groups[0].files)
        where = group.records[0].where
        if count > MOST_PICTURES:
            raise TableError(
                f"{where}: {count} pictures for one explanation, and {MOST_PICTURES} is the "
                "limit; leave some out"
            )
        if count != usual:
            raise TableError(
                f"{where}: {count} {'picture' if count == 1 else 'pictures'} of "
                f"{group.asked[0]}, and {usual} of {groups[0].asked[0]}; give every explanation "
                "of the condition as many"
            )


def _text(condition: ConditionSection, group: _Group) -> Made:
    record = group.records[0]
    text = "\n".join(record.cells[WORDS].splitlines())
    told = {"files": condition.files, "lines": [record.line], "words": len(text.split())}
    return Made(group.asked, group.network, group.answer, text.encode(), "txt", told)


def _kept(
    condition: ConditionSection, beside: Beside, group: _Group, contents: Sequence[bytes]
) -> tuple[bytes, str, dict[str, Any]]:
    """The file that is stored of these, how its name ends, and what is told of it beside."""
    try:
        if condition.shown_kind == Kind.MAP:
            return maps_bytes({"map": _map(condition, beside, group, contents[0])}), "npz", {}
        if condition.shown_kind == Kind.FILM:
            film = read_film(contents[0], group.records[0].cells[FILE])
            return film.content, film.ending, {"seconds": round(film.seconds, 3)}
        colour = SURROUNDS[beside.definition.display.surround]
        pictures = [
            open_photo(content, record.cells[FILE], surround=colour)
            for record, content in zip(group.records, contents, strict=True)
        ]
    except PhotoError as error:
        raise TableError(f"{group.records[0].where}: {error}") from error
    picture = beside_each_other(pictures, colour) if len(pictures) > 1 else pictures[0]
    picture.thumbnail((LARGEST, LARGEST), Pillow.Resampling.LANCZOS)
    return _png(picture), "png", {}


def _map(
    condition: ConditionSection, beside: Beside, group: _Group, content: bytes
) -> NDArray[np.float32]:
    """The map over the square that people see of the photo."""
    record = group.records[0]
    if condition.settings.get("signed") and content.startswith(PNG):
        raise TableError(
            f"{record.where}: a PNG has no values below 0, and signed = true needs them; save the "
            "map as .npy"
        )
    values = open_map(content, record.cells[FILE])
    if values.min() < 0 and not condition.settings.get("signed"):
        raise TableError(
            f"{record.where}: {record.cells[FILE]} has values below 0, which would look like 0; "
            "say settings = { signed = true }, or keep the positive part"
        )
    height, width = values.shape
    if condition.settings.get("covers") == "photo":
        name, size = group.asked[0], beside.size(group.asked[0])
        # As far apart as rounding a side of the map can make them
        if abs(width * size.height - height * size.width) > max(size.width, size.height):
            raise TableError(
                f"{record.where}: {record.cells[FILE]} has {width} × {height} values, and "
                f"{name} {size.width} × {size.height} pixels; give a map of the whole photo"
            )
        cut = _cut(values, beside.definition.networks[group.network])
        if np.ptp(cut) <= LEAST_DIFFERENCE * np.abs(values).max():
            raise TableError(
                f"{record.where}: {record.cells[FILE]} shows nothing inside the square that people "
                f"see of {name}; leave its row and its photo out"
            )
        return cut
    if height != width:
        raise TableError(
            f"{record.where}: {record.cells[FILE]} has {width} × {height} values, and people see a "
            "square of the photo; give the map of that square, or of the whole photo with "
            'settings = { covers = "photo" }'
        )
    return values


def _cut(values: NDArray[np.float32], network: NetworkSection) -> NDArray[np.float32]:
    """Of a map of the whole photo, the square that the network was given."""
    size = int(network.options.get("size", 1))
    resize = int(network.options.get("resize", size))
    squash = bool(network.options.get("squash", False))
    side = max(LEAST_SQUARE, round(min(values.shape) * size / resize))
    cut = square(Pillow.fromarray(values), side, size=size, resize=resize, squash=squash)
    return np.asarray(cut, dtype=np.float32)


def beside_each_other(pictures: Sequence[Pillow.Image], colour: str) -> Pillow.Image:
    """Pictures in rows, in their order, each as large as fits its equal part of a square."""
    columns = math.ceil(math.sqrt(len(pictures)))
    rows = -(-len(pictures) // columns)
    side = (LARGEST - GAP * (columns - 1)) // columns
    width, height = (count * (side + GAP) - GAP for count in (columns, rows))
    paper = Pillow.new("RGB", (width, height), colour)
    for place, picture in enumerate(pictures):
        scale = side / max(picture.size)
        fitted = picture.resize([max(1, round(length * scale)) for length in picture.size],
                                Pillow.Resampling.LANCZOS)  # fmt: skip
        row, column = divmod(place, columns)
        left = column * (side + GAP) + (side - fitted.width) // 2
        top = row * (side + GAP) + (side - fitted.height) // 2
        paper.paste(fitted, (left, top))
    return paper


def _png(picture: Pillow.Image) -> bytes:
    """Without any metadata; the same every time."""
    out = io.BytesIO()
    Pillow.fromarray(np.asarray(picture.convert("RGB"))).save(out, "PNG")
    return out.getvalue()
