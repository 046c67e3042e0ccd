"""`manage.py backup FOLDER`: the database and the files, with a manifest to compare by."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from studyapp.serving.backups import BackupError, back_up, back_up_into, manifest_of


class Command(BaseCommand):
    help = "Back the database and the files up into a new folder, while the site goes on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument(
            "--keep",
            type=int,
            help="name the backup in FOLDER after its time, and keep this many of the newest",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folder, keep = options["folder"], options["keep"]
        if keep is not None and keep < 1:
            raise CommandError("--keep must be at least 1, for the backup that is made now")
        try:
            if keep is None:
                back_up(folder)
            else:
                folder = back_up_into(folder, keep)
            made = manifest_of(folder)
        except BackupError as error:
            raise CommandError(str(error)) from error
        rows = sum(count for count, _ in made["tables"].values())
        self.stdout.write(f"{folder}: {rows} rows, {len(made['files'])} files")
