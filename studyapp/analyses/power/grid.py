"""Power at many points at once: each point is many simulated studies, in several processes."""

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field

import numpy as np

from studyapp.statistics.glmm import Crossed, fit_right, fit_scores
from studyapp.statistics.hypothesis_family import SIGNS, Direction, Measured, Sides, nulls
from studyapp.statistics.labels import Floats
from studyapp.statistics.robust import Estimate, effective_pair, too_few, two_way_contrast
from studyapp.statistics.wald import asked_of
from studyapp.studies.design.precision import Shares

from .answers import Layout, Outcome, simulate

CHUNK = 25
ALPHA = 0.05


@dataclass(frozen=True)
class Claim:
    """What a hypothesis claims of the second method less the first, at its share of alpha."""

    direction: Direction
    sides: Sides
    alpha: float

    def is_found(self, found: Estimate, margin: float | None) -> bool:
        """Whether the verdict is the one that is claimed."""
        told = Measured(found.estimate, found.se, found.df, found.p)
        tests = nulls(told, self.direction, self.sides, margin)
        if self.direction == "equivalent":
            return tests.large is not None and tests.large < self.alpha
        is_claimed = SIGNS.get(self.direction, 0) * (found.estimate or 0.0) >= 0
        return tests.none is not None and tests.none < self.alpha and is_claimed


@dataclass(frozen=True)
class Point:
    """One place of a grid. `name` seeds it, so that it is the same in whatever grid it stands.

    margin: half the width of the region of equivalence; then an equivalence test is counted.
    mixed: test by the mixed model instead of the cluster-robust way. claim: count how often a
    hypothesis gets its verdict instead.
    """

    name: str
    layout: Layout
    outcome: Outcome
    effect: float
    margin: float | None = None
    mixed: bool = False
    claim: Claim | None = None
    shares: Shares = field(default_factory=Shares)


@dataclass(frozen=True)
class Power:
    """The share of simulated studies that found what was asked, with its 95 % interval.

    note: why the design has no test, so that nothing can be found.
    """

    found: int
    studies: int
    note: str = ""

    @property
    def share(self) -> float:
        return self.found / self.studies

    def interval(self) -> tuple[float, float]:
        """Wilson's score interval."""
        n, p, z = self.studies, self.share, 1.959964
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
        return middle - half, middle + half


def powers(
    points: Sequence[Point],
    *,
    studies: int,
    seed: int,
    processes: int,
    on_progress: Callable[[int], object],
) -> list[Power]:
    """The power of every point, the same for one seed whatever the number of processes.

    on_progress: told how many studies have been simulated since it was last told.
    """
    starts = range(0, studies, CHUNK)
    found = [0] * len(points)
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        jobs = {
            pool.submit(_count, point, seed, start, min(start + CHUNK, studies)): (place, start)
            for place, point in enumerate(points)
            for start in starts
        }
        for job in as_completed(jobs):
            place, start = jobs[job]
            found[place] += job.result()
            on_progress(min(CHUNK, studies - start))
    return [
        Power(count, studies, untested(point.layout))
        for point, count in zip(points, found, strict=True)
    ]


def untested(plan: Layout) -> str:
    """Why the contrast rests on too little for a test; empty where it has one."""
    people, photos, second = (one.tolist() for one in (plan.people, plan.photos, plan.second))
    return too_few(effective_pair(people, photos, second))


def _count(point: Point, seed: int, start: int, stop: int) -> int:
    return sum(finds(point, seed, number) for number in range(start, stop))


def finds(point: Point, seed: int, number: int) -> bool:
    """Whether the simulated study of this number finds what the point asks for."""
    random = np.random.default_rng([seed, number, *point.name.encode()])
    values = simulate(point.layout, point.outcome, point.effect, point.shares, random)
    if point.mixed:
        return not untested(point.layout) and _mixed_finds(point, values)
    plan = point.layout
    level = 0.95 if point.margin is None else 0.90
    found = two_way_contrast(
        values, plan.people.tolist(), plan.photos.tolist(), plan.second.tolist(), level=level
    )
    if point.claim is not None:
        return found.is_tested and point.claim.is_found(found, point.margin)
    if not found.is_tested or found.p is None or found.low is None or found.high is None:
        return False
    if point.margin is not None:
        return -point.margin < found.low and found.high < point.margin
    return found.p < ALPHA


def _mixed_finds(point: Point, values: Floats) -> bool:
    plan = point.layout
    crossed = Crossed(plan.people, plan.photos, plan.second, ("a", "b"))
    answers = values.astype(np.int64)
    model = (
        fit_right(answers, crossed, full=True)
        if point.outcome == "correct"
        else fit_scores(answers, crossed, full=True)
    )
    tested = asked_of(model.fit, model.contrast("a", "b")) if model.fit.converged else None
    return tested is not None and tested.p < ALPHA
