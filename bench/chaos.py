"""Nothing acknowledged is lost: people answer while everything is killed with -9 in turn.

    python bench/chaos.py [--judgments 100000] [--minutes 40] [--rounds 10] [--photos 9] [--seed 1]
    python bench/chaos.py --many [--only "in turn"] …

PostgreSQL (with fsync and synchronous commits on), Valkey, gunicorn and a Celery worker are
started for the run alone. Simulated people answer over HTTP and try again until they are told that
an answer was taken (a 303, or a JSON ok), while a worker prepares another study. Every round kills
each kind once, in an order drawn from the seed, after as many answers as make the kills even.
With --many there are three gunicorns behind nginx with TLS (deploy/nginx), PgBouncer
(deploy/pgbouncer), two workers and a bucket of S3's kind, and these are killed too; the broker is
also restarted as docs/operations.md says, and the gunicorns by deploy/rolling-restart, alone and
after a migration that locks the tables of people and answers for 0.6 s (--only upgrade).

Prints every kind's kills, how long it was away and how long no answer was taken; what people saw
acknowledged beside what is stored; where the slowest requests waited; and the prepared study's
rows beside its files. Ends with 1 where anything was lost, double, stuck, unkind or half-made.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.faults.killer import WORKED_WITH, Killer, ManyKiller, Outage
from bench.faults.many import ManyStack
from bench.faults.people import PATIENCE, Person, Seen
from bench.faults.slowest import slowest
from bench.faults.stack import Stack, running

TRIALS, STIMULI = 50, 60
SLUG = "chaos"


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
            person = Person(
                stack.line(), name, random, seen, think=options.think, looks=options.pictures
            )
            person.walk(start)

    walks = [pool.submit(walk, number) for number in range(places)]
    pool.shutdown(wait=False)
    return walks


def kill_in_turn(killer: Killer, seen: Seen, options: argparse.Namespace) -> list[Outage]:
    """Every kind once a round, each after its share of the answers, until the crowd is done."""
    random = Random(options.seed)
    kinds = [*killer.kinds]
    order = [kind for _ in range(options.rounds) for kind in random.sample(kinds, len(kinds))]
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
    parser.add_argument("--pictures", action="store_true", help="people fetch the pages' pictures")
    parser.add_argument("--at-once", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--many", action="store_true", help="three webs behind nginx, …")
    parser.add_argument("--only", default="", help="kinds of kills that have this in their name")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="discern-chaos-") as name,
        running(ManyStack if options.many else Stack, Path(name)) as stack,
    ):
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
    seen = Seen(options.judgments)
    kind = ManyKiller if isinstance(stack, ManyStack) else Killer
    killer = kind(stack, seen, options.only)
    lines = killer.lines = make_lines(stack.folder, killer, options)
    stack.start_all()
    killer.wait_until_well()
    start = time.monotonic()
    seen.deadline = start + 60 * options.minutes
    walks = send_people(stack, seen, places, options)
    try:
        outages = kill_in_turn(killer, seen, options)
    finally:
        seen.kills_are_over = True
    for walk in walks:
        walk.result(PATIENCE + 60 * options.minutes)
    print_outages(outages, seen)
    # Ours may have been killed with the others.
    close_old_connections()
    found = kept(Study.objects.get(slug=SLUG), seen)
    tell_people(stack, seen, found, max(seen.moments, default=start) - start)
    whole = found.is_whole and not (seen.unkind or seen.stuck)
    if lines is not None:
        whole = lines.are_prepared() and whole
        pictures = made(lines)
        print("\nprepared meanwhile: " + ", ".join(f"{k} {v}" for k, v in vars(pictures).items()))
        whole = pictures.is_whole and whole
    print("\nwhole" if whole else "\nNOT WHOLE", flush=True)
    return 0 if whole else 1


def make_lines(folder: Path, killer: Killer, options: argparse.Namespace) -> Any:
    """The studies that are prepared meanwhile; None (and no torch in this process) for none."""
    if not options.photos:
        return None
    from bench.faults.lines import Lines

    count = sum(kind in WORKED_WITH for kind in killer.kinds)
    return Lines(folder, options.rounds * count, options.photos)


def tell_people(stack: Stack, seen: Seen, found: Any, seconds: float) -> None:
    print(f"\nin {seconds:.0f} s, {found.acknowledged / max(seconds, 1):.0f} a second:")
    print(
        f"acknowledged {found.acknowledged}, stored {found.stored}, lost {found.lost}, "
        f"double {found.double}, stored otherwise than sent {found.other}, "
        f"people twice {found.twice_entered}, codes other than shown {found.wrong_codes}"
    )
    counts = ", ".join(f"{what} {count}" for what, count in sorted(seen.counts.items()))
    print(f"people: {counts}, stuck {len(seen.stuck)}, unkind replies {len(seen.unkind)}")
    cuts = statistics.quantiles((wait.seconds for wait in seen.waits), n=100)
    print(
        f"a request was answered within {cuts[49]:.3f} s (median), {cuts[94]:.3f} s (95 in 100); "
        "the slowest:"
    )
    for sentence in [*slowest(stack, seen.waits), *seen.stuck[:10], *seen.unkind[:10]]:
        print(f"  {sentence}")


if __name__ == "__main__":
    sys.exit(main())
