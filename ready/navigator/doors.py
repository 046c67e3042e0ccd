"""What the robot looks at when it looks for a door, and whether maps over its view tell that.

Intervals are over buildings.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explainer import explain
from ready.errors import MakingError
from ready.measures import APART, Measured, difference, mean
from ready.navigator.behaviours import Steering, no_memory
from ready.navigator.buildings import CELL
from ready.navigator.frames import Levels, brightness, heights, levels_of, picture
from ready.navigator.maps import BEHAVIOURS, FIND_DOOR
from ready.navigator.networks import network_of
from ready.navigator.rays import COLUMNS, SLOPES, Floats, cast
from ready.navigator.routes import Ints, Robots, Route

EXPLAINED = 400  # frames
Marks = NDArray[np.bool_]  # N×COLUMNS


def explained(
    steering: Steering, driven: Sequence[Route], seed: int, count: int = EXPLAINED
) -> list[Measured]:
    """Whether the robot goes by the door; whether Grad-CAM's highest column lies on it; and whether
    the columns that Grad-CAM marks are those that the robot goes by. Controls of the last two: the
    map of another frame, and of the same network with random weights."""
    views = facing(driven, count, seed)
    torch.manual_seed(seed)
    drawn = Steering().eval()
    own = heat(steering, views.levels)
    maps = {"another frame's map": of_other_buildings(own, views.buildings),
            "random weights": heat(drawn, views.levels)}  # fmt: skip
    chance = np.random.default_rng(seed).random(own.shape)
    counts = views.doors.sum(1)

    def changed(marks: Marks) -> Floats:
        return change(steering, views.levels, marks)

    def on_door(one: Floats) -> Floats:
        hits: Floats = views.doors[np.arange(len(one)), one.argmax(1)].astype(float)
        return hits

    def covered(one: Floats) -> Floats:
        return changed(highest(one, counts))

    by_chance = {**maps, "columns by chance": chance}
    others = {"as many other columns": highest(np.where(views.doors, -1.0, chance), counts)}
    return [
        *compared("the move's change where the door is covered", changed(views.doors),
                  {name: changed(one) for name, one in others.items()}, views.buildings),
        *compared("Grad-CAM's peak on the door", on_door(own),
                  {name: on_door(one) for name, one in maps.items()}, views.buildings),
        *compared("the move's change where Grad-CAM's columns are covered", covered(own),
                  {name: covered(one) for name, one in by_chance.items()}, views.buildings),
    ]  # fmt: skip


def compared(
    what: str, own: Floats, others: Mapping[str, Floats], groups: Sequence[str]
) -> Iterator[Measured]:
    """The mean of `own`; that of each of the others, and the difference from it view by view, which
    has to lie above 0: all were measured of the same views."""
    yield Measured(what, mean(own, groups))
    for name, other in others.items():
        yield Measured(f"{what}: {name}", mean(other, groups))
        yield Measured(f"{what}: minus {name}, view by view", difference(own, other, groups), APART)


def of_other_buildings(maps: Floats, buildings: Sequence[str]) -> Floats:
    """For each view the map of one from another building."""
    order = np.argsort(np.array(buildings), kind="stable")
    sizes = np.unique(np.array(buildings), return_counts=True)[1]
    if sizes.max() * 2 > len(maps):
        raise MakingError(
            "the views of one building are more than half of all; take more of others"
        )
    found = np.empty_like(maps)
    found[order] = maps[np.roll(order, int(sizes.max()))]
    return found


@dataclass(frozen=True)
class Views:
    """Of N robots in the rooms where their routes begin, with the door wholly in view. `poses`:
    N×3; `which`: whose route; `levels`: what is seen; `doors`: the columns that meet the door."""

    poses: Floats
    which: Ints
    levels: Levels
    doors: Marks
    buildings: Sequence[str]


def heat(steering: Steering, levels: Levels) -> Floats:
    """N×COLUMNS: Grad-CAM for the robot's own move."""
    entry = {"behaviour": BEHAVIOURS[FIND_DOOR]}
    found = []
    for some in np.array_split(levels, max(1, len(levels) // 50)):
        images, context = images_of(some), [entry] * len(some)
        told = explain(network_of(steering), images, None, ["grad_cam"], context=context)
        found.append(told.maps["grad_cam"].flatten(1, -2).mean(1))
    means = torch.cat(found)
    columns = torch.nn.functional.interpolate(means[:, None], COLUMNS, mode="linear")[:, 0]
    return columns.double().numpy()


def images_of(levels: Levels) -> Tensor:
    """N×3×SIDE×SIDE, as the study's pictures."""
    pixels = np.stack([np.asarray(picture(one)) for one in levels])
    return torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255


def highest(values: Floats, counts: Ints) -> Marks:
    """In each row as many as its count says."""
    ranks = (-values).argsort(1, kind="stable").argsort(1, kind="stable")
    marks: Marks = ranks < counts[:, None]
    return marks


def change(steering: Steering, levels: Levels, marks: Marks) -> Floats:
    """N, 0 to 1: how much of the moves' probability shifts where the marked columns show the view's
    mean distance."""
    means = np.rint(levels.mean(1, keepdims=True)).astype(levels.dtype)
    before, after = (moves(steering, one) for one in (levels, np.where(marks, means, levels)))
    shifted: Floats = (after - before).abs().sum(1).div(2).double().numpy()
    return shifted


@torch.no_grad()
def moves(steering: Steering, levels: Levels) -> Tensor:
    """N×3 probabilities of a robot that looks for a door."""
    asks = torch.full((len(levels),), FIND_DOOR)
    seen = heights(brightness(levels))
    return steering.step(seen, asks, no_memory(len(levels)))[0].softmax(1)


def facing(driven: Sequence[Route], count: int, seed: int) -> Views:
    chance = np.random.default_rng(seed)
    poses: list[list[float]] = []
    which: list[int] = []
    doors: list[Marks] = []
    while len(poses) < count:
        number = int(chance.integers(len(driven)))
        one = driven[number]
        door, inside = (np.array(p) for p in one.building.map.edges[one.plan[0]].path[::-1])
        place = np.array(one.start[:2])
        way = door - place
        heading = np.arctan2(way[1], way[0]) + chance.uniform(-0.6, 0.6)
        out = (door - inside) / np.linalg.norm(door - inside)
        jambs = door + np.array([[-out[1], out[0]], [out[1], -out[0]]]) * CELL
        columns = between(place, float(heading), jambs)
        if columns is not None and 2 <= columns.sum() <= COLUMNS // 2:
            poses.append([*place, heading])
            which.append(number)
            doors.append(columns)
    robots, places = Robots(driven), np.array(which)
    seen = levels_of(cast(robots.walls, robots.which[places], np.array(poses)))
    names = [driven[n].building.name for n in which]
    return Views(np.array(poses), places, seen, np.array(doors), names)


def between(place: Floats, heading: float, jambs: Floats) -> Marks | None:
    """COLUMNS: true between two points; None where one of them is out of view."""
    ahead = np.array([np.cos(heading), np.sin(heading)])
    right = np.array([-ahead[1], ahead[0]])
    depths = (jambs - place) @ ahead
    if (depths <= 0.1).any():
        return None
    low, high = sorted((jambs - place) @ right / depths)
    if low < SLOPES[0] or high > SLOPES[-1]:
        return None
    inside: Marks = (low <= SLOPES) & (high >= SLOPES)
    return inside
