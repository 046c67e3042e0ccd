"""Maps that another tool made: a number for each place of a photo, read as it is.

NumPy arrays (.npy), TIFF files of one channel and PNG files of 16 bits are read.
"""

import io
import zipfile
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .channels import kind_of, open_array, open_channels
from .errors import PhotoError
from .opening import UNREADABLE

MAP_ENDINGS = (".npy", ".tif", ".tiff", ".png")
# On a side. Larger ones are drawn at the same size, and only fill the storage.
MOST_SIDE = 2048
PNG = b"\x89PNG\r\n\x1a\n"
WHITE_16 = 65_535
AS_NUMBERS = "save its numbers as a NumPy array (.npy), a TIFF file or a PNG of 16 bits"
CONVERT = "give one map, height × width; `python -m explainer import-maps` makes it of arrays"


def open_map(content: bytes, name: str = "the map") -> NDArray[np.float32]:
    """The map in a file, height×width float32; of a PNG from 0 to 1.

    PhotoError for what is no map: a picture of 8 bits, several channels, values that are not finite
    or all the same.
    """
    values = _values(content, name)
    _refuse_shape(values.shape, name)
    if not values.size or float(values.min()) == float(values.max()):
        raise PhotoError(
            name,
            "every value is the same, so that there is nothing to see",
            "make it again, or leave its row and its photo out",
        )
    return values


def _refuse_shape(shape: tuple[int, ...], name: str) -> None:
    if len(shape) != 2:
        raise PhotoError(name, f"holds an array of {'×'.join(map(str, shape))}", CONVERT)
    if max(shape) > MOST_SIDE:
        height, width = shape
        raise PhotoError(
            name, f"{width} × {height} values", f"scale it down to at most {MOST_SIDE} a side"
        )


def _values(content: bytes, name: str) -> NDArray[np.float32]:
    if content.startswith(PNG):
        return _of_png(content, name)
    match kind_of(content):
        case "npy":
            return open_array(content, name, lambda shape: _refuse_shape(shape, name))
        case "tiff":
            return open_channels(content, 1, name).values[..., 0]
    raise PhotoError(name, "neither a NumPy array, a TIFF file nor a PNG", AS_NUMBERS)


def _of_png(content: bytes, name: str) -> NDArray[np.float32]:
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
            if not picture.mode.startswith("I;16"):
                raise PhotoError(
                    name,
                    "a PNG of 8 bits or with colours is a picture, whose numbers were lost",
                    f'{AS_NUMBERS}, or show it as it is with kind = "picture"',
                )
            _refuse_shape(picture.size[::-1], name)
            return np.asarray(picture, dtype=np.float32) / np.float32(WHITE_16)
    except UNREADABLE as error:
        if isinstance(error, PhotoError):
            raise
        raise PhotoError(name, f"not a whole picture ({error})", AS_NUMBERS) from error


def maps_bytes(maps: Mapping[str, NDArray[np.float32]]) -> bytes:
    """Maps as an `.npz` of float32 arrays; the same maps give the same bytes.

    Not compressed: pixel maps would shrink by a twentieth for four times the time.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, values in maps.items():
            entry = zipfile.ZipInfo(f"{name}.npy")  # a fixed date: 1980
            buffer = io.BytesIO()
            array = np.ascontiguousarray(np.asarray(values, dtype=np.float32))
            np.lib.format.write_array(buffer, array, allow_pickle=False)
            archive.writestr(entry, buffer.getbuffer())
    return out.getvalue()
