"""Routes from room to room, the teacher who drives them, and robots that move."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random

import numpy as np
from numpy.typing import NDArray

from ready.navigator.buildings import CELL, Building
from ready.navigator.maps import FIND_DOOR, Point
from ready.navigator.rays import VIEW, Floats, cast

SPEED = 0.15  # metres a step, less in turns
TURN = 0.35  # radians a step at most
RADIUS = 0.2  # metres, of a robot
SPACING = 0.1  # metres between the points of a route's line
AIM = 8  # points ahead that the teacher drives to
NEAR = 0.75  # metres from a place that count as being there
ACTIONS = ("left", "straight on", "right")
Ints = NDArray[np.int_]


@dataclass(frozen=True)
class Route:
    """`plan`: the map's edges in order; `line`: L×2 points in metres, `of_edge`: L, the place in
    the plan of each; `start`: x, y, heading."""

    building: Building
    plan: Sequence[int]
    start: tuple[float, float, float]
    line: Floats
    of_edge: Ints

    @property
    def ends(self) -> Floats:
        """E×2: where each edge of the plan ends."""
        edges = self.building.map.edges
        return np.array([edges[one].path[-1] for one in self.plan])


def routes(building: Building, count: int) -> Iterator[Route]:
    """Between two rooms by chance, from anywhere near the middle of the first, facing anywhere."""
    random = Random(f"routes/{building.name}")
    for _ in range(count):
        start, goal = random.sample(building.rooms, 2)
        plan = building.map.plan(start, goal)
        assert plan is not None
        yield route(building, plan, pose_near(building, building.map.nodes[start].place, random))


def pose_near(building: Building, place: Point, random: Random) -> tuple[float, float, float]:
    while True:
        x, y = (one + random.uniform(-1.2, 1.2) for one in place)
        if is_free(building.walls[None], np.zeros(1, int), np.array([[x, y]]))[0]:
            return x, y, random.uniform(-math.pi, math.pi)


def route(building: Building, plan: Sequence[int], start: tuple[float, float, float]) -> Route:
    """`plan` begins in a room: its first edge leads from `start` to the door straight ahead."""
    edges = building.map.edges
    door, inside = (np.array(one) for one in edges[plan[0]].path[::-1])
    before = door + 0.75 * (inside - door) / np.linalg.norm(inside - door)
    paths = [[np.array(start[:2]), before, door]]
    paths += [[np.array(one) for one in edges[number].path] for number in plan[1:]]
    points, of_edge = [], []
    for number, path in enumerate(paths):
        for first, second in pairwise(path):
            count = max(1, round(float(np.linalg.norm(second - first)) / SPACING))
            points += [first + (second - first) * (n + 1) / count for n in range(count)]
            of_edge += [number] * count
    return Route(building, plan, start, np.array(points), np.array(of_edge))


def is_free(walls: NDArray[np.bool_], which: Ints, places: Floats) -> NDArray[np.bool_]:
    """Whether robots can stand at N×2 places of B×H×W walls."""
    free = np.ones(len(places), dtype=bool)
    for across, down in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
        cells = np.floor((places + np.array([across, down]) * RADIUS) / CELL).astype(int)
        free &= ~walls[which, cells[:, 1], cells[:, 0]]
    return free


class Robots:
    """One robot for each route, all moving at once. `poses`: N×3."""

    def __init__(self, driven: Sequence[Route]) -> None:
        buildings = list({one.building.name: one.building for one in driven}.values())
        names = [one.name for one in buildings]
        self.walls = np.stack([one.walls for one in buildings])
        self.which = np.array([names.index(one.building.name) for one in driven])
        self.poses = np.array([one.start for one in driven])

    def see(self, those: Ints) -> Floats:
        """The COLUMNS distances of each of those robots."""
        return cast(self.walls, self.which[those], self.poses[those])

    def move(self, rates: Floats) -> None:
        """One step: turn by N `rates` (radians, to the right), then go; along a wall where one is
        in the way."""
        self.poses[:, 2] += rates
        way = SPEED * (1 - 0.8 * np.abs(rates) / TURN)
        ahead = np.stack([np.cos(self.poses[:, 2]), np.sin(self.poses[:, 2])], -1)
        for axis in (0, 1):
            there = self.poses[:, :2].copy()
            there[:, axis] += way * ahead[:, axis]
            free = is_free(self.walls, self.which, there)
            self.poses[free, :2] = there[free]


class Teacher:
    """Drives N routes by their lines: aims at a point a little ahead (pure pursuit). A door that is
    out of sight is looked for to the left, as a robot without memory must decide once for all."""

    def __init__(self, driven: Sequence[Route]) -> None:
        longest = max(len(one.line) for one in driven)
        self.lines = np.stack(
            [np.pad(one.line, ((0, longest - len(one.line)), (0, 0)), "edge") for one in driven]
        )
        self.last = np.array([len(one.line) - 1 for one in driven])
        self.of_edge = np.stack(
            [np.pad(one.of_edge, (0, longest - len(one.line)), "edge") for one in driven]
        )
        self.doors = np.array([one.building.map.edges[one.plan[0]].behaviour for one in driven])
        self.at = np.zeros(len(driven), int)  # the point of its line that each robot has reached

    @property
    def edges(self) -> Ints:
        """N: the place in its plan of the edge that each robot is on."""
        return self.of_edge[np.arange(len(self.at)), self.at]

    @property
    def done(self) -> NDArray[np.bool_]:
        return self.at >= self.last - 1

    def away(self, poses: Floats) -> Floats:
        """N: metres from the point of its line that each robot has reached."""
        here = self.lines[np.arange(len(poses)), self.at]
        off: Floats = np.hypot(*(poses[:, :2] - here).T)
        return off

    def rates(self, poses: Floats) -> Floats:
        """N: how to turn from N×3 poses."""
        row = np.arange(len(poses))
        window = np.minimum(self.at[:, None] + np.arange(12), self.last[:, None])
        away = self.lines[row[:, None], window] - poses[:, None, :2]
        self.at = window[row, np.hypot(away[..., 0], away[..., 1]).argmin(1)]
        aim = self.lines[row, np.minimum(self.at + AIM, self.last)] - poses[:, :2]
        off = np.arctan2(aim[:, 1], aim[:, 0]) - poses[:, 2]
        off = (off + math.pi) % (2 * math.pi) - math.pi
        hidden = (self.edges == 0) & (self.doors == FIND_DOOR) & (np.abs(off) > VIEW / 2)
        return np.clip(np.where(hidden, -TURN, off), -TURN, TURN)


def shares(rates: Floats) -> Floats:
    """N×3: what N rates are of ACTIONS; they add up to 1."""
    turning = rates / TURN
    left, right = np.maximum(-turning, 0), np.maximum(turning, 0)
    return np.stack([left, 1 - left - right, right], -1)
