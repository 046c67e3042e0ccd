"""What is put into the folder of an upload: study file, texts, photos and other files, none of them
trusted."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from errno import EEXIST, EISDIR, ENAMETOOLONG, ENOTDIR
from pathlib import Path
from typing import Any

from photos import is_litter
from studyapp.exports.archives import ArchiveError, unpack
from studyapp.studies.definition.file import DefinitionError, toml_of
from studyapp.studies.definition.study import Definition
from studyapp.studies.uploads import UploadError

STUDY_FILE = "study.toml"
PHOTOS = "photos.unpacked"
FILES = "files.unpacked"
# Why a name can't be that of a file in an upload's folder, by what the system says
UNUSABLE = {
    EEXIST: "is taken by another file or folder",
    EISDIR: "is the name of a folder",
    ENOTDIR: "leads through a file",
    ENAMETOOLONG: "is longer than a file's name may be",
}


def keep_photos(folder: Path, zipped: Any) -> None:
    """Unpack the uploaded zip beside the study file; ArchiveError says why it can't be.

    An outer folder that holds nothing but the photos' folders is left out.
    """
    with _unpacked(folder, zipped, "photos.zip") as unpacked:
        match list(unpacked.iterdir()):
            case [only] if only.is_dir() and any(
                path.is_dir() or path.suffix == ".json" for path in only.iterdir()
            ):
                unpacked = only
        _put(unpacked, folder / PHOTOS)


def keep_files(folder: Path, zipped: Any) -> None:
    """Unpack the uploaded zip of all other files that a study file may name, as it is.

    ArchiveError says why it can't be.
    """
    with _unpacked(folder, zipped, "files.zip") as unpacked:
        taken = (unpacked / PHOTOS).exists() or (unpacked / FILES).exists()
        if taken or (unpacked / STUDY_FILE).is_dir():
            raise ArchiveError(
                "the zip holds a folder with a name that is used here "
                f"({PHOTOS}, {FILES} or {STUDY_FILE}); give it another name"
            )
        _put(unpacked, folder / FILES)


@contextmanager
def _unpacked(folder: Path, zipped: Any, name: str) -> Iterator[Path]:
    """What an uploaded zip holds, in a folder that goes unless it is put elsewhere."""
    with tempfile.TemporaryDirectory(dir=folder) as meanwhile:
        archive = Path(meanwhile) / name
        with archive.open("wb") as sink:
            for chunk in zipped.chunks():
                sink.write(chunk)
        unpacked = Path(meanwhile) / "unpacked"
        unpacked.mkdir()
        unpack(archive, unpacked, skip=is_litter)
        yield unpacked


def _put(unpacked: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    unpacked.rename(target)


def has_files(folder: Path) -> bool:
    return (folder / FILES).is_dir()


def has_photos(folder: Path) -> bool:
    return (folder / PHOTOS).is_dir()


def write_study(folder: Path, toml: str, definition: Definition, texts: Mapping[str, str]) -> Path:
    """The study file `toml`, checked as `definition`, with its texts, and the photos where it says
    that they are, and its other files beside it. Of what an earlier try wrote nothing but the
    photos and these files stays.

    Raises UploadError for a name that no file can have here.
    """
    _clear(folder)
    path = folder / STUDY_FILE
    path.write_text(toml, encoding="utf-8")
    _lay_out_files(folder)
    for name, file in definition.texts.items():
        if name in texts:
            with _usable(f'`texts.{name} = "{file}"`', "texts/consent.md"):
                _write_text(folder / file, texts[name].replace("\r\n", "\n"))
    if has_photos(folder):
        with _usable(f'`images.folder = "{definition.images.folder}"`', "photos"):
            _link_photos(folder, definition.images.folder)
    return path


def _clear(folder: Path) -> None:
    for path in folder.iterdir():
        if path.name in (PHOTOS, FILES):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


@contextmanager
def _usable(key: str, example: str) -> Iterator[None]:
    """UploadError for a name that the study file gives by `key` and that can't be written to."""
    try:
        yield
    except OSError as error:
        if error.errno not in UNUSABLE:
            raise
        reason = UNUSABLE[error.errno]
        raise UploadError(f'{key} {reason}; name another one, as "{example}"') from error


def _lay_out_files(folder: Path) -> None:
    """The other files beside the study file, as the zip has them: a study file among them is an
    earlier one than that in the form."""
    for path in sorted((folder / FILES).rglob("*")) if has_files(folder) else ():
        target = folder / path.relative_to(folder / FILES)
        if path.is_file() and target != folder / STUDY_FILE:
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(path, target)


def _write_text(target: Path, words: str) -> None:
    """Two names may lead to one file only where their words are the same."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_file() and target.read_bytes() != words.encode():
        raise FileExistsError(EEXIST, "File exists")
    target.write_text(words, encoding="utf-8")


def _link_photos(folder: Path, wanted: str) -> None:
    target = folder / wanted
    if target.exists() or target.resolve().is_relative_to(folder.resolve() / PHOTOS):
        raise FileExistsError(EEXIST, "File exists")
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
