"""The door to photos, with this library's one exception."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from explainer.errors import ExplainerError
from photos import WHITE, Channels, PhotoError
from photos import open_array as array_in
from photos import open_channels as channels_in
from photos import open_photo as opened

Opened = TypeVar("Opened")


def open_photo(source: str | Path | bytes, *, surround: str = WHITE) -> Image.Image:
    """A photo file's pixels: RGB in sRGB, turned as its EXIF says, 8 bits a channel.

    Transparency is laid on `surround`. Refuses what `photos.open_photo` refuses, and a file that
    can't be read.
    """
    return _read(source, lambda content, name: opened(content, name, surround=surround))


def open_channels(source: str | Path | bytes, count: int) -> Channels:
    """A file of `count` channels (.npy or TIFF), its values as they are.

    Refuses what `photos.open_channels` refuses, and a file that can't be read.
    """
    return _read(source, lambda content, name: channels_in(content, count, name))


def open_array(source: str | Path | bytes) -> NDArray[np.float32]:
    """A NumPy file (.npy), its values as they are; refused as `open_channels` refuses."""
    return _read(source, array_in)


def _read(source: str | Path | bytes, decode: Callable[[bytes, str], Opened]) -> Opened:
    name = "the photo" if isinstance(source, bytes) else str(source)
    try:
        return decode(source if isinstance(source, bytes) else Path(source).read_bytes(), name)
    except OSError as error:
        raise ExplainerError(
            f"{name} can't be read ({error.strerror})", "give a photo file"
        ) from error
    except PhotoError as error:
        raise ExplainerError(f"{error.name}: {error.reason}", error.fix) from error
