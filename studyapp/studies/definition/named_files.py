"""The files that a study file names: which keys name one, and where it lies.

A name is resolved once, when the file is read, against the study file's folder. Rows hold whole
paths, so that nobody looks for one in a folder that a process happens to run in.
"""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from django.conf import settings
from pydantic import BaseModel

from studyapp.models import Network
from studyapp.sections.base import NamesAFile
from studyapp.sections.limits import column, marked_values
from studyapp.sections.networks_and_images import NetworkSection
from studyapp.shelf.likely_names import did_you_mean

from .catalogue import network_named
from .rules import Complaint, Rule, rule
from .study import Definition
from .toml_lines import Path as KeyPath

IMAGENET = "imagenet"
NOT_THERE = "no such file beside the study file"
# Rows hold whole paths: a name that fits may lie in a folder that does not
PATHS = {"weights": column(Network, "weights"), "labels": column(Network, "labels_file")}


def named_files(section: BaseModel) -> Iterator[tuple[KeyPath, str]]:
    """Key and value of everything in `section` that may name a file."""
    for path, value, marks in marked_values(section):
        if isinstance(value, str) and value and any(isinstance(mark, NamesAFile) for mark in marks):
            yield path, value


def leading_out(definition: Definition) -> Iterator[Complaint]:
    """A complaint about each name of a file outside the study file's folder."""
    for path, name in named_files(definition):
        parts = PurePosixPath(name).parts
        if PurePosixPath(name).is_absolute() or ".." in parts or "\\" in name or name[0] == "~":
            given = f'`{".".join(map(str, path))} = "{name}"`'
            yield path, f"{given} points outside the upload; name a file beside the study file"


def strange_names(definition: Definition) -> Iterator[Complaint]:
    """A complaint about each name with a control character: "C:\\temp" is C:, a tab and "emp"."""
    for path, name in named_files(definition):
        if any(ord(character) < 32 for character in name):
            key = ".".join(map(str, path))
            yield (
                path,
                f"`{key}` holds a special character, because a backslash between double quotes "
                "begins one; write the path with / (as C:/temp), or between single quotes",
            )


def upload_rules(definition: Definition) -> Iterator[Rule]:
    yield rule(leading_out(definition))


def file_rules(definition: Definition, base: Path) -> Iterator[Rule]:
    """What tells which texts, tables and files of networks can't be read."""
    yield rule(_unreadable_texts(definition, base))
    yield rule(_missing_tables(definition, base))
    for name, section in definition.networks.items():
        item = ("networks", name)
        yield rule(missing_of_network(name, section, base), ".builder .predictions", item)


def _unreadable_texts(definition: Definition, base: Path) -> Iterator[Complaint]:
    for name, file in definition.texts.items():
        if reason := unreadable(base / file):
            yield ("texts", name), f'`texts.{name} = "{file}"`: {reason}'


def _missing_tables(definition: Definition, base: Path) -> Iterator[Complaint]:
    for number, condition in enumerate(definition.conditions):
        if condition.files is not None and not is_file(base / condition.files):
            yield (
                ("conditions", number, "files"),
                f'`conditions.files = "{condition.files}"`: {NOT_THERE}; name a CSV file with the '
                "columns photo and file (of texts: photo and text)",
            )


def missing_of_network(name: str, section: NetworkSection, base: Path) -> Iterator[Complaint]:
    """A complaint about each of a network's files that can't be read."""
    known = _known_weights(section)
    if section.predictions is not None and not is_file(base / section.predictions):
        yield (
            ("networks", name, "predictions"),
            f'`networks.{name}.predictions = "{section.predictions}"`: {NOT_THERE}; name a CSV '
            "file with the columns photo, answer and probability",
        )
    if (
        not section.is_table
        and section.weights not in known
        and not is_file(base / section.weights)
    ):
        yield (
            ("networks", name, "weights"),
            f'`networks.{name}.weights = "{section.weights}"`: {NOT_THERE}, and no weights of '
            f"{section.builder} have this name; {did_you_mean(section.weights, known)}",
        )
    if section.labels not in (None, IMAGENET) and not is_file(base / str(section.labels)):
        yield (
            ("networks", name, "labels"),
            f'`networks.{name}.labels = "{section.labels}"`: {NOT_THERE}; name a file with one '
            "class per line",
        )
    for key, path in network_files(section, base).items():
        if why := PATHS[key].complaint(str(path)):
            yield (
                ("networks", name, key),
                f"`networks.{name}.{key}`: its full path {why}, or move the study's folder up",
            )


def missing_photos(definition: Definition, base: Path) -> Iterator[Complaint]:
    """A complaint about a missing folder of photos."""
    if not is_folder(base / definition.images.folder):
        yield ("images", "folder"), no_folder(definition.images.folder)


def no_folder(name: str) -> str:
    return (
        f'`images.folder = "{name}"`: no such folder beside the study file; name the folder that '
        "holds the photos"
    )


def network_files(section: NetworkSection, base: Path) -> dict[str, Path]:
    """The files of a network's weights and class names that are the researcher's own, by key."""
    files = {}
    if not section.is_table and section.weights not in _known_weights(section):
        files["weights"] = (base / section.weights).resolve()
    if section.labels not in (None, IMAGENET):
        files["labels"] = (base / str(section.labels)).resolve()
    return files


def content_digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that no file can have
        return False


def is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name that no folder can have
        return False


def unreadable(path: Path) -> str:
    """Why a text can't be read; empty where it can."""
    if not is_file(path):
        return NOT_THERE
    try:
        is_text = "\x00" not in path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        is_text = False
    except OSError as error:
        return f"can't be read ({error.strerror})"
    return "" if is_text else "not UTF-8 text; save it as UTF-8"


def weights_of(section: NetworkSection, base: Path, *, keep: bool = False) -> str:
    """The name of a network's weights, or the whole path of their file; `keep`: of a copy."""
    file = network_files(section, base).get("weights")
    return section.weights if file is None else str(_kept(file) if keep else file)


def labels_of(section: NetworkSection, base: Path, *, keep: bool = False) -> str:
    """As `weights_of`, of a network's class names; "" where the study file names none."""
    file = network_files(section, base).get("labels")
    return section.labels or "" if file is None else str(_kept(file) if keep else file)


def _known_weights(section: NetworkSection) -> list[str]:
    return list((network_named(section.builder) or {}).get("weights", []))


def _kept(path: Path) -> Path:
    """A copy that stays when the upload is removed, below its own digest."""
    copy: Path = settings.VAR / "networks" / content_digest(path) / path.name
    if not copy.is_file():
        copy.parent.mkdir(parents=True, exist_ok=True)
        unfinished = copy.with_name(f".{copy.name}.unfinished")
        shutil.copyfile(path, unfinished)
        unfinished.replace(copy)
    return copy
