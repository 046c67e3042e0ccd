"""What is put into the folder of an upload: study file, texts and photos, none of them trusted."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from photos import is_litter
from studyapp.exports.archives import unpack
from studyapp.studies.definition import Definition
from studyapp.studies.study_file import DefinitionError, toml_of
from studyapp.studies.uploads import UploadError

STUDY_FILE = "study.toml"
PHOTOS = "photos.unpacked"


def keep_photos(folder: Path, zipped: Any) -> None:
    """Unpack the uploaded zip beside the study file; ArchiveError says why it can't be.

    An outer folder that holds nothing but the photos' folders is left out.
    """
    target = folder / PHOTOS
    shutil.rmtree(target, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=folder) as name:
        archive = Path(name) / "photos.zip"
        with archive.open("wb") as sink:
            for chunk in zipped.chunks():
                sink.write(chunk)
        unpacked = Path(name) / "unpacked"
        unpacked.mkdir()
        unpack(archive, unpacked, skip=is_litter)
        _inner(unpacked).rename(target)


def _inner(folder: Path) -> Path:
    inside = list(folder.iterdir())
    if len(inside) != 1 or not inside[0].is_dir():
        return folder
    only = inside[0]
    is_outer = any(path.is_dir() or path.suffix == ".json" for path in only.iterdir())
    return only if is_outer else folder


def has_photos(folder: Path) -> bool:
    return (folder / PHOTOS).is_dir()


def write_study(folder: Path, toml: str, definition: Definition, texts: Mapping[str, str]) -> Path:
    """The study file `toml`, checked as `definition`, with its texts, and the photos where it says
    that they are."""
    for name, file in definition.texts.items():
        if name in texts:
            target = folder / file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(texts[name].replace("\r\n", "\n"), encoding="utf-8")
    if has_photos(folder):
        _link_photos(folder, definition.images.folder)
    path = folder / STUDY_FILE
    path.write_text(toml, encoding="utf-8")
    return path


def _link_photos(folder: Path, wanted: str) -> None:
    target = folder / wanted
    if target.is_symlink():
        target.unlink()
    if target.exists() or target.resolve() == folder.resolve():
        raise UploadError(f'`images.folder = "{wanted}"` is taken; name another one, as "photos"')
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(folder / PHOTOS, target_is_directory=True)


def text_names(toml: str) -> list[str]:
    """The names of the texts that a study file wants; none where it can't be read yet."""
    try:
        texts = toml_of(toml, STUDY_FILE).get("texts", {})
    except DefinitionError:
        return []
    if not isinstance(texts, dict):
        return []
    return [str(name) for name, file in texts.items() if isinstance(file, str)]
