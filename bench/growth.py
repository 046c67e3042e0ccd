"""Whether what a participant waits for grows with what is stored.

    python -m sandbox.scratch python bench/growth.py [--judgments 1000000] [--people 15]

One database is opened with a study of 1,000 judgments and copied; the copy's study is filled to a
million (rows are made with COPY, see bench/admin.py). Then people walk through both in turn, so
that whatever else the machine does meets both alike. The table shows the first quartile of each
request's time, without a browser, and the ratio, whose goal is 1.2. Then every query that was asked
of the large one is planned once more, and each that reads a growing table whole is printed. That
misses the statements inside the database's functions. For them the bench reads PostgreSQL's own
count of full table scans after each request.
"""

import argparse
import math
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from django.core.management import call_command
from django.db import connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench.admin import fill
from sandbox.builders import ETHICS, open_small_study
from sandbox.people import send_people
from sandbox.plans import read_whole, scans
from sandbox.visits import requests
from studyapp.models import Judgment, Study
from studyapp.studies.trial_cache import slot_trials

GOAL = 1.2
MOST_TRIALS = 100
FEW = 1000
# A person sees these pages once: seen again they cost as much, and give more times to compare.
READ_ONCE = {"the door", "consent page", "finished page", "about", "withdraw page"}
REPEATED = 5
Times = dict[str, list[float]]


def walk(study: Study, found: Times) -> None:
    """Add the milliseconds of every request of one person, by the request's name."""
    for name, send in requests(Client(headers={"host": "localhost"}), study):
        for _ in range(REPEATED if name in READ_ONCE else 1):
            before = time.perf_counter()
            reply = send()
            found[name].append(1000 * (time.perf_counter() - before))
            assert reply.status_code in {200, 303}, (name, reply.status_code)


@dataclass
class Asked:
    """Every query of one person's way with the first request that asked it, and for each request
    the growing tables that it read whole."""

    queries: dict[str, str] = field(default_factory=dict)
    whole: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def follow(self, study: Study) -> None:
        for name, send in requests(Client(headers={"host": "localhost"}), study):
            # PostgreSQL keeps this count per open transaction.
            with transaction.atomic():
                self.whole[name].update(read_whole(partial(self._note, name, send)))

    def _note(self, name: str, send: Callable[[], object]) -> None:
        with CaptureQueriesContext(connection) as queries:
            send()
        for query in queries.captured_queries:
            self.queries.setdefault(query["sql"], name)


def grow(study: Study, number: int, judgments: int) -> None:
    # Nobody is asked twice about one photo, and there are as many photos as people.
    trials = min(MOST_TRIALS, math.isqrt(judgments))
    fill(study, number, argparse.Namespace(people=judgments // trials, trials=trials))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")


def copied(name: str) -> BaseDatabaseWrapper:
    """A connection to a copy of this database, whose keys are the same."""
    connection.close()
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE {connection.settings_dict['NAME']}")
    other = connections.create_connection("default")
    other.settings_dict = {**other.settings_dict, "NAME": name}
    return other


def quartile(times: list[float]) -> float:
    return statistics.quantiles(times, n=4)[0]


def print_table(small: Times, large: Times) -> None:
    print(f"\n{'request':16} {'ms at 10^3':>11} {'at the end':>11} {'ratio':>6}")
    for name, times in small.items():
        before, after = quartile(times), quartile(large[name])
        note = "" if after <= GOAL * before else "  GROWS"
        print(f"{name:16} {before:11.2f} {after:11.2f} {after / before:6.2f}{note}")


def print_scans(asked: Asked) -> None:
    found, count = scans(asked.queries), len(asked.queries)
    print(f"\n{count} different queries planned; {len(found)} read a growing table whole")
    for table, query in found:
        print(f"{asked.queries[query]}: {table}: {query[:400]}")
    counted = {name: tables for name, tables in asked.whole.items() if tables}
    print(f"{len(counted)} requests read one whole, the database's functions counted")
    for name, tables in counted.items():
        print(f"{name}: {', '.join(sorted(tables))}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--judgments", type=int, default=1_000_000)
    parser.add_argument("--people", type=int, default=15, help="who walk, each time")
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    study = open_small_study(
        slug="growing", people=options.people + 20, trials=20, stimuli=20, conditions=3,
        checks=1, practice=1, ethics=ETHICS,
    )  # fmt: skip
    send_people(study, 1)
    grow(study, 0, FEW)
    few, many = connections["default"], copied("growing")
    connections["default"] = many
    before = time.perf_counter()
    grow(study, 1, options.judgments)
    print(f"{Judgment.objects.count():,} judgments; made in {time.perf_counter() - before:.0f} s")
    times: dict[BaseDatabaseWrapper, Times] = {few: defaultdict(list), many: defaultdict(list)}
    for number in range(options.people + 1):
        # Now the one, now the other goes first, and neither finds what the other has read.
        for database, found in list(times.items())[:: 1 if number % 2 else -1]:
            connections["default"] = database
            slot_trials.cache_clear()
            # The first person of each only warms what is remembered.
            walk(study, found if number else defaultdict(list))
    print_table(times[few], times[many])
    connections["default"] = many
    asked = Asked()
    asked.follow(study)
    print_scans(asked)
    many.close()


if __name__ == "__main__":
    main()
