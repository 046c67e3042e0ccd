"""`study publication SLUG [FILE]`: what the data say of themselves when published."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from studyapp.studies.definition.named_files import is_file, unreadable
from studyapp.studies.publication import (
    give_publication,
    publication_of,
    publication_toml,
    stored_publication,
)

from .base import Verb, VerbError, find_study


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("slug")
    parser.add_argument(
        "file", type=Path, nargs="?",
        help="a TOML file with a section [publication], such as the study file; without one, "
        "what was given is printed",
    )  # fmt: skip


def run(options: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    study, path = find_study(options["slug"]), options["file"]
    if path is None:
        section = publication_of(study)
        shown = publication_toml(section) or f"{study.slug} has no publication section yet"
        return stored_publication(section), shown.splitlines()
    if not is_file(path):
        raise VerbError(f"{path}: there is no such file")
    if problem := unreadable(path):
        raise VerbError(f"{path}: {problem}")
    section = give_publication(study, path.read_text(encoding="utf-8-sig"), str(path))
    lines = [f"{study.slug}: every bundle that is made from now on says this in its metadata"]
    return stored_publication(section), lines


VERB = Verb("say who made the data, under which licence, and how to cite them", arguments, run)
