"""`/healthz` tells database, broker and workers apart, on real servers that are there or not."""

import os
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from studyapp.models import Heartbeat
from tests.running import python

NOBODY_LISTENS = "127.0.0.1:9"


@pytest.mark.django_db
def test_all_is_well_and_only_workers_heard_of_lately_are_counted(client: Client) -> None:
    now = timezone.now()
    for name, ago in (("one/1", 5), ("two/2", 50), ("dead/3", 90)):
        seen = now - timedelta(seconds=ago)
        Heartbeat.objects.create(worker=name, queues="cpu", started_at=seen, seen_at=seen)
    reply = client.get("/healthz")
    assert reply.status_code == 200
    facts = reply.json()
    assert facts.pop("files") in {"ok", "almost full", "full"}
    told = {"database": "ok", "broker": "ok", "workers": 2, "preparation": "ok", "clock": "ok"}
    assert facts == told


def health_with_database(url: str) -> str:
    code = (
        "import django; django.setup()\n"
        "from django.test import Client\n"
        "reply = Client().get('/healthz', headers={'host': 'localhost'})\n"
        "print(reply.status_code, reply.json()['database'], reply.json()['broker'])\n"
    )
    return python("-c", code, env={**os.environ, "DATABASE_URL": url}).stdout.strip()


def test_a_database_that_is_away_and_one_without_tables_are_told_apart() -> None:
    here = os.environ["DATABASE_URL"]
    away = here.replace(urlsplit(here).netloc.rpartition("@")[2], NOBODY_LISTENS)
    assert health_with_database(away) == "503 unreachable ok"
    # The database that this run's own test database was made beside.
    assert health_with_database(here) == "503 not migrated ok"
