"""`manage.py export SLUG --out DIR`: the study's tables, codebook and manifest as files."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from studyapp.analyses.choice import ChoiceError, chosen_study
from studyapp.exports.codebook import dictionary_markdown
from studyapp.exports.folder import ExportError
from studyapp.exports.tables import export_tables
from studyapp.models import StudyKind


class Command(BaseCommand):
    help = "Write a study's tables, codebook and manifest as files."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", nargs="?")
        parser.add_argument("--out", type=Path, help="a new folder")
        kinds = parser.add_mutually_exclusive_group()
        kinds.add_argument("--simulated", action="store_true", help="the newest simulated copy")
        kinds.add_argument("--pilot", action="store_true", help="the pilot, or its newest copy")
        parser.add_argument(
            "--dictionary", type=Path, metavar="FILE", help="write the data dictionary instead"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["dictionary"]:
            options["dictionary"].write_text(dictionary_markdown(), encoding="utf-8")
            return
        if options["slug"] is None or options["out"] is None:
            raise CommandError("name a study and a new folder: export SLUG --out DIR")
        try:
            study = chosen_study(options["slug"], _kind(options))
            folder = export_tables(study, options["out"])
        except (ChoiceError, ExportError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{study.slug}: written to {folder}")


def _kind(options: dict[str, Any]) -> StudyKind:
    if options["simulated"]:
        return StudyKind.SIMULATED
    return StudyKind.PILOT if options["pilot"] else StudyKind.REAL
