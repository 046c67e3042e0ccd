"""A restore drill: a backup is restored beside the site, compared, migrated, and thrown away.

It goes the way of an emergency (`manage.py restore` into an empty database), on the site's own
database server, with its files in a folder of their own.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.db import Error, connection

from studyapp.models import Backup
from studyapp.shelf.clock import database_now

from .backups import FILES, BackupError, dated_backups, size_of, verified_manifest

SCRATCH = "restore_drill"
# What is left free on the disk where the files are restored
SPARE_BYTES = 2**30


@dataclass(frozen=True)
class Drill:
    """A backup that could be restored: how many rows and files, and in how many seconds."""

    backup: Path
    rows: int
    files: int
    seconds: float


def newest_backup(folder: Path) -> Path:
    """`folder` itself if it is a backup; else the newest in it that is named after its time."""
    if dated := dated_backups(folder):
        return dated[-1]
    return folder


def drill(folder: Path) -> Drill:
    """Restore the newest backup of `folder`, as far as this site's code can use it, and forget it.

    What came of it is noted with the backup. Raises BackupError.
    """
    backup, began = newest_backup(folder), time.monotonic()
    try:
        manifest = verified_manifest(backup)
        _restore(backup)
    except BackupError as error:
        _note(backup, began, str(error))
        raise
    seconds = _note(backup, began, "")
    rows = sum(count for count, _ in manifest["tables"].values())
    return Drill(backup, rows, len(manifest["files"]), seconds)


def _restore(backup: Path) -> None:
    with _scratch_folder(size_of(backup / FILES)) as media, _scratch_database() as address:
        elsewhere = {
            **os.environ,
            "DATABASE_URL": address,
            "DATABASE_POOLED": "0",
            "DISCERN_MEDIA": str(media),
            "STORAGE_URL": "",
        }
        _manage(elsewhere, "restore", str(backup))
        # A backup of an earlier release is of use if its tables can be brought up to this one.
        _manage(elsewhere, "migrate", "--noinput", "--verbosity", "0")


@contextmanager
def _scratch_folder(needed: int) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="discern-drill-") as name:
        free = shutil.disk_usage(name).free
        if free < needed + SPARE_BYTES:
            raise BackupError(
                f"the files need {needed / 2**30:.1f} GB, but only {free / 2**30:.1f} GB are free "
                f"in {tempfile.gettempdir()}; make room there, or name another folder with TMPDIR"
            )
        yield Path(name)


def scratch_name(site: str) -> str:
    """A database's name beside `site`'s. PostgreSQL cuts what is longer than 63 bytes: it must not
    become the site's own."""
    name = f"{SCRATCH}_{site}".encode()[:63].decode(errors="ignore")
    if name == site:
        raise BackupError(f"the database is called {site}, as a drill's own would be; rename it")
    return name


@contextmanager
def _scratch_database() -> Iterator[str]:
    """The address of an empty database on the same server, there for as long as the block runs."""
    name = scratch_name(connection.settings_dict["NAME"])
    scratch = connection.ops.quote_name(name)
    # Not the site's own database, in which a transaction may be open
    with connection._nodb_cursor() as cursor:
        try:
            # One that a drill which was killed left behind
            cursor.execute(f"DROP DATABASE IF EXISTS {scratch} WITH (FORCE)")
            cursor.execute(f"CREATE DATABASE {scratch}")
        except Error as error:
            user = connection.settings_dict["USER"]
            raise BackupError(
                "a restore drill makes a database of its own, and could not: if the role may not, "
                f"run ALTER ROLE {user} CREATEDB as a superuser ({str(error).strip()})"
            ) from error
        try:
            yield urlsplit(settings.DATABASE_URL)._replace(path=f"/{quote(name)}").geturl()
        finally:
            cursor.execute(f"DROP DATABASE IF EXISTS {scratch} WITH (FORCE)")


def _manage(environment: Mapping[str, str], *words: str) -> None:
    command = [sys.executable, str(settings.ROOT / "manage.py"), *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        told = (done.stderr.strip().splitlines() or [done.stdout.strip()])[-1]
        raise BackupError(f"{words[0]}: {told.removeprefix('CommandError: ')}")


def _note(backup: Path, began: float, problem: str) -> float:
    """Keep with the backup's row how the drill went; its seconds."""
    seconds = time.monotonic() - began
    row = Backup.objects.filter(place=str(backup.resolve())).order_by("-finished_at").first()
    if row is not None:
        row.drilled_at, row.drill_seconds, row.drill_problem = database_now(), seconds, problem
        row.save(update_fields=["drilled_at", "drill_seconds", "drill_problem"])
    return seconds
