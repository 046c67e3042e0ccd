"""Photos with more than 8 bits a channel, such as X-rays, brought to 8 by one fixed rule.

A whole number of 16 bits is divided by 257, so that 0 stays black and 65,535 becomes white; a
fraction from 0 to 1 is multiplied by 255. Nothing is stretched to a photo's own darkest and
brightest value: two photos of one brightness stay so. Where 0 is white, as in some X-rays, the
values are turned round.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .errors import PhotoError

MOST = 65_535
PHOTOMETRIC, MIN_IS_WHITE, MIN_IS_BLACK = 262, 0, 1  # TIFF 6.0, section 8
PNG_DEPTH = 24  # where a PNG file's header tells the bits of a channel
# Twelve bits in a file for sixteen would come out as almost black, or almost white.
LEAST_BRIGHTEST = 4_096
FIX = "save it with 8 bits per channel, as bright as people should see it"


def eight_bits(photo: Image.Image, name: str, *, zero_is_white: bool = False) -> Image.Image:
    """The photo with 8 bits a channel; PhotoError where its values have no stated brightness.

    zero_is_white: what `has_white_zero` says of the file.
    """
    if photo.mode.startswith("I"):
        found = _of_integers(np.asarray(photo), name)
    elif photo.mode == "F":
        found = _of_fractions(np.asarray(photo), name)
    else:
        return photo  # Pillow has turned these round already
    return Image.fromarray(255 - found if zero_is_white else found)


def has_white_zero(photo: Image.Image) -> bool:
    """Whether a TIFF file, as it was opened, counts from white to black."""
    tags = getattr(photo, "tag_v2", {})
    return photo.format == "TIFF" and tags.get(PHOTOMETRIC, MIN_IS_BLACK) == MIN_IS_WHITE


def refuse_transparent_depths(photo: Image.Image, content: bytes, name: str) -> None:
    """One of 65,536 values is transparent: with 8 bits it can't be told from its neighbours."""
    deep = photo.format == "PNG" and content[PNG_DEPTH : PNG_DEPTH + 1] == b"\x10"
    if deep and "transparency" in photo.info:
        raise PhotoError(
            name, "one of its 16-bit colours is transparent", "save it with 8 bits per channel"
        )


def _of_integers(values: NDArray[np.generic], name: str) -> NDArray[np.uint8]:
    numbers = values.astype(np.int64)
    low, high = int(numbers.min()), int(numbers.max())
    if low < 0 or high > MOST:
        raise PhotoError(name, f"its values run from {low} to {high}, not from 0 to {MOST}", FIX)
    if high < LEAST_BRIGHTEST:
        raise PhotoError(
            name,
            f"its largest value is {high} of {MOST}, so it would be almost uniformly dark",
            FIX,
        )
    return ((numbers + 128) // 257).astype(np.uint8)


def _of_fractions(values: NDArray[np.generic], name: str) -> NDArray[np.uint8]:
    numbers = values.astype(np.float64)
    if not np.isfinite(numbers).all():
        raise PhotoError(name, "some of its values are not finite", FIX)
    low, high = float(numbers.min()), float(numbers.max())
    if low < 0 or high > 1:
        raise PhotoError(name, f"its values run from {low:g} to {high:g}, not from 0 to 1", FIX)
    return np.rint(numbers * 255).astype(np.uint8)
