"""A broker that hangs or is full, a database that does not answer: told, and over in seconds."""

import os
import time
from collections.abc import Callable, Iterable
from typing import Any

import pytest
import redis
import requests
from django.conf import settings as current
from django.db import OperationalError, connection
from django.test import Client
from pytest_django import Settings

from sandbox.builders import open_small_study, take_part
from studyapp import queue
from studyapp.models import Report, WorkState
from studyapp.serving import watchdog
from studyapp.serving.watchdog import Watched, database_answers
from studyapp.simulation.server import own_site
from tasks.watch import unmade
from tests.admin.desk import administrator, concerns

from .silent import line_to, silence

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Callable[[str], None]:
    """Let the site ask another broker for workers."""

    def use(url: str) -> None:
        settings.REDIS_URL = url
        app = queue.Celery("elsewhere")
        app.conf.update({**queue.app.conf.changes, "broker_url": url})
        monkeypatch.setattr(queue, "app", app)

    return use


def test_a_broker_that_hangs_is_told_and_a_report_waits_in_its_row(
    broker: Callable[[str], None],
) -> None:
    study = open_small_study()
    desk = administrator()
    with silence() as port:
        broker(f"redis://127.0.0.1:{port}/0")
        row = Report.objects.create(study=study)
        began = time.monotonic()
        queue.ask(queue.REPORT, [row.pk])  # outside a transaction it is sent at once
        # Without a limit of the socket's it never comes back; the test would not end.
        assert time.monotonic() - began < 60
        reply = Client().get("/healthz")
        assert (reply.status_code, reply.json()["broker"]) == (200, "unreachable")
        assert any("The broker can't be reached" in one for one in concerns(desk))
    row.refresh_from_db()
    assert row.state == WorkState.PENDING
    assert ("tasks.report", row.pk) in set(unmade())


def test_a_broker_that_refuses_writes_is_told_and_a_report_waits_in_its_row(
    caplog: pytest.LogCaptureFixture,
) -> None:
    study = open_small_study()
    desk = administrator()
    client = redis.Redis.from_url(os.environ["REDIS_URL"])
    client.config_set("maxmemory-policy", "noeviction")
    client.config_set("maxmemory", "1")
    try:
        row = Report.objects.create(study=study)
        queue.ask(queue.REPORT, [row.pk])
        reply = Client().get("/healthz")
        told = concerns(desk)
    finally:
        client.config_set("maxmemory", "0")
        client.close()
    assert "waits in its rows" in caplog.text
    assert (reply.status_code, reply.json()["broker"]) == (200, "refuses writes")
    assert any("The broker refuses writes" in one and "maxmemory" in one for one in told)
    assert ("tasks.report", row.pk) in set(unmade())
    assert Client().get("/healthz").json()["broker"] == "ok"


def waits_in_the_database(environ: Any, start_response: Any) -> Iterable[bytes]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(3)")
    return [b"done"]


def test_a_slow_statement_of_a_database_that_answers_is_not_cut() -> None:
    watched = Watched(waits_in_the_database, patience=0.2)
    assert list(watched({}, lambda *_: None)) == [b"done"]


def test_a_request_loses_its_connection_once_the_database_answers_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watchdog, "database_answers", lambda: False)
    watched = Watched(waits_in_the_database, patience=0.2)
    with pytest.raises(OperationalError):
        watched({}, lambda *_: None)
    connection.close()
    assert watched.waiting == {}


def test_a_database_that_accepts_and_says_nothing_does_not_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert database_answers()
    with silence() as port:
        monkeypatch.setitem(connection.settings_dict, "PORT", str(port))
        assert not database_answers()
    assert Client().get("/healthz").status_code == 503


def test_a_frozen_database_gives_503_and_everything_goes_on_after(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    person = take_part(open_small_study(), "somebody")
    with line_to(int(connection.settings_dict["PORT"])) as line:
        with monkeypatch.context() as patch:
            patch.setitem(connection.settings_dict, "PORT", str(line.port))
            site = own_site(processes=1, threads=2)
            address = site.__enter__()
        try:
            page = f"{address}/p/{person.code}/"
            before = requests.get(page, timeout=60)
            with line.frozen():
                told = requests.get(page, timeout=60)
                health = requests.get(f"{address}/healthz", timeout=60)
            after = [requests.get(page, timeout=60).status_code for _ in range(2)]
            assert (told.status_code, told.headers["Retry-After"]) == (503, "5")
            assert "We are still saving" in told.text
            assert (health.status_code, health.json()["database"]) == (503, "unreachable")
            assert before.status_code == after[-1] == 200
        finally:
            site.__exit__(None, None, None)


def test_the_site_waits_for_a_lock_no_longer_than_it_says(settings: Settings) -> None:
    options = dict(current.DATABASES["default"]["OPTIONS"])
    try:
        watchdog.give_up_on_locks()
        assert current.DATABASES["default"]["OPTIONS"]["options"] == "-c lock_timeout=10000"
    finally:
        current.DATABASES["default"]["OPTIONS"] = options
