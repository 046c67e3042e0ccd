"""What PostgreSQL would do for a query that was captured: which tables it reads from end to end."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.db import connection

# Each holds a row for everybody who came, or for everything that was asked or answered.
GROWING = frozenset(
    f"studyapp_{name}"
    for name in (
        "judgment", "trial", "slot", "participation", "participant", "panelidentity", "event",
        "stimulus", "stimulusoverlay", "overlay", "crop", "explanation", "image", "case",
        "casephoto", "studyimage",
    )
)  # fmt: skip
PLANNED = ("SELECT", "INSERT", "UPDATE", "DELETE")


def scans(queries: Iterable[str]) -> list[tuple[str, str]]:
    """(table, query) for every growing table that one of `queries` would read from end to end."""
    wanted = dict.fromkeys(query for query in queries if query.startswith(PLANNED))
    return [(table, query) for query in wanted for table in scanned(query) if table in GROWING]


def scanned(query: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (FORMAT JSON) " + query.replace("%", "%%"), [])
        plan = cursor.fetchone()[0]
    found = json.loads(plan) if isinstance(plan, str) else plan
    every = nodes(found[0]["Plan"])
    return [node["Relation Name"] for node in every if node["Node Type"] == "Seq Scan"]


def read_whole(work: Callable[[], object]) -> list[str]:
    """The growing tables that are read from end to end while `work` is done, in a transaction that
    is open; those that the statements inside the database's functions read, too."""
    with connection.cursor() as cursor:
        # The connection's cached plans were made for the tables as they were before
        cursor.execute("DISCARD PLANS")
    before = _reads()
    work()
    return sorted(table for table, times in _reads().items() if times > before.get(table, 0))


def _reads() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname, seq_scan FROM pg_stat_xact_user_tables")
        return {table: times for table, times in cursor.fetchall() if table in GROWING}


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for inner in node.get("Plans", []):
        yield from nodes(inner)
