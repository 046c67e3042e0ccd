"""Copies of pictures as people get them, on this machine, so that a server can send them itself.

A copy is made when its picture is first asked for, from wherever the storage keeps it; all of
`SHOWN_ROOT` may be deleted at any time.
"""

import hashlib
import io
import struct
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image as Pillow

from studyapp import storage
from studyapp.models import Crop, Kind, Overlay, Picture, StimulusOverlay, WorkState
from studyapp.shelf.memory import remembered
from studyapp.storage.local import LocalFiles

# Some 500 bytes each
REMEMBERED = 10_000
# A chunk that readers skip; in PNG's words ancillary, private, safe to copy.
FILLER = b"fiLl"
CHUNK_BYTES = 12
END_BYTES = 12
# What WebP's header and its extended one take, and a chunk's own header
RIFF_BYTES, EXTENDED_BYTES, HEADER_BYTES = 12, 18, 8
FILM = ".mp4"
TYPES = {".png": "image/png", ".webp": "image/webp", ".txt": "text/plain; charset=utf-8",
         FILM: "video/mp4"}  # fmt: skip
# An MP4 box that readers skip: its length and its name
FREE_BYTES = 8


class PictureNotReadyError(Exception):
    """A picture whose file was found missing or damaged, until workers have drawn it again."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What is sent of a ready picture: it stays so unless its file is damaged and drawn again (see
    `forgotten`). `size`: of its file, as for `padded`."""

    code: str
    file: str
    digest: str
    size: int

    @property
    def name(self) -> str:
        """The copy's name below SHOWN_ROOT."""
        return f"{self.code[:2]}/{self.code}-{self.size}{self._suffix}"

    @property
    def content_type(self) -> str:
        return TYPES[self._suffix]

    @property
    def _suffix(self) -> str:
        return f".{self.file.rpartition('.')[2]}"

    @property
    def is_film(self) -> bool:
        return self.file.endswith(FILM)

    @property
    def copy(self) -> Path:
        """Where the copy lies, if it has been made."""
        return Path(settings.SHOWN_ROOT) / self.name

    def path(self) -> Path:
        """The copy, made if it is not there; OSError where that can't be done."""
        path = self.copy
        if not path.exists():
            copies = LocalFiles(location=settings.SHOWN_ROOT, allow_overwrite=True)
            copies.save(self.name, ContentFile(self.content()))
        return path

    def content(self) -> bytes:
        return padded(storage.read(self.file, self.digest), self.size)


class CommonSize(NamedTuple):
    """The size in bytes in which all overlays of a photo are sent, and the files for which it was
    computed: it holds for no others."""

    bytes: int
    files: frozenset[str]


def as_it_is(picture: Picture) -> Shown:
    """A picture without a filler; PictureNotReadyError where it is being drawn again."""
    if not picture.digest:
        raise PictureNotReadyError(f"the picture {picture.code} is being drawn again")
    return Shown(picture.code, picture.file, picture.digest, size=0)


@remembered(most=REMEMBERED)
def shown_photo(code: str) -> Shown:
    """The plain photo with `code`."""
    return as_it_is(Crop.objects.get(code=code))


def shown_overlay(code: str, study: int, photo: int) -> Shown:
    """The overlay with `code`, in the size that all overlays of a study's photo (both by key) have.

    If one of them was drawn again, what this process remembers may be out of date. Then it is read
    again, so that the old and the new size are never sent side by side.
    """
    for _ in range(2):
        plain = plain_overlay(code)
        common = common_size(study, photo, plain.is_film)
        if plain.file in common.files:
            return replace(plain, size=common.bytes)
        forget_pictures()
    raise PictureNotReadyError(f"the picture {code} has just been drawn again")


@remembered(most=REMEMBERED)
def plain_overlay(code: str) -> Shown:
    return as_it_is(Overlay.objects.get(code=code))


@remembered(most=REMEMBERED)
def common_size(study: int, photo: int, films: bool) -> CommonSize:
    """The common size of the overlays of a photo (both by key). Films have one among themselves, as
    nobody takes a film for a picture. PictureNotReadyError while an overlay is being drawn again:
    its size may change.
    """
    uses = StimulusOverlay.objects.filter(stimulus__study=study, stimulus__photo=photo)
    uses = uses.exclude(overlay__explanation__kind=Kind.TEXT)
    if uses.shown().exclude(overlay__state=WorkState.READY).exists():
        raise PictureNotReadyError("a picture of the same photo is being drawn again")
    among = uses.filter if films else uses.exclude
    uses = among(overlay__explanation__kind=Kind.FILM).filter(overlay__state=WorkState.READY)
    files = frozenset(uses.values_list("overlay__file", flat=True))
    sizes = map(default_storage.size, files)
    if films:
        return CommonSize(max(sizes) + FREE_BYTES, files)
    if any(file.endswith(".webp") for file in files):
        return CommonSize(max(map(even, sizes)) + EXTENDED_BYTES + HEADER_BYTES, files)
    return CommonSize(max(sizes) + CHUNK_BYTES, files)


def known_picture(code: str, study: int, photo: int | None) -> Shown | None:
    """What `shown_overlay` gives, or `shown_photo` without a photo; None if that takes a query.

    It never clears what is remembered.
    """
    if photo is None:
        return shown_photo.known(code)
    plain = plain_overlay.known(code)
    common = common_size.known(study, photo, plain.is_film) if plain is not None else None
    if plain is None or common is None or plain.file not in common.files:
        return None
    return replace(plain, size=common.bytes)


def forgotten(shown: Shown) -> bool:
    """Whether the picture's row says something else by now, so that it is worth reading again;
    then all that this process remembers of pictures is forgotten."""
    told = {"code": shown.code, "file": shown.file, "digest": shown.digest}
    if any(model.objects.filter(**told).exists() for model in (Overlay, Crop)):
        return False
    forget_pictures()
    return True


def forget_pictures() -> None:
    for memory in (shown_photo, plain_overlay, common_size):
        memory.cache_clear()


def even(count: int) -> int:
    """A file of RIFF's kind, such as WebP, has an even number of bytes."""
    return count + count % 2


def padded(picture: bytes, size: int) -> bytes:
    """The same picture in a file of `size` bytes; as it is if `size` has no room for a chunk.

    How well a map compresses tells of the method and the network, so all overlays of a photo
    are sent in files of one size. The filler does not compress, so that no gateway undoes it.
    """
    if picture[4:8] == b"ftyp":
        return _padded_mp4(picture, size)
    return _padded_webp(picture, size) if picture[:4] == b"RIFF" else _padded_png(picture, size)


def _padded_mp4(mp4: bytes, size: int) -> bytes:
    room = size - len(mp4) - FREE_BYTES
    if room < 0:
        return mp4
    body = hashlib.shake_256(mp4[-64:]).digest(room)
    return mp4 + struct.pack(">I4s", room + FREE_BYTES, b"free") + body


def _padded_webp(webp: bytes, size: int) -> bytes:
    """The file as WebP's extended kind, which may hold chunks that readers don't know.

    https://developers.google.com/speed/webp/docs/riff_container
    """
    room = size - len(webp) - EXTENDED_BYTES - HEADER_BYTES
    if room < 0 or room % 2:
        return webp
    extended = b"VP8X" + struct.pack("<I", 10) + bytes(4) + _canvas(webp)
    filler = FILLER + struct.pack("<I", room) + hashlib.shake_256(webp[-64:]).digest(room)
    body = b"WEBP" + extended + webp[RIFF_BYTES:] + filler
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _canvas(webp: bytes) -> bytes:
    """Width and height less one, in three bytes each."""
    with Pillow.open(io.BytesIO(webp), formats=["WEBP"]) as picture:
        width, height = picture.size
    return (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")


def _padded_png(png: bytes, size: int) -> bytes:
    room = size - len(png) - CHUNK_BYTES
    if room < 0:
        return png
    body = FILLER + hashlib.shake_256(png[-64:]).digest(room)
    chunk = room.to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
    return png[:-END_BYTES] + chunk + png[-END_BYTES:]
