"""Writes regions.json beside this file: regions of a small photo, and NLTK's α of them.

python make_regions.py        (needs nltk 3.10, which the tests do not)
"""

import json
from pathlib import Path
from random import Random

import nltk
from nltk.metrics.agreement import AnnotationTask
from nltk.metrics.distance import jaccard_distance

SIDE = 6


def box(random: Random) -> list[int]:
    """The cells of a box on a grid of 6 × 6."""
    top, left = random.randrange(4), random.randrange(4)
    height, width = random.randint(1, SIDE - top), random.randint(1, SIDE - left)
    return [
        row * SIDE + column
        for row in range(top, top + height)
        for column in range(left, left + width)
    ]


def main() -> None:
    random = Random(7)
    usual = [box(random) for _ in range(7)]
    rows = [
        (person, photo, usual[photo] if random.random() < 0.5 else box(random))
        for person in range(5)
        for photo in range(7)
        # One photo was marked by one person only, and some are missing.
        if (person == 0 if photo == 6 else random.random() < 0.8)
    ]
    task = AnnotationTask(
        [(person, photo, frozenset(cells)) for person, photo, cells in rows],
        distance=jaccard_distance,
    )
    told = {"nltk": nltk.__version__, "alpha": task.alpha(), "rows": rows}
    Path(__file__).with_name("regions.json").write_text(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
