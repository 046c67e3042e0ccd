"""How often the intervals of scales cover, and how often their models find what is not there.

    python bench/scales.py [--studies N] [--seed S] [--only WORDS]

Simulates ratings by people of photos on scales of 2 to 11 points (participants' SD 0.9, photos' SD
0.6, and a method's effect that varies by person, SD 0.3, and photo, SD 0.5, on the logit). Prints,
at a nominal 95 %: of each cutpoint the coverage of the difference of shares and of the log odds
ratio under no effect; of the ordinal models the false alarms by R's z and by our t; of α and ω the
coverage for people who answer several items, and for people who rate several statements about
photos; of response times the coverage of medians and of ratios of geometric means. Takes about half
an hour on one core with 1,000 studies; the mixed models are fitted to a fifth of them.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

# One thread: the matrices are small, and more threads only wait for each other
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import numpy.typing as npt

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from studyapp.statistics.consistency import Answered, answered, cronbach, mcdonald  # noqa: E402
from studyapp.statistics.cutpoints import cutpoint_effects  # noqa: E402
from studyapp.statistics.glmm import Crossed, fit_right, fit_scores  # noqa: E402
from studyapp.statistics.medians import two_way_median  # noqa: E402
from studyapp.statistics.naive import wilson  # noqa: E402
from studyapp.statistics.robust import two_way_contrast, two_way_mean  # noqa: E402
from studyapp.statistics.wald import asked_of  # noqa: E402

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Random = np.random.Generator
# By what was looked at: whether it covered, or alarmed
Verdicts = Iterator[tuple[str, bool]]
PEOPLE_SD, PHOTOS_SD, BY_PERSON, BY_PHOTO = 0.9, 0.6, 0.3, 0.5


def crossed_design(people: int, images: int) -> tuple[Integers, Integers, Integers]:
    """Who judges which photo by which of two methods."""
    who, what = np.repeat(np.arange(people), images), np.tile(np.arange(images), people)
    return who, what, (who + what) % 2


def latent(who: Integers, what: Integers, method: Integers, random: Random) -> Floats:
    """What people's answers are made of, without any difference between the methods."""
    people, images = int(who.max()) + 1, int(what.max()) + 1
    found: Floats = (
        PEOPLE_SD * random.normal(size=people)[who]
        + PHOTOS_SD * random.normal(size=images)[what]
        + BY_PERSON * random.normal(size=(people, 2))[who, method]
        + BY_PHOTO * random.normal(size=(images, 2))[what, method]
        + random.logistic(size=len(who))
    )
    return found


def ratings(people: int, images: int, points: int) -> Callable[[Random, bool], Verdicts]:
    """Cutpoints of a null study and, if wanted, its ordinal models."""
    who, what, method = crossed_design(people, images)
    inner = np.linspace(-2.5, 2.5, points - 1) if points > 2 else np.zeros(1)

    def look(random: Random, is_fitted: bool) -> Verdicts:
        y = np.digitize(latent(who, what, method, random), inner) + 1
        cuts = range(2, points + 1)
        second = (method == 1).tolist()
        for one in cutpoint_effects(y.tolist(), who.tolist(), what.tolist(), second, cuts):
            for name, effect in (("difference", one.difference), ("log odds", one.log_odds)):
                if effect.low is not None and effect.high is not None:
                    yield f"covers, {name} at ≥ {one.at:g}", effect.low <= 0 <= effect.high
        if is_fitted:
            yield from _models(y, Crossed(who, what, method, "ab"), points)

    return look


def _models(y: Integers, crossed: Crossed, points: int) -> Verdicts:
    df = min(int(crossed.people.max()), int(crossed.images.max()))
    for full in (False, True):
        model = (
            fit_right(y - 1, crossed, full=full)
            if points == 2
            else fit_scores(y, crossed, full=full)
        )
        name = ("glmer" if points == 2 else "clmm") + "_full" * full
        if model.fit.converged:
            for letter, degrees in (("z", np.inf), ("t", df)):
                found = asked_of(model.fit, model.contrast("a", "b"), degrees)
                if found is not None:
                    yield f"alarms, {name} {letter}", found.p < 0.05


def items(people: int, count: int) -> Callable[[Random, bool], Verdicts]:
    """α and ω of people who answer `count` items on 7 points once, of unequal loadings."""
    loads = np.linspace(0.5, 1.2, count)

    def values(random: Random, n: int) -> Floats:
        latent = np.outer(random.normal(size=n), loads) + random.normal(size=(n, count))
        return np.digitize(latent, np.linspace(-2, 2, 6)).astype(np.float64)

    truth = _truth(values(np.random.default_rng(0), 200_000))

    def look(random: Random, is_fitted: bool) -> Verdicts:
        who = list(range(people))
        found = answered(values(random, people), who, who)
        yield from _covered(found, truth, "")

    return look


def statements(people: int, images: int, count: int) -> Callable[[Random, bool], Verdicts]:
    """The same of `count` statements about photos, where people lean to high answers and photos
    are good; over all pages, and within people."""
    who, what, _ = crossed_design(people, images)
    loads = np.linspace(0.7, 1.1, count)

    def values(random: Random, who: Integers, what: Integers) -> Floats:
        people, images = int(who.max()) + 1, int(what.max()) + 1
        shared = (
            0.6 * random.normal(size=people)[who]
            + 0.6 * random.normal(size=images)[what]
            + 0.5 * random.normal(size=len(who))
        )
        own = 0.3 * random.normal(size=(people, count))[who]
        return np.outer(shared, loads) + own + random.normal(size=(len(who), count))

    large, photos, _ = crossed_design(2000, 500)
    many = answered(
        values(np.random.default_rng(0), large, photos), large.tolist(), photos.tolist()
    )
    truths = _truth(many.values), _truth(many.without_levels().values)

    def look(random: Random, is_fitted: bool) -> Verdicts:
        found = answered(values(random, who, what), who.tolist(), what.tolist())
        yield from _covered(found, truths[0], "")
        yield from _covered(found.without_levels(), truths[1], ", within people")

    return look


def _truth(values: Floats) -> tuple[float, float]:
    rows = list(range(len(values)))
    found = answered(values, rows, rows)
    alpha, omega = cronbach(found).value, mcdonald(found).value
    assert alpha is not None
    assert omega is not None
    return alpha, omega


def _covered(found: Answered, truth: tuple[float, float], words: str) -> Verdicts:
    for name, told, true in zip("αω", (cronbach(found), mcdonald(found)), truth, strict=True):
        if told.low is not None and told.high is not None:
            yield f"covers, {name}{words}", told.low <= true <= told.high


def times(people: int, images: int) -> Callable[[Random, bool], Verdicts]:
    """Medians, geometric means and the ratio of two methods without a difference, where times are
    log-normal: the median is the geometric mean."""
    who, what, method = crossed_design(people, images)

    def look(random: Random, is_fitted: bool) -> Verdicts:
        logs = 0.3 * latent(who, what, method, random)
        own = method == 0
        clusters = who[own].tolist(), what[own].tolist()
        median = two_way_median(np.exp(logs[own]), *clusters)
        mean = two_way_mean(logs[own], *clusters)
        ratio = two_way_contrast(logs, who.tolist(), what.tolist(), (method == 1).tolist())
        for name, told, true in (
            ("median", median, 1.0), ("geometric mean", mean, 0.0), ("ratio", ratio, 0.0)
        ):  # fmt: skip
            if told.low is not None and told.high is not None:
                yield f"covers, {name}", told.low <= true <= told.high

    return look


DESIGNS: dict[str, Callable[[], Callable[[Random, bool], Verdicts]]] = {
    **{
        f"ratings, {points} points, {people} people × {images} photos": partial(
            ratings, people, images, points
        )
        for points, people, images in (
            (2, 20, 20), (4, 20, 20), (5, 20, 20), (5, 50, 40), (7, 20, 20), (11, 20, 20)
        )
    },
    **{
        f"items, {count} by {people} people": partial(items, people, count)
        for people in (20, 30, 50, 100)
        for count in (3, 6, 12)
    },
    **{
        f"statements, {count} by {people} people × {images} photos": partial(
            statements, people, images, count
        )
        for people, images, count in ((20, 20, 4), (30, 12, 3), (50, 40, 6))
    },
    **{
        f"times, {people} people × {images} photos": partial(times, people, images)
        for people, images in ((10, 10), (20, 20), (50, 40))
    },
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="designs whose name has these words")
    options = parser.parse_args()
    for name, design in DESIGNS.items():
        if options.only not in name:
            continue
        look = design()
        random = np.random.default_rng(options.seed)
        found: dict[str, list[bool]] = {}
        for study in range(options.studies):
            for what, verdict in look(random, study % 5 == 0):
                found.setdefault(what, []).append(bool(verdict))
        print(f"\n{name}\n\n| what | %, with its 95 % interval | studies |\n|---|---|---|")
        for what, verdicts in found.items():
            hits, n = sum(verdicts), len(verdicts)
            low, high = wilson(hits, n) or (0.0, 1.0)
            print(f"| {what} | {100 * hits / n:.1f} ({100 * low:.1f}–{100 * high:.1f}) | {n} |")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
