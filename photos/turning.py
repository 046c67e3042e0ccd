"""What is marked on a photo turns with it.

Annotations count pixels of the file as it is stored, unless the width and height that they tell are
those of the upright photo and not those of the file: then they were drawn on the upright photo.
"""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .errors import PhotoError
from .files import FORMATS
from .opening import UNREADABLE, orientation_of

Box = tuple[float, float, float, float]
Size = tuple[int, int]
# Orientations that swap width and height
LYING = (5, 6, 7, 8)


@dataclass(frozen=True)
class Frame:
    """A photo file's width and height as stored, and its EXIF orientation, 1 to 8."""

    stored: Size
    orientation: int

    @property
    def upright(self) -> Size:
        width, height = self.stored
        return (height, width) if self.orientation in LYING else (width, height)

    def of_annotations(self, declared: Size | None, name: str) -> "Frame":
        """The frame that annotations of a photo of `declared` width and height count in.

        PhotoError where that is neither the file's size nor the upright photo's.
        """
        if declared is None or declared == self.stored:
            return self
        if declared == self.upright:
            return Frame(self.upright, 1)
        raise PhotoError(
            name,
            f"annotated as {declared[0]} × {declared[1]} pixels, but the file has "
            f"{self.stored[0]} × {self.stored[1]}, so its boxes would be in the wrong places",
            "use the file that was annotated",
        )

    def turned(self, box: Box) -> Box:
        """[left, top, width, height] in the file → in the upright photo."""
        left, top, width, height = box
        right, below = self.stored[0] - left - width, self.stored[1] - top - height
        return {
            1: (left, top, width, height),
            2: (right, top, width, height),
            3: (right, below, width, height),
            4: (left, below, width, height),
            5: (top, left, height, width),
            6: (below, left, height, width),
            7: (below, right, height, width),
            8: (top, right, height, width),
        }[self.orientation]

    def turned_mask(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """height×width of the file → height×width of the upright photo."""
        turned: dict[int, Any] = {
            1: mask,
            2: mask[:, ::-1],
            3: mask[::-1, ::-1],
            4: mask[::-1],
            5: mask.T,
            6: mask[::-1].T,
            7: mask[::-1, ::-1].T,
            8: mask[:, ::-1].T,
        }
        return np.ascontiguousarray(turned[self.orientation])


def area_of(box: Box, size: Size) -> NDArray[np.bool_]:
    """height×width: true in the box, rounded to whole pixels."""
    (left, top, width, height), inside = box, np.zeros(size[::-1], dtype=bool)
    inside[round(top) : round(top + height), round(left) : round(left + width)] = True
    return inside


def frame_of(path: Path) -> Frame:
    """The frame of a photo file, from its header alone; PhotoError where it has none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is wrong is told when the photo is decoded
            with Image.open(path, formats=FORMATS) as photo:
                return Frame(photo.size, orientation_of(photo))
    except (*UNREADABLE, Image.DecompressionBombError) as error:
        raise PhotoError(path.name, "not a whole photo", "save it again, or remove it") from error
