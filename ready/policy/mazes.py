"""Mazes as MiniGrid's DoorKey builds them, and the shortest ways through them.

A wall with a locked door parts a square of cells. The robot and the key lie left of it, the goal
right of it. In MiniGrid the goal is always in one corner, so that nobody would need to look for it;
here it may be in any cell.
"""

import random
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal, NamedTuple

SIDE = 7  # cells, the walls around them included
ACTIONS = ("turn left", "turn right", "go forward", "pick up", "open")
NUMBERS = (0, 1, 2, 3, 5)  # of these actions in MiniGrid; a door that is open is shut by “open”
LEFT, RIGHT, FORWARD, PICK_UP, OPEN = range(5)
STEPS = ((1, 0), (0, 1), (-1, 0), (0, -1))  # of the directions: right, down, left, up
Cell = tuple[int, int]  # column and row
Door = Literal["locked", "shut", "open"]


@dataclass(frozen=True)
class Maze:
    """Where the wall, its door, the key and the goal are."""

    door: Cell
    key: Cell
    goal: Cell

    @property
    def name(self) -> str:
        return "-".join(f"{column}{row}" for column, row in (self.door, self.goal, self.key))

    @property
    def room(self) -> str:
        """What stays to be seen when the key is gone: mazes of one room then look alike."""
        return self.name.rsplit("-", 1)[0]

    def is_wall(self, cell: Cell) -> bool:
        column, row = cell
        outer = {0, SIDE - 1}
        return column in outer or row in outer or (column == self.door[0] and cell != self.door)


class State(NamedTuple):
    """Where the robot is, and what it has changed in the maze."""

    cell: Cell
    direction: int
    has_key: bool = False
    door: Door = "locked"

    @property
    def ahead(self) -> Cell:
        (column, row), (right, down) = self.cell, STEPS[self.direction]
        return column + right, row + down


def mazes() -> list[Maze]:
    """All of them, in one order: 1000 of 7×7 cells."""
    inside = range(1, SIDE - 1)
    found = []
    for wall, row in product(range(2, SIDE - 2), range(1, SIDE - 2)):
        left = product(range(1, wall), inside)
        right = product(range(wall + 1, SIDE - 1), inside)
        found += [Maze((wall, row), key, goal) for key, goal in product(left, tuple(right))]
    return found


def parted(seed: int, held_out: int) -> tuple[list[Maze], list[Maze]]:
    """Mazes to train in, and all those of so many rooms that are held out, each in drawn order."""
    chance, every = random.Random(seed), mazes()
    chance.shuffle(every)
    kept = set(chance.sample(sorted({maze.room for maze in every}), held_out))
    taught = [maze for maze in every if maze.room not in kept]
    return taught, [maze for maze in every if maze.room in kept]


def starts(maze: Maze) -> list[State]:
    """Where MiniGrid may put the robot: left of the wall, in any direction."""
    cells = product(range(1, maze.door[0]), range(1, SIDE - 1))
    return [State(cell, d) for cell in cells if cell != maze.key for d in range(len(STEPS))]


def after(maze: Maze, state: State, action: int) -> State:
    """The state that follows, by MiniGrid's rules; the same one where nothing happens."""
    if action in (LEFT, RIGHT):
        turned = (state.direction + (1 if action == RIGHT else -1)) % len(STEPS)
        return state._replace(direction=turned)
    ahead = state.ahead
    if action == FORWARD:
        return state._replace(cell=ahead) if _is_free(maze, state, ahead) else state
    if action == PICK_UP:
        return state._replace(has_key=True) if ahead == maze.key else state
    if ahead != maze.door or (state.door == "locked" and not state.has_key):
        return state
    return state._replace(door="shut" if state.door == "open" else "open")


def _is_free(maze: Maze, state: State, cell: Cell) -> bool:
    if cell == maze.door:
        return state.door == "open"
    return not maze.is_wall(cell) and (state.has_key or cell != maze.key)


@dataclass(frozen=True)
class Ways:
    """What a breadth-first search finds of a maze: the steps that each state is from the goal."""

    maze: Maze
    steps: Mapping[State, int]

    def best(self, state: State) -> tuple[int, ...]:
        """The actions that begin a shortest way to the goal."""
        fewer = self.steps[state] - 1
        followers = enumerate(after(self.maze, state, action) for action in range(len(ACTIONS)))
        return tuple(action for action, other in followers if self.steps[other] == fewer)

    def way(self, state: State, seed: str) -> list[tuple[State, int]]:
        """One of the shortest ways, by chance: its states with the action in each."""
        chance, found = random.Random(seed), []
        while self.steps[state]:
            action = chance.choice(self.best(state))
            found.append((state, action))
            state = after(self.maze, state, action)
        return found


def ways(maze: Maze) -> Ways:
    """All states that can follow a start, with their distances from the goal."""
    before: dict[State, list[State]] = {}
    waiting = deque(starts(maze))
    seen = set(waiting)
    while waiting:
        state = waiting.popleft()
        if state.cell == maze.goal:
            continue
        for action in range(len(ACTIONS)):
            other = after(maze, state, action)
            before.setdefault(other, []).append(state)
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return Ways(maze, _distances([one for one in seen if one.cell == maze.goal], before))


def _distances(ends: Sequence[State], before: Mapping[State, Sequence[State]]) -> dict[State, int]:
    found = dict.fromkeys(ends, 0)
    waiting = deque(ends)
    while waiting:
        state = waiting.popleft()
        for other in before.get(state, ()):
            if other not in found:
                found[other] = found[state] + 1
                waiting.append(other)
    return found


def next_thing(maze: Maze, state: State) -> tuple[str, Cell]:
    """What the robot needs next, and where it is: the key, then the door, then the goal."""
    if not state.has_key:
        return "key", maze.key
    if state.door != "open" and state.cell[0] < maze.door[0]:
        return "door", maze.door
    return "goal", maze.goal
