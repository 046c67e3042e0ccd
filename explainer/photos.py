"""Photos as the networks and the people see them: decoded safely, upright, RGB."""

import io
import warnings
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from .errors import ExplainerError

MOST_PIXELS = 100_000_000


def open_photo(source: str | Path | bytes) -> Image.Image:
    """A photo file's pixels: RGB, turned as its EXIF says, transparency laid on white.

    Refuses what can't be decoded whole and what would unpack to over MOST_PIXELS pixels.
    """
    name = "the photo" if isinstance(source, bytes) else str(source)
    try:
        data = source if isinstance(source, bytes) else Path(source).read_bytes()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # counted below
            with Image.open(io.BytesIO(data)) as photo:
                _refuse_bomb(photo, name)
                return _upright_rgb(photo)
    except Image.DecompressionBombError as error:
        raise _bomb(name) from error
    except UnidentifiedImageError as error:
        raise ExplainerError(
            f"{name} can't be read as a photo (it has no known format)",
            "give a whole JPEG, PNG or WebP file",
        ) from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        if isinstance(error, ExplainerError):
            raise
        raise ExplainerError(
            f"{name} can't be read as a photo ({error})", "give a whole JPEG, PNG or WebP file"
        ) from error


def _upright_rgb(photo: Image.Image) -> Image.Image:
    photo.load()
    upright = ImageOps.exif_transpose(photo)
    if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
        seen = upright.convert("RGBA")
        white = Image.new("RGBA", seen.size, "white")
        upright = Image.alpha_composite(white, seen)
    rgb = upright.convert("RGB")
    rgb.info.clear()
    return rgb


def _refuse_bomb(photo: Image.Image, name: str) -> None:
    if photo.width * photo.height > MOST_PIXELS:
        raise _bomb(name)


def _bomb(name: str) -> ExplainerError:
    return ExplainerError(
        f"{name} unpacks to more than {MOST_PIXELS // 10**6} million pixels",
        "make it smaller first",
    )
