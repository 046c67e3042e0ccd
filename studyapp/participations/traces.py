"""What a page recorded of how its question was answered, and what can be said of it.

A trace is read strictly: it comes from a browser, which may send anything. One that is no trace is
dropped, and never the answer that it came with. No number here tells a machine from a person: keys,
switches and voice leave no way or a straight one, and so do some hands.
"""

import math
from dataclasses import dataclass
from itertools import groupby
from statistics import pstdev
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from studyapp.models import Pointer, PointerPath

# The hidden field of a trial's page; a dot, because no question of a researcher's has one
FIELD = "evidence.trace"
LONGEST = 8_192
# A way ends where the pointer is pressed, or rests
REST_MS = 300
# Thousandths of the window's width: a shorter way has no shape that could be told
SHORTEST_WAY = 100
FEWEST_PLACES = 4
# Off the straight line: what rounding does to the places, and one hundredth of the way
ROUNDING = 1.5
STRAIGHTEST = 0.01
FEWEST_INTERVALS = 2

Count = Annotated[int, Field(ge=0, le=100_000)]
Coordinate = Annotated[int, Field(ge=-100_000, le=100_000)]
# Milliseconds since the place before, x and y in thousandths of the window's width, whether pressed
Place = tuple[Count, Coordinate, Coordinate, Literal[0, 1]]


class TraceRecord(BaseModel):
    """A trace as `traces.js` sends it: no key, no word, and no more than this."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    untrusted: Count
    pointers: Count
    keys: Count
    pastes: Count | None
    switches: Count | None
    webdriver: bool | None
    pressed: Pointer | None
    places: Annotated[list[Place], Field(max_length=150)]
    intervals: Annotated[list[Count], Field(max_length=300)]


@dataclass(frozen=True)
class Observed:
    """What is stored beside an answer. features: columns of Evidence; trace: of Trace, or None."""

    features: dict[str, Any]
    trace: dict[str, Any] | None = None


def read_trace(told: str) -> Observed:
    """What `told` shows. Nothing was observed where it is empty: the page ran no script."""
    if not told:
        return Observed({})
    try:
        if len(told) > LONGEST:
            raise ValueError("too long")
        record = TraceRecord.model_validate_json(told)
    except (ValidationError, ValueError):
        return Observed({"unreadable": True})
    return Observed(features(record), record.model_dump(mode="json"))


def features(record: TraceRecord) -> dict[str, Any]:
    """The columns of Evidence that follow from a trace."""
    return {
        "untrusted_events": record.untrusted,
        "webdriver": record.webdriver,
        "pointer": record.pressed,
        "path": _path(record.places),
        "pointer_events": record.pointers,
        "key_events": record.keys,
        "key_interval_sd_ms": (
            pstdev(record.intervals) if len(record.intervals) >= FEWEST_INTERVALS else None
        ),
        "pastes": record.pastes,
        "tab_switches": record.switches,
    }


def _path(places: list[Place]) -> PointerPath:
    """The shape of the ways: curved if one of them is, none if none is long enough to tell."""
    told = [_is_straight(way) for way in _ways(places) if _has_shape(way)]
    if not told:
        return PointerPath.NONE
    return PointerPath.STRAIGHT if all(told) else PointerPath.CURVED


def _ways(places: list[Place]) -> list[list[tuple[int, int]]]:
    """The places between presses and rests, each press at the end of the way that led to it."""
    ways: list[list[tuple[int, int]]] = [[]]
    for number, (since, x, y, is_press) in enumerate(places):
        if since > REST_MS and not is_press:
            # Where it rested the next way begins, too.
            ways.append([places[number - 1][1:3]] if number else [])
        ways[-1].append((x, y))
        if is_press:
            ways.append([(x, y)])
    return ways


def _has_shape(way: list[tuple[int, int]]) -> bool:
    moved = [one for one, _ in groupby(way)]
    return len(moved) >= FEWEST_PLACES and math.dist(moved[0], moved[-1]) >= SHORTEST_WAY


def _is_straight(way: list[tuple[int, int]]) -> bool:
    """Whether all places lie on the line from the first to the last, as far as they tell."""
    (x, y), (to_x, to_y) = way[0], way[-1]
    length = math.dist(way[0], way[-1])
    off = max(abs((to_x - x) * (b - y) - (to_y - y) * (a - x)) / length for a, b in way)
    return off <= ROUNDING + STRAIGHTEST * length
