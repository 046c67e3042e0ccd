"""Topological maps: places, and the behaviours that lead from one to the next."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

KINDS = ("room", "door", "hallway", "open space")
BEHAVIOURS = ("find door", "corridor follow", "turn left", "turn right", "straight")
FIND_DOOR, FOLLOW, LEFT, RIGHT, STRAIGHT = range(len(BEHAVIOURS))
AHEAD, BEHIND = 3, 2  # edges of a subgraph, before and after the one that it is centred on
Point = tuple[float, float]


@dataclass(frozen=True)
class Node:
    """`kind`: index into KINDS; `place`: on the plan, in the map's own unit."""

    name: str
    kind: int
    place: Point


@dataclass(frozen=True)
class Edge:
    """`behaviour`: index into BEHAVIOURS; `path`: the points that it leads over, from the start's
    place to the end's."""

    start: int
    end: int
    behaviour: int
    path: tuple[Point, ...]


@dataclass(frozen=True)
class Map:
    """A directed graph. Nodes and edges are known by their index."""

    nodes: Sequence[Node]
    edges: Sequence[Edge]

    @cached_property
    def leaving(self) -> list[list[int]]:
        """The edges that begin at each node."""
        found: list[list[int]] = [[] for _ in self.nodes]
        for number, edge in enumerate(self.edges):
            found[edge.start].append(number)
        return found

    @cached_property
    def arriving(self) -> list[list[int]]:
        """The edges that end at each node."""
        found: list[list[int]] = [[] for _ in self.nodes]
        for number, edge in enumerate(self.edges):
            found[edge.end].append(number)
        return found

    @cached_property
    def subgraphs(self) -> list[list[int]]:
        """For each edge the subgraph that is centred on it: the edges that leave the node where it
        begins and those up to AHEAD further on, and those up to BEHIND before it."""
        return [sorted({*self._onward(one), *self._back(one)}) for one in self.edges]

    @cached_property
    def centres(self) -> list[list[int]]:
        """For each edge those whose subgraph holds it."""
        found: list[list[int]] = [[] for _ in self.edges]
        for centre, edges in enumerate(self.subgraphs):
            for edge in edges:
                found[edge].append(centre)
        return found

    def _onward(self, edge: Edge) -> Iterator[int]:
        nodes = {edge.start}
        for _ in range(AHEAD + 1):
            reached = {number for node in nodes for number in self.leaving[node]}
            yield from reached
            nodes = {self.edges[number].end for number in reached}

    def _back(self, edge: Edge) -> Iterator[int]:
        nodes = {edge.start}
        for _ in range(BEHIND):
            reached = {number for node in nodes for number in self.arriving[node]}
            yield from reached
            nodes = {self.edges[number].start for number in reached}

    def plan(self, start: int, goal: int) -> list[int] | None:
        """The edges of a way with the fewest of them; None where there is none."""
        before: dict[int, int] = {}
        waiting, met = [start], {start}
        while waiting and goal not in met:
            node = waiting.pop(0)
            for number in self.leaving[node]:
                end = self.edges[number].end
                if end not in met:
                    met.add(end)
                    before[end] = number
                    waiting.append(end)
        if goal not in met:
            return None
        way: list[int] = []
        node = goal
        while node != start:
            way.insert(0, before[node])
            node = self.edges[before[node]].start
        return way
