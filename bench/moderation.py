"""How often a moderator is found where there is none.

    python bench/moderation.py [--studies N] [--seed S] [--only WORDS]

Two methods whose effect varies by person (SD 0.3) and by picture (SD 0.5), and people (SD 0.5) and
photos (SD 0.7) that differ, on the logit; the moderator changes nothing. An interval of 0 covers as
often as its test does not alarm. Every number comes from the program's own functions. Takes some
five minutes on one core.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from studyapp.statistics.cells import Cells, cell_contrast, joint_test
from studyapp.statistics.clusters import Clusters
from studyapp.statistics.labels import codes
from studyapp.statistics.lines import two_lines
from studyapp.statistics.naive import wilson

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
ALPHA, BATCHES = 0.05, 10
PEOPLE_SD, PHOTOS_SD, BY_PERSON, BY_PICTURE = 0.5, 0.7, 0.3, 0.5
EDGES = (-1.5, -0.5, 0.5, 1.5)


@dataclass(frozen=True)
class Design:
    """Everybody judges `each` of `images` photos with both methods in turn.

    of: what the moderator is of. levels: how many people, photos or trials of ten have each level,
    by shares that add up to their number; none where the moderator is a number.
    arms: whether people have one method only.
    """

    people: int
    images: int
    each: int
    of: str
    levels: tuple[int, ...] = ()
    outcome: str = "correct"
    arms: bool = False

    def __str__(self) -> str:
        photos = f"{self.each} of {self.images}" if self.each < self.images else f"{self.images}"
        told = " and ".join(map(str, self.levels)) if self.levels else "a number"
        words = [
            "trust" if self.outcome == "score" else "right answers",
            f"{self.people} people × {photos} photos",
            "a method an arm" if self.arms else "",
            f"moderator of the {self.of}: {told}",
        ]
        return ", ".join(filter(None, words))


DESIGNS = (
    Design(50, 40, 40, "person", (25, 25)),
    Design(54, 90, 36, "person", (27, 27), "score"),
    Design(50, 40, 40, "person", (10, 40)),
    Design(50, 40, 40, "person", (6, 44), "score"),
    Design(20, 20, 20, "person", (10, 10)),
    Design(12, 12, 12, "person", (6, 6), "score"),
    Design(60, 30, 30, "person", (30, 30), arms=True),
    Design(40, 30, 30, "person", (10, 30), "score", arms=True),
    Design(50, 40, 40, "photo", (20, 20)),
    Design(50, 40, 40, "photo", (8, 32), "score"),
    Design(50, 14, 14, "photo", (7, 7)),
    Design(50, 40, 40, "trial", (5, 5)),
    Design(20, 20, 20, "trial", (5, 5), "score"),
    Design(10, 10, 10, "trial", (5, 5)),
    Design(50, 40, 40, "person", (17, 17, 16)),
    Design(50, 40, 40, "person", (8, 12, 30), "score"),
    Design(24, 20, 20, "person", (6, 6, 6, 6)),
    Design(60, 40, 40, "photo", (10, 10, 10, 10)),
    Design(50, 40, 40, "person"),
    Design(20, 20, 20, "person", outcome="score"),
    Design(50, 40, 40, "photo"),
    Design(50, 40, 40, "trial"),
    Design(12, 12, 12, "person"),
    Design(60, 30, 30, "person", arms=True),
)


@dataclass(frozen=True)
class Batch:
    """S studies of one layout. y: (S, N). x: the moderator, a level's number or a value."""

    clusters: Clusters
    method: Integers
    x: Floats
    y: Floats


def simulated(design: Design, studies: int, random: np.random.Generator) -> Batch:
    people = np.repeat(np.arange(design.people), design.each)
    drawn = [random.permutation(design.images)[: design.each] for _ in range(design.people)]
    images = np.concatenate(drawn)
    method = (np.tile(np.arange(design.each), design.people) + people) % 2
    if design.arms:
        method = random.permutation(design.people)[people] % 2
    x = _moderator(design, people, images, random)
    eta = np.zeros((studies, len(people))) + 0.3 + 0.4 * method
    for sd, place, count in (
        (PEOPLE_SD, people, design.people),
        (PHOTOS_SD, images, design.images),
        (BY_PERSON, people * 2 + method, design.people * 2),
        (BY_PICTURE, images * 2 + method, design.images * 2),
    ):
        eta += sd * random.normal(size=(studies, count))[:, place]
    value = eta + random.logistic(size=eta.shape)
    answers = value > 0 if design.outcome == "correct" else np.digitize(value, EDGES) - 2
    clusters = Clusters(people, codes(images.tolist()))
    return Batch(clusters, method, x, answers.astype(np.float64))


def _moderator(
    design: Design, people: Integers, images: Integers, random: np.random.Generator
) -> Floats:
    place = {"person": people, "photo": images, "trial": np.arange(len(people))}[design.of]
    count = int(place.max()) + 1
    if not design.levels:
        found: Floats = random.normal(size=count)[place]
        return found
    levels = np.repeat(np.arange(len(design.levels)), design.levels)
    dealt: Floats = random.permutation(np.resize(levels, count))[place].astype(np.float64)
    return dealt


def verdicts(design: Design, batch: Batch, study: int) -> Iterator[tuple[str, bool]]:
    """Whether an interaction was found, by test; nothing where no test is made."""
    y, people, images = batch.y[study], batch.clusters.people, batch.clusters.images
    if not design.levels:
        found = two_lines(y, people, images, batch.method == 1, batch.x).slope_difference()
        if found.p is not None:
            yield "slope", found.p < ALPHA
        return
    count = len(design.levels)
    of = {"person": 0, "photo": 1}.get(design.of)
    cells = Cells(y, (batch.method * count + batch.x).astype(np.int64), batch.clusters, of)
    rows = []
    for level in range(1, count):
        k = np.zeros((2, count))
        k[1, level], k[0, level], k[1, 0], k[0, 0] = 1, -1, -1, 1
        rows.append(k.ravel())
    first = cell_contrast(cells, rows[0])
    if first.p is not None:
        yield "two levels", first.p < ALPHA
    if count > 2:
        joint = joint_test(cells, np.array(rows))
        if joint.p is not None:
            yield "joint", joint.p < ALPHA


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="designs whose description has these words")
    options = parser.parse_args()
    print("| design | test | false alarms, % |\n|---|---|---|")
    for design in DESIGNS:
        if options.only not in str(design):
            continue
        random = np.random.default_rng(options.seed)
        found: dict[str, list[bool]] = {}
        for _ in range(BATCHES):
            batch = simulated(design, -(-options.studies // BATCHES), random)
            for study in range(len(batch.y)):
                for name, alarmed in verdicts(design, batch, study):
                    found.setdefault(name, []).append(alarmed)
        for name, alarms in found.items():
            low, high = wilson(sum(alarms), len(alarms)) or (0.0, 1.0)
            rate = sum(alarms) / len(alarms)
            print(f"| {design} | {name} | {100 * rate:.1f} ({100 * low:.1f}–{100 * high:.1f}) |")
            sys.stdout.flush()
        if not found:
            print(f"| {design} | – | no test |", flush=True)


if __name__ == "__main__":
    main()
