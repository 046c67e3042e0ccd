"""One photo decoded whole, or refused by name."""

import io
import lzma
import struct
import tokenize
import warnings
import zlib
from dataclasses import dataclass
from typing import Literal

import pi_heif
from PIL import Image, ImageOps, UnidentifiedImageError

from .code_points import refuse_other_colours
from .colours import as_srgb
from .depths import eight_bits, has_white_zero, refuse_transparent_depths
from .errors import PhotoError
from .files import FORMATS

pi_heif.register_heif_opener(thumbnails=False)

MOST_PIXELS = 50_000_000
WHITE = "#ffffff"
ORIENTATION = 0x0112
# Cameras add previews and depth to the picture that these formats are opened with.
ONE_AMONG_OTHERS = {"MPO", "HEIF"}
# Whatever the readers of so many formats raise for bytes that are not what their header says
UNREADABLE = (
    OSError, SyntaxError, ValueError, EOFError, MemoryError, RuntimeError, TypeError, LookupError,
    ArithmeticError, struct.error, zlib.error, lzma.LZMAError, tokenize.TokenError,
)  # fmt: skip
READABLE = "save it again as JPEG, PNG, TIFF, WebP, HEIC or AVIF, or remove it"

Transparency = Literal["none", "partly", "wholly"]


@dataclass(frozen=True)
class Measured:
    """What a photo measures once it is upright.

    `stored`: width and height as the file stores them, before it is turned by `orientation`
    (EXIF, 1 to 8). `ending`: of a file's name, without the dot.
    """

    width: int
    height: int
    stored: tuple[int, int]
    orientation: int
    ending: str
    transparency: Transparency


def open_photo(content: bytes, name: str = "the photo", *, surround: str = WHITE) -> Image.Image:
    """The photo's pixels: RGB with 8 bits, in sRGB, turned as its EXIF says.

    Transparency is laid on `surround` (#rrggbb). Raises PhotoError for what can't be decoded
    whole, has more than MOST_PIXELS pixels, or whose colours have no one meaning on a screen.
    """
    return _decoded(content, name, surround)[0]


def measure(content: bytes, name: str) -> Measured:
    """What the photo measures, after decoding it whole; PhotoError as `open_photo`."""
    return _decoded(content, name, WHITE)[1]


def _decoded(content: bytes, name: str, surround: str) -> tuple[Image.Image, Measured]:
    if not content:
        raise PhotoError(name, "the file is empty", "copy it again, or remove it")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # counted below
            warnings.filterwarnings("ignore", category=UserWarning, module="PIL")
            with Image.open(io.BytesIO(content), formats=FORMATS) as photo:
                _refuse_size(photo, name)
                _refuse_several(photo, name)
                photo.load()
                refuse_transparent_depths(photo, content, name)
                if not photo.info.get("icc_profile"):
                    refuse_other_colours(photo, content, name)
                return _seen(photo, name, surround)
    except Image.DecompressionBombError as error:
        raise _too_large(name, "") from error
    except UnidentifiedImageError as error:
        raise PhotoError(name, "not a whole photo (its format is unknown)", READABLE) from error
    except UNREADABLE as error:
        if isinstance(error, PhotoError):
            raise
        said = str(error).partition("<_io")[0].strip(" :")
        raise PhotoError(name, f"not a whole photo ({said})", READABLE) from error


def _seen(photo: Image.Image, name: str, surround: str) -> tuple[Image.Image, Measured]:
    upright = ImageOps.exif_transpose(photo)
    profile = photo.info.get("icc_profile") or b""
    colours, alpha = _apart(eight_bits(upright, name, zero_is_white=has_white_zero(photo)))
    picture = as_srgb(colours, profile, name)
    if alpha is not None:
        ground = Image.new("RGB", picture.size, surround)
        ground.paste(picture, mask=alpha)
        picture = ground
    picture.info.clear()
    measured = Measured(
        upright.width,
        upright.height,
        photo.size,
        orientation_of(photo),
        "jpeg" if photo.format == "MPO" else str(photo.format).lower(),
        _transparency(alpha),
    )
    return picture, measured


def _apart(photo: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """The colours, and how opaque each pixel is; None for a photo that is opaque everywhere."""
    if not photo.has_transparency_data:
        return photo, None
    if photo.mode in ("LA", "RGBA"):
        colours = photo.convert({"LA": "L", "RGBA": "RGB"}[photo.mode])
        alpha = photo.getchannel("A")
    else:
        whole = photo.convert("RGBA")
        colours, alpha = whole.convert("RGB"), whole.getchannel("A")
    return colours, None if alpha.getextrema()[0] == 255 else alpha


def _transparency(alpha: Image.Image | None) -> Transparency:
    if alpha is None:
        return "none"
    return "partly" if alpha.getextrema()[1] else "wholly"


def orientation_of(photo: Image.Image) -> int:
    """As the EXIF says, 1 to 8; 1, upright, where it says nothing that can be."""
    told = photo.getexif().get(ORIENTATION, 1)
    return told if told in range(1, 9) else 1


def _refuse_size(photo: Image.Image, name: str) -> None:
    if photo.width * photo.height > MOST_PIXELS:
        raise _too_large(name, f"{photo.width} × {photo.height} pixels, ")


def _too_large(name: str, size: str) -> PhotoError:
    return PhotoError(
        name,
        f"too large: {size}more than {MOST_PIXELS // 10**6} million pixels",
        "scale it down",
    )


def _refuse_several(photo: Image.Image, name: str) -> None:
    count = getattr(photo, "n_frames", 1)
    if count > 1 and photo.format not in ONE_AMONG_OTHERS:
        raise PhotoError(
            name, f"holds {count} pictures", "save the one you want as a file of its own"
        )
