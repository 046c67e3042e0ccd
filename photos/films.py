"""Short silent films that another tool made: told by what is in them, bounded, and cleared of what
says more than pictures do.

Nothing is decoded here. MP4 files (H.264) and WebM files (VP8, VP9, AV1) are read.
"""

from dataclasses import dataclass
from math import ceil

from .boxes import ENCODE, read_mp4
from .elements import read_webm
from .errors import PhotoError

MOST_BYTES = 8 * 1024**2
LEAST_SECONDS, MOST_SECONDS = 1.0, 30.0
# On a side, in pixels
LEAST_SIDE, MOST_SIDE = 32, 1920
CONVERT = f"write it as a silent MP4 file: {ENCODE}"
EBML = b"\x1a\x45\xdf\xa3"
PROGRAMS = {
    b"MZ": "a program for Windows",
    b"\x7fELF": "a program for Linux",
    b"\xcf\xfa\xed\xfe": "a program for macOS",
    b"\xce\xfa\xed\xfe": "a program for macOS",
    b"\xca\xfe\xba\xbe": "a program for macOS or Java",
    b"#!": "a script",
}
OTHERS = {
    b"GIF8": "an animated GIF",
    b"RIFF": "an AVI film or another RIFF file",
    b"FLV": "a Flash film",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"PK\x03\x04": "a zip",
    b"\x00\x00\x01\xba": "an MPEG film",
    b"<": "a page or another text",
}


@dataclass(frozen=True)
class Film:
    """`ending`: "mp4" or "webm". `content`: the file without names, times, places and comments,
    each part where it was."""

    ending: str
    codec: str
    seconds: float
    width: int
    height: int
    content: bytes


def read_film(content: bytes, name: str = "the film") -> Film:
    """The film in a file, as the file itself describes it; PhotoError for what can't be shown."""
    if len(content) > MOST_BYTES:
        raise PhotoError(
            name,
            f"{len(content) / 1024**2:.1f} MiB, and {MOST_BYTES // 1024**2} MiB is the limit",
            "shorten it, or scale it down: ffmpeg -i IN -an -vf scale=480:-2 OUT.mp4",
        )
    kept = bytearray(content)
    if content.startswith(EBML):
        ending, found = "webm", read_webm(kept, name)
    elif content[4:8] == b"ftyp":
        ending, found = "mp4", read_mp4(kept, name)
    else:
        raise _no_film(content, name)
    film = Film(ending, *found, bytes(kept))
    _refuse_measures(film, name)
    return film


def _other_length(seconds: float) -> str:
    if seconds > MOST_SECONDS:
        return f"cut it: ffmpeg -i IN -an -t {MOST_SECONDS - 1:.0f} OUT.mp4"
    times = ceil(1.5 * LEAST_SECONDS / max(seconds, 0.01))
    return f'play it slower: ffmpeg -i IN -an -vf "setpts={times}*PTS" OUT.mp4'


def _no_film(content: bytes, name: str) -> PhotoError:
    for start, what in PROGRAMS.items():
        if content.startswith(start):
            return PhotoError(
                name,
                f"it begins as {what} does, and is no film",
                "leave its row out, and find out where the file comes from",
            )
    for start, what in OTHERS.items():
        if content.lstrip().startswith(start):
            return PhotoError(name, f"{what}, and neither MP4 nor WebM", CONVERT)
    return PhotoError(name, "neither an MP4 nor a WebM film, or damaged", CONVERT)


def _refuse_measures(film: Film, name: str) -> None:
    if not LEAST_SECONDS <= film.seconds <= MOST_SECONDS:
        raise PhotoError(
            name,
            f"it lasts {film.seconds:.1f} seconds, and films may last from "
            f"{LEAST_SECONDS:.0f} to {MOST_SECONDS:.0f}",
            _other_length(film.seconds),
        )
    if not LEAST_SIDE <= min(film.width, film.height) <= max(film.width, film.height) <= MOST_SIDE:
        raise PhotoError(
            name,
            f"{film.width} × {film.height} pixels, and each side may have from {LEAST_SIDE} to "
            f"{MOST_SIDE}",
            "scale it: ffmpeg -i IN -an -vf scale=640:-2 OUT.mp4",
        )
