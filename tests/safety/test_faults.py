"""Faults of what the site stands on: told kindly, told where, and nothing is lost by them."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from sandbox.builders import open_small_study, take_part
from sandbox.people import due
from sandbox.small_disk import on_small_disk
from studyapp.admin import home
from studyapp.models import Judgment, Participation
from studyapp.serving import health
from tests.admin.desk import administrator, concerns
from tests.running import run

from .faulty import full_database, needs_a_small_disk, read_only_database, set_clock

pytestmark = pytest.mark.django_db(transaction=True)
JSON = {"accept": "application/json"}


@pytest.fixture
def person() -> Participation:
    return take_part(open_small_study(), "somebody")


@pytest.fixture
def client() -> Client:
    """A browser that shows what the site sends, whatever broke behind it."""
    return Client(raise_request_exception=False)


def answer(client: Client, person: Participation, **options: Any) -> Any:
    given = {"trial": due(person).code, "value": 1}
    return client.post(f"/p/{person.code}/answer", given, **options)


def test_a_read_only_database_asks_people_to_send_again_and_takes_it_when_it_can(
    client: Client, person: Participation
) -> None:
    with read_only_database():
        page = answer(client, person)
        told = answer(client, person, headers=JSON)
        shown = client.get(f"/p/{person.code}/")
    assert (page.status_code, page["Retry-After"]) == (503, "5")
    assert "We are still saving" in page.content.decode()
    assert (told.status_code, told.json()["retry"]) == (503, True)
    assert shown.status_code == 200
    assert Judgment.objects.count() == 0
    # The page was read by a connection that can't write: it is given up at the first refusal.
    assert [answer(client, person).status_code for _ in range(2)] == [503, 303]
    assert Judgment.objects.count() == 1


def test_a_read_only_database_lets_nobody_in_and_nobody_twice_afterwards(client: Client) -> None:
    study = open_small_study(panel={"kind": "prolific"})
    link = f"/s/{study.slug}/?PROLIFIC_PID={'5f' * 12}&STUDY_ID=s&SESSION_ID=t"
    with read_only_database():
        assert client.post(link).status_code == 503
    assert [client.post(link).status_code for _ in range(2)] == [303, 303]
    assert Participation.objects.count() == 1


def test_a_read_only_database_is_told_in_healthz_and_the_admin(client: Client) -> None:
    desk = administrator()
    with read_only_database():
        reply, told = client.get("/healthz"), concerns(desk)
        assert (reply.status_code, reply.json()["database"]) == (503, "read only")
        assert any("read-only" in one and "pg_promote()" in one for one in told)
    assert client.get("/healthz").json()["database"] == "ok"
    assert not any("read-only" in one for one in concerns(desk))


def test_a_read_only_database_is_no_fault_of_the_admin_either(client: Client) -> None:
    administrator()
    with read_only_database():
        reply = client.post("/admin/login/", {"username": "anybody", "password": "x"})
    assert (reply.status_code, "We are still saving" in reply.content.decode()) == (503, True)


def test_a_full_disk_of_the_database_asks_people_to_send_again_and_takes_it_when_it_can(
    client: Client, person: Participation
) -> None:
    with full_database(Judgment._meta.db_table):
        page = answer(client, person, headers=JSON)
    assert (page.status_code, page.json()["retry"]) == (503, True)
    assert Judgment.objects.count() == 0
    assert answer(client, person).status_code == 303
    assert Judgment.objects.count() == 1


# Its own server on a small disk of its own, which is filled up and emptied again.
ON_A_SMALL_DISK = """
import contextlib, os, sys
from pathlib import Path
from sandbox.postgres import start_postgres
folder = Path(sys.argv[1])
child, os.environ["DATABASE_URL"] = start_postgres(folder / "pg", folder / "log", durable=False)
import django; django.setup()
from django.core.management import call_command
from studyapp.serving.health import database_state
try:
    call_command("migrate", verbosity=0)
    found = [database_state()]
    filler = (folder / "filler").open("wb", buffering=0)
    with contextlib.suppress(OSError):
        while True: filler.write(bytes(4096))
    found.append(database_state())
    (folder / "filler").unlink(); filler.close()
    print(*found, database_state(), sep=", ")
finally:
    child.stop()
"""


@needs_a_small_disk
def test_a_full_disk_of_the_database_is_told_in_healthz_and_recovers_by_itself(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-c", ON_A_SMALL_DISK, str(tmp_path)]
    done = run(*on_small_disk(tmp_path, command, megabytes=160))
    assert done.stdout == "ok, disk full, ok\n", done.stderr[-3000:]


def test_a_full_disk_of_the_database_is_told_in_the_admin(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = administrator()
    monkeypatch.setattr(home, "database_state", lambda: "disk full")
    assert any("The database's disk is full" in one for one in concerns(desk))


def test_a_full_disk_of_the_files_is_told_in_healthz_and_the_admin_and_answers_go_on(
    client: Client, person: Participation, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = administrator()
    monkeypatch.setattr(health, "FULL_BYTES", 2**62)
    reply = client.get("/healthz")
    assert (reply.status_code, reply.json()["files"]) == (200, "full")
    assert any("Make room, then run manage.py study prepare SLUG" in one for one in concerns(desk))
    assert answer(client, person).status_code == 303


def test_a_broker_that_is_gone_is_told_in_healthz_and_the_admin_and_answers_go_on(
    client: Client, person: Participation, settings: Settings
) -> None:
    desk = administrator()
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    reply = client.get("/healthz")
    assert (reply.status_code, reply.json()["broker"]) == (200, "unreachable")
    assert any("Start Redis again and it goes on by itself" in one for one in concerns(desk))
    assert answer(client, person).status_code == 303


def test_a_clock_that_is_wrong_is_told_in_healthz_and_the_admin(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = administrator()
    assert client.get("/healthz").json()["clock"] == "ok"
    set_clock(monkeypatch, timedelta(hours=-2))
    assert client.get("/healthz").json()["clock"] == "7200 s behind the database's"
    assert any("timedatectl set-ntp true" in one for one in concerns(desk))
