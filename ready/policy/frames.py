"""Frames of a maze, drawn by MiniGrid's own tiles: for people, and for the network."""

from collections.abc import Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ready.errors import MakingError

from .mazes import SIDE, STEPS, Cell, Maze, State

TILE = 64  # pixels of a cell, for people
SHRUNK = 8  # pixels that become one for the network
PIXELS = SIDE * TILE
THINGS = ("floor", "wall", "key", "goal", "locked", "shut", "open")
Grid = NDArray[np.uint8]


def tile_number(thing: str) -> int:
    """The number of a thing's picture; the four that follow it have the robot on it as well."""
    return THINGS.index(thing) * (len(STEPS) + 1)


def cells_of(maze: Maze, state: State) -> Grid:
    """SIDE×SIDE numbers of tiles, row by row."""
    grid = np.full((SIDE, SIDE), tile_number("wall"), dtype=np.uint8)
    grid[1:-1, 1:-1] = tile_number("floor")
    grid[:, maze.door[0]] = tile_number("wall")
    for (column, row), thing in _things(maze, state).items():
        grid[row, column] = tile_number(thing)
    column, row = state.cell
    grid[row, column] += 1 + state.direction
    return grid


def _things(maze: Maze, state: State) -> dict[Cell, str]:
    key = {} if state.has_key else {maze.key: "key"}
    return {maze.door: state.door, maze.goal: "goal", **key}


def without_robot(grids: Tensor) -> Tensor:
    """The same tiles with nobody on them."""
    return grids - grids % (len(STEPS) + 1)


def minigrid() -> Any:
    """Its classes. It imports a library of games, so networks are loaded without it."""
    try:
        from minigrid.core import grid, world_object
        from minigrid.envs.doorkey import DoorKeyEnv
    except ImportError as reason:
        raise MakingError(
            f"MiniGrid can't be imported ({reason}); install requirements/demo.lock"
        ) from reason
    return SimpleNamespace(**{**vars(world_object), **vars(grid), "DoorKeyEnv": DoorKeyEnv})


@cache
def tiles() -> NDArray[np.uint8]:
    """Every tile as MiniGrid draws it: numbers × TILE × TILE × 3."""
    game = minigrid()
    things = {
        "floor": None,
        "wall": game.Wall(),
        "key": game.Key("yellow"),
        "goal": game.Goal(),
        "locked": game.Door("yellow", is_locked=True),
        "shut": game.Door("yellow"),
        "open": game.Door("yellow", is_open=True),
    }
    drawn = []
    for name in THINGS:
        alone = game.Grid.render_tile(things[name], tile_size=TILE, subdivs=2)
        drawn.append(alone)
        for direction in range(len(STEPS)):  # nobody stands on the others
            stands = name in ("floor", "goal", "open")
            drawn.append(
                game.Grid.render_tile(things[name], direction, tile_size=TILE, subdivs=2)
                if stands
                else alone
            )
    return np.stack(drawn).round().astype(np.uint8)


def picture(grid: Grid) -> Image.Image:
    """What people see: PIXELS×PIXELS."""
    laid = tiles()[grid].transpose(0, 2, 1, 3, 4)
    return Image.fromarray(laid.reshape(PIXELS, PIXELS, 3))


@cache
def small_tiles() -> Tensor:
    """Every tile as the network sees it: numbers × 3 × 8 × 8, 0 to 1, means of 8×8 pixels."""
    pixels = torch.from_numpy(tiles()).permute(0, 3, 1, 2).float() / 255
    return torch.nn.functional.avg_pool2d(pixels, SHRUNK)


def shrunk(grids: Tensor) -> Tensor:
    """N×3×56×56 of N×SIDE×SIDE numbers of tiles: what the network makes of their pictures first."""
    laid = small_tiles()[grids.long()].permute(0, 3, 1, 4, 2, 5)
    side = PIXELS // SHRUNK
    return laid.reshape(len(grids), 3, side, side)


def stacked(grids: Sequence[Grid]) -> Tensor:
    """N×SIDE×SIDE of uint8."""
    return torch.from_numpy(np.stack(grids))
