"""Every stimulus with its overlays, from the highest mean outcome to the lowest."""

import base64
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image as Picture

from studyapp.paradigms.tabulation import Facts
from studyapp.shelf.formatting import number, percent, signed

from .study_record import StudyRecord

Show = Callable[[float | None], str]
SIDE, QUALITY = 128, 78


@dataclass(frozen=True)
class Cell:
    """A stimulus under one condition. `pictures`: (role, address of the picture with its data)."""

    condition: str
    figure: str
    pictures: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Entry:
    rank: int
    stimulus: str
    category: str
    photo: str
    figure: str
    cells: tuple[Cell, ...]


def gallery(record: StudyRecord, found: Facts) -> list[Entry]:
    """The stimuli that analysed people judged, from the highest mean outcome to the lowest."""
    judged: Mapping[str, Facts] = found.get("stimuli") or {}
    order = sorted(judged, key=lambda key: (-_pooled(judged[key])["mean"], key))
    shown = _explanations(record)
    show = {"score": signed, "correct": percent, "value": number}[found["outcome"]]
    return [
        _entry(record, place, (key, judged[key]), shown.get(key, {}), show)
        for place, key in enumerate(order, 1)
    ]


def _pooled(methods: Mapping[str, Facts]) -> dict[str, Any]:
    """Over all methods: how many judgments, and their mean."""
    count = sum(one["n"] for one in methods.values())
    return {"n": count, "mean": sum(one["n"] * one["mean"] for one in methods.values()) / count}


def _explanations(record: StudyRecord) -> dict[str, dict[str, list[tuple[str, str]]]]:
    """(role, digest of the overlay) by stimulus and condition."""
    found: dict[str, dict[str, list[tuple[str, str]]]] = {}
    for row in record.frames["explanations"].itertuples(index=False):
        pictures = found.setdefault(str(row.stimulus_id), {}).setdefault(str(row.condition), [])
        pictures.append((str(row.role), str(row.overlay_sha256)))
    return found


def _entry(
    record: StudyRecord,
    rank: int,
    judged: tuple[str, Mapping[str, Facts]],
    shown: Mapping[str, list[tuple[str, str]]],
    show: Show,
) -> Entry:
    key, methods = judged
    stimuli = record.frames["stimuli"]
    stimulus = stimuli[stimuli["stimulus_id"] == key].iloc[0]
    cells = []
    for name, one in methods.items():
        # A statement's name follows a comma, which no condition's name has
        pictures = shown.get(name.partition(", ")[0], [])
        cells.append(Cell(name, _figure(one, show), tuple(_pictures(record, pictures))))
    category, photo = str(stimulus["category"]), str(stimulus["image_name"])
    return Entry(rank, key, category, photo, _figure(_pooled(methods), show), tuple(cells))


def _figure(one: Facts, show: Show) -> str:
    """The mean outcome, of how many."""
    return f"{show(one['mean'])}, n = {one['n']}"


def _pictures(record: StudyRecord, shown: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for role, digest in sorted(shown):
        content = record.picture(digest)
        if content is not None:
            yield role, _thumbnail(content)


def _thumbnail(content: bytes) -> str:
    """The picture small, as an address that holds its data: the page asks for nothing outside."""
    with Picture.open(io.BytesIO(content)) as picture:
        small = picture.convert("RGB")
    small.thumbnail((SIDE, SIDE))
    file = io.BytesIO()
    small.save(file, "WEBP", quality=QUALITY)
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode("ascii")
