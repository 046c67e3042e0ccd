"""The bytes of a photo as a study keeps them, and what is wrong with a folder of photos."""

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image as Pillow
from PIL import ImageOps

from photos import Measured, PhotoError, measure_channels, open_photo
from photos import measure as measured
from studyapp.sections.networks_and_images import ImagesSection
from studyapp.studies.definition.named_files import content_digest

from .readers import Photo, ReaderError, once, once_with_further

SIDE = 512
# palette.css has the same: what is transparent looks as if the page shone through
SURROUNDS = {"light": "#e7e7e4", "dark": "#2a2a28"}


@dataclass(frozen=True)
class Examined:
    """What was seen while all photos were decoded once: which have transparent parts."""

    transparent: tuple[str, ...] = ()

    def sentence(self, surround: str) -> str:
        """For people; empty where there is nothing to tell."""
        if not self.transparent:
            return ""
        return (
            f"{len(self.transparent)} of the photos have transparent parts, which are laid on the "
            f"{surround} surround ({SURROUNDS[surround]}): {', '.join(self.transparent)}"
        )


def photo_bytes(photo: Photo, surround: str = "light") -> bytes:
    """The file's own bytes; a PNG, the same every time, where the picture is another.

    That is so of two photos side by side, and of one with transparent parts, which are laid on the
    study's `surround`. Raises ReaderError if a photo can't be decoded.
    """
    if photo.beside is None:
        content = photo.path.read_bytes()
        if measure(content, photo.name, photo.channels).transparency == "none":
            return content
        return _png(_opened(content, photo.name, surround))
    paper = Pillow.new("RGB", (SIDE, SIDE))
    for place, path in enumerate((photo.path, photo.beside)):
        picture = _opened(path.read_bytes(), path.name, surround)
        half = ImageOps.fit(picture, (SIDE // 2, SIDE))
        paper.paste(half, (place * SIDE // 2, 0))
    return _png(paper)


def kept_digest(photo: Photo, surround: str) -> str:
    """SHA-256 of `photo_bytes`, by which a study knows the photo."""
    return hashlib.sha256(photo_bytes(photo, surround)).hexdigest()


def measure(content: bytes, name: str, channels: int = 0) -> Measured:
    """The photo's measures once it is upright; it is decoded whole, ReaderError if it can't be.

    `channels`: how many the file has, where it is read as it is.
    """
    try:
        return measure_channels(content, channels, name) if channels else measured(content, name)
    except PhotoError as error:
        raise ReaderError(str(error)) from error


def examine(
    photos: Iterable[Photo],
    images: ImagesSection,
    *,
    surround: str = "light",
    seen: Callable[[], object] = lambda: None,
) -> Examined:
    """Decode every photo once, before anything is stored; `seen` is called after each.

    One ReaderError names every photo that is damaged, too large, too small, or a duplicate on the
    study's `surround`, and every one that is asked the same twice.
    """
    complaints: list[str] = []
    transparent: list[str] = []
    digests: dict[str, str] = {}
    known: dict[str, str] = {}
    listed = list(photos)
    asked = once(listed)
    for name, photo in once_with_further(listed).items():
        before = len(complaints)
        for path in (photo.path, photo.beside):
            if path is not None:
                complaints += _examined(path, photo, images, transparent)
        if len(complaints) == before:
            is_own = photo.beside is None and name not in transparent
            digests[name] = content_digest(photo.path) if is_own else kept_digest(photo, surround)
            # The same picture under two names would be asked about twice.
            if name in asked and known.setdefault(digests[name], name) != name:
                where = f" on the {surround} surround" if name in transparent else ""
                first = known[digests[name]]
                complaints.append(f"{name}: the same photo as {first}{where}; remove one")
        seen()
    complaints += _doubled(listed, digests)
    if complaints:
        raise ReaderError(*complaints)
    return Examined(tuple(dict.fromkeys(transparent)))


def _doubled(photos: Iterable[Photo], digests: Mapping[str, str]) -> Iterator[str]:
    """Cases whose further photos differ by their names alone from those of another."""
    known: dict[tuple[str, ...], Photo] = {}
    for one in photos:
        names = [beside.name for beside in one.further]
        if not names or not digests.keys() >= {*names}:  # which is told already
            continue
        files = [digests[name] for name in names]
        if known.setdefault((one.name, one.context, *files), one) is not one:
            yield (
                f"{one.name}: two rows give it the same further photos, which are copies under "
                "other names; remove one of the rows"
            )


def _examined(
    path: Path, photo: Photo, images: ImagesSection, transparent: list[str]
) -> Iterator[str]:
    name = photo.name if photo.beside is None else path.name
    try:
        found = measure(path.read_bytes(), name, photo.channels)
    except OSError as error:
        yield f"{name}: can't be read ({error.strerror}); copy it again, or remove it"
    except ReaderError as error:
        yield str(error)
    else:
        if min(found.width, found.height) < images.smallest_side:
            yield (
                f"{name}: {found.width} × {found.height} pixels; each side needs at least "
                f"{images.smallest_side}, so use a larger photo or remove it"
            )
        if found.transparency == "wholly":
            yield f"{name}: entirely transparent, so there is nothing to see; remove it"
        elif found.transparency == "partly":
            transparent.append(name)


def _opened(content: bytes, name: str, surround: str) -> Pillow.Image:
    try:
        return open_photo(content, name, surround=SURROUNDS[surround])
    except PhotoError as error:
        raise ReaderError(str(error)) from error


def _png(picture: Pillow.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
