"""The one door to the files that rows name: photos, maps, pictures, reports and bundles.

They lie wherever Django's default storage keeps them: in the local folder, or in a bucket of S3's
kind (`STORAGE_URL`). On both a file is there whole or not at all, one of the same name is replaced,
and whatever the storage can't do is an OSError.
"""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage


class DamagedFileError(OSError):
    """A file that is not what its row says: one sentence."""


class UnusableStorageError(OSError):
    """The storage can't be asked, or refuses: no file's fault, and over once it is fixed."""


def preload() -> None:
    """Do now what the first file from a bucket would wait for; the bucket is not asked."""
    if settings.STORAGE_URL:
        bucket: Any = default_storage
        bucket.preload()


def keep(name: str, content: bytes) -> str:
    """Store `content` as `name`; its SHA-256 (hex)."""
    default_storage.save(name, ContentFile(content))
    return hashlib.sha256(content).hexdigest()


def keep_file(name: str, path: Path) -> str:
    """Store the file at `path` as `name`, however large; its SHA-256 (hex)."""
    with path.open("rb") as source:
        digest = hashlib.file_digest(source, "sha256").hexdigest()
        source.seek(0)
        default_storage.save(name, File(source))
    return digest


def is_there(name: str) -> bool:
    return bool(name) and default_storage.exists(name)


def is_whole(name: str, digest: str) -> bool:
    """Whether the file is there and has the digest that its row says."""
    try:
        opened(name, digest).close()
    except (FileNotFoundError, DamagedFileError):
        return False
    return True


def read(name: str, digest: str = "") -> bytes:
    """The file's bytes. FileNotFoundError, or DamagedFileError where `digest` is another."""
    with _opened(name) as file:
        content: bytes = file.read()
    if digest and hashlib.sha256(content).hexdigest() != digest:
        raise _damaged(name)
    return content


def opened(name: str, digest: str) -> Any:
    """The file, to be read from its start. FileNotFoundError, DamagedFileError as for `read`."""
    file = _opened(name)
    if hashlib.file_digest(file, "sha256").hexdigest() != digest:
        file.close()
        raise _damaged(name)
    file.seek(0)
    return file


def copy_out(name: str, path: Path) -> str:
    """Copy the file to `path` on this machine; its SHA-256 (hex)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    summed = hashlib.sha256()
    with _opened(name) as source, path.open("wb") as target:
        while chunk := source.read(2**20):
            target.write(chunk)
            summed.update(chunk)
    return summed.hexdigest()


def names(folder: str = "") -> Iterator[str]:
    """Every whole file below `folder`, in order; a half-written one has a dot before its name."""
    for path in _everything(folder):
        if not path.rpartition("/")[2].startswith("."):
            yield path


def remove(name: str) -> None:
    """Remove the file, if it is there."""
    default_storage.delete(name)


def remove_leftovers(file: str, beginnings: Sequence[str]) -> None:
    """Remove the files right beside `file` whose names begin so; what was killed left them."""
    folder, _, kept = file.rpartition("/")
    for name in _listed(folder)[1]:
        if name != kept and name.startswith(tuple(beginnings)):
            default_storage.delete(f"{folder}/{name}")


def _opened(name: str) -> Any:
    try:
        return default_storage.open(name)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise FileNotFoundError(
            f"{name or 'a file without a name'} is not in the storage"
        ) from error


def _damaged(name: str) -> DamagedFileError:
    return DamagedFileError(f"{name} is not the file that was stored")


def _everything(folder: str) -> Iterator[str]:
    folders, files = _listed(folder)
    before = f"{folder}/" if folder else ""
    for file in sorted(files):
        yield f"{before}{file}"
    for inner in sorted(folders):
        yield from _everything(f"{before}{inner}")


def _listed(folder: str) -> tuple[list[str], list[str]]:
    """The folders and the files right in `folder`; none where it is not there."""
    try:
        return default_storage.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return [], []
