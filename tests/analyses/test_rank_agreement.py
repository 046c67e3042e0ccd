"""People against a machine: the rank correlation, its ceiling, and what can't be told."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from studyapp.statistics.rank_agreement import rank_agreement

Judged = tuple[list[float], list[int], list[int]]


def judged(quality: np.ndarray, people: int, noise: float, seed: int = 1) -> Judged:
    """Everybody judges every stimulus."""
    random = np.random.default_rng(seed)
    rows = [
        (float(quality[item] + noise * random.normal()), person, item)
        for person in range(people)
        for item in range(len(quality))
    ]
    values, persons, items = zip(*rows, strict=True)
    return list(values), list(persons), list(items)


def test_the_correlation_is_spearmans_over_stimulus_means() -> None:
    quality = np.random.default_rng(2).normal(size=20)
    values, people, items = judged(quality, 10, 1.0)
    machine = {item: float(quality[item] ** 3) for item in range(20)}
    found = rank_agreement(values, people, items, machine, seed=1)
    means = [np.mean([v for v, i in zip(values, items, strict=True) if i == k]) for k in range(20)]
    assert found.rho == pytest.approx(spearmanr(means, list(machine.values())).statistic)
    assert found.low < found.rho < found.high
    assert found.stimuli == 20


def test_the_ceiling_falls_with_the_peoples_noise() -> None:
    quality = np.random.default_rng(3).normal(size=30)
    machine = {item: float(quality[item]) for item in range(30)}
    ceilings = [
        rank_agreement(*judged(quality, 12, noise), machine, seed=1).ceiling
        for noise in (0.1, 2.0, 50.0)
    ]
    assert ceilings[0] > 0.97
    assert ceilings == sorted(ceilings, key=lambda one: -(one or 0))
    assert (ceilings[2] or 0) < 0.75


def test_a_perfect_metric_reaches_the_ceiling() -> None:
    random = np.random.default_rng(5)
    reached, ceilings = [], []
    for seed in range(20):
        quality = random.normal(size=60)
        machine = {item: float(quality[item]) for item in range(60)}
        found = rank_agreement(*judged(quality, 8, 2.0, seed), machine, seed=seed)
        reached.append(found.rho)
        ceilings.append(found.ceiling)
    assert np.mean(reached) == pytest.approx(np.mean(ceilings), abs=0.03)


def test_one_seed_gives_one_answer() -> None:
    data = judged(np.arange(8.0), 6, 1.0)
    machine = {item: float(item) for item in range(8)}
    assert rank_agreement(*data, machine, seed=4) == rank_agreement(*data, machine, seed=4)


def test_what_has_no_ranking_is_told_in_a_sentence() -> None:
    values, people, items = judged(np.arange(8.0), 4, 0.0)
    few = rank_agreement(values, people, items, {0: 1.0, 1: 2.0}, seed=1)
    assert (few.rho, few.note) == (None, "fewer than 5 stimuli")
    flat = rank_agreement(values, people, items, dict.fromkeys(range(8), 1.0), seed=1)
    assert flat.rho is None
    assert "no ranking" in flat.note
