"""The test run's own PostgreSQL as somebody else sees it: a second session, a second database."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2
from django.db import connection

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
        cursor.execute(f"DROP DATABASE {OTHER} WITH (FORCE)")
