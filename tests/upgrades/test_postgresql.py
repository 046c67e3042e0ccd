"""Another major version of PostgreSQL, by the documented way: back up, start it empty, restore."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox.postgres import installed_binaries, remove_home, start_postgres
from tests.running import Done, python

FILL = """
import sys, django; django.setup()
from django.core.management import call_command
from sandbox.builders import open_small_study
from sandbox.people import send_people
call_command("migrate", verbosity=0)
send_people(open_small_study(slug="before", people=6), 2)
call_command("backup", sys.argv[1])
"""
GO_ON = """
import sys, django; django.setup()
from django.core.management import call_command
from django.db import connection
from sandbox.builders import take_part
from sandbox.people import answer_all, make_profile
from studyapp.models import Judgment, Study
call_command("restore", sys.argv[1])
call_command("migrate", verbosity=0)
print(Judgment.objects.count(), connection.pg_version // 10000)
answer_all(take_part(Study.objects.get(slug="before"), "new"), make_profile())
print(Judgment.objects.count())
"""


def major(binaries: Path) -> int:
    told = subprocess.run(
        [binaries / "postgres", "--version"], capture_output=True, text=True, check=True
    )
    return int(told.stdout.split()[2].split(".")[0])


@contextmanager
def server(folder: Path, binaries: Path) -> Iterator[dict[str, str]]:
    """A site's environment on a server of its own, with files of its own."""
    child, address = start_postgres(
        folder, folder.with_suffix(".log"), durable=False, binaries=binaries
    )
    try:
        yield {
            **os.environ,
            "DATABASE_URL": address,
            "POSTGRES_BIN": str(binaries),
            "DISCERN_MEDIA": str(folder.with_suffix(".media")),
        }
    finally:
        child.stop()
        remove_home(folder)


def done(environment: dict[str, str], *words: object) -> Done:
    finished = python(*words, env=environment)
    assert finished.returncode == 0, finished.stderr
    return finished


def test_answers_go_on_under_a_newer_postgresql(tmp_path: Path) -> None:
    known = sorted({major(one): one for one in installed_binaries()}.items())
    if len(known) < 2:
        pytest.skip("only one PostgreSQL is installed: install Debian's package postgresql too")
    (old, older), (new, newer) = known[0], known[-1]
    with server(tmp_path / "old", older) as environment:
        done(environment, "-c", FILL, tmp_path / "backup")
    assert old < new
    with server(tmp_path / "new", newer) as environment:
        told = done(environment, "-c", GO_ON, tmp_path / "backup").stdout
        assert "restored and compared" in told
        assert told.split()[-3:] == ["6", str(new), "9"]
