"""What simulated people mark: a thing that all see in the photo, each a bit elsewhere."""

import json
from dataclasses import dataclass
from random import Random

from studyapp.paradigms import Question
from studyapp.paradigms.regions import SIDE, VERSION, brushed

# How far the edge of somebody's region is from the object's, as a share of the photo's side
SURE, LOST = 0.05, 0.3
SMALLEST = 0.05


@dataclass(frozen=True)
class Thing:
    """Middle and half of the size, in fractions of the photo."""

    x: float
    y: float
    half: float


def thing_in(photo: str) -> Thing:
    """The object in a photo, the same for everybody."""
    random = Random(f"{photo}:object")
    return Thing(random.uniform(0.3, 0.7), random.uniform(0.3, 0.7), random.uniform(0.12, 0.22))


def marked(question: Question, thing: Thing, spread: float, random: Random) -> str:
    """A region as a page sends it; `spread`: standard deviation of its edges."""
    count = int(question.least) or 1
    told = {"version": VERSION, "tool": question.tool}
    if question.tool == "brush":
        return json.dumps({**told, **brushed(_blot(thing, spread, random), SIDE)})
    if question.tool == "points":
        points = [
            [_edge(thing.x, spread, random), _edge(thing.y, spread, random)] for _ in range(count)
        ]
        return json.dumps({**told, "points": points})
    return json.dumps({**told, "boxes": [_box(thing, spread, random) for _ in range(count)]})


def _box(thing: Thing, spread: float, random: Random) -> list[float]:
    left, top = (_edge(place - thing.half, spread, random) for place in (thing.x, thing.y))
    right, bottom = (_edge(place + thing.half, spread, random) for place in (thing.x, thing.y))
    ends = [*sorted((left, right)), *sorted((top, bottom))]
    for low in (0, 2):
        if ends[low + 1] - ends[low] < SMALLEST:
            ends[low] = min(ends[low], 1 - SMALLEST)
            ends[low + 1] = ends[low] + SMALLEST
    return [ends[0], ends[2], ends[1], ends[3]]


def _blot(thing: Thing, spread: float, random: Random) -> set[tuple[int, int]]:
    """Cells of a disc."""
    x, y = random.gauss(thing.x, spread), random.gauss(thing.y, spread)
    x, y, reach = _inside(x), _inside(y), max(SMALLEST, random.gauss(thing.half, spread))
    return {
        (row, column)
        for row in range(SIDE)
        for column in range(SIDE)
        if ((column + 0.5) / SIDE - x) ** 2 + ((row + 0.5) / SIDE - y) ** 2 <= reach**2
    }


def _edge(place: float, spread: float, random: Random) -> float:
    return _inside(random.gauss(place, spread))


def _inside(place: float) -> float:
    return round(min(1.0, max(0.0, place)), 4)
