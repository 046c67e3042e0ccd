"""Every stimulus with its overlays, from the one that people saw best to the worst."""

import base64
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd
from PIL import Image as Picture

from studyapp.analyses.numerals import percent, signed

from .material import Material

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


def gallery(material: Material, paradigm: str, outcome: str) -> list[Entry]:
    """The stimuli that analysed people judged, from the highest mean outcome to the lowest."""
    kept = material.analysed(paradigm, outcome)
    if kept.empty:
        return []
    means = kept.groupby("stimulus_id")[outcome].mean().astype(float)
    order = sorted(means.items(), key=lambda one: (-one[1], str(one[0])))
    groups = {str(key): rows for key, rows in kept.groupby("stimulus_id")}
    shown = _explanations(material)
    return [
        _entry(material, place, groups[str(key)], shown.get(str(key), {}))
        for place, (key, _) in enumerate(order, 1)
    ]


def _explanations(material: Material) -> dict[str, dict[str, list[tuple[str, str]]]]:
    """(role, digest of the overlay) by stimulus and condition."""
    found: dict[str, dict[str, list[tuple[str, str]]]] = {}
    for row in material.frames["explanations"].itertuples(index=False):
        pictures = found.setdefault(str(row.stimulus_id), {}).setdefault(str(row.condition), [])
        pictures.append((str(row.role), str(row.overlay_sha256)))
    return found


def _entry(
    material: Material,
    rank: int,
    rows: pd.DataFrame,
    shown: Mapping[str, list[tuple[str, str]]],
) -> Entry:
    key = str(rows["stimulus_id"].iloc[0])
    stimuli = material.frames["stimuli"]
    stimulus = stimuli[stimuli["stimulus_id"] == key].iloc[0]
    cells = [
        Cell(str(name), _figure(one), tuple(_pictures(material, shown.get(str(name), []))))
        for name, one in rows.groupby("condition")
    ]
    return Entry(
        rank,
        key,
        str(stimulus["category"]),
        str(stimulus["image_name"]),
        _figure(rows),
        tuple(cells),
    )


def _figure(rows: pd.DataFrame) -> str:
    """Mean score, or share of right answers, of how many."""
    if rows["score"].notna().any():
        return f"{signed(float(rows['score'].mean()))}, n = {len(rows)}"
    return f"{percent(float(rows['correct'].mean()))}, n = {len(rows)}"


def _pictures(material: Material, shown: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for role, digest in sorted(shown):
        content = material.picture(digest)
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
