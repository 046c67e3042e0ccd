"""Random buildings of one floor: corridors, open spaces and rooms, with their topological map.

A building is drawn on a lattice of SIDE × SIDE lots of uneven widths. Some lots, each beside an
earlier one, are where corridors meet or pass; lots beside them may hold a room whose door opens to
the corridor. The plan is a grid of square cells of CELL metres.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

import numpy as np
from numpy.typing import NDArray

from ready.navigator.maps import (
    FIND_DOOR,
    FOLLOW,
    KINDS,
    LEFT,
    RIGHT,
    STRAIGHT,
    Edge,
    Map,
    Node,
    Point,
)

CELL = 0.5  # metres
SIDE = 5  # lots
LOTS = (10, 11, 12, 13)  # cells of a lot's side
NARROW, WIDE = 2, 4  # cells from the middle of a corridor, and of an open space, to its walls
NODES = (30, 50)  # a building has so many
# Right, down, left, up: y grows downwards, and a turn to the right adds 1
HEADINGS: Sequence[tuple[int, int]] = ((1, 0), (0, 1), (-1, 0), (0, -1))
LETTERS = "rdlu"
Lot = tuple[int, int]
TURNS = {0: STRAIGHT, 1: RIGHT, 3: LEFT}


@dataclass(frozen=True)
class Building:
    """`walls`: H×W, true where nobody can be; `map`: its places are metres from the corner."""

    name: str
    walls: NDArray[np.bool_]
    map: Map

    @property
    def rooms(self) -> list[int]:
        """The nodes that are rooms."""
        return [n for n, node in enumerate(self.map.nodes) if KINDS[node.kind] == "room"]


@dataclass
class Plan:
    """What is drawn: `corridors` and `wide` ones among them; `rooms`: the corridor that each opens
    to; `xs`, `ys`: the middle of each column and row of lots, and `sizes` theirs, in cells."""

    xs: list[int]
    ys: list[int]
    sizes: tuple[list[int], list[int]]
    corridors: set[Lot] = field(default_factory=set)
    wide: set[Lot] = field(default_factory=set)
    rooms: dict[Lot, Lot] = field(default_factory=dict)

    def middle(self, lot: Lot) -> tuple[int, int]:
        return self.xs[lot[0]], self.ys[lot[1]]

    def half(self, lot: Lot) -> int:
        return WIDE if lot in self.wide else NARROW

    def beside(self, lot: Lot, heading: int) -> Lot:
        return lot[0] + HEADINGS[heading][0], lot[1] + HEADINGS[heading][1]

    def leads(self, lot: Lot, heading: int) -> bool:
        """Whether a corridor, or the door of a room, lies there."""
        other = self.beside(lot, heading)
        return other in self.corridors or self.rooms.get(other) == lot

    def ways(self, lot: Lot) -> list[int]:
        return [heading for heading in range(4) if self.leads(lot, heading)]

    def is_place(self, lot: Lot) -> bool:
        """Whether there is anything to decide: a corridor that only passes is no place."""
        ways = self.ways(lot)
        passes = len(ways) == 2 and ways[1] - ways[0] == 2 and lot not in self.wide
        return not passes or any(self.beside(lot, way) in self.rooms for way in ways)


def build(seed: str) -> Building:
    """A building that depends on the seed alone."""
    random = Random(f"building/{seed}")
    while True:
        plan = drawn(random)
        if plan is not None:
            made = map_of(plan)
            if NODES[0] <= len(made.nodes) <= NODES[1]:
                return Building(seed, walls_of(plan, random), made)


def drawn(random: Random) -> Plan | None:
    """A plan, or none where a corridor ends nowhere."""
    sizes = tuple([random.choice(LOTS) for _ in range(SIDE)] for _ in range(2))
    xs, ys = ([1 + sum(some[:n]) + some[n] // 2 for n in range(SIDE)] for some in sizes)
    plan = Plan(xs, ys, (sizes[0], sizes[1]))
    lay_corridors(plan, random, random.randint(6, 9))
    lay_rooms(plan, random, random.randint(6, 8))
    open_up(plan, random)
    ends = [lot for lot in plan.corridors if len(plan.ways(lot)) < 2]
    return None if ends or len(plan.rooms) < 5 else plan


def lay_corridors(plan: Plan, random: Random, count: int) -> None:
    """Lots that hang together; few of them fill squares, so that corridors are long."""
    plan.corridors.add((random.randrange(1, SIDE - 1), random.randrange(1, SIDE - 1)))
    while len(plan.corridors) < count:
        lot = plan.beside(random.choice(sorted(plan.corridors)), random.randrange(4))
        near = sum(plan.beside(lot, heading) in plan.corridors for heading in range(4))
        if lot not in plan.corridors and is_inside(lot) and (near == 1 or random.random() < 0.1):
            plan.corridors.add(lot)


def lay_rooms(plan: Plan, random: Random, count: int) -> None:
    sides = [(lot, heading) for lot in sorted(plan.corridors) for heading in range(4)]
    random.shuffle(sides)
    # Corridors that would end nowhere come first
    sides.sort(key=lambda side: len(plan.ways(side[0])) > 1)
    for lot, heading in sides:
        room = plan.beside(lot, heading)
        is_new = room not in plan.corridors and room not in plan.rooms and is_inside(room)
        if is_new and len(plan.rooms) < count:
            plan.rooms[room] = lot


def open_up(plan: Plan, random: Random) -> None:
    """One corridor or two that do not touch become open spaces."""
    lots = random.sample(sorted(plan.corridors), 2)
    plan.wide.add(lots[0])
    if abs(lots[0][0] - lots[1][0]) + abs(lots[0][1] - lots[1][1]) > 1:
        plan.wide.add(lots[1])


def is_inside(lot: Lot) -> bool:
    return all(0 <= place < SIDE for place in lot)


def walls_of(plan: Plan, random: Random) -> NDArray[np.bool_]:
    """H×W: all is wall but what is carved out."""
    width, height = (SIDE * max(LOTS) + 2 for _ in range(2))
    walls = np.ones((height, width), dtype=bool)
    for lot in sorted(plan.corridors):
        x, y = plan.middle(lot)
        half = plan.half(lot)
        walls[y - half : y + half, x - half : x + half] = False
        for heading in (0, 1):
            other = plan.beside(lot, heading)
            if other in plan.corridors:
                u, v = plan.middle(other)
                walls[y - NARROW : v + NARROW, x - NARROW : u + NARROW] = False
    for room, lot in sorted(plan.rooms.items()):
        carve_room(walls, plan, (room, lot), random)
    return walls


def carve_room(walls: NDArray[np.bool_], plan: Plan, ends: tuple[Lot, Lot], random: Random) -> None:
    """The room of the lot `ends[0]`, whose door opens to `ends[1]`, and a block of furniture in one
    of its corners."""
    room, lot = ends
    along = 0 if room[0] != lot[0] else 1
    step = room[along] - lot[along]
    middle = plan.middle(lot)
    near = middle[along] + step * (plan.half(lot) + 1)
    size = plan.sizes[along][room[along]]
    far = plan.middle(room)[along] + step * (size // 2 - 1 - random.randrange(2))
    across = middle[1 - along]
    reach = plan.sizes[1 - along][room[1 - along]] // 2 - 1
    low, high = (across - reach + random.randrange(3), across + reach - random.randrange(3))
    box = [(min(near, far), max(near, far)), (low, high)]
    doorway = [sorted((near, near - step)), [across - 1, across + 1]]
    for first, second in (box, doorway):
        rows, columns = (second, first) if along == 0 else (first, second)
        walls[rows[0] : rows[1], columns[0] : columns[1]] = False
    depth = sorted((far, far - random.choice((1, 2)) * step))
    width = [low, low + 2] if random.random() < 0.5 else [high - 2, high]
    rows, columns = (width, depth) if along == 0 else (depth, width)
    walls[rows[0] : rows[1], columns[0] : columns[1]] = True


def map_of(plan: Plan) -> Map:
    """Two nodes for each way out of a place, one for each direction; a room and its door likewise.

    At a place every way in leads to every other way out; a corridor leads from one place to the
    next, and a room to its door.
    """
    drawer = _Drawer(plan)
    places = sorted(lot for lot in plan.corridors if plan.is_place(lot))
    ways = [(lot, heading) for lot in places for heading in plan.ways(lot)]
    for lot, heading in ways:
        drawer.add_nodes(lot, heading)
    edges = [edge for lot in places for edge in drawer.turns(lot)]
    edges += [drawer.onward(lot, heading) for lot, heading in ways]
    return Map(drawer.nodes, edges)


class _Drawer:
    def __init__(self, plan: Plan) -> None:
        self.plan, self.nodes = plan, list[Node]()
        # The node on the way in (towards the place) and on the way out, by lot and direction
        self.into: dict[tuple[Lot, int], int] = {}
        self.out: dict[tuple[Lot, int], int] = {}

    def add_nodes(self, lot: Lot, heading: int) -> None:
        half, number = self.plan.half(lot), sorted(self.plan.corridors).index(lot) + 1
        room = self.plan.beside(lot, heading)
        if room in self.plan.rooms:
            office = f"office_{sorted(self.plan.rooms).index(room) + 1}"
            self.out[lot, heading] = self._node(office, "room", self.point(lot, heading, half + 4))
            self.into[lot, heading] = self._node(
                f"{office}_door", "door", self.point(lot, heading, half + 0.5)
            )
            return
        kind, name = ("open space", "lobby") if lot in self.plan.wide else ("hallway", "hallway")
        place = self.point(lot, heading, half + 1)
        back = (heading + 2) % 4
        name = f"{name}_{number}-{LETTERS[heading]}"
        self.out[lot, heading] = self._node(f"{name}{LETTERS[heading]}", "hallway", place)
        self.into[lot, heading] = self._node(f"{name}{LETTERS[back]}", kind, place)

    def _node(self, name: str, kind: str, place: Point) -> int:
        self.nodes.append(Node(name, KINDS.index(kind), place))
        return len(self.nodes) - 1

    def point(self, lot: Lot, heading: int, cells: float) -> Point:
        """In metres: so many cells from the middle of a lot."""
        x, y = self.plan.middle(lot)
        across, down = HEADINGS[heading]
        return (x + cells * across) * CELL, (y + cells * down) * CELL

    def turns(self, lot: Lot) -> Iterator[Edge]:
        ways, middle = self.plan.ways(lot), self.point(lot, 0, 0)
        for way_in in ways:
            for way_out in ways:
                if way_in != way_out:
                    behaviour = TURNS[(way_out - way_in - 2) % 4]
                    start, end = self.into[lot, way_in], self.out[lot, way_out]
                    path = (self.nodes[start].place, middle, self.nodes[end].place)
                    yield Edge(start, end, behaviour, path)

    def onward(self, lot: Lot, heading: int) -> Edge:
        """From a way out of a place to the next place; from a room to its door."""
        start, other = self.out[lot, heading], self.plan.beside(lot, heading)
        if other in self.plan.rooms:
            end, behaviour = self.into[lot, heading], FIND_DOOR
        else:
            while not self.plan.is_place(other):
                other = self.plan.beside(other, heading)
            end, behaviour = self.into[other, (heading + 2) % 4], FOLLOW
        return Edge(start, end, behaviour, (self.nodes[start].place, self.nodes[end].place))
