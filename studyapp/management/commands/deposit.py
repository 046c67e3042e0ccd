"""`manage.py deposit SLUG`: a study's public bundle as a draft at Zenodo, with its DOI reserved."""

import os
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from studyapp.exports.depositing import DepositError, Zenodo, deposit
from studyapp.exports.folder import ExportError
from studyapp.management.verbs.base import VerbError, find_study


class Command(BaseCommand):
    help = "Upload a study's public bundle to Zenodo as a draft, and keep the DOI that it gets."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")
        parser.add_argument(
            "--archive", default="https://zenodo.org",
            help="another with Zenodo's interface, such as https://sandbox.zenodo.org to try it",
        )  # fmt: skip
        parser.add_argument("--photos", action="store_true", help="with the photos themselves")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            study = find_study(options["slug"])
            # Of this one command: the site and its workers never have it
            zenodo = Zenodo(options["archive"], os.environ.get("ZENODO_TOKEN", ""))
            with tempfile.TemporaryDirectory(prefix="deposit.") as name:
                made = deposit(study, zenodo, Path(name), photos=options["photos"])
        except (VerbError, DepositError, ExportError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{study.slug}: a draft with the DOI {made.doi}, which the bundle names")
        self.stdout.write(f"look at it and publish it: {made.page}")
