"""Back up and restore: the database and the files together, with counts and digests to compare."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from studyapp import storage
from studyapp.models import Backup

DUMP, FILES, MANIFEST = "database.dump", "media", "manifest.json"
# Independent of the rows' order, and the same in every version of PostgreSQL.
FACTS = """
SELECT count(*), coalesce(sum(('x' || left(md5(t::text), 15))::bit(60)::bigint), 0)::text
FROM {} t
"""
# What `back_up_into` names its folders: in the order of their names
DATED = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d")
# How many sessions the database has besides this one
OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


class BackupError(Exception):
    """A backup or restoration that failed: one sentence with the fix."""


def back_up(folder: Path, earlier: Path | None = None) -> dict[str, Any]:
    """Write the backup to `folder`, which must be new or empty, and read it again; its manifest,
    written last.

    The dump and the counts see the same moment, whatever people answer meanwhile. Files never
    change once they are made, so those that the dump's rows name are there afterwards. What is the
    same in the backup `earlier` is there twice by name, and once on the disk.
    """
    if folder.exists() and any(folder.iterdir()):
        raise BackupError(f"{folder} is not empty; name a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        snapshot = str(cursor.fetchone()[0])
        options = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}"]
        _run("pg_dump", [*options, f"--file={folder / DUMP}"])
        tables = table_facts()
    manifest = {
        "made_at": timezone.now().isoformat(timespec="seconds"),
        "dump": digest_of(folder / DUMP),
        "tables": tables,
        "files": _copy_files(folder / FILES, earlier),
    }
    text = json.dumps(manifest, indent=1, sort_keys=True)
    unfinished = folder / f".{MANIFEST}"
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(folder / MANIFEST)
    try:
        verified_manifest(folder)
    except BackupError:
        (folder / MANIFEST).unlink()
        raise
    Backup.objects.create(
        place=str(folder.resolve()), seconds=time.monotonic() - began, bytes=size_of(folder)
    )
    return manifest


def _copy_files(folder: Path, earlier: Path | None) -> dict[str, str]:
    """The digests of all files, which are copied into `folder`."""
    before = manifest_of(earlier)["files"] if earlier is not None else {}
    found = {}
    for name in storage.names():
        digest = before.get(name, "")
        other = earlier / FILES / name if earlier is not None and digest else None
        is_shared = other is not None and storage.is_whole(name, digest)
        if other is None or not is_shared or not _shared(other, digest, folder / name):
            digest = storage.copy_out(name, folder / name)
        found[name] = digest
    return found


def _shared(other: Path, digest: str, path: Path) -> bool:
    """Whether `path` is now a second name of `other`, which has to be undamaged; some file systems
    have no second names."""
    if not other.is_file() or digest_of(other) != digest:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(other, path)
    except OSError:
        return False
    return True


def back_up_into(folder: Path, keep: int) -> Path:
    """A new backup in `folder`, named after now; then the `keep` newest are kept.

    What is no whole backup by such a name stays, but for one that was not finished.
    """
    whole = dated_backups(folder)
    made = folder / timezone.now().strftime("%Y-%m-%dT%H-%M-%S")
    back_up(made, earlier=whole[-1] if whole else None)
    unfinished = [one for one in _dated(folder) if not (one / MANIFEST).exists() and one < made]
    for old in (*unfinished, *[*whole, made][:-keep]):
        shutil.rmtree(old)
    return made


def dated_backups(folder: Path) -> list[Path]:
    """The finished backups in `folder` that are named after their time, the newest last."""
    return [one for one in _dated(folder) if (one / MANIFEST).exists()]


def _dated(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(one for one in folder.iterdir() if DATED.fullmatch(one.name))


def size_of(folder: Path) -> int:
    """The bytes of all files below `folder`."""
    return sum(one.stat().st_size for one in folder.rglob("*") if one.is_file())


def restore(folder: Path) -> dict[str, Any]:
    """Bring a backup into this site's empty database and its storage, and compare.

    Everything is verified before anything is written.
    """
    manifest = verified_manifest(folder)
    if connection.introspection.table_names():
        raise BackupError("the database is not empty; make a new one and name it in DATABASE_URL")
    with connection.cursor() as cursor:
        cursor.execute(OTHERS)
        (others,) = cursor.fetchone()
    if others:
        raise BackupError(
            "other processes are connected to the database; stop the site and its workers first, "
            "since they remember what an earlier database held"
        )
    connection.close()
    _run("pg_restore", ["--no-owner", "--exit-on-error", "--single-transaction",
                        f"--dbname={connection.settings_dict['NAME']}",
                        str(folder / DUMP)])  # fmt: skip
    for name, digest in manifest["files"].items():
        storage.keep_file(name, folder / FILES / name)
        if not storage.is_whole(name, digest):
            raise BackupError(f"{name} was not copied whole; is the storage full?")
    found = table_facts()
    other = [table for table in manifest["tables"] if found.get(table) != manifest["tables"][table]]
    if other:
        raise BackupError(f"restored, but {other[0]} differs from the backup: do not use it")
    return manifest


def verified_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a whole backup; BackupError names the first thing that is not as it was."""
    manifest = manifest_of(folder)
    expected = {DUMP: manifest["dump"]}
    for name, digest in manifest["files"].items():
        if not (folder / FILES / name).resolve().is_relative_to((folder / FILES).resolve()):
            raise BackupError(f"{name} would lie outside the backup's folder; use another backup")
        expected[f"{FILES}/{name}"] = digest
    for name, digest in expected.items():
        if not (folder / name).is_file() or digest_of(folder / name) != digest:
            raise BackupError(f"{folder / name} is missing or changed; use another backup")
    return manifest


def manifest_of(folder: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BackupError(f"{folder} holds no finished backup ({error})") from error
    return manifest


def table_facts() -> dict[str, list[Any]]:
    """[rows, digest of their contents] of every table."""
    found = {}
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(FACTS.format(connection.ops.quote_name(table)))
            found[table] = list(cursor.fetchone())
    return found


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _run(program: str, options: Sequence[str]) -> None:
    """One of PostgreSQL's own programs on this site's database; the password is no argument."""
    database: dict[str, Any] = connection.settings_dict
    names = {"HOST": "HOST", "PORT": "PORT", "USER": "USER", "DATABASE": "NAME",
             "PASSWORD": "PASSWORD"}  # fmt: skip
    place = {f"PG{name}": str(database[key]) for name, key in names.items() if database[key]}
    path = Path(settings.POSTGRES_BIN, program) if settings.POSTGRES_BIN else Path(program)
    try:
        done = subprocess.run(
            [str(path), *options],
            env={**os.environ, **place},
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise BackupError(
            f"{program} is missing: install Debian's package postgresql-client, or name the "
            "folder of the server's programs with POSTGRES_BIN"
        ) from error
    if done.returncode != 0:
        raise BackupError(f"{program} failed: {' '.join(done.stderr.split())[:500]}")
