"""Photos that a network of random weights can tell apart: noise round a colour for each class."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from explainer import load_network
from explainer.training.course import Photos, Start
from explainer.training.photo_sets import PhotoSet, split
from tests.explainer.coco_sets import write_set

COLOURS = {"blue": (40, 40, 200), "green": (40, 200, 40), "red": (200, 40, 40)}
SIDE = 32
NETWORK = "shufflenet_v2_x0_5"


def noise(colour: tuple[int, int, int], seed: int) -> np.ndarray:
    values = np.random.default_rng(seed).normal(0, 40, (SIDE, SIDE, 3)) + np.array(colour)
    return np.clip(values, 0, 255).astype(np.uint8)


def class_folders(root: Path, each: int = 5) -> Path:
    for kind, (name, colour) in enumerate(COLOURS.items()):
        (root / name).mkdir(parents=True)
        for n in range(each):
            Image.fromarray(noise(colour, 100 * kind + n)).save(root / name / f"{n}.png")
    return root


def annotated(folder: Path, count: int = 12) -> Path:
    """The left half of each photo has one colour, the right half one more; groups of two photos."""
    photos = {}
    names = list(COLOURS)
    half = SIDE // 2
    areas = ((0, 0, half, SIDE), (half, 0, SIDE, SIDE))
    for n in range(count):
        kinds = names[n % 3], names[(n + 1 + n // 6) % 3]
        pixels = noise((90, 90, 90), n)
        shown = {}
        for kind, area in zip(kinds, areas, strict=True):
            pixels[:, area[0] : area[2]] = noise(COLOURS[kind], n)[:, area[0] : area[2]]
            shown[kind] = area
        photos[f"{n:02}.png"] = (pixels, shown)
    file = write_set(folder, photos) / "annotations.json"
    rows = json.loads(file.read_text("utf-8"))
    for n, row in enumerate(rows["images"]):
        row["group"] = f"film {n // 2}"
    file.write_text(json.dumps(rows), "utf-8")
    return file


def start(name: str = NETWORK) -> Start:
    options = {"size": SIDE}
    return Start(
        name, "random", options, load_network(name, weights="random", device="cpu", **options)
    )


def sides(photos: PhotoSet, seed: int = 0) -> Photos:
    training, held_out = split(photos, 0.25, seed)
    return Photos(photos.classes, tuple(training), tuple(held_out))
