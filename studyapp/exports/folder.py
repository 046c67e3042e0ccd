"""A folder of files that appears whole or not at all, with a manifest of every file's SHA-256."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

MANIFEST = "manifest.json"


class ExportError(Exception):
    """An export that can't be written: one sentence with the fix."""


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """A new folder to fill, which becomes `target` when the block ends without an error."""
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ExportError(f"{target} already exists and is not empty; name a new folder")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        yield part
        part.chmod(0o755)
        part.replace(target)
    except BaseException:
        shutil.rmtree(part)
        raise


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """A path to write, which becomes `target` when the block ends without an error."""
    if target.exists():
        raise ExportError(f"{target} already exists; name a new file")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    try:
        yield part
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below `folder` but the manifest, by its path with forward slashes."""
    return {
        path.relative_to(folder).as_posix(): file_digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path != folder / MANIFEST
    }


def write_manifest(folder: Path, facts: dict[str, Any]) -> None:
    """Write the manifest, the last file of all."""
    text = json.dumps({**facts, "files": digests(folder)}, indent=2, sort_keys=True)
    with (folder / MANIFEST).open("w", encoding="utf-8") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())


def write_json(path: Path, value: Any, *, sort_keys: bool = False) -> None:
    text = json.dumps(
        value, cls=DjangoJSONEncoder, indent=1, ensure_ascii=False, sort_keys=sort_keys
    )
    path.write_text(text + "\n", encoding="utf-8")


def file_digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
