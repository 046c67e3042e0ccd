"""Colours as a screen shows them: every photo in sRGB, whatever profile it carries.

Converted relative to white, with black point compensation, as browsers do. A photo without a
profile is taken for sRGB; CMYK without one is converted by the plain formula that browsers use.
"""

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

from .code_points import FIX
from .errors import PhotoError

# A profile that moves no colour further than this is sRGB under another name.
LEVELS = 2
PLAIN = ("1", "L", "P", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr")


def as_srgb(photo: Image.Image, profile: bytes, name: str) -> Image.Image:
    """The photo (8 bits, opaque) as RGB in sRGB.

    profile: an ICC profile, if it carries one.
    Raises PhotoError for a profile that can't be used.
    """
    if not profile:
        if photo.mode not in PLAIN:
            raise PhotoError(name, f"its colours are {photo.mode} without a profile", FIX)
        return photo.convert("RGB")
    if photo.mode not in ("L", "RGB", "CMYK", "LAB"):
        photo = photo.convert("L" if photo.mode == "1" else "RGB")
    try:
        transform = _transform(profile, photo.mode)
        found = ImageCms.applyTransform(photo, transform) if transform is not None else photo
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError) as error:
        raise PhotoError(name, "its colour profile can't be used", FIX) from error
    assert found is not None
    return found.convert("RGB")


@lru_cache(maxsize=64)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """From the profile to sRGB; None where it changes nothing that could be seen."""
    transform = ImageCms.buildTransform(
        io.BytesIO(profile),
        ImageCms.createProfile("sRGB"),
        mode,
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    if mode not in ("L", "RGB"):
        return transform
    colours = _colours().convert(mode)
    moved = ImageCms.applyTransform(colours, transform)
    assert moved is not None
    before = np.asarray(colours.convert("RGB"), dtype=np.int16)
    after = np.asarray(moved, dtype=np.int16)
    return transform if np.abs(after - before).max() > LEVELS else None


def _colours() -> Image.Image:
    """A grid of colours over the whole cube, 17 steps an axis."""
    steps = np.arange(0, 256, 15, dtype=np.uint8)
    cube = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1)
    return Image.fromarray(cube.reshape(len(steps), -1, 3))
