"""How often 95 % intervals of effect sizes and of variance shares hold the true value.

    python bench/coverage.py [--studies N] [--mixed N] [--seed S] [--only WORDS]

Simulates the studies of false_alarms.py with an effect, works out the true sizes by integration,
and prints for each interval how many of the studies it covers, with its own Wilson interval, and
on which side it misses. Takes about half an hour on one core; `--studies 40 --mixed 10` a minute.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from scipy.special import expit  # noqa: E402

from bench.false_alarms import (  # noqa: E402
    BATCHES,
    EDGES,
    PEOPLE_SD,
    PHOTOS_SD,
    Batch,
    Design,
    contrast,
    simulated,
    varying,
)
from studyapp.statistics.effect_sizes import (  # noqa: E402
    Compared,
    odds_ratio,
    risk_ratio,
    standardised,
    superiority,
)
from studyapp.statistics.glmm import Crossed, MethodModel, fit_right, fit_sides  # noqa: E402
from studyapp.statistics.labels import Floats, codes  # noqa: E402
from studyapp.statistics.naive import wilson  # noqa: E402
from studyapp.statistics.variance_shares import RESIDUALS, variance_shares  # noqa: E402
from studyapp.statistics.wald import NODES, WEIGHTS, asked_of, predictor_of, tangent_of  # noqa: E402

DESIGNS = (
    (Design(50, 10, 10), 0.5),
    (varying(54, 90, 36, outcome="score"), 0.5),
    (varying(54, 90, 36, outcome="score"), 1.5),
    (varying(20, 20, 20), 0.5),
    (varying(20, 20, 20, outcome="score"), 0.5),
    (varying(10, 10, 10, outcome="score"), 0.5),
    (varying(60, 20, 20, arm=30), 0.5),
    (varying(16, 20, 20, outcome="score", arm=8), 0.5),
    (Design(30, 20, 20), 0.5),
)
SIZES = {
    "correct": {"d": standardised, "ratio of shares": risk_ratio, "odds ratio": odds_ratio},
    "score": {"d": standardised, "superiority": superiority},
}
# An interval and the true value that it should hold
Held = Iterator[tuple[str, tuple[float, float] | None, float]]


def levels(design: Design, effect: float) -> tuple[Floats, Floats, Floats]:
    """The answers there are, and how often each is given by the first and by the second method."""
    sd = float(np.linalg.norm([PEOPLE_SD, PHOTOS_SD, design.by_picture, design.by_person]))
    base = predictor_of(design.chance, sd)
    cuts = [0.0] if design.outcome == "correct" else list(EDGES)
    shares = []
    for eta in (base, base + effect):
        above = np.array([WEIGHTS @ expit(eta + sd * NODES - cut) for cut in cuts])
        shares.append(-np.diff([1.0, *above, 0.0]))
    scores = np.arange(len(cuts) + 1) - (0 if design.outcome == "correct" else 2)
    return scores.astype(float), shares[0], shares[1]


def true_sizes(design: Design, effect: float) -> dict[str, float]:
    """Of the second method against the first, over all people and photos."""
    scores, first, second = levels(design, effect)
    means = [float(scores @ one) for one in (first, second)]
    variances = [
        float(scores**2 @ one) - mean**2 for one, mean in zip((first, second), means, strict=True)
    ]
    before = np.concatenate([[0.0], np.cumsum(first)[:-1]])
    odds = [mean / (1 - mean) for mean in means] if design.outcome == "correct" else [1.0, 1.0]
    return {
        "d": (means[1] - means[0]) / float(np.mean(variances)) ** 0.5,
        "superiority": float(second @ (before + first / 2)),
        "ratio of shares": means[1] / means[0] if means[0] else float("nan"),
        "odds ratio": odds[1] / odds[0],
        "difference of marginal means": means[1] - means[0],
        "conditional odds ratio": float(np.exp(effect)),
    }


def robust_intervals(design: Design, effect: float, batch: Batch, study: int) -> Held:
    compared = Compared(batch.y[study], batch.people, batch.images, batch.method == 1)
    true = true_sizes(design, effect)
    for name, size in SIZES[design.outcome].items():
        found = size(compared)
        pair = None if found.low is None or found.high is None else (found.low, found.high)
        yield name, pair, true[name]


def model_intervals(design: Design, effect: float, batch: Batch, study: int) -> Held:
    """Of the fuller mixed model; nothing where it did not converge."""
    model = _fitted(design, batch, study)
    if not model.fit.converged:
        return
    true, df = true_sizes(design, effect), contrast(batch).clusters - 1
    margins = [tangent_of(model.fit, model.marginal(name)) for name in "ba"]
    logits = asked_of(model.fit, model.contrast("a", "b"), df)
    difference = (margins[0] - margins[1]).wald(model.fit, df)
    if logits is None or difference is None:
        return
    name = "difference of marginal means"
    yield name, difference.interval(), true[name]
    low, high = (float(np.exp(end)) for end in logits.interval())
    yield "conditional odds ratio", (low, high), true["conditional odds ratio"]
    variances = _variances(design, list(model.fit.sd))
    total = sum(variances.values()) + RESIDUALS["logit"]
    for one in variance_shares(model):
        if one.term in variances:
            pair = None if one.low is None or one.high is None else (one.low, one.high)
            yield f"share of {one.term}", pair, variances[one.term] / total


def _fitted(design: Design, batch: Batch, study: int) -> MethodModel:
    crossed = Crossed(batch.people, batch.images, batch.method, "ab")
    y = batch.y[study].astype(np.int64)
    if design.outcome == "correct":
        return fit_right(y, crossed, full=True)
    return fit_sides(y, batch.side, crossed, full=True)


def _variances(design: Design, terms: list[str]) -> dict[str, float]:
    """The true variance of each term. Scores are simulated as they are in the side model: the
    stronger network's side turns every effect, and nobody is pulled to one side."""
    known = {
        "participant": PEOPLE_SD, "image": PHOTOS_SD, "participant:method": design.by_person,
        "image:method": design.by_picture,
    }  # fmt: skip
    plain = {term: known.get(term.removesuffix(":s"), 0.0) ** 2 for term in terms}
    if design.arm:
        # What varies by person and method varies by person, where everybody has one method
        plain["participant:s" if design.outcome == "score" else "participant"] += (
            design.by_person**2
        )
    if design.outcome == "score":
        plain["participant"] = 0.0
    return plain


def coverage(
    design: Design, effect: float, studies: int, mixed: int, seed: int
) -> dict[str, list[tuple[bool, bool]]]:
    """By interval: whether it lies below, and whether it lies above the true value, each study."""
    random = np.random.default_rng(seed)
    found: dict[str, list[tuple[bool, bool]]] = {}
    for _ in range(BATCHES):
        batch = simulated(design, effect, -(-studies // BATCHES), random)
        batch = replace(batch, people=codes(batch.people.tolist()))
        for study in range(len(batch.y)):
            told = list(robust_intervals(design, effect, batch, study))
            if study < -(-mixed // BATCHES):
                told += model_intervals(design, effect, batch, study)
            for name, pair, true in told:
                if pair is not None:
                    found.setdefault(name, []).append((pair[1] < true, pair[0] > true))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--mixed", type=int, default=300, help="of them, for the mixed models")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="designs whose description has these words")
    options = parser.parse_args()
    print("| design | interval | covers, % | too low, % | too high, % | studies |")
    print("|---|---|---|---|---|---|")
    for design, effect in DESIGNS:
        if options.only not in str(design):
            continue
        found = coverage(design, effect, options.studies, options.mixed, options.seed)
        for name, missed in found.items():
            n, (below, above) = len(missed), np.sum(missed, axis=0)
            low, high = wilson(int(n - below - above), n) or (0.0, 1.0)
            print(
                f"| {design}, effect {effect:g} | {name} | {100 * (1 - (below + above) / n):.1f} "
                f"({100 * low:.1f}–{100 * high:.1f}) | {100 * below / n:.1f} | "
                f"{100 * above / n:.1f} | {n} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
