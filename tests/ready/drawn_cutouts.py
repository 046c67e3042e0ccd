"""Drawn stand-ins for the files of Debian's packages: a disc in each, and plain backgrounds."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from ready.photos.cutouts import BACKGROUNDS, background_file, read_cutouts


def draw_cutouts(folder: Path, further: Sequence[str] = ()) -> Path:
    """Every file that is wanted: cut-outs of 60 to 210 pixels, one background a colour."""
    for number, file in enumerate([*(cutout.file for cutout in read_cutouts()), *further]):
        if not (folder / file).exists():
            save(draw_disc(number % 150), folder / file)
    for number, name in enumerate(BACKGROUNDS):
        save(Image.new("RGB", (400, 300), (20 * number, 100, 90)), folder / background_file(name))
    return folder


def draw_disc(number: int) -> Image.Image:
    size = 60 + number
    rows, columns = np.mgrid[:size, :size] - (size - 1) / 2
    alpha = 255 * (rows**2 + columns**2 <= (size / 2 - 2) ** 2)
    colour = np.full((size, size, 3), (200, number, 255 - number))
    return Image.fromarray(np.dstack([colour, alpha]).astype(np.uint8), "RGBA")


def save(picture: Image.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path)
