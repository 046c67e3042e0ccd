"""Photos with more than 8 bits a channel, such as X-rays, brought to 8 by one fixed rule.

A whole number of 16 bits is divided by 257, so that 0 stays black and 65,535 becomes white; a
fraction from 0 to 1 is multiplied by 255. Nothing is stretched to a photo's own darkest and
brightest value: two photos of one brightness stay so.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .errors import PhotoError

MOST = 65_535
# Twelve bits in a file for sixteen would come out as almost black.
LEAST_BRIGHTEST = 4_096
FIX = "save it with 8 bits a channel, with the brightness that people should see"


def eight_bits(photo: Image.Image, name: str) -> Image.Image:
    """The photo with 8 bits a channel; PhotoError where its values have no stated brightness."""
    if photo.mode.startswith("I"):
        return _of_integers(np.asarray(photo), name)
    if photo.mode == "F":
        return _of_fractions(np.asarray(photo), name)
    return photo


def _of_integers(values: NDArray[np.generic], name: str) -> Image.Image:
    numbers = values.astype(np.int64)
    low, high = int(numbers.min()), int(numbers.max())
    if low < 0 or high > MOST:
        raise PhotoError(name, f"its values run from {low} to {high}, not from 0 to {MOST}", FIX)
    if high < LEAST_BRIGHTEST:
        raise PhotoError(
            name, f"its brightest value is {high} of {MOST}, so it would be almost black", FIX
        )
    return Image.fromarray(((numbers + 128) // 257).astype(np.uint8))


def _of_fractions(values: NDArray[np.generic], name: str) -> Image.Image:
    numbers = values.astype(np.float64)
    if not np.isfinite(numbers).all():
        raise PhotoError(name, "some of its values are no finite numbers", FIX)
    low, high = float(numbers.min()), float(numbers.max())
    if low < 0 or high > 1:
        raise PhotoError(name, f"its values run from {low:g} to {high:g}, not from 0 to 1", FIX)
    return Image.fromarray(np.rint(numbers * 255).astype(np.uint8))
