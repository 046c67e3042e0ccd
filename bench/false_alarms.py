"""How often each way of analysis finds an effect where there is none, and where there is one.

    python bench/false_alarms.py [--studies N] [--mixed N] [--seed S] [--only WORDS]

Simulates null studies with people and photos that differ (participants' SD 0.5 and photos' SD 0.7
on the logit) and methods without any difference, and the same studies with an effect of 0.5 on the
logit. Prints each way's rate at a nominal 5 % with its own Wilson interval. Who judges which photo
is drawn anew for each of ten batches. The robust ways are worked out for a whole batch at once, and
compared with the program's own numbers on the first study of each. The mixed models are fitted to
`--mixed` of the studies, with an effect to a third of them. Takes about an hour on one core;
`--studies 100 --mixed 10` a minute or two.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

# One thread: with small matrices more threads only wait for each other
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import numpy.typing as npt
from scipy import sparse, stats
from scipy.special import logit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from studyapp.statistics.bootstrap import drawn_weights  # noqa: E402
from studyapp.statistics.clusters import (  # noqa: E402
    Clusters,
    correcting_count,
    effective,
    least_share,
)
from studyapp.statistics.glmm import (  # noqa: E402
    Crossed,
    MethodModel,
    fit_right,
    fit_sides,
)
from studyapp.statistics.holm import holm  # noqa: E402
from studyapp.statistics.labels import codes  # noqa: E402
from studyapp.statistics.naive import wilson  # noqa: E402
from studyapp.statistics.robust import (  # noqa: E402
    FEWEST_EFFECTIVE,
    mean_clusters,
    two_way_contrast,
    two_way_mean,
    two_way_share,
)
from studyapp.statistics.wald import asked_of, predictor_of  # noqa: E402

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Random = np.random.Generator
BATCHES = 10
ALPHA, EFFECT, CLOSE = 0.05, 0.5, 1e-9
PEOPLE_SD, PHOTOS_SD = 0.5, 0.7
EDGES = (-1.5, -0.5, 0.5, 1.5)
# By way of analysis: whether each study alarmed
Verdicts = Iterator[tuple[str, Flags]]


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


def varying(
    people: int, images: int, each: int, *, outcome: str = "correct", arm: int = 0, rare: int = 0
) -> Design:
    """One whose methods' effects vary by picture and by person."""
    return Design(people, images, each, outcome, arm=arm, rare=rare, by_picture=0.5, by_person=0.3)


DESIGNS = (
    Design(50, 10, 10),
    Design(54, 90, 36),
    Design(43, 90, 36),
    Design(54, 90, 36, by_picture=0.5),
    varying(54, 90, 36, outcome="score"),
    varying(20, 20, 20, outcome="score"),
    Design(10, 10, 10),
    varying(10, 10, 10, outcome="score"),
    Design(12, 12, 12, methods=4),
    Design(30, 30, 30, "score", methods=4),
    Design(40, 20, 20, chance=0.1),
    varying(60, 20, 20, arm=30),
    varying(16, 20, 20, outcome="score", arm=8),
    varying(50, 20, 20, arm=5),
    varying(50, 20, 20, outcome="score", arm=5),
    varying(63, 20, 20, arm=3),
    varying(63, 20, 20, outcome="score", arm=3),
    varying(40, 50, 50, outcome="score", rare=5),
    varying(40, 33, 33, rare=3),
)


@dataclass(frozen=True)
class Batch:
    """S studies of one layout of N judgments. y: (S, N), 0 or 1, or scores −2…+2; side: +1 with the
    stronger network at B."""

    people: Integers
    images: Integers
    method: Integers
    side: Integers
    y: Floats

    def part(self, chosen: Flags) -> "Batch":
        """The same of some judgments only."""
        return Batch(
            codes(self.people[chosen].tolist()),
            codes(self.images[chosen].tolist()),
            self.method[chosen],
            self.side[chosen],
            self.y[:, chosen],
        )

    @property
    def clusters(self) -> Clusters:
        return Clusters(self.people, self.images)


def simulated(design: Design, effect: float | Floats, studies: int, random: Random) -> Batch:
    """Studies in which every method has the marginal share `chance`, or the mean score 0, but for
    what `effect` adds on the logit to all methods but the first: the same, or to each its own."""
    people = np.repeat(np.arange(design.people), design.each)
    drawn = [random.permutation(design.images)[: design.each] for _ in range(design.people)]
    images = np.concatenate(drawn)
    method = (np.tile(np.arange(design.each), design.people) + people) % design.methods
    if design.arm:
        method = (people < design.arm).astype(np.int64)
    if design.rare:
        method = (images < design.rare).astype(np.int64)
    sds = PEOPLE_SD, PHOTOS_SD, design.by_picture, design.by_person
    base = predictor_of(design.chance, float(np.linalg.norm(sds)))
    added = np.concatenate([[0.0], np.broadcast_to(effect, design.methods - 1)])
    eta = np.zeros((studies, len(people))) + base + added[method]
    for sd, place, count in (
        (PEOPLE_SD, people, design.people),
        (PHOTOS_SD, images, design.images),
        (design.by_person, people * design.methods + method, design.people * design.methods),
        (design.by_picture, images * design.methods + method, design.images * design.methods),
    ):
        eta += sd * random.normal(size=(studies, count))[:, place]
    side = np.where(random.random(len(people)) < 0.5, 1, -1)
    value = eta + random.logistic(size=eta.shape)
    answers = value > 0 if design.outcome == "correct" else np.digitize(value, EDGES) - 2
    return Batch(people, codes(images.tolist()), method, side, answers.astype(np.float64))


def variances(batch: Batch, weights: Floats, residuals: Floats, fixed: int) -> Floats:
    """`clusters.two_way_variance` of every study at once, (S,)."""
    scores = residuals * weights
    cells = batch.clusters.cells()
    second = batch.method == batch.method.max() if fixed > 1 else None
    counts = [correcting_count(groups, second) for groups in batch.clusters.ways]
    people, images, by_cell = (
        _squares(scores, groups) * count / (count - 1)
        for groups, count in zip(
            (*batch.clusters.ways, cells), (*counts, int(cells.max()) + 1), strict=True
        )
    )
    correction = (len(weights) - 1) / (len(weights) - fixed)
    return correction * np.maximum(people + images - by_cell, least_share(fixed) * by_cell)


def _squares(scores: Floats, groups: Integers) -> Floats:
    """(S,) the squared sums of the scores (S, N) by cluster, added up."""
    rows = np.arange(len(groups))
    member = sparse.csr_array((np.ones(len(groups)), (groups, rows)))
    sums: Floats = np.asarray(member @ scores.T)
    found: Floats = (sums**2).sum(axis=0)
    return found


@dataclass(frozen=True)
class Tested:
    """A contrast's p of every study, and the effective clusters of its design."""

    p: Floats
    clusters: float


def contrast(batch: Batch) -> Tested:
    """The second method minus the first."""
    second = batch.method == batch.method.max()
    sides = [side / side.sum() for side in (second, ~second)]
    weights = sides[0] - sides[1]
    means = [batch.y @ side for side in sides]
    residuals = batch.y - np.where(second, *(mean[:, None] for mean in means))
    worth = min(effective(groups, weights) for groups in batch.clusters.ways)
    t = (means[0] - means[1]) / np.sqrt(variances(batch, weights, residuals, 2))
    return Tested(2 * stats.t.sf(np.abs(t), worth - 1), worth)


def chance_p(design: Design, batch: Batch) -> Floats:
    """Each study's p against chance or 0; NaN where all are equal, which is not counted."""
    n, means = batch.y.shape[1], batch.y.mean(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        se = np.sqrt(variances(batch, np.full(n, 1 / n), batch.y - means[:, None], 1))
        t = means / se
        if design.outcome == "correct":
            t = (logit(means) - logit(design.chance)) * means * (1 - means) / se
    df = mean_clusters(batch.people.tolist(), batch.images.tolist()) - 1
    return 2 * stats.t.sf(np.abs(t), df)  # type: ignore[no-any-return]


def check(design: Design, own: Batch, both: Batch, chance: Floats, tested: Tested) -> None:
    """The program says the same of the batch's first study."""
    is_share = design.outcome == "correct"
    mean = two_way_share if is_share else two_way_mean
    null = design.chance if is_share else 0.0
    alone = mean(own.y[0], own.people.tolist(), own.images.tolist(), null=null)
    second = (both.method == both.method.max()).tolist()
    pair = two_way_contrast(both.y[0], both.people.tolist(), both.images.tolist(), second)
    if alone.se is not None and abs((alone.p or 0) - chance[0]) > CLOSE:
        raise AssertionError(f"{design}: p against chance {chance[0]}, the program {alone.p}")
    if pair.is_tested and abs((pair.p or 0) - tested.p[0]) > CLOSE:
        raise AssertionError(f"{design}: p of the contrast {tested.p[0]}, the program {pair.p}")


def robust_verdicts(design: Design, batch: Batch, random: Random) -> Verdicts:
    """Everything that takes no fit."""
    own, both = batch.part(batch.method == 0), batch.part(batch.method < 2)
    chance, tested = chance_p(design, own), contrast(both)
    check(design, own, both, chance, tested)
    yield "chance: two-way robust t (default)", chance < ALPHA
    yield from _naive_chance(design, own)
    name = "two-way robust t (default)"
    if tested.clusters < FEWEST_EFFECTIVE:
        name = "NO TEST IS MADE (had one been made)"
    yield f"contrast: {name}", tested.p < ALPHA
    if design.methods > 2:
        yield from _families(design, batch)
    if not design.arm and not design.rare:
        # A tenth is enough to see that it almost never alarms
        few = range(max(1, len(both.y) // 10))
        found = [_bootstrap_contrast(both, one, random) for one in few]
        yield "contrast: product-weight bootstrap", np.array(found)
    second = both.method == 1
    pooled = stats.ttest_ind(both.y[:, second], both.y[:, ~second], axis=1).pvalue
    yield "contrast: pooled (naive)", np.asarray(pooled < ALPHA)


def _naive_chance(design: Design, own: Batch) -> Verdicts:
    """The first method against chance or 0, as if judgments or photos' effects were independent."""
    null = design.chance if design.outcome == "correct" else 0.0
    n = own.y.shape[1]
    if design.outcome == "correct":
        by_count = np.array([stats.binomtest(k, n, null).pvalue for k in range(n + 1)])
        yield "chance: pooled binomial (naive)", by_count[own.y.sum(axis=1).astype(int)] < ALPHA
    count = int(own.people.max()) + 1
    member = sparse.csr_array((np.ones(n), (own.people, np.arange(n))))
    sums: Floats = np.asarray(member @ own.y.T)
    means = sums / np.bincount(own.people, minlength=count)[:, None]
    yield (
        "chance: t on participants (naive)",
        np.asarray(stats.ttest_1samp(means, null).pvalue < ALPHA),
    )


def _families(design: Design, batch: Batch) -> Verdicts:
    """Whether any contrast of a family is below 5 % after Holm."""
    pairs = list(combinations(range(design.methods), 2))
    p_values = np.stack([contrast(batch.part(np.isin(batch.method, pair))).p for pair in pairs])
    planned = np.array([first == 0 for first, _ in pairs])
    for name, rows in (("planned", p_values[planned]), ("every pair", p_values)):
        alarms = [any(p is not None and p < ALPHA for p in holm(one)) for one in rows.T.tolist()]
        yield f"any contrast after Holm, {name}", np.array(alarms)


def _bootstrap_contrast(batch: Batch, study: int, random: np.random.Generator) -> bool:
    """Whether the percentile interval of the difference leaves 0 out."""
    people, images = batch.clusters.counts
    drawn = drawn_weights(random, people, 400), drawn_weights(random, images, 400)
    means = []
    for method in (0, 1):
        own = batch.method == method
        sums, counts = np.zeros((people, images)), np.zeros((people, images))
        np.add.at(sums, (batch.people[own], batch.images[own]), batch.y[study, own])
        np.add.at(counts, (batch.people[own], batch.images[own]), 1.0)
        found = [((drawn[0] @ table) * drawn[1]).sum(axis=1) for table in (sums, counts)]
        means.append(found[0] / found[1])
    low, high = np.quantile(means[1] - means[0], [0.025, 0.975])
    return bool(low > 0 or high < 0)


def mixed_verdicts(design: Design, batch: Batch, study: int) -> Verdicts:
    """The mixed models' tests by R's z and by our t; nothing where a fit did not converge."""
    crossed = Crossed(batch.people, batch.images, batch.method, "abcdef"[: design.methods])
    own, both = batch.part(batch.method == 0), batch.part(batch.method < 2)
    fewest = mean_clusters(own.people.tolist(), own.images.tolist())
    for full in (False, True):
        model = _fitted(design, batch, study, crossed, full=full)
        if not model.fit.converged:
            continue
        name = ("glmer" if design.outcome == "correct" else "clmm_side") + "_full" * full
        for kind, asked, worth in (
            ("chance", model.above("a", design.chance), fewest),
            ("contrast", model.contrast("a", "b"), contrast(both).clusters),
        ):
            for letter, degrees in (("z", np.inf), ("t", worth - 1)):
                found = asked_of(model.fit, asked, degrees)
                if found is not None:
                    yield f"{kind}: {name} {letter}", np.array([found.p < ALPHA])


def _fitted(
    design: Design, batch: Batch, study: int, crossed: Crossed, *, full: bool
) -> MethodModel:
    y = batch.y[study].astype(np.int64)
    if design.outcome == "correct":
        return fit_right(y, crossed, full=full)
    return fit_sides(y, batch.side, crossed, full=full)


def rates(
    design: Design, effect: float, studies: int, mixed: int, seed: int
) -> dict[str, list[bool]]:
    """Every verdict on every study, by way of analysis; fits that failed are left out."""
    random, found = np.random.default_rng(seed), dict[str, list[bool]]()
    for _ in range(BATCHES):
        batch = simulated(design, effect, -(-studies // BATCHES), random)
        fitted = range(-(-mixed // BATCHES))
        for name, verdicts in [
            *robust_verdicts(design, batch, random),
            *(one for study in fitted for one in mixed_verdicts(design, batch, study)),
        ]:
            found.setdefault(name, []).extend(verdicts.tolist())
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
        some = rates(design, EFFECT, options.studies, options.mixed // 3, options.seed + 1)
        for name in sorted(none):
            power = "" if name.startswith("chance") else told(some.get(name, []))
            print(f"| {name} | {told(none[name])} | {len(none[name])} | {power} |", flush=True)


if __name__ == "__main__":
    main()
