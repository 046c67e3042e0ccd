"""How often the two-way wild cluster bootstrap finds a contrast, beside the two-way robust t.

    python bench/wild_bootstrap.py [--studies N] [--draws B] [--seed S] [--only WORDS]

The studies are those of bench/false_alarms.py, without an effect and with one of 0.5 on the logit.
Weights of people, of photos, and the less favourable of both, each with Rademacher's two and with
Webb's six weights. Prints Markdown tables, in percent, with Wilson intervals. Takes about twenty
minutes on one core; `--studies 100` two.
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from bench.false_alarms import (  # noqa: E402
    ALPHA,
    BATCHES,
    DESIGNS,
    EFFECT,
    Design,
    contrast,
    simulated,
    told,
)
from studyapp.statistics.wild import RADEMACHER, WEBB, Imposed, share_beyond  # noqa: E402

WEIGHTS = {"Rademacher": RADEMACHER, "Webb": WEBB}


def rates(
    design: Design, effect: float, studies: int, draws: int, seed: int
) -> dict[str, list[bool]]:
    """By way of analysis whether each study alarmed."""
    random = np.random.default_rng(seed)
    found: dict[str, list[bool]] = {}
    for _ in range(BATCHES):
        batch = simulated(design, effect, -(-studies // BATCHES), random)
        both = batch.part(batch.method < 2)
        second = both.method == 1
        found.setdefault("robust t", []).extend((contrast(both).p < ALPHA).tolist())
        ways = [Imposed(both.clusters, second, way) for way in (0, 1)]
        for y in both.y:
            for name, weights in WEIGHTS.items():
                p = []
                for way, count in zip(ways, both.clusters.counts, strict=True):
                    drawn = random.choice(weights, size=(draws, count))
                    p.append(share_beyond(way, y, drawn))
                for words, one in (("people", p[0]), ("photos", p[1]), ("less favourable", max(p))):
                    found.setdefault(f"{name}, {words}", []).append(one <= ALPHA)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=2000)
    parser.add_argument("--draws", type=int, default=399)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="designs whose description has these words")
    options = parser.parse_args()
    for design in DESIGNS:
        if options.only not in str(design):
            continue
        print(f"\n{design}\n\n| way of analysis | false alarms, % | power, % |\n|---|---|---|")
        none = rates(design, 0.0, options.studies, options.draws, options.seed)
        some = rates(design, EFFECT, options.studies // 2, options.draws, options.seed + 1)
        for name, alarms in none.items():
            print(f"| {name} | {told(alarms)} | {told(some[name])} |", flush=True)


if __name__ == "__main__":
    main()
