"""`manage.py import_bundle FILE`: a study rebuilt from a private bundle."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from studyapp.exports.archives import ArchiveError
from studyapp.exports.rebuilding import import_bundle


class Command(BaseCommand):
    help = "Rebuild a study from a private bundle (a folder or a zip) in this database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("bundle", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            study = import_bundle(options["bundle"])
        except (ArchiveError, OSError) as error:
            raise CommandError(str(error)) from error
        people, judgments = study.participations.count(), study.slots.count()
        self.stdout.write(f"{study.slug}: rebuilt, {people} people, {judgments} places, closed")
