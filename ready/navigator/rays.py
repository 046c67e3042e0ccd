"""What a depth camera sees in a building: a distance for each of its columns.

Rays are followed from cell to cell (Amanatides and Woo 1987), all of them at once.
"""

import math

import numpy as np
from numpy.typing import NDArray

from ready.navigator.buildings import CELL

COLUMNS = 64
VIEW = math.radians(100)
FARTHEST = 10.0  # metres
# Where the columns meet a plane at distance 1, from the left to the right
SLOPES = np.tan(VIEW / 2) * (2 * (np.arange(COLUMNS) + 0.5) / COLUMNS - 1)
Floats = NDArray[np.float64]


def cast(walls: NDArray[np.bool_], which: NDArray[np.int_], poses: Floats) -> Floats:
    """N×COLUMNS distances in metres, along the camera's axis and at most FARTHEST.

    `walls`: B×H×W; `which`: N, the building of each of the N×3 `poses` (metres from the corner, and
    the heading in radians, to the right as y grows downwards).
    """
    heading = poses[:, 2:]
    ahead = np.stack([np.cos(heading), np.sin(heading)], -1)
    right = np.stack([-np.sin(heading), np.cos(heading)], -1)
    rays = (ahead + right * SLOPES[None, :, None]).reshape(-1, 2)
    starts = np.repeat(poses[:, :2] / CELL, COLUMNS, 0)
    found = _follow(walls, np.repeat(which, COLUMNS), starts, rays)
    return np.minimum(found * CELL, FARTHEST).reshape(-1, COLUMNS)


def _follow(
    walls: NDArray[np.bool_], which: NDArray[np.int_], starts: Floats, rays: Floats
) -> Floats:
    """How far along each ray, in cells of its own length, the first wall is."""
    found = np.full(len(rays), np.inf)
    cells = np.floor(starts).astype(np.int64)
    steps = np.where(rays > 0, 1, -1)
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.abs(1 / rays)
        crossing = np.where(rays > 0, cells + 1 - starts, starts - cells) * apart
    crossing[np.isnan(crossing)] = np.inf
    active = np.arange(len(rays))
    while len(active):
        axis = (crossing[:, 1] < crossing[:, 0]).astype(np.int64)
        row = np.arange(len(active))
        along = crossing[row, axis]
        cells[row, axis] += steps[row, axis]
        crossing[row, axis] += apart[row, axis]
        hit = walls[which, cells[:, 1], cells[:, 0]]
        found[active[hit]] = along[hit]
        on = ~hit & (along * CELL < FARTHEST)
        active, cells, steps, apart, crossing, which = (
            one[on] for one in (active, cells, steps, apart, crossing, which)
        )
    return found
