"""Which locks each migration holds, and for how long, on a database of a million judgments.

    python -m sandbox.scratch python bench/migrations.py [--judgments 1000000] [--since 37]

A study is filled (rows are made with COPY, see bench/admin.py), the migrations after `--since` are
taken back, and applied again one by one. Just before each commits, `pg_locks` tells which tables
nobody else could read or write meanwhile: for at most as long as the migration took. Tables that it
made are left out, because nobody uses them yet.
"""

import argparse
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.migrations.executor import MigrationExecutor  # noqa: E402

from bench.growth import FEW, grow  # noqa: E402
from sandbox.builders import ETHICS, open_small_study  # noqa: E402
from sandbox.people import send_people  # noqa: E402

# What locks of a mode keep others from
KEEPS_FROM = {"AccessExclusiveLock": "reading", "ExclusiveLock": "writing",
              "ShareRowExclusiveLock": "writing", "ShareLock": "writing"}  # fmt: skip
HELD = """
SELECT c.relname, l.mode FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
WHERE l.pid = pg_backend_pid() AND c.relkind = 'r' AND c.relname = ANY(%s)
"""


class Held:
    """Notes what the transaction of a migration holds before it commits."""

    def __init__(self, tables: list[str]) -> None:
        self.tables, self.found = tables, set[tuple[str, str]]()

    def __call__(self, execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        done = execute(sql, params, many, context)
        with connection.connection.cursor() as cursor:
            cursor.execute(HELD, [self.tables])
            rows = {(table, KEEPS_FROM.get(mode, "")) for table, mode in cursor.fetchall()}
        self.found |= {(table, kept) for table, kept in rows if kept}
        return done


def measure(executor: MigrationExecutor, state: Any, migration: Any) -> tuple[Any, float, Held]:
    held = Held(connection.introspection.table_names())
    before = time.perf_counter()
    with connection.execute_wrapper(held):
        state = executor.apply_migration(state, migration)
    return state, time.perf_counter() - before, held


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--judgments", type=int, default=1_000_000)
    parser.add_argument("--since", type=int, default=37, help="the number of a migration")
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    study = open_small_study(
        slug="large", people=40, trials=20, stimuli=20, conditions=3, checks=1, practice=1,
        ethics=ETHICS,
    )  # fmt: skip
    send_people(study, 1)
    grow(study, 0, FEW)
    grow(study, 1, options.judgments)
    call_command("migrate", "studyapp", f"{options.since:04}", verbosity=0)
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes("studyapp"))
    state = executor.migrate([], plan=[])
    print(f"\n{'migration':32}{'ms':>8}  keeps others from")
    for migration, _ in plan:
        state, seconds, held = measure(executor, state, migration)
        told: dict[str, list[str]] = {}
        for table, kept in sorted(held.found):
            told.setdefault(kept, []).append(table.removeprefix("studyapp_"))
        what = "; ".join(f"{kept} {', '.join(tables)}" for kept, tables in told.items())
        print(f"{migration.name:32}{1000 * seconds:8.0f}  {what or 'nothing'}", flush=True)


if __name__ == "__main__":
    main()
