"""The test run's own PostgreSQL as somebody else sees it: a second session, a second database."""

import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2
from django.db import connection
from psycopg2.errors import InsufficientPrivilege, ObjectInUse

OTHER = "restored_elsewhere"


@contextmanager
def other_session(database: str = "") -> Iterator["psycopg2.extensions.cursor"]:
    """A cursor of somebody else's on the tests' database, or another, which commits at once."""
    facts = connection.settings_dict
    session = psycopg2.connect(
        host=facts["HOST"],
        port=facts["PORT"],
        user=facts["USER"],
        password=facts["PASSWORD"],
        dbname=database or facts["NAME"],
    )
    session.autocommit = True
    with closing(session), session.cursor() as cursor:
        yield cursor


@contextmanager
def empty_database() -> Iterator[str]:
    """The address of a new database, which is there for the while of a block."""
    with other_session("postgres") as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {OTHER}")
        cursor.execute(f"CREATE DATABASE {OTHER}")
        yield os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{OTHER}"
        _drop(cursor)


def _drop(cursor: "psycopg2.extensions.cursor") -> None:
    """Whoever is still there is sent away; but for the server's own vacuum one has to wait."""
    for left in reversed(range(20)):
        try:
            cursor.execute(f"DROP DATABASE {OTHER} WITH (FORCE)")
        except (InsufficientPrivilege, ObjectInUse):
            if not left:
                raise
            time.sleep(0.5)
        else:
            return
