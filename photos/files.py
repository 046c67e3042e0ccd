"""Which files are photos, by their names, and which are an operating system's own."""

from pathlib import PurePath

# The ending of a file's name → the format that Pillow calls so
ENDINGS = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".jfif": "JPEG",
    ".png": "PNG",
    ".webp": "WEBP",
    ".bmp": "BMP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".heic": "HEIF",
    ".heif": "HEIF",
    ".hif": "HEIF",
    ".avif": "AVIF",
}
FORMATS = tuple(dict.fromkeys(ENDINGS.values()))
LITTER = {"__macosx", "thumbs.db", "desktop.ini", "ehthumbs.db", "@eadir"}


def is_litter(name: str | PurePath) -> bool:
    """Whether a file is none of the researcher's: hidden, or left there by a system.

    `name`: the path inside the folder of photos; a hidden folder hides all that is in it.
    """
    return any(
        part.startswith(".") or part.casefold() in LITTER
        for part in PurePath(name).parts
        if part not in (".", "..")
    )
