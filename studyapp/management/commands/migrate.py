"""`manage.py migrate`, while people answer: it never lets them wait long behind a lock."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands.migrate import Command as Migrate
from django.db import OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

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
        if options["check_unapplied"] or options["plan"]:
            # They lock nothing, and may call a pooler, whose connection is others' afterwards.
            super().handle(*args, **options)
            return
        until = time.monotonic() + 60 * minutes
        while True:
            try:
                with _short_waits(connections[options["database"]]):
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
                return


@contextmanager
def _short_waits(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """The connection waits for a lock as long as MOST_MILLISECONDS, and afterwards as before."""
    if connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"]:
        raise CommandError(
            "DATABASE_URL leads to a pooler, whose connections other processes use next: migrate "
            "past it, with DATABASE_POOLED=0 and PostgreSQL's own address in DATABASE_URL"
        )
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        (before,) = cursor.fetchone()
        cursor.execute(f"SET lock_timeout = {MOST_MILLISECONDS}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = %s", [before])
