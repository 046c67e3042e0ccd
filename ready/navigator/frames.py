"""What the robot sees, as a picture for people, and as the same numbers for its networks.

A picture is SIDE × SIDE pixels: a wall in each column, the higher and the brighter the nearer it
is. It depends on nothing but the distances, in LEVELS steps. The mean brightness of a column tells
its distance, so networks read the picture itself (`heights`).
"""

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ready.navigator.rays import COLUMNS, FARTHEST, Floats

SIDE = 256
LEVELS = 1000
CEILING, FLOOR, WALL = (52.0, 60.0, 78.0), (66.0, 54.0, 42.0), (1.0, 0.97, 0.90)
Levels = NDArray[np.int16]


def levels_of(distances: Floats) -> Levels:
    """Distances of up to FARTHEST metres in steps from 0 to LEVELS − 1."""
    return np.rint(distances / FARTHEST * (LEVELS - 1)).astype(np.int16)


def _columns() -> NDArray[np.uint8]:
    """LEVELS×SIDE×3: how a column looks at each level."""
    away = (np.arange(LEVELS) / (LEVELS - 1) * FARTHEST)[:, None]
    row = np.abs(np.arange(SIDE) - (SIDE - 1) / 2)[None]
    share = np.clip(SIDE / 2 * 0.9 / np.maximum(away, 0.05) - row + 0.5, 0, 1)[..., None]
    shade = (110 + 135 * np.exp(-away / 3.5))[..., None] * np.array(WALL)
    upper = (np.arange(SIDE) < SIDE / 2)[None, :, None]
    behind = np.where(upper, CEILING, FLOOR) * (0.55 + 0.45 * row / row.max())[..., None]
    looks: NDArray[np.uint8] = np.rint(share * shade + (1 - share) * behind).astype(np.uint8)
    return looks


LOOKS = _columns()
# Of a column, 0 to 1, by its level
BRIGHTNESS = torch.from_numpy(LOOKS.reshape(LEVELS, -1).mean(1) / 255).float()
_EMPTY = float(BRIGHTNESS[-1]) - 0.02


def picture(levels: Levels) -> Image.Image:
    """The view of COLUMNS levels."""
    return Image.fromarray(LOOKS[levels].swapaxes(0, 1).repeat(SIDE // COLUMNS, 1))


def brightness(levels: Levels) -> Tensor:
    """The mean brightness of each column, in the shape of `levels`."""
    return BRIGHTNESS[torch.from_numpy(levels.astype(np.int64))]


def brightness_of(images: Tensor) -> Tensor:
    """N×COLUMNS: the mean brightness of each column of N×3×SIDE×SIDE pictures, 0 to 1."""
    return images.mean((1, 2)).view(len(images), COLUMNS, -1).mean(2)


def heights(brightness: Tensor) -> Tensor:
    """Of the same shape: about −1 for the farthest wall and 1 for the nearest."""
    return (brightness - _EMPTY).clamp(min=0.005).log() / 1.7 + 1.2
