"""`manage.py backup FOLDER`: the database and the files, with a manifest to compare by."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from studyapp.serving.backups import BackupError, back_up


class Command(BaseCommand):
    help = "Back the database and the files up into a new folder, while the site goes on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = back_up(options["folder"])
        except BackupError as error:
            raise CommandError(str(error)) from error
        rows = sum(count for count, _ in made["tables"].values())
        self.stdout.write(f"{options['folder']}: {rows} rows, {len(made['files'])} files")
