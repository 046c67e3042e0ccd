"""From a photo to what the network sees, and the same region for people."""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Protocol, cast

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from explainer.errors import ExplainerError
from explainer.pictures.photos import open_array, open_channels, open_photo
from photos import CHANNEL_ENDINGS, Channels
from photos.squares import square

from .arrays import Array, Arrays

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


Photo = Image.Image | Channels | Array
Colour = tuple[int, int, int]
NEWER = {"squash": False, "channels": 3, "grey": None, "shown": (), "values": None, "bright": None}


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

    `channels`: 3 for colour photos, 1 for grey ones. Colour photos become grey for `grey="luma"`
    (ITU-R 601), and people see them grey; without it they are refused.
    `shown` has files read as they are, of so many `channels` (see `photos.channels`): the numbers,
    from 0, of the three that people see as red, green and blue, or of the one that they see as
    grey. `values`: the lowest and the highest value that a file may hold, which become 0 and 1
    before mean and deviation; `bright`: what of them people see as black and as white, all of them
    by default.
    """

    size: int = 224
    resize: int = 256
    mean: Sequence[float] = IMAGENET_MEAN
    std: Sequence[float] = IMAGENET_STD
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"
    shrink_to: int | None = None
    squash: bool = False
    channels: int = 3
    grey: Literal["luma"] | None = None
    shown: Sequence[int] = ()
    values: tuple[float, float] | None = None
    bright: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if not 0 < self.size <= self.resize:
            raise ExplainerError(
                f"can't crop {self.size} pixels out of {self.resize}", "make size at most resize"
            )
        if not len(self.mean) == len(self.std) == self.channels:
            raise ExplainerError(
                f"{len(self.mean)} means and {len(self.std)} deviations for "
                f"{self.channels} channels",
                "give one of each per channel: channels=…, mean=…, std=…",
            )
        if self.shrink_to is not None and not 0 < self.shrink_to < self.size:
            raise ExplainerError(
                f"shrink_to={self.shrink_to} shrinks nothing", f"use 1 to {self.size - 1} pixels"
            )
        for name in ("mean", "std", "shown"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        _refuse_channels(self)

    def crop(self, photo: Photo, size: int | None = None) -> Image.Image:
        """The square of the photo that the network sees, RGB, `size` (its own) pixels wide."""
        return self._square(self._pictured(photo), size or self.size)

    def tensor(self, crop: Image.Image) -> Tensor:
        """C×size×size float32, normalised; near-sighted where `shrink_to` is set."""
        if self.shown:
            raise ExplainerError(
                f"a picture shows {len(self.shown)} of the network's {self.channels} channels",
                "give seen() the file's channels",
            )
        if crop.size != (self.size, self.size):
            raise ExplainerError(
                f"the crop has {crop.size[0]}×{crop.size[1]} pixels",
                f"give tensor() what crop(photo) gives: {self.size}×{self.size}",
            )
        seen = self._shrunk(crop.convert("L" if self.channels == 1 else "RGB"))
        values = torch.from_numpy(np.array(seen)).float() / 255
        return self._normalised(values.permute(2, 0, 1) if values.dim() == 3 else values[None])

    def seen(self, photo: Photo) -> Tensor:
        """C×size×size float32: what the network sees of a photo."""
        if not self.shown:
            return self.tensor(self.crop(photo))
        low, high = self._within(photo)
        planes = [
            np.asarray(self._shrunk(self._square(plane, self.size)))
            for plane in _planes(photo, range(self.channels))
        ]
        return self._normalised((torch.from_numpy(np.stack(planes)) - low) / (high - low))

    def plain(self, colour: Colour) -> Tensor:
        """C×size×size: what the network sees of a photo of one colour; of a file read as it is,
        black is the lowest of `values` and white the highest."""
        side = (self.size, self.size)
        if len(set(colour)) > 1 and (self.shown or self.channels == 1):
            taken = "one channel" if self.channels == 1 else f"{self.channels} channels"
            raise ExplainerError(
                f"a colour has red, green and blue, and the network takes {taken}",
                "name a grey, such as #808080",
            )
        if not self.shown:
            return self.tensor(Image.new("RGB", side, colour))
        return self._normalised(torch.full((self.channels, *side), colour[0] / 255))

    def digest(self) -> str:
        """SHA-256 of the settings, so that maps made with others are told apart."""
        return self._digest

    @cached_property  # read in each call; the settings never change
    def _digest(self) -> str:
        said = asdict(self)
        for name, before in NEWER.items():  # as before there was a choice
            if said[name] == before:
                del said[name]
        settings = json.dumps(said, sort_keys=True, default=list)
        return hashlib.sha256(settings.encode()).hexdigest()

    def _square(self, picture: Image.Image, side: int) -> Image.Image:
        return square(
            picture,
            side,
            size=self.size,
            resize=self.resize,
            squash=self.squash,
            filter=FILTERS[self.interpolation],
        )

    def _shrunk(self, square: Image.Image) -> Image.Image:
        if self.shrink_to is None:
            return square
        small = square.resize((self.shrink_to, self.shrink_to), FILTERS[self.interpolation])
        return small.resize(square.size, FILTERS[self.interpolation])

    def _normalised(self, values: Tensor) -> Tensor:
        mean, std = (
            torch.tensor(list(numbers))[:, None, None] for numbers in (self.mean, self.std)
        )
        return (values - mean) / std

    def _pictured(self, photo: Photo) -> Image.Image:
        """The whole photo as people see it, RGB."""
        if isinstance(photo, Channels):
            self._within(photo)
            assert self.values is not None
            low, high = self.bright or self.values
            planes = [
                np.clip((np.asarray(plane) - low) / (high - low), 0, 1) * 255
                for plane in _planes(photo, self.shown)
            ]
            pixels = np.stack(planes * (3 // len(planes)), -1)
            return Image.fromarray(np.rint(pixels).astype(np.uint8))
        if isinstance(photo, np.ndarray):
            raise ExplainerError(
                "an array was given, and the network takes photos",
                "declare it: Network(preprocess=Arrays(…))",
            )
        colours = photo.convert("RGB")
        if self.channels != 1 or self.shown:
            return colours
        if self.grey is None and not _is_grey(colours):
            raise ExplainerError(
                "the photo has colours, and the network takes one channel",
                'say how they become grey: Preprocess(channels=1, grey="luma")',
            )
        return colours.convert("L").convert("RGB")

    def _within(self, photo: Photo) -> tuple[float, float]:
        """The range of values, that of a file's being inside it."""
        if not isinstance(photo, Channels):
            raise ExplainerError(
                f"a colour photo was given, and the network takes files of {self.channels} "
                "channels",
                "give what open_channels() reads",
            )
        if not self.shown or self.values is None:
            raise ExplainerError(
                f"{photo.name} holds {photo.count} channels, and the network takes photos",
                "say how they are read: Preprocess(channels=…, shown=…, values=…)",
            )
        if photo.count != self.channels:
            raise ExplainerError(
                f"{photo.name} has {photo.count} channels, and the network takes {self.channels}",
                "give the channels that the network was trained on",
            )
        low, high = float(photo.values.min()), float(photo.values.max())
        if low < self.values[0] or high > self.values[1]:
            raise ExplainerError(
                f"{photo.name} holds values from {low:g} to {high:g}, outside the declared "
                f"{self.values[0]:g} to {self.values[1]:g}",
                "declare a wider range, values=(lowest, highest), or change the file",
            )
        return self.values


def seen_by(steps: Preprocessing, photo: Photo, crop: Image.Image | None = None) -> Tensor:
    """C×H×W float32: what a network sees of a photo. `crop`: that of the photo, where it is made
    already."""
    if isinstance(steps, Arrays):
        return steps.seen(_array_of(photo))
    if channels_of(steps):
        return cast(Preprocess, steps).seen(photo)
    return steps.tensor(crop_by(steps, photo) if crop is None else crop)


def crop_by(steps: Preprocessing, photo: Photo, size: int | None = None) -> Any:
    """The region of a photo that a network sees, as people see it; of arrays `Pictured`."""
    if isinstance(steps, Arrays):
        return steps.pictured(_array_of(photo))
    if isinstance(steps, Preprocess):
        return steps.crop(photo, size)
    if isinstance(photo, Channels):
        raise ExplainerError(
            f"{photo.name} holds channels, and the network's own preprocessing takes photos",
            "use Preprocess(channels=…, shown=…, values=…)",
        )
    return steps.crop(cast(Image.Image, photo), size)


def opened_by(steps: Preprocessing | None, source: str | Path | bytes) -> Photo:
    """A file as a network takes it: a photo, channels as they are, or an array."""
    if isinstance(steps, Arrays):
        return open_array(source)
    count = channels_of(steps)
    return open_channels(source, count) if count else open_photo(source)


def _array_of(photo: Photo) -> Array:
    if not isinstance(photo, np.ndarray):
        raise ExplainerError(
            "a photo was given, and the network takes arrays", "give a NumPy array"
        )
    return photo


def plain_by(steps: Preprocessing, colour: Colour) -> Tensor:
    """C×H×W: what a network sees of a photo whose every pixel has this colour, 0 to 255 each."""
    if isinstance(steps, Preprocess | Arrays):
        return steps.plain(colour)
    return steps.tensor(Image.new("RGB", (steps.size, steps.size), colour))


def as_they_are(images: Tensor, colour: Colour) -> Tensor:
    """1×C×H×W: a photo of one colour, for a network that sees pixel values as they are."""
    channels = images.shape[1]
    if len(set(colour)) > 1 and channels != 3:
        raise ExplainerError(
            f"the images have {channels} channels, not colours",
            "name a grey, such as #808080, or give the network its preprocessing",
        )
    if channels != 3:
        return torch.full_like(images[:1], colour[0] / 255)
    values = [torch.full_like(images[:1, :1], value / 255) for value in colour]
    return torch.cat(values, 1)


def shown_by(steps: Preprocessing | None) -> tuple[int, ...]:
    """Which channels of a file people see, where it is read as it is; sound is seen whole."""
    if isinstance(steps, Preprocess) or (isinstance(steps, Arrays) and not steps.is_sound):
        return tuple(steps.shown)
    return ()


def endings_of(steps: Preprocessing | None) -> Collection[str]:
    """How the names of files that are read for a network end, beside those of photos."""
    if isinstance(steps, Arrays):
        return {".npy"}
    return CHANNEL_ENDINGS if channels_of(steps) else ()


def channels_of(steps: Preprocessing | None) -> int:
    """How many channels of a file are read as they are; 0 where photos are."""
    return steps.channels if isinstance(steps, Preprocess) and steps.shown else 0


def _planes(photo: Photo, numbers: Sequence[int]) -> list[Image.Image]:
    assert isinstance(photo, Channels)
    return [Image.fromarray(np.ascontiguousarray(photo.values[..., n])) for n in numbers]


def _is_grey(colours: Image.Image) -> bool:
    pixels = np.asarray(colours)
    return bool((pixels == pixels[..., :1]).all())


def _refuse_channels(steps: Preprocess) -> None:
    """What is not declared of channels, or contradicts itself."""
    count, shown = steps.channels, tuple(steps.shown)
    if not shown:
        if count not in (1, 3):
            raise ExplainerError(
                f"people can't be shown {count} channels",
                "say which are red, green and blue, or which one is grey: shown=(3, 2, 1)",
            )
        if steps.values is not None or steps.bright is not None:
            raise ExplainerError(
                "values and bright are only for files with channels of their own",
                "say which channels are shown: shown=(3, 2, 1)",
            )
    elif len(shown) not in (1, 3) or not all(n in range(count) for n in shown):
        raise ExplainerError(
            f"shown={shown} does not fit {count} channels",
            f"give one or three of 0 to {count - 1}",
        )
    elif steps.values is None:
        raise ExplainerError(
            "the values of files with channels of their own are not declared",
            "give the lowest and the highest: values=(0, 10000)",
        )
    if steps.grey is not None and (count != 1 or shown or steps.grey != "luma"):
        raise ExplainerError(
            f"grey={steps.grey!r} does not fit {count} channels", 'use grey="luma" with channels=1'
        )
    for name in ("values", "bright"):
        ends = getattr(steps, name)
        if ends is not None and not (len(ends) == 2 and ends[0] < ends[1]):
            raise ExplainerError(f"{name}={ends}", "give the lowest, then the highest")


def adapted(steps: Any, frames: int | None = None) -> Preprocessing:
    """`steps` as a Preprocessing: as they are, or what torchvision's `transforms()` say.

    Anything else can't tell which region of a photo it crops, and is refused; so are arrays of
    frames for a network that takes none, and the other way round.
    """
    if isinstance(steps, Arrays) and steps.frames != (frames is not None):
        raise ExplainerError(
            f"Arrays(frames={steps.frames}) for a network with frames={frames}",
            "declare frames in both, or in neither",
        )
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
