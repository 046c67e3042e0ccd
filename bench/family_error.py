"""How often verdicts on hypotheses claim what is false, and how often they find an effect.

    python bench/family_error.py [--studies N] [--seed S] [--sided two|one]

Simulates studies of right answers under four methods: three hypotheses compare one each with the
first, whose share of right answers is one half. The true differences stand at 0; at the smallest
effect of interest m, where equivalence is claimed most easily by mistake; and just below m, where
"at least m" is. False are: an effect where there is none, or in the other direction; smaller than m
where it is m; at least m where it is less. Beside the declared family stand Holm for effects alone
with each size tested at 5 %, and Shaffer's multiplier for all nulls but "at least m". All use the
program's own tests. Takes about ten minutes on one core.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import t as student

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.false_alarms import (  # noqa: E402
    PEOPLE_SD,
    PHOTOS_SD,
    Batch,
    Design,
    simulated,
    told,
    variances,
)
from studyapp.statistics.clusters import effective  # noqa: E402
from studyapp.statistics.holm import holm  # noqa: E402
from studyapp.statistics.hypothesis_family import (  # noqa: E402
    Direction,
    Measured,
    Nulls,
    Sides,
    adjusted,
    nulls,
)
from studyapp.statistics.wald import predictor_of  # noqa: E402

ALPHA, MARGIN, JUST_BELOW = 0.05, 0.1, 0.0999
BATCHES = 10
# Of each hypothesis: whether it claims an effect, one smaller than m, one of at least m
Claims = Sequence[Sequence[bool]]


@dataclass(frozen=True)
class Case:
    """True differences of three shares from the first one, and what is claimed of each."""

    name: str
    effects: tuple[float, float, float]
    directions: tuple[Direction, ...] = ("greater",) * 3
    margins: tuple[float | None, ...] = (MARGIN,) * 3


CASES = (
    Case("no effect at all", (0, 0, 0)),
    Case("all at m", (MARGIN,) * 3),
    Case("all just below m", (JUST_BELOW,) * 3),
    Case("0, m and just below m", (0, MARGIN, JUST_BELOW)),
    Case("0, 0 and a large effect", (0, 0, 0.3)),
    Case("0, 0 and a large effect, none with an m", (0, 0, 0.3), margins=(None,) * 3),
    Case("0 without an m, m, and a large effect without", (0, MARGIN, 0.3),
         margins=(None, MARGIN, None)),
    Case("equivalence claimed of three at m", (MARGIN,) * 3, directions=("equivalent",) * 3),
    Case("the other direction: −m, −m, 0", (-MARGIN, -MARGIN, 0)),
    Case("a little in the other direction", (-0.001, -0.001, -0.001)),
)  # fmt: skip
DESIGNS = (
    Design(54, 90, 36, methods=4, by_picture=0.5, by_person=0.3),
    Design(20, 20, 20, methods=4),
)


def measured(batch: Batch, method: int) -> list[Measured]:
    """The difference of `method` from the first one, of every study."""
    own = batch.part(np.isin(batch.method, (0, method)))
    second = own.method == method
    sides = [side / side.sum() for side in (second, ~second)]
    means = [own.y @ side for side in sides]
    residuals = own.y - np.where(second, *(mean[:, None] for mean in means))
    weights = sides[0] - sides[1]
    df = min(effective(groups, weights) for groups in own.clusters.ways) - 1
    se = np.sqrt(variances(own, weights, residuals, 2))
    p = 2 * student.sf(np.abs(means[0] - means[1]) / se, df)
    rows = zip((means[0] - means[1]).tolist(), se.tolist(), p.tolist(), strict=True)
    return [Measured(one, error, df, own_p) for one, error, own_p in rows]


def declared(tests: Sequence[Nulls], margins: Sequence[float | None]) -> Claims:
    """The program's family."""
    after = adjusted(tests, [one is not None for one in margins])
    return [_below(one.none, one.large, one.small) for one in after]


def apart(tests: Sequence[Nulls], margins: Sequence[float | None]) -> Claims:
    """Holm for effects alone, and each size at 5 %."""
    effects = holm([one.none for one in tests])
    return [_below(p, one.large, one.small) for p, one in zip(effects, tests, strict=True)]


def _below(*p_values: float | None) -> list[bool]:
    return [p is not None and p < ALPHA for p in p_values]


def shaffer(tests: Sequence[Nulls], margins: Sequence[float | None]) -> Claims:
    """2n nulls, of which n can be true: the multiplier is the lesser of n and those that remain."""
    known = sorted(
        (p, place, kind)
        for place, one in enumerate(tests)
        for kind, p in enumerate((one.none, one.large))
        if p is not None
    )
    found = [[False, False, False] for _ in tests]
    for rank, (p, place, kind) in enumerate(known):
        if min(len(tests), len(known) - rank) * p >= ALPHA:
            break
        found[place][kind] = True
    return found


WAYS: dict[str, Callable[[Sequence[Nulls], Sequence[float | None]], Claims]] = {
    "declared family": declared, "Shaffer, without “at least m”": shaffer, "apart": apart,
}  # fmt: skip


def is_false(case: Case, claims: Claims, found: Sequence[Measured]) -> bool:
    """Whether any claim is wrong."""
    return any(
        (differs and (effect == 0 or (one.distance or 0) * effect < 0))
        or (is_small and abs(effect) >= MARGIN)
        or (is_large and (effect if direction == "greater" else abs(effect)) < MARGIN)
        for (differs, is_small, is_large), effect, direction, one in zip(
            claims, case.effects, case.directions, found, strict=True
        )
    )


def finds(case: Case, claims: Claims) -> list[bool]:
    """Of every true effect whether it is found."""
    return [differs for (differs, _, _), effect in zip(claims, case.effects, strict=True) if effect]


def studies_of(design: Design, case: Case, count: int, seed: int) -> Iterator[list[Measured]]:
    """The three measured differences of each simulated study."""
    random = np.random.default_rng(seed)
    sd = float(np.linalg.norm((PEOPLE_SD, PHOTOS_SD, design.by_picture, design.by_person)))
    offsets = np.array([predictor_of(0.5 + one, sd) for one in case.effects])
    for _ in range(BATCHES):
        batch = simulated(design, offsets, -(-count // BATCHES), random)
        yield from map(list, zip(*(measured(batch, one) for one in (1, 2, 3)), strict=True))


def rates(
    design: Design, case: Case, count: int, seed: int, sided: Sides
) -> dict[str, tuple[list[bool], Any]]:
    """By way: whether each study claims anything false, and whether each true effect is found."""
    found: dict[str, tuple[list[bool], list[bool]]] = {name: ([], []) for name in WAYS}
    for study in studies_of(design, case, count, seed):
        tests = [
            nulls(one, direction, sided, margin)
            for one, direction, margin in zip(study, case.directions, case.margins, strict=True)
        ]
        for name, way in WAYS.items():
            claims = way(tests, case.margins)
            found[name][0].append(is_false(case, claims, study))
            found[name][1].extend(finds(case, claims))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sided", choices=["two", "one"], default="two")
    options = parser.parse_args()
    for design in DESIGNS:
        print(f"\n{design}; m = {MARGIN:g}\n")
        print(f"| true differences | {' | '.join(WAYS)} | power, {' / '.join(WAYS)} |")
        print(f"|---{'|---' * (len(WAYS) + 1)}|")
        for case in CASES:
            found = rates(design, case, options.studies, options.seed, options.sided)
            false = [told(alarms) for alarms, _ in found.values()]
            power = [f"{100 * np.mean(right):.0f}" if right else "–" for _, right in found.values()]
            print(f"| {case.name} | {' | '.join(false)} | {' / '.join(power)} |", flush=True)


if __name__ == "__main__":
    main()
