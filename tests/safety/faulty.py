"""What goes wrong below the site, done to it: databases that take nothing, small disks, clocks."""

import contextlib
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from sandbox.small_disk import has_small_disks
from tests.databases import other_session


@contextlib.contextmanager
def read_only_database() -> Iterator[None]:
    """As after a failover to a replica: connections made from now on can't write."""
    name = connection.ops.quote_name(str(connection.settings_dict["NAME"]))
    with other_session() as cursor:
        cursor.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        connection.close()
        try:
            yield
        finally:
            cursor.execute("SET default_transaction_read_only = off")
            cursor.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")


# What PostgreSQL says where a file can't grow, by the code that it says it with
FULL = """
CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100';
END $$
"""


@contextlib.contextmanager
def full_database(table: str) -> Iterator[None]:
    """`table` can't take a further row, for PostgreSQL's own reason."""
    with other_session() as cursor:
        cursor.execute(FULL)
        cursor.execute(
            f"CREATE TRIGGER no_room BEFORE INSERT ON {table} FOR EACH ROW EXECUTE "
            "FUNCTION no_room()"
        )
        try:
            yield
        finally:
            cursor.execute("DROP FUNCTION no_room() CASCADE")


needs_a_small_disk = pytest.mark.skipif(
    not has_small_disks(), reason="this user may mount nothing, not even in a namespace"
)


def set_clock(patch: pytest.MonkeyPatch, by: timedelta) -> None:
    """This process's clock jumps by so much; the database's goes on as it was."""
    now = timezone.now
    patch.setattr(timezone, "now", lambda: now() + by)
