"""`manage.py restore_drill FOLDER`: whether a backup can be restored, tried beside the site."""

import signal
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from studyapp.serving.backups import BackupError
from studyapp.serving.drills import drill


class Command(BaseCommand):
    help = (
        "Restore a backup (or the newest one in a folder of them) into a database of its own, "
        "compare it, migrate it, and throw it away. The site goes on serving meanwhile."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        # Told to end, it still drops its database.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            done = drill(options["folder"])
        except BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{done.backup} can be restored: {done.rows} rows, {done.files} files, in "
            f"{done.seconds:.0f} s"
        )
