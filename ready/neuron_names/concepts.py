"""What a made photo shows, pixel by pixel: what its thing is made of, its background, colours."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from explainer.laboratory.segmentations import Concept
from ready.photos.coco import run_lengths
from ready.photos.cutouts import Cutout
from ready.photos.scenes import Scene

Mask = NDArray[np.bool_]
# No name is that of a class, nor of a thing: a text must not answer what people are asked.
BACKGROUND_NAMES: Mapping[str, str] = {
    "burnt_bark": "bark",
    "cliff": "stone",
    "mossy_bark": "bark",
    "mossy_log": "bark",
    "mudstone": "stone",
    "ocean_splash": "water",
    "ocean_waves": "water",
    "redwoods_above": "trees",
    "rocks": "stone",
    "sun_behind_clouds": "sky",
    "trees_above": "trees",
    "trees_at_dusk": "trees",
}
MATERIALS: Mapping[str, str] = {
    "bird": "feathers",
    "fruit or vegetable": "peel",
    "mammal": "fur",
    "vehicle": "metal",
}
BARE = ("elephant", "hippopotamus", "orca", "pig", "sea_lion", "whale")
BARE_SKIN = "bare skin"
# Of 255: below, a pixel is black; of saturation below, it is white or grey
DARK, PALE, BRIGHT, BROWN = 50, 50, 200, 170
# By the degree of hue at which each begins
HUES = ((0, "red"), (10, "orange"), (45, "yellow"), (70, "green"), (170, "blue"), (265, "pink"),
        (335, "red"))  # fmt: skip


def material(cutout: Cutout) -> str:
    """Of a cut-out whose name is that of its class."""
    bare = any(part in cutout.file.lower() for part in BARE)
    return BARE_SKIN if cutout.name == "mammal" and bare else MATERIALS[cutout.name]


def colours(photo: Image.Image) -> dict[str, Mask]:
    """By name where it is: every pixel has one colour."""
    hue, saturation, value = (
        np.asarray(channel).astype(int) for channel in photo.convert("HSV").split()
    )
    starts = np.array([start for start, _ in HUES])
    places = np.searchsorted(starts, hue * 360 / 256, "right") - 1
    names = np.array([name for _, name in HUES], dtype=object)[places]
    names[(names == "orange") & (value < BROWN)] = "brown"
    names[saturation < PALE] = "grey"
    names[(saturation < PALE) & (value > BRIGHT)] = "white"
    names[value < DARK] = "black"
    return {str(name): names == name for name in sorted(set(names.ravel()))}


def masks_of(scene: Scene, background: str) -> dict[str, Mask]:
    """By concept where it is on a photo of one thing before the background of that name."""
    (thing,) = scene.objects
    return {
        material(thing.cutout): thing.mask,
        BACKGROUND_NAMES[background]: ~thing.mask,
        **colours(scene.photo),
    }


def as_concepts(masks: Mapping[str, Mask]) -> tuple[Concept, ...]:
    """As a dissection reads them."""
    return tuple(
        Concept(name, (), ({"size": list(mask.shape), "counts": run_lengths(mask)},))
        for name, mask in masks.items()
    )
