"""`manage.py export SLUG --out DIR`: a study as a bundle of files, private or public."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from studyapp.analyses.choice import ChoiceError
from studyapp.exports.bundle import write_bundle
from studyapp.exports.codebook import dictionary_markdown
from studyapp.exports.folder import ExportError
from studyapp.exports.requests import note_export
from studyapp.management.verbs.base import chosen_study, kind_arguments


class Command(BaseCommand):
    help = "Write a study's tables, materials, codebook and manifest as a bundle of files."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", nargs="?")
        parser.add_argument("--out", type=Path, help="a new folder, or a new file ending with .zip")
        parser.add_argument("--public", action="store_true", help="the version for strangers")
        parser.add_argument("--photos", action="store_true", help="with the photos themselves")
        parser.add_argument(
            "--panel-ids", action="store_true", help="with the panel's ids; never public"
        )
        parser.add_argument(
            "--traces",
            action="store_true",
            help="add the traces of answers that are not yet deleted; never to a public bundle",
        )
        parser.add_argument(
            "--without-analysis", action="store_true", help="tables and materials only"
        )
        kind_arguments(parser)
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
            study, began = chosen_study(options), timezone.now()
            bundle = write_bundle(
                study,
                options["out"],
                public=options["public"],
                photos=options["photos"],
                panel_ids=options["panel_ids"],
                traces=options["traces"],
                analysis=not options["without_analysis"],
            )
        except (ChoiceError, ExportError, OSError) as error:
            raise CommandError(str(error)) from error
        note_export(study, bundle.path, public=options["public"], began=began)
        self.stdout.write(f"{study.slug}: written to {bundle.path}")
        for sentence in bundle.missing:
            self.stderr.write(sentence)
