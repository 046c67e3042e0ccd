"""A bundle from elsewhere, opened without trusting it."""

import json
import lzma
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from .folder import MANIFEST, file_digest

MOST_FILES = 200_000
MOST_BYTES = 8 * 2**30
MOST_EXPANSION = 200
CHUNK = 2**20
UNREADABLE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, NotImplementedError,
    RuntimeError,
)  # fmt: skip


class ArchiveError(Exception):
    """A bundle that can't be trusted: one sentence."""


@contextmanager
def opened_bundle(path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The bundle's folder and manifest, every file checked; a zip is unpacked meanwhile."""
    if path.is_dir():
        yield path, verify(path)
        return
    with tempfile.TemporaryDirectory(prefix="bundle.") as name:
        unpack(path, Path(name))
        yield Path(name), verify(Path(name))


def unpack(path: Path, folder: Path, *, skip: Callable[[str], bool] = lambda name: False) -> None:
    """Unpack the zip at `path` into `folder` and nowhere else, up to the limits of this module.

    Members whose names `skip` are not looked at.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > MOST_FILES:
                raise ArchiveError(f"{path.name} holds more than {MOST_FILES} files")
            left = MOST_BYTES
            for member in members:
                if skip(member.filename):
                    continue
                left -= _unpack_member(archive, member, folder, left)
    except UNREADABLE as error:
        raise ArchiveError(f"{path.name} can't be read as a zip: {error}") from error


def _unpack_member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path, left: int
) -> int:
    """Write one file; the bytes written. The sizes that the archive states are not trusted."""
    if not PurePosixPath(member.filename).parts:
        raise ArchiveError("a file in the bundle has no name")
    if member.is_dir():
        return 0
    _refuse_name(member)
    target = folder / member.filename
    if target.exists():
        raise ArchiveError(f"the bundle contains {member.filename!r} twice")
    target.parent.mkdir(parents=True, exist_ok=True)
    most = min(left, max(member.compress_size, 4096) * MOST_EXPANSION)
    written = 0
    with archive.open(member) as source, target.open("xb") as sink:
        while chunk := source.read(CHUNK):
            written += len(chunk)
            if written > most:
                raise ArchiveError(
                    f"{member.filename} unpacks to far more than its size in the archive"
                )
            sink.write(chunk)
    return written


def _refuse_name(member: zipfile.ZipInfo) -> None:
    name = PurePosixPath(member.filename)
    kind = stat.S_IFMT(member.external_attr >> 16)
    if name.is_absolute() or ".." in name.parts or "\\" in member.filename or ":" in name.parts[0]:
        raise ArchiveError(f"{member.filename!r} would be written outside its folder")
    if kind not in (0, stat.S_IFREG):
        raise ArchiveError(f"{member.filename!r} is not a plain file")


def verify(folder: Path) -> dict[str, Any]:
    """The manifest, once every file is known to be there, unchanged and listed in it."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        named = {str(name): str(digest) for name, digest in manifest["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ArchiveError(
            f"{MANIFEST} is missing or unreadable, so this is not a bundle"
        ) from error
    found = {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if (path.is_symlink() or not path.is_dir()) and path != folder / MANIFEST
    }
    for name in sorted(named.keys() ^ found.keys()):
        raise ArchiveError(f"{name} is {'missing' if name in named else 'not in the manifest'}")
    for name, path in sorted(found.items()):
        if path.is_symlink() or file_digest(path) != named[name]:
            raise ArchiveError(f"{name} differs from what the manifest says")
    return manifest
