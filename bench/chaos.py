"""Nothing acknowledged is lost: people answer while everything is killed with -9 in turn.

    python bench/chaos.py [--judgments 100000] [--minutes 40] [--rounds 10] [--photos 9] [--seed 1]

PostgreSQL (with fsync and synchronous commits on), Valkey, gunicorn and a Celery worker are
started for the run alone. Simulated people answer over HTTP and try again until they are told that
an answer was taken (a 303, or a JSON ok), while a worker prepares another study. Every round kills
each kind once, in an order drawn from the seed, after as many answers as make the kills even.

Prints every kind's kills, how long it was away and how long no answer was taken; what people saw
acknowledged beside what is stored; and the prepared study's rows beside its files. Ends with 1
where anything was lost, double, stuck, unkind or half-made.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.faults.people import PATIENCE, Person, Seen
from bench.faults.stack import WEB_WORKERS, Stack, descendants, running, wait_for

TRIALS, STIMULI = 50, 60
SLUG = "chaos"
# What the work of a worker hangs on: another study is being prepared when it is killed.
WORKED_WITH = ("the Celery worker", "the broker", "one process of PostgreSQL",
               "PostgreSQL with all of its processes")  # fmt: skip


@dataclass(frozen=True)
class Outage:
    """One kill: when, how long its server was away, and what /healthz said meanwhile."""

    kind: str
    at: float
    away: float
    told: str


class Killer:
    """Kills one kind of process at a time, and has it back before it returns."""

    def __init__(self, stack: Stack, seen: Seen, lines: Any) -> None:
        self.stack, self.seen, self.lines = stack, seen, lines
        self.kinds: dict[str, Callable[[], str]] = {
            "one web process": self._web_process,
            "gunicorn with all of its processes": self._web,
            "the Celery worker": self._worker,
            "the broker": self._broker,
            "one process of PostgreSQL": self._database_process,
            "PostgreSQL with all of its processes": self._database,
        }

    def kill(self, kind: str) -> Outage:
        if self.lines is not None and kind in WORKED_WITH:
            self.lines.begin_next()
        at = time.monotonic()
        told = self.kinds[kind]()
        return Outage(kind, at, time.monotonic() - at, told)

    def _web_process(self) -> str:
        victim = self.stack.kill_one("site")
        site = self.stack.process("site")
        wait_for(lambda: len(set(descendants(site)) - {victim}) == WEB_WORKERS)
        return self.wait_until_well()

    def _web(self) -> str:
        self.stack.kill("site")
        self.stack.start_site()
        return self.wait_until_well()

    def _worker(self) -> str:
        self.stack.kill("worker")
        self.stack.start_worker()
        wait_for(lambda: worker_is_heard_of(self.stack.process("worker")))
        return ""

    def _broker(self) -> str:
        """Left away for some answers: people are to notice nothing."""
        self.stack.kill("broker")
        told = wait_for(lambda: self._failing("broker"))
        before = len(self.seen.acknowledged)
        wait_for(lambda: len(self.seen.acknowledged) >= before + 20 or self.seen.is_over)
        self.stack.start_broker()
        self.wait_until_well()
        return f"broker: {told}"

    def _database_process(self) -> str:
        self.stack.kill_one("database", "postgres: discern discern 127.0.0.1")
        return self.wait_until_well()

    def _database(self) -> str:
        self.stack.kill("database")
        told = wait_for(lambda: self._failing("database"))
        self.stack.start_database()
        self.wait_until_well()
        return f"database: {told}"

    def wait_until_well(self) -> str:
        """Once the site says that the database is there."""
        wait_for(lambda: self._health().get("database") == "ok")
        return ""

    def _failing(self, part: str) -> str:
        """What /healthz says of a part that is not well; nothing while it is."""
        said = self._health().get(part, "ok")
        return "" if said == "ok" else str(said)

    def _health(self) -> dict[str, Any]:
        """What /healthz says; nothing where nobody answers. Its status is 200 or 503."""
        address = f"http://127.0.0.1:{self.stack.ports['site']}/healthz"
        try:
            with urllib.request.urlopen(address, timeout=20) as reply:
                text = reply.read()
        except urllib.error.HTTPError as error:
            if error.code != 503:
                raise
            text = error.read()
        except OSError:
            return {"database": "no answer", "broker": "ok"}
        found: dict[str, Any] = json.loads(text)
        return found


def worker_is_heard_of(process: int) -> bool:
    from django.db import close_old_connections

    from studyapp.models import Heartbeat

    close_old_connections()
    return Heartbeat.objects.filter(worker__endswith=f"/{process}").exists()


def make_study(judgments: int, at_once: int) -> int:
    """A study that is open for enough people; its places."""
    from django.core.management import call_command

    from sandbox.builders import open_small_study

    call_command("migrate", verbosity=0)
    trials = min(TRIALS, max(5, judgments // at_once))
    # The load goes on until the last kill is over, however many answers that takes.
    places = (judgments + judgments // 4 + 3000) // trials + at_once
    open_small_study(
        slug=SLUG,
        people=places,
        trials=trials,
        stimuli=max(STIMULI, trials),
        panel={"kind": "prolific"},
    )
    return places


def send_people(
    stack: Stack, seen: Seen, places: int, options: argparse.Namespace
) -> list[Future[None]]:
    """`at_once` people at a time, each after the other, until the crowd has answered enough."""
    pool = ThreadPoolExecutor(options.at_once)

    def walk(number: int) -> None:
        if not seen.is_over:
            name = f"person-{number}"
            start = f"/s/{SLUG}/?PROLIFIC_PID={number:024x}&STUDY_ID=s&SESSION_ID={name}"
            random = Random(f"{options.seed}:{number}")
            Person(stack.ports["site"], name, random, seen, think=options.think).walk(start)

    walks = [pool.submit(walk, number) for number in range(places)]
    pool.shutdown(wait=False)
    return walks


def kill_in_turn(killer: Killer, seen: Seen, rounds: int, seed: int) -> list[Outage]:
    """Every kind once a round, each after its share of the answers, until the crowd is done."""
    random = Random(seed)
    order = [
        kind for _ in range(rounds) for kind in random.sample([*killer.kinds], len(killer.kinds))
    ]
    outages = []
    for number, kind in enumerate(order, 1):
        due = number * seen.target // (len(order) + 1)
        while len(seen.acknowledged) < due and not seen.is_over:
            time.sleep(0.05)
        if seen.is_over:
            break
        outages.append(killer.kill(kind))
        print(f"  {len(seen.acknowledged):>7} taken: {kind}, {outages[-1].away:.1f} s", flush=True)
    return outages


def silence(outage: Outage, until: float, moments: list[float]) -> float:
    """The longest time without an acknowledgement between a kill and the next, in seconds."""
    inside = [outage.at, *(m for m in moments if outage.at <= m <= until)]
    return max((b - a for a, b in pairwise(inside)), default=0.0)


def print_outages(outages: list[Outage], seen: Seen) -> None:
    moments = sorted(seen.moments)
    ends = [*(one.at for one in outages[1:]), max(seen.moments, default=0.0)][: len(outages)]
    print(f"\n{'killed with -9':<38}{'times':>6}{'away, s':>16}{'no answer taken, s':>20}")
    print(f"{'':<38}{'':>6}{'median':>8}{'worst':>8}{'median':>12}{'worst':>8}  /healthz told")
    for kind in dict.fromkeys(one.kind for one in outages):
        mine = [
            (one, silence(one, end, moments))
            for one, end in zip(outages, ends, strict=True)
            if one.kind == kind
        ]
        away, quiet = [one.away for one, _ in mine], [gap for _, gap in mine]
        told = ", ".join(sorted({one.told for one, _ in mine} - {""}))
        print(
            f"{kind:<38}{len(mine):>6}{statistics.median(away):>8.1f}{max(away):>8.1f}"
            f"{statistics.median(quiet):>12.1f}{max(quiet):>8.1f}  {told}"
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judgments", type=int, default=2000)
    parser.add_argument(
        "--minutes", type=float, default=10, help="the load ends then at the latest"
    )
    parser.add_argument("--rounds", type=int, default=1, help="of one kill of each kind")
    parser.add_argument(
        "--photos", type=int, default=12, help="of the study that is prepared; 0: none"
    )
    parser.add_argument("--think", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--at-once", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="discern-chaos-") as name, running(Path(name)) as stack:
        durable = stack.durability()
        print(", ".join(f"{setting} {value}" for setting, value in durable.items()), flush=True)
        if set(durable.values()) != {"on"}:
            raise SystemExit("PostgreSQL is let off; nothing that it keeps would mean anything")
        os.environ.update(stack.environment)
        import django

        django.setup()
        return run(stack, options)


def run(stack: Stack, options: argparse.Namespace) -> int:
    from django.db import close_old_connections

    from bench.faults.counts import kept, made
    from studyapp.models import Study

    places = make_study(options.judgments, options.at_once)
    lines = make_lines(stack.folder, options)
    stack.start_worker()
    stack.start_site()
    seen = Seen(options.judgments, time.monotonic() + 60 * options.minutes)
    killer = Killer(stack, seen, lines)
    killer.wait_until_well()
    start = time.monotonic()
    walks = send_people(stack, seen, places, options)
    try:
        outages = kill_in_turn(killer, seen, options.rounds, options.seed)
    finally:
        seen.kills_are_over = True
    for walk in walks:
        walk.result(PATIENCE + 60 * options.minutes)
    print_outages(outages, seen)
    # Ours may have been killed with the others.
    close_old_connections()
    found = kept(Study.objects.get(slug=SLUG), seen)
    tell_people(seen, found, max(seen.moments, default=start) - start)
    whole = found.is_whole and not (seen.unkind or seen.stuck)
    if lines is not None:
        whole = lines.are_prepared() and whole
        pictures = made(lines)
        print("\nprepared meanwhile: " + ", ".join(f"{k} {v}" for k, v in vars(pictures).items()))
        whole = pictures.is_whole and whole
    print("\nwhole" if whole else "\nNOT WHOLE", flush=True)
    return 0 if whole else 1


def make_lines(folder: Path, options: argparse.Namespace) -> Any:
    """The studies that are prepared meanwhile; None (and no torch in this process) for none."""
    if not options.photos:
        return None
    from bench.faults.lines import Lines

    return Lines(folder, options.rounds * len(WORKED_WITH), options.photos)


def tell_people(seen: Seen, found: Any, seconds: float) -> None:
    print(f"\nin {seconds:.0f} s, {found.acknowledged / max(seconds, 1):.0f} a second:")
    print(
        f"acknowledged {found.acknowledged}, stored {found.stored}, lost {found.lost}, "
        f"double {found.double}, stored otherwise than sent {found.other}, "
        f"people twice {found.twice_entered}, codes other than shown {found.wrong_codes}"
    )
    counts = ", ".join(f"{what} {count}" for what, count in sorted(seen.counts.items()))
    print(f"people: {counts}, stuck {len(seen.stuck)}, unkind replies {len(seen.unkind)}")
    for sentence in [*seen.stuck, *seen.unkind][:10]:
        print(f"  {sentence}")


if __name__ == "__main__":
    sys.exit(main())
