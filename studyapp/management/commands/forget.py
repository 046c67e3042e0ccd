"""`manage.py forget`: erase panels' ids that are no longer needed. For a daily cron."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from studyapp.participations.erasure import erasable, erase_identities, is_over


class Command(BaseCommand):
    help = (
        "Erase panel ids whose day has come: the study's panel.erase_ids_on, without one "
        "PANEL_ID_DAYS after its close. The same as `study erase-ids`."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say how many there are")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["dry_run"]:
            self.stdout.write(f"{erasable(is_over()).count()} panel ids would be erased")
        else:
            self.stdout.write(f"{erase_identities(is_over())} panel ids erased")
