"""A region of a photo that a person marked: how it is read, bounded, stored and drawn again.

Stored as JSON, version 1, in fractions of the picture that was shown, from its upper left corner:

    {"version": 1, "tool": "box", "boxes": [[left, top, right, bottom], …]}
    {"version": 1, "tool": "points", "points": [[x, y], …]}
    {"version": 1, "tool": "brush", "side": 56, "runs": [[row, first, last], …]}

A brush fills cells of a grid with `side` cells along each side; a run is cells of one row, both
ends included. `"by": "keys"` where a part was drawn with the keyboard, `"by": "squares"` where
squares were ticked without the page's module: those are known to a tenth of the picture only.
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.translation import gettext_lazy as _

Tool = Literal["box", "points", "brush"]
Region = dict[str, Any]
Cells = set[tuple[int, int]]
VERSION = 1
# Divides 224, at which maps are drawn, and the 7 and 14 cells of most maps; draw.js has it too
SIDE = 56
# Squares along each side of the photo, for those who tick them
SQUARES = 10
# Of a box, as a share of the picture's side; draw.js has it too
LEAST_SIDE = 0.02
MOST = 50
# Every second cell of a brush, in characters, and some
LONGEST = 24_000
DECIMALS, ROUNDING = 5, 1e-9
KEYS, TICKED = "keys", "squares"

NOTHING = _("Please mark something in the photo.")
UNREADABLE = _("Your drawing could not be read. Please clear it and draw again.")
TOO_LARGE = _("Your drawing has too many parts. Please clear it and draw fewer.")
OUTSIDE = _("A part of your drawing lies outside the photo. Please undo it and draw inside.")
TOO_SMALL = _("A box is too small to be seen. Please undo it and draw a larger one.")
TOO_FEW = _("Please mark at least %(count)d; you have marked %(found)d.")
TOO_MANY = _("Please mark at most %(count)d; you have marked %(found)d.")


class RegionError(Exception):
    """A drawing that can't be taken: one sentence for the person, with its `params`."""

    def __init__(self, sentence: Any, **params: int) -> None:
        super().__init__(sentence)
        self.sentence, self.params = sentence, params


@dataclass(frozen=True)
class Shapes:
    """A region as it is drawn: (left, top, width, height) and (x, y), as texts for an SVG."""

    rectangles: tuple[tuple[str, str, str, str], ...] = ()
    spots: tuple[tuple[str, str], ...] = ()


def read_region(text: str, tool: Tool, least: int, most: int) -> Region:
    """The region that a page sent as JSON; RegionError with the fix for anything else."""
    if not text.strip():
        raise RegionError(NOTHING)
    sent = _sent(text)
    if sent.get("tool") != tool:
        raise RegionError(UNREADABLE)
    by = {"by": KEYS} if sent.get("by") == KEYS else {}
    return {"version": VERSION, "tool": tool, **by, **READERS[tool](sent, least, most)}


def is_stored_region(text: str) -> bool:
    """Whether `text` is a region as it is stored, drawn or ticked."""
    try:
        sent = _sent(text)
        if sent.get("tool") == "box":
            for one in _parts(sent.get("boxes"), 1, MOST):
                _places(one, 4)
        elif sent.get("tool") == "points":
            _points(sent, 1, MOST)
        elif sent.get("tool") == "brush":
            _runs(sent, 1, MOST, SQUARES if sent.get("by") == TICKED else SIDE)
        else:
            return False
    except RegionError:
        return False
    return True


def _sent(text: str) -> Mapping[str, Any]:
    if len(text) > LONGEST:
        raise RegionError(TOO_LARGE)
    try:
        sent = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise RegionError(UNREADABLE) from error
    if not isinstance(sent, dict) or sent.get("version") != VERSION:
        raise RegionError(UNREADABLE)
    return sent


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no place")


def _boxes(sent: Mapping[str, Any], least: int, most: int) -> Region:
    found = [_places(one, 4) for one in _parts(sent.get("boxes"), least, most)]
    for left, top, right, bottom in found:
        if min(right - left, bottom - top) < LEAST_SIDE - ROUNDING:
            raise RegionError(TOO_SMALL)
    return {"boxes": found}


def _points(sent: Mapping[str, Any], least: int, most: int) -> Region:
    return {"points": [_places(one, 2) for one in _parts(sent.get("points"), least, most)]}


def _runs(sent: Mapping[str, Any], least: int, most: int, side: int = SIDE) -> Region:
    """A brush has no number of parts: it is bounded by its grid."""
    if sent.get("side") != side:
        raise RegionError(UNREADABLE)
    cells: Cells = set()
    for run in _parts(sent.get("runs"), 1, side * side):
        if not isinstance(run, list) or len(run) != 3 or not all(type(n) is int for n in run):
            raise RegionError(UNREADABLE)
        row, first, last = run
        if not (0 <= row < side and 0 <= first <= last < side):
            raise RegionError(OUTSIDE)
        cells |= {(row, column) for column in range(first, last + 1)}
    return brushed(cells, side)


READERS: Mapping[Tool, Callable[[Mapping[str, Any], int, int], Region]] = {
    "box": _boxes, "points": _points, "brush": _runs
}  # fmt: skip


def _parts(sent: Any, least: int, most: int) -> list[Any]:
    if not isinstance(sent, list):
        raise RegionError(UNREADABLE)
    if not sent:
        raise RegionError(NOTHING)
    _counted(len(sent), least, most)
    return sent


def _counted(found: int, least: int, most: int) -> None:
    if found < least:
        raise RegionError(TOO_FEW, count=least, found=found)
    if found > most:
        raise RegionError(TOO_MANY, count=most, found=found)


def _places(sent: Any, count: int) -> list[float]:
    """`count` fractions of the picture."""
    if not isinstance(sent, list) or len(sent) != count:
        raise RegionError(UNREADABLE)
    if not all(type(one) in (int, float) for one in sent):
        raise RegionError(UNREADABLE)
    if not all(0 <= one <= 1 and math.isfinite(one) for one in sent):
        raise RegionError(OUTSIDE)
    return [round(float(one), DECIMALS) for one in sent]


def brushed(cells: Iterable[tuple[int, int]], side: int) -> Region:
    """The cells (row, column) of a grid as runs, in the order of reading."""
    runs: list[list[int]] = []
    for row, column in sorted(cells):
        if runs and runs[-1][0] == row and runs[-1][2] == column - 1:
            runs[-1][2] = column
        else:
            runs.append([row, column, column])
    return {"side": side, "runs": runs}


def ticked_squares(name: str, sent: Mapping[str, Any]) -> tuple[int, ...]:
    """The squares that a form without the page's module ticked, counted from 0 row by row."""
    return tuple(cell for cell in range(SQUARES**2) if f"{name}.{cell}" in sent)


def region_of_squares(ticked: Sequence[int], tool: Tool, least: int, most: int) -> Region:
    """What was ticked, as the tool has it: a box round squares whose sides touch, a point in the
    middle of each square, or the squares themselves. RegionError as of `read_region`."""
    if not ticked:
        raise RegionError(NOTHING)
    cells = {divmod(cell, SQUARES) for cell in ticked}
    made: Region
    if tool == "brush":
        made = brushed(cells, SQUARES)
    elif tool == "points":
        made = {"points": [[(x + 0.5) / SQUARES, (y + 0.5) / SQUARES] for y, x in sorted(cells)]}
        _counted(len(cells), least, most)
    else:
        made = {"boxes": [_round(group) for group in touching(cells)]}
        _counted(len(made["boxes"]), least, most)
    return {"version": VERSION, "tool": tool, "by": TICKED, **made}


def touching(cells: Cells) -> list[Cells]:
    """Groups of cells whose sides touch, in the order of reading."""
    left, groups = set(cells), []
    for start in sorted(cells):
        if start not in left:
            continue
        group, edge = {start}, [start]
        left.discard(start)
        while edge:
            row, column = edge.pop()
            near = {(row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)}
            found = near & left
            left -= found
            group |= found
            edge += found
        groups.append(group)
    return groups


def _round(group: Cells) -> list[float]:
    """The smallest box round squares, in fractions."""
    rows, columns = [row for row, _ in group], [column for _, column in group]
    ends = min(columns), min(rows), max(columns) + 1, max(rows) + 1
    return [end / SQUARES for end in ends]


def region_words(region: Mapping[str, Any]) -> str:
    """What a stored region is, for a list of answers: “2 boxes, by keys”."""
    by = f", by {region['by']}" if "by" in region else ""
    for kind, one in (("boxes", "box"), ("points", "point")):
        if kind in region:
            return f"{len(region[kind])} {one if len(region[kind]) == 1 else kind}{by}"
    painted = sum(last - first + 1 for _, first, last in region["runs"])
    return f"brushed over {painted / region['side'] ** 2:.1%} of the photo{by}".replace("%", " %")


def shapes_of(text: str) -> Shapes:
    """What a stored region looks like; nothing for what is none."""
    try:
        region = json.loads(text)
        boxes = [(x, y, right - x, bottom - y) for x, y, right, bottom in region.get("boxes", [])]
        side = region.get("side", SIDE)
        runs = [
            (first / side, row / side, (last - first + 1) / side, 1 / side)
            for row, first, last in region.get("runs", [])
        ]
        spots = [(_shown(x), _shown(y)) for x, y in region.get("points", [])]
        rectangles = [(_shown(a), _shown(b), _shown(c), _shown(d)) for a, b, c, d in boxes + runs]
    except (ValueError, TypeError, AttributeError, ZeroDivisionError, RecursionError):
        return Shapes()
    return Shapes(tuple(rectangles), tuple(spots))


def _shown(place: float) -> str:
    """With a point in every language."""
    return f"{place:.5f}"
