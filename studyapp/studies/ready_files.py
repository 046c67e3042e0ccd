"""The ready studies that come with the site, from which others start."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from studyapp.models import Study
from studyapp.studies.definition.file import parse_definition, toml_of
from studyapp.studies.definition.writing import with_value
from studyapp.studies.loading import upload_study

FOLDER = settings.ROOT / "fixtures" / "studies"
# How a ready study names what workers make (`ready.catalogue.MADE`), and how its copy does
MADE, LINK = "../../var/demo/", "made"


@dataclass(frozen=True)
class ReadyStudy:
    """A ready study whose photos and networks are made first."""

    name: str
    title: str
    summary: str


def ready_files() -> list[str]:
    """The names of all ready studies."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def made_studies() -> Iterator[ReadyStudy]:
    """Those whose photos and networks a worker makes."""
    for name in ready_files():
        toml = text_of(name)
        if f'"{MADE}' in toml:
            told = toml_of(toml, name)
            yield ReadyStudy(name, str(told["title"]), str(told.get("summary", "")))


def text_of(name: str) -> str:
    """A ready study's file."""
    text: str = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    return text


def toml_called(name: str, slug: str) -> str:
    """A ready study's file as that of the study `slug`, which names what was made below its own
    folder. Raises DefinitionError where it can't be a study of this site."""
    toml = with_value(text_of(name), ("slug",), slug).replace(f'"{MADE}', f'"{LINK}/')
    parse_definition(toml, name, is_upload=True)
    return toml


def load_ready(name: str, slug: str, owner: Any, folder: Path) -> Study:
    """A draft of a ready study whose photos and networks were made, laid out in the empty `folder`.

    Networks' files stay where they were made. Raises what `load_study` raises.
    """
    toml = toml_called(name, slug)
    path = folder / "study.toml"
    path.write_text(toml, encoding="utf-8")
    for file in parse_definition(toml, name, is_upload=True).texts.values():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes((FOLDER / file).read_bytes())
    (folder / LINK).symlink_to(Path(settings.VAR) / "demo")
    return upload_study(path, owner, keep=False)
