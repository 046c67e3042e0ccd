"""`manage.py migrate`, while people answer: it never lets them wait long behind a lock."""

import time
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands.migrate import Command as Migrate
from django.db import OperationalError, connections

from studyapp.shelf.faults import LOCK_NOT_AVAILABLE, code_of

# A table that is waited for exclusively lets nobody else in: so long may a person's answer take.
MOST_MILLISECONDS = 1000
PAUSE_SECONDS = 2


class Command(Migrate):
    """Django's own, which asks for each lock again and again, for a second at a time.

    A backup reads every table until it is done, so that a change of a table has to wait for it;
    whoever came after would wait behind the change.
    """

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--lock-minutes",
            type=float,
            default=30,
            help="how many minutes to go on asking for a lock that others hold (30)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        minutes = options.pop("lock_minutes")
        until = time.monotonic() + 60 * minutes
        connection = connections[options["database"]]
        while True:
            with connection.cursor() as cursor:
                cursor.execute(f"SET lock_timeout = {MOST_MILLISECONDS}")
            try:
                super().handle(*args, **options)
            except OperationalError as error:
                if code_of(error) != LOCK_NOT_AVAILABLE:
                    raise
                if time.monotonic() > until:
                    raise CommandError(
                        f"others have held a lock for {minutes:g} minutes: the migrations before "
                        "this one are applied, and this one is not. See who holds it "
                        "(pg_stat_activity; a backup, perhaps), then migrate again"
                    ) from error
                self.stdout.write(" others hold a lock; trying again…")
                time.sleep(PAUSE_SECONDS)
            else:
                break
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
