"""`manage.py restore FOLDER`: a backup into an empty database, compared row by row and file by
file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from studyapp.serving.backups import BackupError, restore


class Command(BaseCommand):
    help = "Restore a backup into this site's empty database and its storage, and compare."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = restore(options["folder"])
        except BackupError as error:
            raise CommandError(str(error)) from error
        rows = sum(count for count, _ in made["tables"].values())
        self.stdout.write(f"restored and compared: {rows} rows, {len(made['files'])} files")
        self.stdout.write("restart every web process and worker: they remember what they have read")
