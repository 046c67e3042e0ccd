"""How long a design takes to draw and to certify, beside one plain shuffle of as many trials.

    python bench/design.py [--people 2000]

Fifty trials a person with three attention checks, 200 photos, four conditions. Seconds are of this
process's own time, the best of three. The limit for 100,000 drawn trials is 5 seconds.
Takes some ten seconds on two cores.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studyapp.settings")
os.environ.setdefault("SECRET_KEY", "only for a benchmark")

from studyapp.studies.design.certificate import certify
from studyapp.studies.design.draw import BlockPlan, Item, Plan, draw

LIMIT = 5.0
TRIALS = 50


def plan(people: int) -> Plan:
    photos = tuple(Item(f"photo{n}", f"photo{n}") for n in range(200))
    conditions = ("c0", "c1", "c2", "c3")
    block = BlockPlan("main", "trust", "main", TRIALS, 3, conditions, photos, True, 0, (-2, 2))
    return Plan(seed=1, people=people, arms={"everyone": (block,)})


def seconds(work: Callable[[], object]) -> float:
    """The best of three, in this process's own time: others on the machine don't count."""
    times = []
    for _ in range(3):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=2000)
    people = parser.parse_args().people
    asked = plan(people)
    design = draw(asked)
    trials = sum(len(slot.trials) for slot in design.slots)
    shuffled = seconds(lambda: Random(1).sample(range(trials), trials))
    drawn = seconds(lambda: draw(asked))
    certified = seconds(lambda: certify(asked, design))
    per = 100_000 / trials
    print(f"{trials} trials: drawn in {drawn:.2f} s, certified in {certified:.2f} s")
    print(f"  {drawn / shuffled:.0f} and {certified / shuffled:.0f} times one plain shuffle")
    met = "met" if drawn * per < LIMIT else "NOT MET"
    print(f"  100,000 trials: {drawn * per:.2f} s drawn, limit {LIMIT:g} s {met}")


if __name__ == "__main__":
    main()
