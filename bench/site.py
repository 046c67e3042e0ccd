"""The site in production, under people who answer as fast as they can, and who think first.

    python bench/site.py [--otree VENV/bin/otree] [--seconds 6] [--clients 1 20 100]

Starts gunicorn (as gunicorn.conf.py says), PostgreSQL (durable) and Valkey on loopback and sends
closed-loop walkers through a study of 22 trials; client and servers share the machine's cores.
With --otree (or OTREE=…) the same walkers go through the same study in oTree, in the same run.
CPU is that of all processes of the site, of the database and of the walkers, per submit.
"""

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.load.arrivals import arrivals
from bench.load.otree import otree_site, otree_target
from bench.load.servers import cpu_seconds, data_servers, served
from bench.load.walker import Tally, Target, crowd, percentiles
from demo.postgres import remove_home

if TYPE_CHECKING:
    from studyapp.models import Study

ARRIVING = 300
# As the demo's trust study: 2 for practice, 18 asked, 2 that check attention.
TRIALS = {"practice": 2, "trials": 18, "checks": 2}
ROUNDS = sum(TRIALS.values())
COLUMNS = (
    f"{'':8}{'clients':>8}{'think':>6} | {'submits/s':>9} | "
    f"{'submit p50':>10}{'p95':>6}{'p99':>6} | "
    f"{'to next p50':>11}{'p95':>6}{'p99':>6} | {'errors':>6} | {'CPU ms: site':>12}"
    f"{'database':>9}{'walkers':>8}"
)


@dataclass(frozen=True)
class Load:
    """So many people at once, each thinking so long."""

    clients: int
    think: float


@dataclass(frozen=True)
class Processes:
    """Those whose CPU time is told apart."""

    site: int
    database: int

    def spent(self) -> tuple[float, float, float]:
        return cpu_seconds(self.site), cpu_seconds(self.database), time.process_time()


def measure(target: Target, load: Load, seconds: float, processes: Processes) -> float:
    """Print one line of the table; submits a second."""
    before: list[tuple[float, ...]] = []
    tally = asyncio.run(
        crowd(
            target,
            clients=load.clients,
            think=load.think,
            seconds=seconds,
            started=lambda: before.append(processes.spent()),
        )
    )
    spent = [after - first for after, first in zip(processes.spent(), before[0], strict=True)]
    print(line(target, load, tally, seconds, spent), flush=True)
    for error in tally.errors[:3]:
        print(f"    {error}")
    return len(tally.submits) / seconds


def line(target: Target, load: Load, tally: Tally, seconds: float, spent: list[float]) -> str:
    submits = len(tally.submits)
    sent, shown = percentiles(tally.submits), percentiles(tally.shown)
    each = [1000 * one / max(submits, 1) for one in spent]
    return (
        f"{target.name:8}{load.clients:8}{load.think:5.0f}s | {submits / seconds:9.1f} | "
        f"{sent[50]:10.0f}{sent[95]:6.0f}{sent[99]:6.0f} | "
        f"{shown[50]:11.0f}{shown[95]:6.0f}{shown[99]:6.0f} | {len(tally.errors):6} | "
        f"{each[0]:12.2f}{each[1]:9.2f}{each[2]:8.2f}"
    )


def loads(options: argparse.Namespace) -> Iterator[Load]:
    for think in options.think:
        for number in options.clients:
            yield Load(number, think)


def print_arrivals(target: Target) -> None:
    found = asyncio.run(arrivals(target, ARRIVING))
    print(f"\n{target.name}: {ARRIVING} people within one second, {len(found.errors)} errors")
    for what, waits in (
        ("link opened → its page shown", found.opened),
        ("its form sent → acknowledged", found.placed),
        ("its form sent → next page shown", found.next_shown),
    ):
        ms = percentiles(waits)
        print(f"    {what:32} {len(waits):4}: p50 {ms[50]:5.0f} ms, p95 {ms[95]:5.0f} ms")
    for error in found.errors[:3]:
        print(f"    {error}")


def site_target(address: str, study: "Study") -> Target:
    return Target(
        "Discern",
        address,
        lambda: f"/s/{study.slug}/",
        lambda action: action.endswith("/answer"),
    )


def panel_target(address: str, study: "Study") -> Target:
    """People sent by a panel: its address enters at once."""
    numbers = count()
    return Target(
        "Discern",
        address,
        lambda: f"/s/{study.slug}/?PROLIFIC_PID={next(numbers):024x}&STUDY_ID=s&SESSION_ID=t",
        lambda action: action.endswith("/answer"),
    )


def prepare(environment: dict[str, str]) -> None:
    os.environ.update(environment)
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)


def open_study(slug: str, people: int, **options: object) -> "Study":
    from tests.builders import ETHICS, open_small_study

    return open_small_study(
        slug=slug, people=people, conditions=3, stimuli=30, ethics=ETHICS, **TRIALS, **options
    )


def print_spread(study: "Study") -> None:
    """How evenly those who were placed are spread over the arms."""
    from django.db.models import Count

    from studyapp.models import Status

    placed = study.participations.filter(status=Status.ACTIVE)
    arms = placed.order_by().values("arm__name").annotate(people=Count("pk"))
    counts = [row["people"] for row in arms]
    print(
        f"    {sum(counts)} of {ARRIVING} placed, in arms of {counts}: spread "
        f"{max(counts) - min(counts)}; {placed.values('slot').distinct().count()} slots taken"
    )


def print_queries(study: "Study") -> None:
    """Of each request of one person, BEGIN and COMMIT counted, once the study has been read."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from tests.visits import requests

    found: dict[str, int] = {}
    for _ in range(3):
        for name, send in requests(Client(headers={"host": "127.0.0.1"}), study):
            with CaptureQueriesContext(connection) as asked:
                send()
            found[name] = len(asked)
    told = ", ".join(f"{name} {count}" for name, count in found.items())
    print(f"\nqueries: {told}")


def measure_site(folder: Path, options: argparse.Namespace) -> dict[Load, float]:
    with data_servers(folder) as (database, environment):
        prepare(environment)
        before = time.perf_counter()
        study = open_study("load", options.people)
        arms = [
            {"name": name, "conditions": [name]}
            for name in ("guided_backprop", "guided_grad_cam", "grad_cam")
        ]
        crowded = open_study("arrivals", ARRIVING, arms=arms)
        print(f"two studies opened in {time.perf_counter() - before:.0f} s\n\n{COLUMNS}")
        found: dict[Load, float] = {}
        with served(folder, environment) as (site, address):
            processes = Processes(site.process.pid, database.process.pid)
            for load in loads(options):
                found[load] = measure(site_target(address, study), load, options.seconds, processes)
            print_arrivals(panel_target(address, crowded))
            print_spread(crowded)
        print_queries(study)
        if options.otree:
            measure_otree(folder, options, environment["DATABASE_URL"], database.process.pid, found)
    return found


def measure_otree(
    folder: Path,
    options: argparse.Namespace,
    database: str,
    process: int,
    found: dict[Load, float],
) -> None:
    with otree_site(options.otree, folder, database, rounds=ROUNDS) as (site, address):
        print(f"\n{COLUMNS}")
        for load, ours in found.items():
            # A person of oTree's is made before anybody comes.
            target = otree_target(address, load.clients + int(80 * options.seconds / ROUNDS) + 1)
            processes = Processes(site.process.pid, process)
            theirs = measure(target, load, options.seconds, processes)
            print(f"    Discern : oTree = {ours / theirs:.2f}")
        print_arrivals(otree_target(address, ARRIVING))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    otree = os.environ.get("OTREE")
    parser.add_argument("--otree", type=Path, default=Path(otree) if otree else None)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 20, 100])
    parser.add_argument("--think", type=float, nargs="+", default=[0, 2], help="seconds")
    parser.add_argument("--people", type=int, default=1500, help="places of the study")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="discern-load-"))
    try:
        measure_site(folder, options)
    finally:
        remove_home(folder / "postgres")
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
