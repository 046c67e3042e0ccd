"""What is put into the folder of an upload: study file, texts and photos, none of them trusted."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from errno import EEXIST, EISDIR, ENAMETOOLONG, ENOTDIR
from pathlib import Path
from typing import Any

from photos import is_litter
from studyapp.exports.archives import unpack
from studyapp.studies.definition.file import DefinitionError, toml_of
from studyapp.studies.definition.study import Definition
from studyapp.studies.uploads import UploadError

STUDY_FILE = "study.toml"
PHOTOS = "photos.unpacked"
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
        match list(unpacked.iterdir()):
            case [only] if only.is_dir() and any(
                path.is_dir() or path.suffix == ".json" for path in only.iterdir()
            ):
                unpacked = only
        unpacked.rename(target)


def has_photos(folder: Path) -> bool:
    return (folder / PHOTOS).is_dir()


def write_study(folder: Path, toml: str, definition: Definition, texts: Mapping[str, str]) -> Path:
    """The study file `toml`, checked as `definition`, with its texts, and the photos where it says
    that they are. Of what an earlier try wrote nothing but the photos stays.

    Raises UploadError for a name that no file can have here.
    """
    _clear(folder)
    path = folder / STUDY_FILE
    path.write_text(toml, encoding="utf-8")
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
        if path.name == PHOTOS:
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


def _write_text(target: Path, words: str) -> None:
    """Two names may lead to one file only where their words are the same."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_file() and target.read_text(encoding="utf-8") != words:
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
