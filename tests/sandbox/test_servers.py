"""The servers that come as packages."""

import os
import pwd
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest
import redis
from django.db import connection
from redis.backoff import NoBackoff
from redis.retry import Retry

from sandbox.postgres import remove_home, start_postgres
from sandbox.processes import PlainError, require_free_port, run
from sandbox.valkey import start_valkey
from tests.running import gone_within, is_running

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.django_db
def test_django_talks_to_a_real_postgresql() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT version()")
        assert cursor.fetchone()[0].startswith("PostgreSQL")


@pytest.mark.django_db
def test_the_site_is_no_superuser() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False,)


def test_postgresql_refuses_who_has_no_password(tmp_path: Path) -> None:
    child, url = start_postgres(tmp_path / "pg", tmp_path / "log", durable=False)
    try:
        with pytest.raises(psycopg2.OperationalError, match="password"):
            psycopg2.connect(url.replace(urlsplit(url).password or "", "wrong"))
        with pytest.raises(psycopg2.OperationalError, match="no password"):
            psycopg2.connect(host="127.0.0.1", port=urlsplit(url).port, user="postgres")
    finally:
        child.stop()


def test_valkey_refuses_who_has_no_password(tmp_path: Path) -> None:
    child, url = start_valkey(tmp_path / "valkey", tmp_path / "log")
    try:
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=urlsplit(url).port or 0, retry=Retry(NoBackoff(), 0)).ping()
        assert redis.Redis.from_url(url).ping()
    finally:
        child.stop()


def test_data_is_still_there_after_a_second_start(tmp_path: Path) -> None:
    for statement in ("CREATE TABLE kept (fact int)", "SELECT * FROM kept"):
        child, url = start_postgres(tmp_path / "pg", tmp_path / "log")
        try:
            session = psycopg2.connect(url)
            session.cursor().execute(statement)
            session.commit()
            session.close()
        finally:
            child.stop()
    assert child.process.returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root must become another user")
def test_root_without_namespaces_keeps_the_data_outside_a_closed_home(tmp_path: Path) -> None:
    child, url = start_postgres(tmp_path / "pg", tmp_path / "log", durable=False, namespaces=False)
    try:
        psycopg2.connect(url).close()
        place = Path((tmp_path / "pg" / "place").read_text())
        assert (place / "data" / "PG_VERSION").stat().st_uid != 0
        assert Path(f"/proc/{child.process.pid}").stat().st_uid != 0
    finally:
        child.stop()
    remove_home(tmp_path / "pg")
    assert not place.exists()


def test_servers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    code = (
        "import pathlib, sys, time\n"
        "from sandbox.postgres import start_postgres\n"
        "from sandbox.valkey import start_valkey\n"
        "here = pathlib.Path(sys.argv[1])\n"
        "first, _ = start_postgres(here / 'pg', here / 'log')\n"
        "second, _ = start_valkey(here / 'valkey', here / 'log')\n"
        "print(first.process.pid, second.process.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout
    children = [int(word) for word in parent.stdout.readline().split()]
    parent.stdout.close()
    assert all(is_running(child) for child in children)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert [gone_within(child, 10) for child in children] == [True, True]


def test_a_taken_port_is_told_in_one_sentence() -> None:
    port = urlsplit(os.environ["DATABASE_URL"]).port or 0
    with pytest.raises(PlainError, match=rf"Port {port} is taken; choose another with PORT="):
        require_free_port(port, "PORT")


def test_tests_reach_no_other_host() -> None:
    with pytest.raises(UserWarning, match=r"tried to use socket.* with host \"192\.0\.2\.1\""):
        socket.create_connection(("192.0.2.1", 80), timeout=1)


def test_a_missing_setpriv_is_told_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PlainError, match=r"setpriv is missing: install the package util-linux"):
        run(["/bin/true"])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become others")
def test_root_becomes_nobody_inside_a_namespace_whose_files_stay_its_own(tmp_path: Path) -> None:
    words = run(["sh", "-c", f"id -u; touch {tmp_path}/made"], identity="namespace").split()
    assert words == [str(pwd.getpwnam("nobody").pw_uid)]
    assert (tmp_path / "made").stat().st_uid == 0
