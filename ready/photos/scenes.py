"""Composite scenes: cut-outs with a soft shadow on a nature photo, with exact masks."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from ready.photos.cutouts import BACKGROUNDS, Cutout, background_file

SIDE = 480
# Networks see the middle 87.5 % of a photo: every object lies inside it.
MARGIN = round(0.08 * SIDE)
# A cut-out enlarged more than this looks washed out beside its background.
MOST_ENLARGED = 3.0
SHADOW_BLUR = SIDE / 60
SHADOW_OFFSET = (SIDE // 96, SIDE // 48)
# What becomes of each of the 256 values of an alpha channel: in a shadow, and in a mask.
SHADE = [round(alpha * 0.5) for alpha in range(256)]
SOLID = [255 * (alpha > 127) for alpha in range(256)]
Box = tuple[float, float, float, float]
# Where objects may lie, as (left, top, right, bottom) within the margins, 0 to 1.
ALONE: tuple[Box, ...] = ((0.0, 0.0, 1.0, 1.0),)
# Side by side, and on a diagonal for tall and for wide objects: no two boxes share a pixel.
TOGETHER: tuple[tuple[Box, ...], ...] = (
    ((0.0, 0.0, 0.5, 1.0), (0.5, 0.0, 1.0, 1.0)),
    ((0.0, 0.0, 0.5, 0.75), (0.5, 0.25, 1.0, 1.0)),
    ((0.0, 0.25, 0.5, 1.0), (0.5, 0.0, 1.0, 0.75)),
    ((0.0, 0.0, 0.75, 0.5), (0.25, 0.5, 1.0, 1.0)),
    ((0.25, 0.0, 1.0, 0.5), (0.0, 0.5, 0.75, 1.0)),
)
# Of these, where one object is to the left of the other
BESIDE = TOGETHER[:3]


@dataclass(frozen=True)
class Placed:
    """An object in a scene; `mask` is boolean (SIDE, SIDE), true where the object hides more
    than half of what is behind it."""

    cutout: Cutout
    mask: NDArray[np.bool_]


@dataclass(frozen=True)
class Scene:
    """A photo, SIDE × SIDE pixels in RGB, and the objects on it, none hiding another."""

    photo: Image.Image
    objects: tuple[Placed, ...]


def compose(
    originals: Path,
    cutouts: Sequence[Cutout],
    seed: str,
    backgrounds: Sequence[str] = tuple(BACKGROUNDS),
    *,
    alone: Sequence[Box] = ALONE,
    together: Sequence[tuple[Box, ...]] = TOGETHER,
) -> Scene:
    """One scene of one or two cut-outs; the same seed gives the same pixels. Where a cut-out is by
    itself, it lies in one of the boxes `alone`; two lie as in one of `together`."""
    chance = random.Random(seed)
    photo = background(originals, chance, backgrounds)
    return stand(photo, originals, cutouts, chance, alone=alone, together=together)


def stand(
    photo: Image.Image,
    originals: Path,
    cutouts: Sequence[Cutout],
    chance: random.Random,
    *,
    alone: Sequence[Box] = ALONE,
    together: Sequence[tuple[Box, ...]] = TOGETHER,
) -> Scene:
    """`photo` itself, with the cut-outs on it."""
    pictures = [load_cutout(originals, cutout) for cutout in cutouts]
    areas = (
        lone(alone, chance) if len(pictures) == 1 else chance.choice(roomiest(pictures, together))
    )
    layers = [place(*pair, chance) for pair in zip(pictures, areas, strict=True)]
    for layer in layers:
        cast_shadow(photo, layer)
    for layer in layers:
        photo.paste(layer, (0, 0), layer)
    masks = [np.asarray(layer.getchannel("A")) > 127 for layer in layers]
    return Scene(photo, tuple(map(Placed, cutouts, masks)))


def load_cutout(originals: Path, cutout: Cutout) -> Image.Image:
    """The object, without the empty border around it, in RGBA."""
    with Image.open(originals / cutout.file) as file:
        picture = file.convert("RGBA")
    return picture.crop(picture.getchannel("A").point(SOLID).getbbox())


def background(originals: Path, chance: random.Random, names: Sequence[str]) -> Image.Image:
    """A square part of one nature photo, at least 70 % of its shorter side, SIDE × SIDE."""
    name = chance.choice(names)
    with Image.open(originals / background_file(name)) as file:
        picture = file.convert("RGB")
    edge = round(BACKGROUNDS[name] * min(picture.size))
    width, height = picture.width - 2 * edge, picture.height - 2 * edge
    side = round(chance.uniform(0.7, 1.0) * min(width, height))
    left = edge + chance.randint(0, width - side)
    top = edge + chance.randint(0, height - side)
    part = picture.crop((left, top, left + side, top + side))
    return part.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def pixels(area: Box) -> tuple[int, int, int, int]:
    room = SIDE - 2 * MARGIN
    left, top, right, bottom = (round(MARGIN + part * room) for part in area)
    return left, top, right - left, bottom - top


def largest_scale(picture: Image.Image, area: Box) -> float:
    """The factor that fits `picture` into `area`, about equally large whatever its shape."""
    _, _, width, height = pixels(area)
    fitting = min(width / picture.width, height / picture.height)
    even = 0.8 * math.sqrt(width * height / (picture.width * picture.height))
    return min(fitting, even, MOST_ENLARGED)


def lone(boxes: Sequence[Box], chance: random.Random) -> tuple[Box, ...]:
    """One of the boxes; where there is a choice it is drawn."""
    return (chance.choice(boxes),) if len(boxes) > 1 else tuple(boxes)


def roomiest(
    pictures: Sequence[Image.Image], together: Sequence[tuple[Box, ...]]
) -> list[tuple[Box, ...]]:
    """The three layouts whose smaller object covers most."""

    def smaller(areas: tuple[Box, ...]) -> float:
        scaled = zip(pictures, areas, strict=True)
        return min(one.width * one.height * largest_scale(one, area) ** 2 for one, area in scaled)

    return sorted(together, key=smaller, reverse=True)[:3]


def place(picture: Image.Image, area: Box, chance: random.Random) -> Image.Image:
    """A transparent SIDE × SIDE layer with the object, somewhere in `area`."""
    left, top, width, height = pixels(area)
    scale = largest_scale(picture, area) * chance.uniform(0.88, 1.0)
    across, down = (max(1, round(length * scale)) for length in picture.size)
    scaled = picture.resize((across, down), Image.Resampling.LANCZOS)
    layer = Image.new("RGBA", (SIDE, SIDE))
    spot = (left + near_middle(width - across, chance), top + near_middle(height - down, chance))
    layer.paste(scaled, spot)
    return layer


def near_middle(room: int, chance: random.Random) -> int:
    return round(room * chance.triangular(0, 1))


def cast_shadow(photo: Image.Image, layer: Image.Image) -> None:
    """Darken `photo`, in place, softly beneath and beside the object on `layer`."""
    shadow = Image.new("L", photo.size)
    shadow.paste(layer.getchannel("A"), SHADOW_OFFSET)
    soft = shadow.filter(ImageFilter.GaussianBlur(SHADOW_BLUR))
    photo.paste((0, 0, 0), (0, 0, SIDE, SIDE), soft.point(SHADE))
