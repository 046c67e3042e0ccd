"""A database behind PgBouncer that falls silent, which PgBouncer itself never says."""

import time
from pathlib import Path

import pytest
from django.db import connection

from sandbox.pgbouncer import start_pgbouncer
from sandbox.processes import free_port
from studyapp.serving.watchdog import database_answers
from studyapp.simulation.server import environment
from tests.safety.silent import line_to

from .servers import needs_servers

pytestmark = [pytest.mark.django_db(transaction=True), needs_servers]


def test_a_frozen_database_behind_a_pooler_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(connection.settings_dict["PORT"])
    with line_to(port) as line:
        behind = environment()["DATABASE_URL"].replace(f":{port}/", f":{line.port}/")
        pooled = free_port()
        pooler, _ = start_pgbouncer(tmp_path, tmp_path / "log", behind, port=pooled)
        try:
            monkeypatch.setitem(connection.settings_dict, "PORT", str(pooled))
            monkeypatch.setitem(connection.settings_dict, "NAME", "discern")
            assert database_answers()
            with line.frozen():
                began = time.monotonic()
                assert not database_answers()
                # Without a limit of its own the statement would last as long as the silence does.
                assert time.monotonic() - began < 10
            assert database_answers()
        finally:
            pooler.stop()
