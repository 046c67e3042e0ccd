"""How often the interval of Cohen's κ holds the κ of other people's answers.

    python bench/coder_agreement.py [--studies N] [--seed S]

Simulates two coders who code the answers of people who differ in what they write (Dirichlet, three
times the codes' prevalence) and in how clearly they write (SD 0.12 around the given chance that a
coder sees what is meant; otherwise a code is drawn by prevalence). Prints, for the program's own
interval, how often one is given and how often it holds the κ of 300 000 people. Two minutes.
"""

import argparse
import os
import sys
from pathlib import Path

# One thread: the matrices are small, and more threads only wait for each other
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from studyapp.statistics.coders import cohen  # noqa: E402

MANY = 300_000
PREVALENCES = ((0.5, 0.5), (0.9, 0.1), (0.4, 0.3, 0.2, 0.1))
CLARITIES = (0.75, 0.92)
SIZES = ((20, 1), (50, 1), (200, 1), (50, 4), (20, 8))


def coded(
    random: np.random.Generator, size: tuple[int, int], prevalence: tuple[float, ...], clear: float
) -> tuple[list[int], list[int], list[int]]:
    """What two coders say of so many answers of each of so many people, and whose they are."""
    people, each = size
    k = len(prevalence)
    tendencies = random.dirichlet(np.array(prevalence) * 3, size=people).cumsum(axis=1)
    meant = (random.random((people, each, 1)) > tendencies[:, None]).sum(axis=2).clip(0, k - 1)
    clarity = np.clip(clear + random.normal(0, 0.12, people), 0.3, 1)[:, None]
    given = []
    for _ in range(2):
        guessed = random.choice(k, size=meant.shape, p=prevalence)
        seen = random.random(meant.shape) < clarity
        given.append(np.where(seen, meant, guessed).ravel().tolist())
    return given[0], given[1], np.repeat(np.arange(people), each).tolist()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    random = np.random.default_rng(asked.seed)
    print("| prevalence | κ | people × answers | interval given | holds κ |\n|---|---|---|---|---|")
    for prevalence in PREVALENCES:
        for clear in CLARITIES:
            one, other, _ = coded(random, (MANY, 1), prevalence, clear)
            kappa = cohen(one, other, [0] * MANY).value
            assert kappa is not None
            for size in SIZES:
                found = [
                    cohen(*coded(random, size, prevalence, clear)) for _ in range(asked.studies)
                ]
                told = [one for one in found if one.low is not None and one.high is not None]
                holds = sum(one.low <= kappa <= one.high for one in told)  # type: ignore[operator]
                shares = f"{len(told) / len(found):.0%} | {holds / max(1, len(told)):.1%}"
                words = " / ".join(f"{one:g}" for one in prevalence)
                print(f"| {words} | {kappa:.2f} | {size[0]} × {size[1]} | {shares} |", flush=True)


if __name__ == "__main__":
    main()
