"""`study load FILE`: a study file and its photos become rows."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from studyapp.studies.loading import load_study

from .base import Verb


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path)
    parser.add_argument(
        "--replace",
        action="store_true",
        help="in place of a study that was never open, and of its previews and simulated copies",
    )


def run(options: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    study = load_study(options["file"], replace=options["replace"])
    photos = study.images.count()
    facts = {"slug": study.slug, "state": study.state, "photos": photos, "told": study.selection}
    lines = [f"{study.slug}: loaded with {photos} photos, {study.state}"]
    if told := study.selection.get("photos"):
        lines.append(f"  photos: {told}")
    return facts, lines


VERB = Verb("create a study from a study file", arguments, run)
