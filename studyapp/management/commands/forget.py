"""`manage.py forget`: erase panels' ids that are no longer needed. For a daily cron."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from studyapp.participations.retention import forget_identities, outdated_identities


class Command(BaseCommand):
    help = "Erase the panel ids of people whose studies closed PANEL_ID_DAYS days ago."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say how many there are")

    def handle(self, *args: Any, **options: Any) -> None:
        days = settings.PANEL_ID_DAYS
        if options["dry_run"]:
            self.stdout.write(f"{outdated_identities().count()} panel ids are over {days} days old")
        else:
            self.stdout.write(f"erased {forget_identities()} panel ids of over {days} days")
