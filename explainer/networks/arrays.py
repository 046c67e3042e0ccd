"""Films, volumes and sound as files of arrays: from a file to what the network takes, and to what
people see."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from explainer.errors import ExplainerError

Array = NDArray[np.float32]
Pictured = list[Image.Image] | Array


@dataclass(frozen=True)
class Arrays:
    """`shape`: of one case as the network takes it, C×L, C×D×H×W, or T×C×H×W of `frames`.

    `values`: the lowest and the highest value that a file may hold, which become 0 and 1 before
    `mean` and `std`, one of each per channel. `shown`: the numbers, from 0, of the three channels
    that people see as red, green and blue, or of the one that they see as grey; sound is shown
    whole. `bright`: what of `values` people see as black and as white.
    """

    shape: Sequence[int]
    values: tuple[float, float]
    mean: Sequence[float]
    std: Sequence[float]
    shown: Sequence[int] = ()
    bright: tuple[float, float] | None = None
    frames: bool = False

    def __post_init__(self) -> None:
        if len(self.shape) not in ((4,) if self.frames else (2, 4)) or min(self.shape) < 1:
            raise ExplainerError(
                f"shape={tuple(self.shape)}", "give C×L, C×D×H×W, or T×C×H×W with frames=True"
            )
        if not len(self.mean) == len(self.std) == self.channels:
            raise ExplainerError(
                f"{len(self.mean)} means and {len(self.std)} deviations for "
                f"{self.channels} channels",
                "give one of each per channel: mean=…, std=…",
            )
        for name, ends in (("values", self.values), ("bright", self.bright)):
            if ends is not None and not (len(ends) == 2 and ends[0] < ends[1]):
                raise ExplainerError(f"{name}={ends}", "give the lowest, then the highest")
        shown = tuple(self.shown) or ((0,) if self.channels == 1 else ())
        object.__setattr__(self, "shown", shown)
        if not self.is_sound and (
            len(shown) not in (1, 3) or not all(n in range(self.channels) for n in shown)
        ):
            told = f"shown={shown} does not fit" if shown else "nothing says what people see of"
            raise ExplainerError(
                f"{told} {self.channels} channels",
                f"say which people see, one or three of 0 to {self.channels - 1}: shown=(0, 1, 2)",
            )

    @property
    def is_sound(self) -> bool:
        return len(self.shape) == 2

    @property
    def axis(self) -> int:
        """That of the channels."""
        return 1 if self.frames else 0

    @property
    def channels(self) -> int:
        return int(self.shape[self.axis])

    def seen(self, case: Array) -> Tensor:
        """What the network takes of one case, without N; ExplainerError for another shape."""
        scaled = self._scaled(case, self.values)
        sides = [-1 if axis == self.axis else 1 for axis in range(len(self.shape))]
        mean, std = (
            torch.tensor(list(numbers)).reshape(sides) for numbers in (self.mean, self.std)
        )
        return (torch.from_numpy(scaled) - mean) / std

    def pictured(self, case: Array) -> Pictured:
        """What people see: a picture of each frame or slice; of sound C×L, from 0 to 1."""
        seen = np.clip(self._scaled(case, self.bright or self.values), 0, 1)
        if self.is_sound:
            return seen
        planes = np.take(seen, list(self.shown), self.axis)
        slices = planes if self.frames else np.moveaxis(planes, 0, 1)
        colours = np.repeat(slices, 3 // len(self.shown), 1)
        pixels = np.rint(np.moveaxis(colours, 1, -1) * 255).astype(np.uint8)
        return [Image.fromarray(np.ascontiguousarray(one)) for one in pixels]

    @property
    def size(self) -> int:
        """The length of the last side."""
        return int(self.shape[-1])

    def crop(self, photo: Any, size: int | None = None) -> Any:
        """What people see of a case, whole."""
        return self.pictured(photo)

    def tensor(self, crop: Any) -> Tensor:
        return self.seen(crop)

    def plain(self, colour: tuple[int, int, int]) -> Tensor:
        """C×1×1: what the network sees where every value is that of a grey, 0 to 255."""
        if len(set(colour)) > 1:
            raise ExplainerError(
                "arrays have no colours",
                "name a grey, such as #808080",
            )
        mean, std = (
            torch.tensor(list(numbers))[:, None, None] for numbers in (self.mean, self.std)
        )
        return (colour[0] / 255 - mean) / std

    def digest(self) -> str:
        """SHA-256 of the settings, so that maps made with others are told apart."""
        return hashlib.sha256(
            json.dumps(asdict(self), sort_keys=True, default=list).encode()
        ).hexdigest()

    def _scaled(self, case: Array, ends: tuple[float, float]) -> Array:
        whole = np.asarray(case, dtype=np.float32)
        if self.channels == 1 and whole.ndim == len(self.shape) - 1:
            whole = np.expand_dims(whole, self.axis)
        if whole.shape != tuple(self.shape):
            raise ExplainerError(
                f"the array is {_shown(whole.shape)}, not {_shown(self.shape)} as declared",
                "give arrays of the shape that the network takes",
            )
        low, high = float(whole.min()), float(whole.max())
        if not self.values[0] <= low <= high <= self.values[1]:
            raise ExplainerError(
                f"values from {low:g} to {high:g}, outside the declared {self.values[0]:g} to "
                f"{self.values[1]:g}",
                "declare a wider range, values=(lowest, highest), or change the file",
            )
        return (whole - np.float32(ends[0])) / np.float32(ends[1] - ends[0])


def _shown(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape))
