"""Files that are whole or not there: written under another name, synced, then renamed."""

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from explainer.errors import ExplainerError
from photos.maps import maps_bytes as maps_bytes

from .render import encode

Array = NDArray[np.float32]


def save_bytes(path: Path, data: bytes) -> str:
    """Write the file atomically and durably, making its folder; its SHA-256 (hex)."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return hashlib.sha256(data).hexdigest()


def save_maps(path: Path, maps: Mapping[str, Array]) -> str:
    """Maps as the `.npz` file of `maps_bytes`; its SHA-256."""
    return save_bytes(path, maps_bytes(maps))


def load_maps(path: Path, sha256: str | None = None) -> dict[str, Array]:
    """The maps of a file of `save_maps`, checked against its digest where one is given."""
    return maps_of(read_bytes(path, sha256), str(path))


def maps_of(data: bytes, name: str) -> dict[str, Array]:
    """The maps in the bytes of `maps_bytes`; `name` is what an error calls them."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (ValueError, OSError, zipfile.BadZipFile, KeyError) as error:
        raise ExplainerError(f"{name} holds no maps ({error})", "make them again") from error


def save_picture(path: Path, picture: Image.Image) -> str:
    """The picture as PNG or WebP, as the path's ending says; its SHA-256."""
    return save_bytes(path, encode(picture, Path(path).suffix.lstrip(".").lower()))


def save_manifest(path: Path, manifest: Mapping[str, Any]) -> str:
    """A JSON manifest with sorted keys: written last, it says that all before it is whole."""
    text = json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return save_bytes(path, f"{text}\n".encode())


def read_bytes(path: Path, sha256: str | None = None) -> bytes:
    """The file's bytes, refused where they are missing or their digest is another."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ExplainerError(f"{path} can't be read ({error.strerror})", "make it again") from error
    if sha256 is not None and hashlib.sha256(data).hexdigest() != sha256:
        raise ExplainerError(f"{path} is not the file that was saved", "make it again")
    return data


def name_digest(name: str) -> str:
    """Eight letters that tell names apart where a file's name can't hold all of one."""
    return hashlib.sha256(name.encode()).hexdigest()[:8]


def digest_of(path: Path) -> str:
    """SHA-256 (hex) of a file."""
    return hashlib.sha256(read_bytes(path)).hexdigest()


def verify(path: Path, sha256: str) -> None:
    """Refuse a file that is missing or not the one that was saved."""
    read_bytes(path, sha256)
