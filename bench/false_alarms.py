"""How often each way of analysis finds an effect where there is none, and where there is one.

    python bench/false_alarms.py [--studies N] [--mixed N] [--seed S] [--only WORDS]

Simulates null studies with people and photos that differ (participants' SD 0.5 and photos' SD 0.7
on the logit) and methods without any difference, and the same studies with an effect of 0.5 on the
logit. Prints each way's rate at a nominal 5 % with its own Wilson interval. The mixed models are
fitted to the first `--mixed` of the studies, with an effect to a third of them. Takes about an
hour and a half on one core; `--studies 20 --mixed 2` a minute.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

# One thread: the matrices are small, and more threads only wait for each other
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import numpy.typing as npt
from scipy import stats

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from studyapp.analyses.statistics.bootstrap import drawn_weights  # noqa: E402
from studyapp.analyses.statistics.glmm import (  # noqa: E402
    Crossed,
    MethodModel,
    fit_right,
    fit_sides,
)
from studyapp.analyses.statistics.holm import holm  # noqa: E402
from studyapp.analyses.statistics.labels import codes  # noqa: E402
from studyapp.analyses.statistics.naive import wilson  # noqa: E402
from studyapp.analyses.statistics.robust import (  # noqa: E402
    Estimate,
    effective_pair,
    two_way_contrast,
    two_way_mean,
    two_way_share,
)
from studyapp.analyses.statistics.wald import asked_of, predictor_of  # noqa: E402

Integers = npt.NDArray[np.int64]
ALPHA, EFFECT = 0.05, 0.5
PEOPLE_SD, PHOTOS_SD = 0.5, 0.7
EDGES = (-1.5, -0.5, 0.5, 1.5)
Verdict = tuple[str, bool | None]


@dataclass(frozen=True)
class Design:
    """Everybody judges `each` of `images` photos with the methods in turn.

    arm: so many people see the second method only, the others the first. rare: so many photos are
    shown by the second method, the others by the first. by_picture, by_person: SDs of a method's
    effect. chance: of right answers.
    """

    people: int
    images: int
    each: int
    outcome: str = "correct"
    methods: int = 2
    arm: int = 0
    rare: int = 0
    by_picture: float = 0.0
    by_person: float = 0.0
    chance: float = 0.5

    def __str__(self) -> str:
        photos = f"{self.each} of {self.images}" if self.each < self.images else f"{self.images}"
        people = f"{self.people}"
        if self.arm:
            people = f"arms of {self.arm} and {self.people - self.arm}"
        if self.rare:
            photos = f"{self.rare} and {self.images - self.rare}"
        words = [
            "trust" if self.outcome == "score" else "right answers",
            f"{people} people × {photos} photos",
            f"{self.methods} methods" if self.methods > 2 else "",
            f"chance {self.chance:g}" if self.chance != 0.5 else "",
            f"effects vary by picture (SD {self.by_picture:g})" if self.by_picture else "",
            f"by person (SD {self.by_person:g})" if self.by_person else "",
        ]
        return ", ".join(filter(None, words))


VARYING = {"by_picture": 0.5, "by_person": 0.3}
DESIGNS = (
    Design(50, 10, 10),
    Design(54, 90, 36),
    Design(43, 90, 36),
    Design(54, 90, 36, by_picture=0.5),
    Design(54, 90, 36, "score", **VARYING),
    Design(20, 20, 20, "score", **VARYING),
    Design(10, 10, 10),
    Design(10, 10, 10, "score", **VARYING),
    Design(12, 12, 12, methods=4),
    Design(30, 30, 30, "score", methods=4),
    Design(40, 20, 20, chance=0.1),
    Design(60, 20, 20, arm=30, **VARYING),
    Design(16, 20, 20, "score", arm=8, **VARYING),
    Design(50, 20, 20, arm=5, **VARYING),
    Design(50, 20, 20, "score", arm=5, **VARYING),
    Design(63, 20, 20, arm=3, **VARYING),
    Design(63, 20, 20, "score", arm=3, **VARYING),
    Design(40, 50, 50, "score", rare=5, **VARYING),
    Design(40, 33, 33, rare=3, **VARYING),
)


@dataclass(frozen=True)
class Study:
    """The judgments of one study: y is 0 or 1, or a score −2…+2; side +1 with the stronger at B."""

    people: Integers
    images: Integers
    method: Integers
    side: Integers
    y: Integers


def simulated(design: Design, effect: float, random: np.random.Generator) -> Study:
    """A study in which every method has the marginal share `chance`, or the mean score 0, but for
    what `effect` adds on the logit to all methods but the first."""
    people = np.repeat(np.arange(design.people), design.each)
    images = np.concatenate(
        [random.permutation(design.images)[: design.each] for _ in range(design.people)]
    )
    method = (np.tile(np.arange(design.each), design.people) + people) % design.methods
    if design.arm:
        method = (people < design.arm).astype(np.int64)
    if design.rare:
        method = (images < design.rare).astype(np.int64)
    sds = PEOPLE_SD, PHOTOS_SD, design.by_picture, design.by_person
    base = predictor_of(design.chance, float(np.linalg.norm(sds)))
    eta = base + effect * (method > 0)
    eta += PEOPLE_SD * random.normal(size=design.people)[people]
    eta += PHOTOS_SD * random.normal(size=design.images)[images]
    shape = design.images, design.methods
    eta += design.by_picture * random.normal(size=shape)[images, method]
    eta += design.by_person * random.normal(size=(design.people, design.methods))[people, method]
    side = np.where(random.random(len(eta)) < 0.5, 1, -1)
    value = eta + random.logistic(size=len(eta))
    answers = value > 0 if design.outcome == "correct" else np.digitize(value, EDGES) - 2
    images = codes(images.tolist())
    return Study(people, images, method, side, answers.astype(np.int64))


def robust_verdicts(design: Design, study: Study, random: np.random.Generator) -> Iterator[Verdict]:
    """Everything that takes no fit."""
    yield from _chance_verdicts(design, study)
    contrast = _contrast(study, 0, 1)
    if contrast.is_tested:
        yield "contrast: two-way robust t (default)", _is_low(contrast.p)
    else:
        low, high = contrast.low, contrast.high
        misses = low is not None and high is not None and (low > 0 or high < 0)
        yield "contrast: NO TEST IS MADE; its interval leaves 0 out", misses
    if design.methods > 2:
        yield from _family_verdicts(design, study)
    if not design.arm and not design.rare:
        yield "contrast: product-weight bootstrap", _bootstrap_contrast(study, random)
    yield "contrast: pooled (naive)", _pooled_contrast(study)


def _chance_verdicts(design: Design, study: Study) -> Iterator[Verdict]:
    """The first method against chance or 0."""
    own = study.method == 0
    y, people, images = study.y[own], study.people[own], study.images[own]
    is_share = design.outcome == "correct"
    null = design.chance if is_share else 0.0
    estimate = two_way_share if is_share else two_way_mean
    found = estimate(y.astype(float), people.tolist(), images.tolist(), null=null)
    yield "chance: two-way robust t (default)", _is_low(found.p)
    if is_share:
        p = stats.binomtest(int(y.sum()), len(y), null).pvalue
        yield "chance: pooled binomial (naive)", p < ALPHA
    _, place = np.unique(people, return_inverse=True)
    means = np.bincount(place, y) / np.bincount(place)
    yield "chance: t on participants (naive)", stats.ttest_1samp(means, null).pvalue < ALPHA


def _family_verdicts(design: Design, study: Study) -> Iterator[Verdict]:
    """Whether any contrast of a family is below 5 % after Holm."""
    pairs = list(combinations(range(design.methods), 2))
    found = {pair: _contrast(study, *pair).p for pair in pairs}
    planned = [p for (first, _), p in found.items() if first == 0]
    for name, family in (("planned", planned), ("every pair", list(found.values()))):
        adjusted = holm(family)
        yield f"any contrast after Holm, {name}", any(_is_low(p) for p in adjusted)


def _contrast(study: Study, first: int, second: int) -> Estimate:
    own = (study.method == first) | (study.method == second)
    return two_way_contrast(
        study.y[own].astype(float),
        study.people[own].tolist(),
        study.images[own].tolist(),
        (study.method[own] == second).tolist(),
    )


def _is_low(p: float | None) -> bool:
    return p is not None and p < ALPHA


def _pooled_contrast(study: Study) -> bool:
    first, second = (study.y[study.method == place].astype(float) for place in (0, 1))
    return bool(stats.ttest_ind(first, second).pvalue < ALPHA)


def _bootstrap_contrast(study: Study, random: np.random.Generator) -> bool:
    """Whether the percentile interval of the difference leaves 0 out."""
    people, images = int(study.people.max()) + 1, int(study.images.max()) + 1
    drawn = drawn_weights(random, people, 400), drawn_weights(random, images, 400)
    means = []
    for method in (0, 1):
        own = study.method == method
        sums, counts = np.zeros((people, images)), np.zeros((people, images))
        np.add.at(sums, (study.people[own], study.images[own]), study.y[own])
        np.add.at(counts, (study.people[own], study.images[own]), 1.0)
        found = [((drawn[0] @ table) * drawn[1]).sum(axis=1) for table in (sums, counts)]
        means.append(found[0] / found[1])
    low, high = np.quantile(means[1] - means[0], [0.025, 0.975])
    return bool(low > 0 or high < 0)


def mixed_verdicts(design: Design, study: Study) -> Iterator[Verdict]:
    """The mixed models' tests by R's z and by our t; None where a fit did not converge."""
    crossed = Crossed(study.people, study.images, study.method, "abcdef"[: design.methods])
    two = study.method < 2
    columns = study.people[two].tolist(), study.images[two].tolist()
    worth = min(effective_pair(*columns, (study.method[two] == 1).tolist()))
    own = study.method == 0
    fewest = min(len(set(study.people[own])), len(set(study.images[own])))
    for full in (False, True):
        model = _fitted(design, study, crossed, full=full)
        name = ("glmer" if design.outcome == "correct" else "clmm_side") + "_full" * full
        for kind, asked, df in (
            ("chance", model.above("a", design.chance), fewest - 1),
            ("contrast", model.contrast("a", "b"), worth - 1),
        ):
            for letter, degrees in (("z", np.inf), ("t", df)):
                found = asked_of(model.fit, asked, degrees) if model.fit.converged else None
                yield f"{kind}: {name} {letter}", None if found is None else found.p < ALPHA


def _fitted(design: Design, study: Study, crossed: Crossed, *, full: bool) -> MethodModel:
    if design.outcome == "correct":
        return fit_right(study.y, crossed, full=full)
    return fit_sides(study.y, study.side, crossed, full=full)


def rates(
    design: Design, effect: float, studies: int, mixed: int, seed: int
) -> dict[str, list[bool]]:
    """Every verdict on every study, by way of analysis; fits that failed are left out."""
    random = np.random.default_rng(seed)
    found: dict[str, list[bool]] = {}
    for place in range(studies):
        study = simulated(design, effect, random)
        verdicts = [*robust_verdicts(design, study, random)]
        if place < mixed:
            verdicts += mixed_verdicts(design, study)
        for name, verdict in verdicts:
            if verdict is not None:
                found.setdefault(name, []).append(bool(verdict))
    return found


def told(verdicts: list[bool]) -> str:
    alarms, n = sum(verdicts), len(verdicts)
    low, high = wilson(alarms, n) or (0.0, 1.0)
    return f"{100 * alarms / n:.1f} ({100 * low:.1f}–{100 * high:.1f})" if n else "–"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=2000)
    parser.add_argument("--mixed", type=int, default=300, help="of them, for the mixed models")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="designs whose description has these words")
    options = parser.parse_args()
    for design in DESIGNS:
        if options.only not in str(design):
            continue
        print(f"\n{design}\n")
        print("| way of analysis | false alarms, % | studies | power, % |\n|---|---|---|---|")
        none = rates(design, 0.0, options.studies, options.mixed, options.seed)
        third = options.studies // 2, options.mixed // 3
        some = rates(design, EFFECT, *third, options.seed + 1)
        for name in sorted(none):
            power = "" if name.startswith("chance") else told(some.get(name, []))
            print(f"| {name} | {told(none[name])} | {len(none[name])} | {power} |", flush=True)


if __name__ == "__main__":
    main()
