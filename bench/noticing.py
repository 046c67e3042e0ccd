"""How often methods seem to differ in d′, confidence or reliance where they do not, and coverage.

    python bench/noticing.py [--studies N] [--mixed N] [--seed S]

People judge whether a network's prediction is wrong, half of which are, and how sure they are. Two
methods do not differ on the whole, but people's and photos' answers do: criteria (SD 0.4 by person,
0.2 by person and method), d′ (SD 0.4 by person, 0.4 by person and method; mean 1), photos (SD 0.5,
0.3 by method). Advice is followed in the same way. Takes some ten minutes on one core.
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

from studyapp.statistics.cells import Cells, cell_contrast
from studyapp.statistics.clusters import Clusters
from studyapp.statistics.families import Probit
from studyapp.statistics.glmm import Crossed
from studyapp.statistics.labels import codes
from studyapp.statistics.metacognition import (
    placements,
    type2_difference,
    type2_estimate,
)
from studyapp.statistics.naive import wilson
from studyapp.statistics.signals import fit_signals

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
ALPHA = 0.05
D_PRIME = {"a": (1.0, -1.0), "b": (-1.0, 1.0)}
CRITERION = {"a": (0.5, 0.5), "b": (-0.5, -0.5)}


@dataclass(frozen=True)
class Design:
    people: int
    images: int
    each: int

    def __str__(self) -> str:
        photos = f"{self.each} of {self.images}" if self.each < self.images else f"{self.images}"
        return f"{self.people} people × {photos} photos"


DESIGNS = (Design(50, 40, 40), Design(54, 90, 36), Design(20, 20, 20), Design(12, 14, 14))


@dataclass(frozen=True)
class Study:
    clusters: Clusters
    method: Integers
    signal: Integers
    evidence: Floats

    @property
    def said(self) -> Integers:
        return (self.evidence > 0).astype(np.int64)

    @property
    def correct(self) -> Integers:
        right: Integers = (self.said == self.signal).astype(np.int64)
        return right

    @property
    def sure(self) -> Floats:
        return np.digitize(np.abs(self.evidence), (0.4, 0.8, 1.2, 1.7)).astype(np.float64)


def simulated(design: Design, random: np.random.Generator) -> Study:
    people = np.repeat(np.arange(design.people), design.each)
    drawn = [random.permutation(design.images)[: design.each] for _ in range(design.people)]
    images = np.concatenate(drawn)
    method = (np.tile(np.arange(design.each), design.people) + people) % 2
    signal = images % 2
    half = signal - 0.5
    evidence = 0.1 + half + random.normal(size=len(people))
    for sd, place, values in (
        (0.4, people, 1.0),
        (0.2, people * 2 + method, 1.0),
        (0.4, people, half),
        (0.4, people * 2 + method, half),
        (0.5, images, 1.0),
        (0.3, images * 2 + method, 1.0),
    ):
        evidence = evidence + sd * random.normal(size=int(place.max()) + 1)[place] * values
    return Study(Clusters(people, codes(images.tolist())), method, signal, evidence)


def verdicts(study: Study, area: float, *, is_fitted: bool) -> Iterator[tuple[str, bool]]:
    """Whether each test alarmed; of an interval, whether it missed."""
    cell = 2 * study.method + study.signal
    of_photos = Cells(study.said.astype(float), cell, study.clusters, 1)
    cells = Cells(of_photos.y, cell, study.clusters)
    dfs = {}
    for name, own, weights, link in (
        ("d′, robust", of_photos, [1, -1, -1, 1], "probit"),
        ("criterion, robust", cells, [0.5, 0.5, -0.5, -0.5], "probit"),
        ("over-reliance", cells, [-1, 0, 1, 0], "identity"),
        ("under-reliance", cells, [0, 1, 0, -1], "identity"),
        ("discrimination", of_photos, [1, -1, -1, 1], "identity"),
    ):
        found = cell_contrast(own, weights, link=link)  # type: ignore[arg-type]
        if found.p is not None:
            yield name, found.p < ALPHA
            dfs[name] = found.df or 0.0
    people, images = (way.tolist() for way in study.clusters.ways)
    second = study.method == 1
    columns = study.correct, study.sure, people, images
    difference = type2_difference(*columns, second)  # type: ignore[arg-type]
    if difference.p is not None:
        yield "type-2 AUROC, difference", difference.p < ALPHA
    alone = type2_estimate(*columns)  # type: ignore[arg-type]
    if alone.low is not None and alone.high is not None:
        yield "type-2 AUROC, interval misses", not alone.low <= area <= alone.high
    if is_fitted and "d′, robust" in dfs:
        crossed = Crossed(study.clusters.people, study.clusters.images, study.method, "ab")
        for full in (False, True):
            model = fit_signals(Probit(), study.said, study.signal, crossed, full=full)
            kind = "mixed model" if full else "mixed model without methods' own effects"
            for name, asked in (("d′", D_PRIME), ("criterion", CRITERION)):
                wald = model.contrast(asked, dfs[f"{name}, robust"])
                if wald is not None:
                    yield f"{name}, {kind}", wald.p < ALPHA


def large_area(random: np.random.Generator) -> float:
    """Type-2 AUROC over very many people and photos."""
    study = simulated(Design(1500, 1000, 300), random)
    told = placements(study.correct.astype(float), study.sure)
    assert told is not None
    return told[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=2000)
    parser.add_argument("--mixed", type=int, default=300, help="of them, for the mixed models")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    area = large_area(np.random.default_rng(options.seed))
    print(f"type-2 AUROC {area:.3f}\n\n| design | test | alarms, % | studies |\n|---|---|---|---|")
    for design in DESIGNS:
        random = np.random.default_rng(options.seed + 1)
        found: dict[str, list[bool]] = {}
        for number in range(options.studies):
            study = simulated(design, random)
            for name, alarmed in verdicts(study, area, is_fitted=number < options.mixed):
                found.setdefault(name, []).append(alarmed)
        for name, alarms in found.items():
            low, high = wilson(sum(alarms), len(alarms)) or (0.0, 1.0)
            rate = f"{100 * np.mean(alarms):.1f} ({100 * low:.1f}–{100 * high:.1f})"
            print(f"| {design} | {name} | {rate} | {len(alarms)} |", flush=True)


if __name__ == "__main__":
    main()
