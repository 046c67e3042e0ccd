"""Migrations while people answer: the code of before goes on, and nobody waits long for a lock."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django_migration_linter import MigrationLinter
from django_migration_linter.sql_analyser import analyse_sql_statements
from pytest_django import Settings

import studyapp.migrations
from sandbox.builders import open_small_study
from sandbox.people import send_people
from studyapp.models import Judgment
from tests.databases import other_session
from tests.running import output_of

# Those up to here are of releases that stopped the site for an upgrade.
STOPPED = 44
READS_ALL = "BEGIN; LOCK TABLE studyapp_judgment IN ACCESS SHARE MODE"


def numbered() -> list[str]:
    (folder,) = studyapp.migrations.__path__
    return sorted(path.stem for path in Path(folder).glob("[0-9]*.py"))


def complaints(*names: str) -> list[str]:
    """What would stop the code of before, or hold a lock for as long as a table is large."""
    linter = MigrationLinter(no_cache=True, no_output=True)
    found = []
    for name in names:
        sql = linter.get_sql("studyapp", name)
        errors, _, warnings = analyse_sql_statements(linter.sql_analyser_class, sql, [])
        found += [f"{name}: {issue.message}" for issue in (*errors, *warnings)]
    return found


# An index that is made concurrently can't be made in a test's own transaction.
@pytest.mark.django_db(transaction=True)
def test_the_code_of_before_can_go_on_with_each_new_migration() -> None:
    """A new column is nullable or has its default in the database (`db_default`), an index is made
    concurrently, and what is dropped or renamed was not used by the release before."""
    newer = [name for name in numbered() if int(name[:4]) > STOPPED]
    assert complaints(*newer) == []


@pytest.mark.django_db
def test_the_check_finds_what_would_stop_the_code_of_before() -> None:
    found = complaints("0038_evidence", "0039_what_panels_say", "0044_waiting_list")
    assert "0038_evidence: NOT NULL constraint on columns" in found
    assert "0039_what_panels_say: CREATE INDEX locks table" in found
    assert not [one for one in found if one.startswith("0044")]


@pytest.fixture(name="release_to_come")
def _release_to_come(settings: Settings) -> Iterator[None]:
    """A migration that is not applied yet; it is undone afterwards."""
    settings.MIGRATION_MODULES = {"studyapp": "tests.upgrades.one_more"}
    yield
    call_command("migrate", "studyapp", numbered()[-1], verbosity=0)


@contextmanager
def read_by_a_back_up() -> Iterator[threading.Event]:
    """Somebody who reads the judgments until the event is set, as pg_dump does."""
    finished, begun = threading.Event(), threading.Event()

    def read() -> None:
        with other_session() as cursor:
            cursor.execute(READS_ALL)
            begun.set()
            finished.wait(60)
            cursor.execute("ROLLBACK")

    thread = threading.Thread(target=read)
    thread.start()
    begun.wait(10)
    try:
        yield finished
    finally:
        finished.set()
        thread.join()


@pytest.mark.django_db(transaction=True)
def test_people_answer_while_a_migration_waits_for_a_back_up(release_to_come: None) -> None:
    study = open_small_study(people=4)
    told: list[str] = []
    with read_by_a_back_up() as finished:
        migrating = threading.Thread(target=lambda: told.append(_migrated()))
        migrating.start()
        _wait_for_a_lock()
        before = time.monotonic()
        send_people(study, 2)
        waited = time.monotonic() - before
        finished.set()
        migrating.join(30)
    assert Judgment.objects.count() == 6
    # Without a limit they would have waited for the backup's end, which waited for them.
    assert waited < 20
    assert "others hold a lock; trying again" in told[0]
    assert "to_come... OK" in told[0]


def _migrated() -> str:
    try:
        return output_of("migrate", no_color=True)
    finally:
        connection.close()


def _wait_for_a_lock() -> None:
    with other_session() as cursor:
        for _ in range(200):
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone() != (0,):
                return
            time.sleep(0.05)
    raise AssertionError("the migration waits for nobody")


@pytest.mark.django_db(transaction=True)
def test_a_lock_that_is_never_released_is_told(release_to_come: None) -> None:
    with (
        read_by_a_back_up(),
        pytest.raises(CommandError, match="others have held a lock for 0 minutes"),
    ):
        call_command("migrate", verbosity=0, lock_minutes=0)
    assert numbered()[-1] in output_of("showmigrations", "studyapp")


@pytest.mark.django_db(transaction=True)
def test_the_code_of_before_stores_answers_in_the_tables_to_come(release_to_come: None) -> None:
    study = open_small_study(people=4)
    call_command("migrate", verbosity=0)
    send_people(study, 1)
    assert Judgment.objects.count() == 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("option", ["check_unapplied", "plan", ""])
def test_a_connection_waits_for_locks_afterwards_as_it_did_before(option: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '7s'")
        call_command("migrate", verbosity=0, **({option: True} if option else {}))
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("7s",)
        cursor.execute("RESET lock_timeout")


@pytest.mark.django_db(transaction=True)
def test_nobody_migrates_through_a_pooler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)
    with pytest.raises(CommandError, match="migrate past it, with DATABASE_POOLED=0"):
        call_command("migrate", verbosity=0)
    call_command("migrate", verbosity=0, check_unapplied=True)
