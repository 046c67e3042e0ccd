"""How often each way of analysis finds an effect where there is none.

    python bench/false_alarms.py [--studies N] [--mixed N] [--seed S]

Simulates null studies with people and photos that differ (participants' SD 0.5 and photos' SD 0.7
on the logit) and two methods without any difference, alone and where a method's effect varies by
picture (SD 0.5), and prints the rate at a nominal 5 % with its own Wilson interval. The mixed
models are fitted to the first `--mixed` of the studies. Takes some ten minutes on two cores;
`--studies 20 --mixed 2` some ten seconds.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import stats

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from studyapp.analyses.statistics.bootstrap import drawn_weights  # noqa: E402
from studyapp.analyses.statistics.glmm import Crossed, fit_right  # noqa: E402
from studyapp.analyses.statistics.labels import codes  # noqa: E402
from studyapp.analyses.statistics.naive import wilson  # noqa: E402
from studyapp.analyses.statistics.robust import two_way_contrast, two_way_mean  # noqa: E402
from studyapp.analyses.statistics.wald import asked_of  # noqa: E402

Integers = npt.NDArray[np.int64]
METHODS = ("a", "b")
ALPHA = 0.05
Verdict = tuple[str, bool | None]


@dataclass(frozen=True)
class Design:
    """Everybody judges `each` of `images` photos, half of them with either method."""

    people: int
    images: int
    each: int
    by_picture: float = 0.0

    def __str__(self) -> str:
        photos = "the same" if self.each == self.images else f"{self.each} of"
        varies = ", effect varies by picture" if self.by_picture else ""
        return f"{self.people} people × {photos} {self.images} photos{varies}"


DESIGNS = (
    Design(50, 10, 10),
    Design(54, 90, 36),
    Design(43, 90, 36),
    Design(54, 90, 36, by_picture=0.5),
)


@dataclass(frozen=True)
class Study:
    people: Integers
    images: Integers
    method: Integers
    y: Integers


def null_study(design: Design, random: np.random.Generator) -> Study:
    """One study in which the marginal share is one half with either method."""
    people = np.repeat(np.arange(design.people), design.each)
    images = np.concatenate(
        [random.permutation(design.images)[: design.each] for _ in range(design.people)]
    )
    method = (np.tile(np.arange(design.each), design.people) + people) % 2
    eta = 0.5 * random.normal(size=design.people)[people]
    eta += 0.7 * random.normal(size=design.images)[images]
    eta += design.by_picture * random.normal(size=(design.images, 2))[images, method]
    y = (random.random(len(eta)) < 1 / (1 + np.exp(-eta))).astype(np.int64)
    return Study(people, codes(images.tolist()), method, y)


def robust_verdicts(study: Study, random: np.random.Generator) -> Iterator[Verdict]:
    """Everything that takes no fit: against chance by method a alone, and the contrast."""
    own = study.method == 0
    y, people, images = study.y[own], study.people[own], study.images[own]
    mean = two_way_mean(y, people.tolist(), images.tolist(), null=0.5)
    yield "chance: two-way robust t (default)", mean.p is not None and mean.p < ALPHA
    yield "chance: two-way robust z", _by_z(mean.estimate, mean.se, 0.5)
    yield "chance: pooled binomial (naive)", stats.binomtest(int(y.sum()), len(y)).pvalue < ALPHA
    means = np.bincount(people, y) / np.bincount(people)
    yield "chance: t on participants (naive)", stats.ttest_1samp(means, 0.5).pvalue < ALPHA
    contrast = two_way_contrast(
        study.y, study.people.tolist(), study.images.tolist(), (study.method == 1).tolist()
    )
    yield "contrast: two-way robust t (default)", contrast.p is not None and contrast.p < ALPHA
    table = np.array(
        [[study.y[study.method == m].sum(), (study.method == m).sum()] for m in (0, 1)]
    )
    wrong = table[:, 1] - table[:, 0]
    pooled = stats.chi2_contingency(np.column_stack([table[:, 0], wrong]), correction=False)
    yield "contrast: pooled (naive)", pooled.pvalue < ALPHA
    yield "contrast: product-weight bootstrap", _bootstrap_contrast(study, random)


def _by_z(estimate: float | None, se: float | None, null: float) -> bool | None:
    if estimate is None or se is None:
        return None
    return bool(2 * stats.norm.sf(abs(estimate - null) / se) < ALPHA)


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


def mixed_verdicts(study: Study) -> Iterator[Verdict]:
    """The mixed models' z tests; None where a fit did not converge."""
    crossed = Crossed(study.people, study.images, study.method, METHODS)
    for full, name in ((False, "glmer"), (True, "glmer_full")):
        model = fit_right(study.y, crossed, full=full)
        for kind, asked in (
            ("chance", model.above("a", 0.5)),
            ("contrast", model.contrast("a", "b")),
        ):
            found = asked_of(model.fit, asked) if model.fit.converged else None
            yield f"{kind}: {name} z", None if found is None else found.p < ALPHA


def rates(design: Design, studies: int, mixed: int, seed: int) -> dict[str, list[bool]]:
    """Every verdict on every study, by way of analysis; fits that failed are left out."""
    random = np.random.default_rng(seed)
    found: dict[str, list[bool]] = {}
    for place in range(studies):
        study = null_study(design, random)
        verdicts = [*robust_verdicts(study, random)]
        if place < mixed:
            verdicts += mixed_verdicts(study)
        for name, verdict in verdicts:
            if verdict is not None:
                found.setdefault(name, []).append(bool(verdict))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--mixed", type=int, default=100, help="of them, for the mixed models")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for design in DESIGNS:
        print(f"\n{design}: false alarms at a nominal 5 %", flush=True)
        found = rates(design, options.studies, options.mixed, options.seed)
        for name in sorted(found):
            alarms, n = sum(found[name]), len(found[name])
            low, high = wilson(alarms, n) or (0.0, 1.0)
            print(f"  {name:40} {100 * alarms / n:5.1f} %  ({100 * low:.1f} to {100 * high:.1f}), "
                  f"{n} studies", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
