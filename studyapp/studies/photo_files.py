"""The bytes of a photo as a study keeps them, and what they measure once they are decoded whole."""

import io
import warnings
from pathlib import Path

from PIL import Image as Pillow
from PIL import ImageOps

from .readers import Photo, ReaderError

MOST_PIXELS = 50_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")
SIDE = 512


def photo_bytes(photo: Photo) -> bytes:
    """The file's own bytes; of two photos side by side a PNG that is the same every time.

    Raises ReaderError if a photo can't be decoded.
    """
    if photo.beside is None:
        return photo.path.read_bytes()
    paper = Pillow.new("RGB", (SIDE, SIDE))
    for place, path in enumerate((photo.path, photo.beside)):
        half = ImageOps.fit(_opened(path, path.name), (SIDE // 2, SIDE))
        paper.paste(half, (place * SIDE // 2, 0))
    out = io.BytesIO()
    paper.save(out, "PNG")
    return out.getvalue()


BOMBS = (Pillow.DecompressionBombWarning, Pillow.DecompressionBombError)


def measure(content: bytes, name: str) -> tuple[int, int, str]:
    """Width, height and kind of a photo, after decoding it whole; ReaderError if it can't be."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Pillow.DecompressionBombWarning)
            with Pillow.open(io.BytesIO(content), formats=FORMATS) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise ReaderError(
                        f"{name}: {picture.width} × {picture.height} pixels are too many; "
                        f"shrink it below {MOST_PIXELS // 1_000_000} million"
                    )
                picture.load()
                return picture.width, picture.height, str(picture.format).lower()
    except (OSError, SyntaxError, ValueError, *BOMBS) as error:
        if isinstance(error, ReaderError):
            raise
        raise ReaderError(
            f"{name}: not a whole photo ({error}); take it out or save it again"
        ) from error


def _opened(path: Path, name: str) -> Pillow.Image:
    content = path.read_bytes()
    measure(content, name)
    with Pillow.open(io.BytesIO(content), formats=FORMATS) as picture:
        return ImageOps.exif_transpose(picture).convert("RGB")
