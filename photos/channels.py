"""Pictures of any number of channels, such as a satellite's or a depth camera's.

Values are as files have them: what they mean is declared where the picture is used. NumPy arrays
(.npy) and TIFF files are read.
"""

import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import tifffile
from numpy.typing import NDArray

from .errors import PhotoError
from .opening import MOST_PIXELS, UNREADABLE, Measured

CHANNEL_ENDINGS = {".npy": "npy", ".tif": "tiff", ".tiff": "tiff"}
MAGIC = {b"\x93NUMPY": "npy", b"II": "tiff", b"MM": "tiff"}
BLACK_IS_ZERO, RGB = 1, 2  # of TIFF 6.0, section 8
FIX = "save it as a NumPy array (.npy) or as a TIFF file"


@dataclass(frozen=True, eq=False)
class Channels:
    """A picture of so many channels. `values`: height×width×channels, float32, all finite."""

    values: NDArray[np.float32]
    name: str = "the picture"

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, as Pillow has them."""
        return self.values.shape[1], self.values.shape[0]

    @property
    def count(self) -> int:
        return int(self.values.shape[2])


def kind_of(content: bytes) -> str:
    """“npy” or “tiff”, as the file's first bytes say; empty for another."""
    return next((kind for start, kind in MAGIC.items() if content.startswith(start)), "")


def open_channels(content: bytes, count: int, name: str = "the picture") -> Channels:
    """The picture in a file of exactly `count` channels.

    Raises PhotoError for another number, for an array in which either of two axes could be that of
    the channels, and for values that are not finite numbers.
    """
    if not content:
        raise PhotoError(name, "the file is empty", "copy it again, or remove it")
    try:
        match kind_of(content):
            case "npy":
                values = _of_array(content, count, name)
            case "tiff":
                values = _of_tiff(content, count, name)
            case _:
                raise PhotoError(name, "neither a NumPy array nor a TIFF file", FIX)
    except UNREADABLE as error:
        if isinstance(error, PhotoError):
            raise
        raise PhotoError(name, f"not a whole picture ({_first_line(error)})", FIX) from error
    return Channels(_finite(values, name), name)


def _finite(values: NDArray[np.generic], name: str) -> NDArray[np.float32]:
    if values.dtype.kind not in "uif":
        raise PhotoError(name, f"holds values of the type {values.dtype}, not plain numbers", FIX)
    found = np.ascontiguousarray(values, dtype=np.float32)
    if not np.isfinite(found).all():
        raise PhotoError(
            name, "some of its values are missing or infinite", "fill them, or remove the file"
        )
    return found


def measure_channels(content: bytes, count: int, name: str) -> Measured:
    """What a file of so many channels measures; PhotoError as `open_channels`."""
    size = open_channels(content, count, name).size
    return Measured(*size, size, 1, kind_of(content), "none")


def open_array(
    content: bytes,
    name: str = "the array",
    look: Callable[[tuple[int, ...]], None] = lambda shape: None,
) -> NDArray[np.float32]:
    """The values of a NumPy file (.npy) of any shape that `look` lets pass; PhotoError as
    `open_channels`."""
    if kind_of(content) != "npy":
        raise PhotoError(name, "not a NumPy array", "save it with numpy.save, as a .npy file")
    try:
        values, _ = _array_in(content, look, name)
    except UNREADABLE as error:
        if isinstance(error, PhotoError):
            raise
        raise PhotoError(name, f"not a whole array ({_first_line(error)})", FIX) from error
    return _finite(values, name)


def _of_array(content: bytes, count: int, name: str) -> NDArray[np.generic]:
    values, axis = _array_in(content, lambda shape: _axis(shape, count, name), name)
    return _channels_last(values, axis)


def _array_in(
    content: bytes, look: Callable[[tuple[int, ...]], int | None], name: str
) -> tuple[NDArray[np.generic], int | None]:
    """The array, and what `look` says of its shape before anything is made of it."""
    file = io.BytesIO(content)
    version = np.lib.format.read_magic(file)
    header = {(1, 0): np.lib.format.read_array_header_1_0}
    shape, _, kind = header.get(version, np.lib.format.read_array_header_2_0)(file)
    said = look(shape)
    if kind.hasobject or math.prod(shape) * kind.itemsize != len(content) - file.tell():
        raise PhotoError(name, "not a whole array of numbers", FIX)
    file.seek(0)
    return np.lib.format.read_array(file, allow_pickle=False), said


def _axis(shape: tuple[int, ...], count: int, name: str) -> int | None:
    """Which axis of an array is that of the channels; None of one that has none."""
    shown = "×".join(map(str, shape))
    if len(shape) == 2 and count == 1:
        _refuse_size(shape, 1, name)
        return None
    if len(shape) != 3:
        raise PhotoError(
            name, f"an array of {shown}", f"give height×width×{count} or {count}×height×width"
        )
    fitting = [axis for axis in (0, 2) if shape[axis] == count]
    if not fitting:
        raise PhotoError(
            name, f"an array of {shown}, and {count} channels are declared",
            f"give height×width×{count} or {count}×height×width",
        )  # fmt: skip
    if len(fitting) > 1:
        raise PhotoError(
            name, f"an array of {shown}, of which the first or the last axis could be the channels",
            "save it as a TIFF file, which names its axes",
        )  # fmt: skip
    _refuse_size(shape[1:] if fitting == [0] else shape[:2], count, name)
    return fitting[0]


def _of_tiff(content: bytes, count: int, name: str) -> NDArray[np.generic]:
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        if len(file.series) != 1:
            raise PhotoError(
                name, f"holds {len(file.series)} pictures", "save each as a file of its own"
            )
        (series,) = file.series
        turned = file.pages.first.tags.valueof("Orientation", 1)
        meant = file.pages.first.tags.valueof("PhotometricInterpretation", BLACK_IS_ZERO)
        if meant not in (BLACK_IS_ZERO, RGB):
            raise PhotoError(
                name, "its numbers do not stand for brightness from black up (a palette, white as "
                "0, or other colours)",
                "save it as grey, RGB or plain channels",
            )  # fmt: skip
        axes, shape = series.axes, series.shape
        others = [axis for axis, letter in enumerate(axes) if letter not in "YX"]
        if not {"Y", "X"} <= set(axes) or len(others) > 1:
            raise PhotoError(name, f"has the axes {axes}", "save height, width and channels only")
        found = int(shape[others[0]]) if others else 1
        if found != count:
            raise PhotoError(
                name, f"has {_channels(found)}, and {count} are declared",
                "give the channels that the network was trained on, or declare another number",
            )  # fmt: skip
        if turned != 1:
            raise PhotoError(name, "is stored turned", "save it upright")
        _refuse_size([shape[axes.index(letter)] for letter in "YX"], count, name)
        return _channels_last(series.asarray(), others[0] if others else None)


def _channels_last(values: NDArray[np.generic], axis: int | None) -> NDArray[np.generic]:
    return values[..., None] if axis is None else np.moveaxis(values, axis, -1)


def _channels(count: int) -> str:
    return f"{count} channel{'s' if count != 1 else ''}"


def _refuse_size(sides: Sequence[int], count: int, name: str) -> None:
    """As many values as the largest colour photo has, at most."""
    if math.prod(sides) * count > 3 * MOST_PIXELS:
        raise PhotoError(
            name,
            f"too large: {sides[1]} × {sides[0]} pixels of {_channels(count)}",
            f"scale it down to {3 * MOST_PIXELS // 10**6} million values",
        )
    if not math.prod(sides):
        raise PhotoError(name, "has no pixels", "remove it")


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
