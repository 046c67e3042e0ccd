"""Whether what a participant waits for grows with what is stored.

    python -m demo.scratch python bench/growth.py [--judgments 1000000] [--people 15]

People walk through a study that holds 1,000 judgments, and again once that study holds a million
(rows are made with COPY, see bench/admin.py). The table shows the first quartile of each request's
time, without a browser, and the ratio, whose goal is 1.2. Then every query that was asked is
planned once more, and each that reads a growing table whole is printed.
"""

import argparse
import math
import statistics
import sys
import time
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench.admin import fill
from studyapp.models import Judgment, Study
from tests.builders import ETHICS, open_small_study
from tests.people import send_people
from tests.plans import scans
from tests.visits import requests

GOAL = 1.2
MOST_TRIALS = 100
FEW = 1000
Times = dict[str, list[float]]


def walk(study: Study, people: int) -> Times:
    """The milliseconds of every request of so many people, by the request's name."""
    found: Times = defaultdict(list)
    for _ in range(people):
        for name, send in requests(Client(headers={"host": "localhost"}), study):
            before = time.perf_counter()
            reply = send()
            found[name].append(1000 * (time.perf_counter() - before))
            assert reply.status_code in {200, 303}, (name, reply.status_code)
    return found


def asked(study: Study) -> dict[str, str]:
    """Every query of one person's way, and the first request that asked it."""
    found: dict[str, str] = {}
    for name, send in requests(Client(headers={"host": "localhost"}), study):
        with CaptureQueriesContext(connection) as queries:
            send()
        for query in queries.captured_queries:
            found.setdefault(query["sql"], name)
    return found


def grow(study: Study, number: int, judgments: int) -> None:
    # Nobody is asked twice about one photo, and there are as many photos as people.
    trials = min(MOST_TRIALS, math.isqrt(judgments))
    fill(study, number, argparse.Namespace(people=judgments // trials, trials=trials))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def quartile(times: list[float]) -> float:
    return statistics.quantiles(times, n=4)[0]


def print_table(small: Times, large: Times) -> None:
    print(f"\n{'request':16} {'ms at 10^3':>11} {'at the end':>11} {'ratio':>6}")
    for name, times in small.items():
        before, after = quartile(times), quartile(large[name])
        note = "" if after <= GOAL * before else "  GROWS"
        print(f"{name:16} {before:11.2f} {after:11.2f} {after / before:6.2f}{note}")


def print_scans(queries: dict[str, str]) -> None:
    found = scans(queries)
    print(f"\n{len(queries)} different queries planned; {len(found)} read a growing table whole")
    for table, query in found:
        print(f"{queries[query]}: {table}: {query[:400]}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--judgments", type=int, default=1_000_000)
    parser.add_argument("--people", type=int, default=15, help="who walk, each time")
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    study = open_small_study(
        slug="growing", people=3 * options.people + 20, trials=20, stimuli=20, conditions=3,
        checks=1, practice=1, ethics=ETHICS,
    )  # fmt: skip
    send_people(study, 1)
    grow(study, 0, FEW)
    walk(study, 1)
    small = walk(study, options.people)
    before = time.perf_counter()
    grow(study, 1, options.judgments)
    print(f"{Judgment.objects.count():,} judgments; made in {time.perf_counter() - before:.0f} s")
    walk(study, 1)
    print_table(small, walk(study, options.people))
    print_scans(asked(study))


if __name__ == "__main__":
    main()
