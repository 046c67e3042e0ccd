"""Another database on the test run's own server, empty, for the while of a block."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from django.db import connection

OTHER = "restored_elsewhere"


@contextmanager
def empty_database() -> Iterator[str]:
    """The new database's address."""
    facts = connection.settings_dict
    session = psycopg2.connect(
        host=facts["HOST"],
        port=facts["PORT"],
        user=facts["USER"],
        password=facts["PASSWORD"],
        dbname="postgres",
    )
    session.autocommit = True
    cursor = session.cursor()
    cursor.execute(f"DROP DATABASE IF EXISTS {OTHER}")
    cursor.execute(f"CREATE DATABASE {OTHER}")
    yield os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{OTHER}"
    cursor.execute(f"DROP DATABASE {OTHER} WITH (FORCE)")
    session.close()
