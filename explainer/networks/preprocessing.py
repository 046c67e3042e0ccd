"""From a photo to what the network sees, and the same region for people."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol, cast

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from explainer.errors import ExplainerError

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


class Preprocessing(Protocol):
    """What a Network needs of its `preprocess`; any object with these will do."""

    @property
    def size(self) -> int:
        """Side of the network's square input, in pixels."""

    def crop(self, photo: Image.Image, size: int | None = None) -> Image.Image:
        """The region the network sees, RGB; at the network's size, or drawn at `size` pixels."""

    def tensor(self, crop: Image.Image) -> Tensor:
        """C×H×W float32 of a crop at the network's size."""

    def digest(self) -> str:
        """SHA-256 (hex) of all that decides the tensor."""


@dataclass(frozen=True)
class Preprocess:
    """Resize the short side, crop the centre, normalise: the ImageNet classifiers' way.

    `size`: side of the crop in pixels; `resize`: the short side before the crop, and the other
    one too where `squash` is set: people then see the photo squashed as the network does.
    `shrink_to` makes a network near-sighted: its crop is shrunk to so many pixels and enlarged
    again, in `tensor` only. `crop`, the picture for people, stays sharp: people see the same photo
    beside a near-sighted and a sharp-eyed network, and judge its explanation, not its eyes.
    """

    size: int = 224
    resize: int = 256
    mean: Sequence[float] = IMAGENET_MEAN
    std: Sequence[float] = IMAGENET_STD
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"
    shrink_to: int | None = None
    squash: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.size <= self.resize or len(self.mean) != len(self.std):
            raise ExplainerError(
                f"can't crop {self.size} pixels out of {self.resize}", "make size at most resize"
            )
        if self.shrink_to is not None and not 0 < self.shrink_to < self.size:
            raise ExplainerError(
                f"shrink_to={self.shrink_to} shrinks nothing", f"use 1 to {self.size - 1} pixels"
            )

    def crop(self, photo: Image.Image, size: int | None = None) -> Image.Image:
        """The square of the photo that the network sees, RGB, `size` (its own) pixels wide."""
        side = size or self.size
        short = round(self.resize * side / self.size)
        width, height = (int(short * length / min(photo.size)) for length in photo.size)
        if self.squash:
            width = height = short
        resized = photo.convert("RGB").resize((width, height), FILTERS[self.interpolation])
        left, top = round((width - side) / 2), round((height - side) / 2)
        return resized.crop((left, top, left + side, top + side))

    def tensor(self, crop: Image.Image) -> Tensor:
        """3×size×size float32, normalised; near-sighted where `shrink_to` is set."""
        if crop.size != (self.size, self.size):
            raise ExplainerError(
                f"the crop has {crop.size[0]}×{crop.size[1]} pixels",
                f"give tensor() what crop(photo) gives: {self.size}×{self.size}",
            )
        seen = crop.convert("RGB")
        if self.shrink_to is not None:
            small = seen.resize((self.shrink_to, self.shrink_to), FILTERS[self.interpolation])
            seen = small.resize(crop.size, FILTERS[self.interpolation])
        values = torch.from_numpy(np.array(seen)).permute(2, 0, 1).float() / 255
        mean, std = (
            torch.tensor(list(numbers))[:, None, None] for numbers in (self.mean, self.std)
        )
        return (values - mean) / std

    def digest(self) -> str:
        """SHA-256 of the settings, so that maps made with others are told apart."""
        said = asdict(self)
        if not self.squash:  # as before there was a choice
            del said["squash"]
        settings = json.dumps(said, sort_keys=True, default=list)
        return hashlib.sha256(settings.encode()).hexdigest()


def adapted(steps: Any) -> Preprocessing:
    """`steps` as a Preprocessing: as they are, or what torchvision's `transforms()` say.

    Anything else can't tell which region of a photo it crops, and is refused.
    """
    if all(hasattr(steps, name) for name in ("size", "crop", "tensor", "digest")):
        return cast(Preprocessing, steps)
    preset = ("crop_size", "resize_size", "mean", "std", "interpolation")
    if not all(hasattr(steps, name) for name in preset):
        raise ExplainerError(
            f"preprocess={type(steps).__name__} can't say which region of a photo it crops",
            "give Preprocess(size=…, resize=…, mean=…, std=…), or torchvision's transforms()",
        )
    return Preprocess(
        size=steps.crop_size[0],
        resize=max(steps.resize_size[0], steps.crop_size[0]),
        mean=tuple(steps.mean),
        std=tuple(steps.std),
        interpolation=steps.interpolation.value,
    )
