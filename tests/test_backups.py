"""A backup, restored into an empty database, has the same rows and the same files."""

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from sandbox.builders import open_small_study
from sandbox.people import send_people
from studyapp.models import Backup, Judgment
from studyapp.serving.backups import BackupError, back_up, dated_backups, table_facts
from studyapp.serving.drills import SCRATCH, scratch_name
from tests.databases import OTHER, empty_database, other_session
from tests.running import Done, output_of, python

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _own_files(tmp_path: Path, settings: Settings) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture(name="empty_database")
def _empty_database() -> Iterator[str]:
    with empty_database() as address:
        yield address


def restored(folder: Path, url: str, media: Path) -> Done:
    elsewhere = {**os.environ, "DATABASE_URL": url, "DISCERN_MEDIA": str(media)}
    return python("manage.py", "restore", folder, env=elsewhere)


def test_a_restored_site_has_the_same_rows_digests_and_files(
    tmp_path: Path, empty_database: str
) -> None:
    send_people(open_small_study(), 3)
    before = table_facts()
    call_command("backup", tmp_path / "backup")
    assert before["studyapp_judgment"][0] == Judgment.objects.count() == 9
    done = restored(tmp_path / "backup", empty_database, tmp_path / "elsewhere")
    assert done.returncode == 0, done.stderr
    assert "restored and compared" in done.stdout
    code = "import json, django; django.setup(); from studyapp.serving.backups import table_facts; "
    environment = {**os.environ, "DATABASE_URL": empty_database}
    told = python("-c", f"{code}print(json.dumps(table_facts()))", env=environment)
    assert json.loads(told.stdout) == before
    with other_session(OTHER) as cursor:
        cursor.execute("SELECT studyapp_standing_1(code) FROM studyapp_participation")
        assert [len(told["judged"]) for (told,) in cursor.fetchall()] == [3, 3, 3]
    assert contents(tmp_path / "elsewhere") == contents(tmp_path / "media")


def test_a_dump_that_is_not_what_was_counted_is_told_after_it_was_restored(
    tmp_path: Path, empty_database: str
) -> None:
    send_people(open_small_study(), 1)
    call_command("backup", tmp_path / "backup")
    manifest = json.loads((tmp_path / "backup" / "manifest.json").read_text("utf-8"))
    manifest["tables"]["studyapp_judgment"][0] += 1
    (tmp_path / "backup" / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    done = restored(tmp_path / "backup", empty_database, tmp_path / "elsewhere")
    assert done.returncode != 0
    assert "studyapp_judgment differs from the backup: do not use it" in done.stderr


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in files_in(folder)}


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_backup_taken_while_rows_are_added_is_of_one_moment(
    tmp_path: Path, empty_database: str
) -> None:
    open_small_study()
    with adding_rows() as added:
        made = back_up(tmp_path / "backup")
    assert 0 < made["tables"]["django_session"][0] < len(added)
    done = restored(tmp_path / "backup", empty_database, tmp_path / "elsewhere")
    assert done.returncode == 0, done.stderr


@contextmanager
def adding_rows() -> Iterator[list[int]]:
    """Somebody who writes all the time, on a connection of their own."""
    facts = connection.get_connection_params()
    facts.pop("cursor_factory", None)
    facts.pop("client_encoding", None)
    added, stop = [], threading.Event()

    def write() -> None:
        session = psycopg2.connect(**{k: v for k, v in facts.items() if isinstance(v, str | int)})
        session.autocommit = True
        while not stop.wait(0.002):
            session.cursor().execute(
                "INSERT INTO django_session VALUES (%s, 'x', now())", [str(len(added))]
            )
            added.append(1)
        session.close()

    thread = threading.Thread(target=write)
    thread.start()
    while not added:
        time.sleep(0.01)
    try:
        yield added
    finally:
        stop.set()
        thread.join()


def test_a_damaged_backup_is_refused_before_anything_is_written(
    tmp_path: Path, empty_database: str
) -> None:
    open_small_study()
    made = back_up(tmp_path / "backup")
    victim = tmp_path / "backup" / "media" / next(iter(made["files"]))
    victim.write_bytes(b"other")
    done = restored(tmp_path / "backup", empty_database, tmp_path / "elsewhere")
    assert done.returncode != 0
    assert "is missing or changed" in done.stderr
    assert not (tmp_path / "elsewhere").exists()


def test_a_backup_is_never_restored_over_data(tmp_path: Path) -> None:
    open_small_study()
    back_up(tmp_path / "backup")
    with pytest.raises(CommandError, match="the database is not empty"):
        call_command("restore", tmp_path / "backup")


def test_nothing_is_restored_below_a_running_site(tmp_path: Path, empty_database: str) -> None:
    open_small_study()
    back_up(tmp_path / "backup")
    with closing(psycopg2.connect(empty_database)):
        done = restored(tmp_path / "backup", empty_database, tmp_path / "elsewhere")
    assert done.returncode != 0
    assert "stop the site and its workers first" in done.stderr
    assert not (tmp_path / "elsewhere").exists()


def test_an_unfinished_backup_is_none(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="holds no finished backup"):
        call_command("restore", tmp_path)


def test_a_backup_needs_a_folder_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "file").write_text("")
    with pytest.raises(CommandError, match="name a new folder"):
        call_command("backup", tmp_path / "old")


def test_a_daily_backup_keeps_the_newest_and_stores_equal_files_once(
    tmp_path: Path,
) -> None:
    open_small_study()
    folder = tmp_path / "backups"
    (folder / "mine").mkdir(parents=True)
    unfinished = folder / "2020-01-01T00-00-00"
    unfinished.mkdir()
    made = []
    for _ in range(3):
        call_command("backup", folder, keep=2)
        made.append(dated_backups(folder)[-1])
        time.sleep(1)
    assert [one.name for one in dated_backups(folder)] == [one.name for one in made[1:]]
    assert (folder / "mine").exists()
    assert not unfinished.exists()
    once = [{path.stat().st_ino for path in files_in(one / "media")} for one in made[1:]]
    assert once[0] == once[1] != set()
    changed = files_in(tmp_path / "media")[0]
    changed.write_bytes(b"another picture")
    call_command("backup", folder, keep=2)
    newest = dated_backups(folder)[-1]
    assert contents(newest / "media") == contents(tmp_path / "media")
    assert contents(made[2] / "media") != contents(tmp_path / "media")


def test_a_file_that_was_damaged_in_the_backup_before_is_copied_again(tmp_path: Path) -> None:
    open_small_study()
    call_command("backup", tmp_path / "backups", keep=5)
    (first,) = dated_backups(tmp_path / "backups")
    damaged = files_in(first / "media")[0]
    damaged.write_bytes(b"rotten")
    time.sleep(1)
    call_command("backup", tmp_path / "backups", keep=5)
    newest = dated_backups(tmp_path / "backups")[-1]
    assert newest != first
    assert contents(newest / "media") == contents(tmp_path / "media")


def test_a_backup_that_can_not_be_read_again_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_small_study()
    monkeypatch.setattr("studyapp.storage.copy_out", lambda name, path: "0" * 64)
    with pytest.raises(CommandError, match="is missing or changed"):
        call_command("backup", tmp_path / "backups", keep=5)
    assert dated_backups(tmp_path / "backups") == []
    assert not Backup.objects.exists()


def test_a_drills_database_is_never_the_sites_own() -> None:
    long = "d" * 63
    assert scratch_name(long) != long
    assert len(scratch_name("ü" * 31 + "d").encode()) <= 63
    with pytest.raises(BackupError, match="rename it"):
        scratch_name((f"{SCRATCH}_" * 5)[:63])


def test_a_drill_restores_the_newest_backup_and_leaves_nothing(tmp_path: Path) -> None:
    send_people(open_small_study(), 2)
    for _ in range(2):
        call_command("backup", tmp_path / "backups", keep=5)
        time.sleep(1)
    before = databases()
    told = output_of("restore_drill", tmp_path / "backups")
    newest = dated_backups(tmp_path / "backups")[-1]
    assert f"{newest} can be restored: " in told
    assert databases() == before
    row = Backup.objects.get(place=str(newest))
    assert row.drilled_at is not None
    assert row.drill_problem == ""
    assert Backup.objects.filter(drilled_at=None).count() == 1


def test_a_drill_tells_what_is_wrong_with_a_backup(tmp_path: Path) -> None:
    send_people(open_small_study(), 1)
    call_command("backup", tmp_path / "backups", keep=5)
    (made,) = dated_backups(tmp_path / "backups")
    manifest = json.loads((made / "manifest.json").read_text("utf-8"))
    manifest["tables"]["studyapp_judgment"][0] += 1
    (made / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    before = databases()
    with pytest.raises(CommandError, match="restore: restored, but studyapp_judgment differs"):
        call_command("restore_drill", made)
    assert databases() == before
    assert "studyapp_judgment differs" in Backup.objects.get().drill_problem


def databases() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database")
        return {name for (name,) in cursor.fetchall()}


def test_a_missing_program_is_told_with_the_mend(tmp_path: Path, settings: Settings) -> None:
    settings.POSTGRES_BIN = str(tmp_path)
    with pytest.raises(CommandError, match="postgresql-client, or name the folder"):
        call_command("backup", tmp_path / "backup")
