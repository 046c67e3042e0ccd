"""How often a sequence is wrong at any look of 500 people, and how wide it is.

    python bench/sequences.py [--studies N] [--seed S]

Studies of finished people whose means differ between people (SD 0.5 on the logit or on the latent
scale, and 0.3 more for the difference of two methods), from five answers a person down to one rare
kind of answer. Miscoverage is of the mean that people are expected to have, at any look; widths are
those of the first studies. A fixed sample's interval stands beside it, which holds at one look
alone. Two minutes on one core.
"""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from bench.false_alarms import ALPHA, Floats, told  # noqa: E402
from studyapp.statistics.narrow_sequence import (  # noqa: E402
    Followed,
    followed_difference,
    followed_mean,
)
from studyapp.statistics.sequential import confidence_sequence  # noqa: E402

PEOPLE = 500
AT = (50, 100, 200, 500)
WIDTHS = 50
Random = np.random.Generator


def right(random: Random, share: float, answers: int, effect: float = 0.0) -> Floats:
    """Each person's share of right answers under one method."""
    eta = np.log(share / (1 - share)) + effect + 0.5 * random.normal(size=(PEOPLE, 1))
    found: Floats = (random.random((PEOPLE, answers)) < 1 / (1 + np.exp(-eta))).mean(axis=1)
    return found


def trust(random: Random, mean: float, answers: int) -> Floats:
    eta = mean + 0.5 * random.normal(size=(PEOPLE, 1)) + 1.2 * random.normal(size=(PEOPLE, answers))
    found: Floats = np.clip(np.round(eta), -2, 2).mean(axis=1)
    return found


def paired(random: Random, share: float, answers: int, effect: float) -> Floats:
    """Each person's difference of two methods' shares."""
    own = 0.5 * random.normal(size=(PEOPLE, 1))
    apart = effect + 0.3 * random.normal(size=(PEOPLE, 1))
    base = np.log(share / (1 - share)) + own
    shares = [
        (random.random((PEOPLE, answers)) < 1 / (1 + np.exp(-eta))).mean(axis=1)
        for eta in (base + apart, base)
    ]
    found: Floats = shares[0] - shares[1]
    return found


def paired_trust(random: Random, mean: float, answers: int, effect: float) -> Floats:
    own = mean + 0.5 * random.normal(size=(PEOPLE, 1))
    apart = own + effect + 0.3 * random.normal(size=(PEOPLE, 1))
    scores = [
        np.clip(np.round(eta + 1.2 * random.normal(size=(PEOPLE, answers))), -2, 2).mean(axis=1)
        for eta in (apart, own)
    ]
    found: Floats = scores[0] - scores[1]
    return found


Draw = Callable[[Random], Floats]
# Name → one study's people, and the limits of their values
MEANS: Mapping[str, tuple[Draw, float, float]] = {
    "share right .8, 18 answers": (lambda r: right(r, 0.8, 18), 0, 1),
    "share right .95, 3 answers": (lambda r: right(r, 0.95, 3), 0, 1),
    "share right .97, 1 answer": (lambda r: right(r, 0.97, 1), 0, 1),
    "trust 0.8, 2 answers": (lambda r: trust(r, 0.8, 2), -2, 2),
    "difference of trust 0, 18 answers each": (lambda r: paired_trust(r, 0, 18, 0), -4, 4),
    "difference of trust 0.3, 5 answers each": (lambda r: paired_trust(r, 0, 5, 0.3), -4, 4),
    "difference of trust near the end, 2 each": (lambda r: paired_trust(r, 1.5, 2, 0.3), -4, 4),
    "difference of shares 0 at .5, 10 each": (lambda r: paired(r, 0.5, 10, 0), -1, 1),
    "difference of shares at .9, 5 each": (lambda r: paired(r, 0.9, 5, 0.5), -1, 1),
    "difference of shares at .97, 1 each": (lambda r: paired(r, 0.97, 1, 0.8), -1, 1),
}
ARMS: Mapping[str, tuple[Draw, float, float]] = {
    "trust 0.5, 18 answers": (lambda r: trust(r, 0.5, 18), -2, 2),
    "share right .8, 5 answers": (lambda r: right(r, 0.8, 5), 0, 1),
    "share right .95, 3 answers": (lambda r: right(r, 0.95, 3), 0, 1),
}


def expected(draw: Draw, seed: int) -> float:
    """The mean that people are expected to have."""
    random = np.random.default_rng(seed)
    return float(np.mean([draw(random).mean() for _ in range(4000)]))


def is_wrong(found: Followed, truth: float) -> bool:
    return any(not look.low <= truth <= look.high for look in found.looks)


def shows_equivalence(x: list[float], margin: float) -> bool:
    """Whether differences of `margin` are shown to be smaller than that, at every tenth look."""
    for n in range(30, PEOPLE + 1, 10):
        large = followed_mean(x[:n], -4, 4).nulls("different", "two", margin).large
        if large is not None and large < ALPHA:
            return True
    return False


def means_row(name: str, studies: int, seed: int) -> str:
    draw, low, high = MEANS[name]
    truth, random = expected(draw, seed + 1), np.random.default_rng(seed)
    wrong, careful, fixed = [], [], []
    widths: dict[int, list[tuple[float, float, float]]] = {n: [] for n in AT}
    for number in range(studies):
        x = draw(random)
        found = followed_mean(x.tolist(), low, high)
        wrong.append(is_wrong(found, truth))
        n = np.arange(1, PEOPLE + 1)
        mean = np.cumsum(x) / n
        with np.errstate(invalid="ignore"):
            se = np.sqrt(np.maximum(np.cumsum(x**2) / n - mean**2, 0) / n)
        fixed.append(bool((np.abs(mean - truth) > 1.96 * se)[29:].any()))
        if number < WIDTHS:
            rough = confidence_sequence(x, low, high)
            careful.append(any(not one.low <= truth <= one.high for one in rough))
            for at in AT:
                one, other = found.looks[at - 1], rough[at - 1]
                widths[at].append((one.high - one.low, other.high - other.low, 3.92 * se[at - 1]))
    told_widths = " | ".join(
        " / ".join(f"{value:.2f}" for value in np.mean(widths[at], axis=0)) for at in AT
    )
    return f"| {name} | {told(wrong)} | {told(fixed)} | {told_widths} |"


def arms_row(name: str, every: int, studies: int, seed: int) -> str:
    draw, low, high = ARMS[name]
    random, wrong = np.random.default_rng(seed), []
    second = np.zeros(PEOPLE, dtype=bool)
    second[::every] = True
    for _ in range(studies):
        found = followed_difference(draw(random).tolist(), second.tolist(), low, high)
        wrong.append(is_wrong(found, 0.0))
    return f"| {name}, one in {every} in the second arm | {told(wrong)} |"


def equivalence_row(studies: int, seed: int) -> str:
    """Differences of trust of just the margin: how often they are called smaller, at any look."""

    def draw(random: Random) -> Floats:
        return paired_trust(random, 0, 5, 0.3)

    truth, random = expected(draw, seed + 1), np.random.default_rng(seed)
    found = [shows_equivalence(draw(random).tolist(), truth) for _ in range(studies)]
    return f"| a difference of just the margin is called smaller | {told(found)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print("Widths: this sequence / the empirical-Bernstein one / an interval of a fixed sample\n")
    print("| one value a person | wrong at any look, % | a fixed interval, from 30 people on, % | "
          + " | ".join(f"at {n}" for n in AT) + " |\n" + "|---" * (3 + len(AT)) + "|")  # fmt: skip
    for name in MEANS:
        print(means_row(name, options.studies, options.seed), flush=True)
    print("\n| difference between people | wrong at any look, % |\n|---|---|")
    for name in ARMS:
        for every in (2, 4, 10):
            print(arms_row(name, every, options.studies, options.seed), flush=True)
    print(equivalence_row(options.studies // 4, options.seed), flush=True)


if __name__ == "__main__":
    main()
