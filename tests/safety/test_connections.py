"""A connection gets a health check by a statement only when it may not be sound."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from studyapp.shelf.postgresql import base
from tests.databases import other_session

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _leave_none_behind() -> Iterator[None]:
    connection.close()
    yield
    connection.close()


def next_request() -> None:
    """Begin a request as Django does, and go as far as its first statement."""
    connection.close_if_unusable_or_obsolete()
    connection.cursor().close()


def asked(statement: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def last_statement() -> str:
    with other_session() as cursor:
        pid = connection.connection.get_backend_pid()
        cursor.execute("SELECT query FROM pg_stat_activity WHERE pid = %s", [pid])
        (found,) = cursor.fetchone()
    return str(found)


@pytest.mark.parametrize(("seconds", "last"), [(3600, "SELECT 2"), (0, "SELECT 1")])
def test_it_is_asked_again_after_a_while(
    monkeypatch: pytest.MonkeyPatch, seconds: int, last: str
) -> None:
    monkeypatch.setattr(base, "SECONDS", seconds)
    for _ in range(2):
        asked("SELECT 2")
        next_request()
        assert last_statement() == last


def test_one_that_the_server_ended_is_replaced_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "SECONDS", 3600)
    before = asked("SELECT pg_backend_pid()")
    next_request()
    with other_session() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [before])
        assert cursor.fetchone() == (True,)
    next_request()
    assert asked("SELECT pg_backend_pid()") != before
