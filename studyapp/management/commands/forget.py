"""`manage.py forget`: erase panels' ids, traces and uploads that are no longer needed, daily."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from studyapp.participations.erasure import erasable, erase_identities, is_over
from studyapp.participations.evidence import delete_due_traces, traces_due
from studyapp.studies.uploads import old_workspaces, remove_old_workspaces


class Command(BaseCommand):
    help = (
        "Erase panel ids whose day has come: the study's panel.erase_ids_on, without one "
        "PANEL_ID_DAYS after its close, as `study erase-ids` does; delete traces of answers after "
        "the study's evidence.keep_days; and remove uploads that nobody made a study of for two "
        "days."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say how many there are")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["dry_run"]:
            self.stdout.write(f"{erasable(is_over()).count()} panel ids would be erased")
            self.stdout.write(f"{traces_due().count()} traces of answers would be deleted")
            self.stdout.write(f"{len(old_workspaces())} old uploads would be removed")
        else:
            self.stdout.write(f"{erase_identities(is_over())} panel ids erased")
            self.stdout.write(f"{delete_due_traces()} traces of answers deleted")
            self.stdout.write(f"{remove_old_workspaces()} old uploads removed")
