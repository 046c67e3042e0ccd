"""`manage.py paper SLUG|BUNDLE --out FOLDER`: what a study gives its paper."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from studyapp.analyses.choice import ChoiceError
from studyapp.analyses.tidy import TidyError
from studyapp.exports.archives import ArchiveError, opened_bundle
from studyapp.exports.folder import ExportError
from studyapp.exports.publishing import refuse_too_early
from studyapp.management.verbs.base import chosen_study, kind_arguments
from studyapp.papers.kit import write_kit
from studyapp.papers.material import material_of_bundle, material_of_study
from studyapp.papers.screenshots import photographer


class Command(BaseCommand):
    help = (
        "Write the methods, results, tables, figures and references of a study's paper into a new "
        "folder."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", help="a study's slug, or a bundle (a folder or a zip)")
        parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="new")
        parser.add_argument(
            "--without-screenshots", action="store_true", help="needs no browser and is faster"
        )
        kind_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        path, target = Path(options["source"]), options["out"]
        try:
            if path.exists():
                with opened_bundle(path) as (folder, _):
                    gaps = write_kit(material_of_bundle(folder), target)
            else:
                study = chosen_study(options)
                refuse_too_early(study, public=False)
                photograph = None if options["without_screenshots"] else photographer(study)
                gaps = write_kit(material_of_study(study), target, photograph)
        except (ArchiveError, ChoiceError, ExportError, TidyError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"written to {target}; still to be filled in:")
        for stem, missing in gaps.items():
            self.stdout.write(f"{stem}: {len(missing)}")
            for one in missing:
                self.stdout.write(f"  {one}")
