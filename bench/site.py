"""The site in production, under people who answer as fast as they can, and who think first.

    python bench/site.py [--otree VENV/bin/otree] [--seconds 6] [--clients 1 20 100] [--in-turn N]

Starts gunicorn (as gunicorn.conf.py says, and with one process), PostgreSQL (durable) and Valkey on
loopback and sends closed-loop walkers through a study of 22 trials, who fetch a page's parts once,
and do what its script does: they fetch pictures ahead, and take the next trial from the reply to an
answer. "… plain" are people without script. Client and servers share the machine's cores. With
--otree (or OTREE=…) the same walkers go through the same study in oTree, which is one process. The
sites take turns at each load, so that whatever else the machine does meets all of them. CPU is that
of all processes of the site, of the database and of the walkers, per submit: it is what swings
least on a busy machine.
Last, so many people come in turn, more than a process remembers slots of.
"""

import argparse
import math
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.load.arrivals import arrivals
from bench.load.otree import otree_site, otree_target
from bench.load.servers import cpu_seconds, data_servers, served
from bench.load.walker import Tally, Target, Walker, crowd, percentiles

if TYPE_CHECKING:
    from studyapp.models import Study

ARRIVING = 300
# As the demo's trust study: 2 for practice, 18 asked, 2 that check attention.
TRIALS = {"practice": 2, "trials": 18, "checks": 2}
ROUNDS = sum(TRIALS.values())
COLUMNS = (
    f"{'':10}{'clients':>8}{'think':>6} | {'submits/s':>9} | "
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


@dataclass(frozen=True)
class Site:
    """One of those that take turns."""

    processes: Processes
    target: Callable[[Load], Target]


@dataclass(frozen=True)
class Pace:
    """Submits a second, and the site's and its database's CPU for one, in milliseconds."""

    submits: float
    cpu: float

    def beside(self, other: "Pace") -> str:
        return (
            f"submits a second {self.submits / other.submits:.2f}, "
            f"CPU per submit {self.cpu / other.cpu:.2f}"
        )


def measure(
    target: Target, load: Load, seconds: float, processes: Processes, people: float = math.inf
) -> Pace:
    """Print one line of the table."""
    before: list[tuple[float, ...]] = []
    began = time.perf_counter()
    tally = crowd(
        target,
        clients=load.clients,
        think=load.think,
        seconds=seconds,
        started=lambda: before.append(processes.spent()),
        people=people,
    )
    spent = [after - first for after, first in zip(processes.spent(), before[0], strict=True)]
    seconds = min(seconds, time.perf_counter() - began)
    print(line(target, load, tally, seconds, spent), flush=True)
    for error in tally.errors[:3]:
        print(f"    {error}")
    submits = max(len(tally.submits), 1)
    return Pace(submits / seconds, 1000 * (spent[0] + spent[1]) / submits)


def line(target: Target, load: Load, tally: Tally, seconds: float, spent: list[float]) -> str:
    submits = len(tally.submits)
    sent, shown = percentiles(tally.submits), percentiles(tally.shown)
    each = [1000 * one / max(submits, 1) for one in spent]
    return (
        f"{target.name:10}{load.clients:8}{load.think:5.0f}s | {submits / seconds:9.1f} | "
        f"{sent[50]:10.0f}{sent[95]:6.0f}{sent[99]:6.0f} | "
        f"{shown[50]:11.0f}{shown[95]:6.0f}{shown[99]:6.0f} | {len(tally.errors):6} | "
        f"{each[0]:12.2f}{each[1]:9.2f}{each[2]:8.2f}"
    )


def loads(options: argparse.Namespace) -> Iterator[Load]:
    for think in options.think:
        for number in options.clients:
            yield Load(number, think)


def always(target: Target, load: Load) -> Target:
    return target


def print_arrivals(target: Target) -> None:
    found = arrivals(target, ARRIVING)
    print(f"\n{target.name}: {ARRIVING} people within one second, {len(found.errors)} errors")
    for what, waits in (
        ("link opened → its page shown", found.opened),
        ("Begin pressed → first page shown", found.begun),
        ("both → on their first page", found.first_shown),
        ("its form sent → acknowledged", found.placed),
        ("its form sent → next page shown", found.next_shown),
    ):
        if not waits:
            continue
        ms = percentiles(waits)
        print(f"    {what:33} {len(waits):4}: p50 {ms[50]:5.0f} ms, p95 {ms[95]:5.0f} ms")
    for error in found.errors[:3]:
        print(f"    {error}")


def site_target(address: str, study: "Study") -> Target:
    return Target(
        "Discern", address, lambda: f"/s/{study.slug}/", lambda page: page.first_verb() == "answer"
    )


def panel_target(address: str, study: "Study") -> Target:
    """People sent by a panel, each by an address of their own."""
    numbers = count()
    return Target(
        "Discern",
        address,
        lambda: f"/s/{study.slug}/?PROLIFIC_PID={next(numbers):024x}&STUDY_ID=s&SESSION_ID=t",
        lambda page: page.first_verb() == "answer",
    )


def pictures_seen(target: Target) -> list[list[bytes]]:
    """Of each trial of one person, its pictures."""
    walker = Walker(target, Tally(), Random(0), 0)
    page, found = walker.enter(), []
    while page.first_verb() is not None:
        found.append([walker.visitor.fetch(address) for address in page.pictures()])
        page = walker.go_on(page)
    walker.visitor.close()
    return found


def prepare(environment: dict[str, str]) -> None:
    os.environ.update(environment)
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)


def open_study(slug: str, people: int, **options: object) -> "Study":
    from sandbox.builders import ETHICS, open_small_study

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
    """The number of queries of each request, BEGIN and COMMIT included: the fewest for any of three
    people, as this process has then already read all that it shows."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from sandbox.visits import requests

    found: dict[str, int] = {}
    for _ in range(3):
        for name, send in requests(Client(headers={"host": "127.0.0.1"}), study):
            with CaptureQueriesContext(connection) as asked:
                send()
            found[name] = min(len(asked), found.get(name, len(asked)))
    told = ", ".join(f"{name} {count}" for name, count in found.items())
    print(f"\nqueries: {told}")


def measure_sites(folder: Path, options: argparse.Namespace) -> None:
    with ExitStack() as stack:
        database, environment = stack.enter_context(data_servers())
        prepare(environment)
        before = time.perf_counter()
        study = open_study("load", options.people)
        arms = [
            {"name": name, "conditions": [name]}
            for name in ("guided_backprop", "guided_grad_cam", "grad_cam")
        ]
        crowded = open_study("arrivals", ARRIVING, arms=arms)
        print(f"two studies opened in {time.perf_counter() - before:.0f} s")
        sites = []
        for workers, name in ((2, "Discern"), (1, "… of one")):
            site, address = stack.enter_context(served(folder, environment, workers=workers))
            processes = Processes(site.process.pid, database)
            target = replace(site_target(address, study), name=name)
            sites.append(Site(processes, partial(always, target)))
            if workers == 2:
                panel = panel_target(address, crowded)
                plain = replace(target, name="… plain", has_script=False)
                sites.append(Site(processes, partial(always, plain)))
        otree = None
        if options.otree:
            rounds = pictures_seen(target)
            site, otree = stack.enter_context(
                otree_site(options.otree, folder, environment["DATABASE_URL"], rounds=rounds)
            )
            processes = Processes(site.process.pid, database)
            sites.append(Site(processes, partial(otree_people, otree, options)))
        in_turns(sites, options)
        for target in [panel, *([otree_target(otree, ARRIVING)] if otree else [])]:
            print_arrivals(target)
        print_spread(crowded)
        print_queries(study)


def otree_people(address: str, options: argparse.Namespace, load: Load) -> Target:
    """A person of oTree's is made before anybody comes."""
    people = load.clients + max(options.in_turn, int(80 * options.seconds / ROUNDS)) + 1
    return otree_target(address, people)


def in_turns(sites: Sequence[Site], options: argparse.Namespace) -> None:
    """Each load at each site, one site after the other, and their paces beside the first one's."""
    print(f"\n{COLUMNS}")
    for load in loads(options):
        found = [measure(one.target(load), load, options.seconds, one.processes) for one in sites]
        for place, other in enumerate(found[1:], 2):
            print(f"    row 1 : row {place}: {found[0].beside(other)}")
    if options.in_turn:
        print(f"\n{options.in_turn} people, 20 at once, one after the other")
        for one in sites:
            load = Load(20, 0)
            measure(one.target(load), load, math.inf, one.processes, options.in_turn)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    otree = os.environ.get("OTREE")
    parser.add_argument("--otree", type=Path, default=Path(otree) if otree else None)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 20, 100])
    parser.add_argument("--think", type=float, nargs="+", default=[0, 2], help="seconds")
    parser.add_argument("--people", type=int, default=6000, help="places of the study")
    parser.add_argument(
        "--in-turn", type=int, default=1000, help="people who come in turn; 0: none"
    )
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="discern-load-"))
    try:
        measure_sites(folder, options)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
