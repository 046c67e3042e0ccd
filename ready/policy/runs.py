"""A policy plays in MiniGrid, which moves the robot and says whether it arrived."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .frames import cells_of, minigrid, stacked
from .mazes import NUMBERS, SIDE, Maze, State, starts
from .training import SEED, Choose

MOST = 60  # steps; the longest of the shortest ways takes fewer than half


@dataclass
class Run:
    """States with the action taken in each, and whether the robot arrived at the goal."""

    maze: Maze
    taken: list[tuple[State, int]] = field(default_factory=list)
    arrived: bool = False


class Game:
    """One maze in MiniGrid, with the robot where it is at the moment."""

    def __init__(self, maze: Maze, start: State) -> None:
        self.run = Run(maze)
        self.world: Any = built(maze, start)

    @property
    def state(self) -> State:
        column, row = map(int, self.world.agent_pos)
        door = self.world.grid.get(*self.run.maze.door)
        return State(
            (column, row),
            int(self.world.agent_dir),
            self.world.carrying is not None,
            "locked" if door.is_locked else "open" if door.is_open else "shut",
        )

    def act(self, action: int) -> None:
        self.run.taken.append((self.state, action))
        _, reward, ended, _, _ = self.world.step(NUMBERS[action])
        self.run.arrived = ended and reward > 0

    @property
    def is_over(self) -> bool:
        return self.run.arrived or len(self.run.taken) >= MOST


def built(maze: Maze, start: State) -> Any:
    """MiniGrid's DoorKey with this maze in place of one of its own."""
    game = minigrid()
    world = game.DoorKeyEnv(size=SIDE)
    world.reset(seed=0)
    grid = game.Grid(SIDE, SIDE)
    grid.wall_rect(0, 0, SIDE, SIDE)
    grid.vert_wall(maze.door[0], 0)
    grid.set(*maze.door, game.Door("yellow", is_locked=True))
    grid.set(*maze.key, game.Key("yellow"))
    grid.set(*maze.goal, game.Goal())
    world.grid, world.agent_pos, world.agent_dir = grid, start.cell, start.direction
    return world


def starting(maze: Maze) -> State:
    """Where the robot stands at first, by chance."""
    return random.Random(f"{SEED}/start/{maze.name}").choice(starts(maze))


def play(choose: Choose, rooms: Sequence[Maze]) -> list[Run]:
    """One run in each maze; it ends at the goal or after MOST steps."""
    games = [Game(maze, starting(maze)) for maze in rooms]
    while going := [game for game in games if not game.is_over]:
        grids = stacked([cells_of(game.run.maze, game.state) for game in going])
        for game, action in zip(going, choose(grids).tolist(), strict=True):
            game.act(action)
    return [game.run for game in games]
