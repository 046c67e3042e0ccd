"""The door to photos, with this library's one exception."""

from pathlib import Path

from PIL import Image

from explainer.errors import ExplainerError
from photos import WHITE, PhotoError
from photos import open_photo as opened


def open_photo(source: str | Path | bytes, *, surround: str = WHITE) -> Image.Image:
    """A photo file's pixels: RGB in sRGB, turned as its EXIF says, 8 bits a channel.

    Transparency is laid on `surround`. Refuses what `photos.open_photo` refuses, and a file that
    can't be read.
    """
    name = "the photo" if isinstance(source, bytes) else str(source)
    try:
        content = source if isinstance(source, bytes) else Path(source).read_bytes()
        return opened(content, name, surround=surround)
    except OSError as error:
        raise ExplainerError(
            f"{name} can't be read ({error.strerror})", "give a photo file"
        ) from error
    except PhotoError as error:
        raise ExplainerError(f"{error.name}: {error.reason}", error.fix) from error
