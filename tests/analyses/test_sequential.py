"""A confidence sequence is right at all looks at once, and narrows as people come in."""

from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest

from studyapp.analyses.results import results
from studyapp.analyses.sequences import drift_notes
from studyapp.analyses.tidy import Tidy
from studyapp.statistics.sequential import boundary, confidence_sequence, drifts

STUDIES, PEOPLE = 400, 150


def test_looking_after_every_person_is_seldom_wrong_at_any_look() -> None:
    random = np.random.default_rng(11)
    wrong = 0
    for _ in range(STUDIES):
        ability = random.beta(4, 4, PEOPLE)
        means = random.binomial(18, ability) / 18
        looks = confidence_sequence(means, 0, 1)
        wrong += any(not look.low <= 0.5 <= look.high for look in looks)
    assert wrong / STUDIES <= 0.05


def test_the_usual_interval_at_every_look_would_be_wrong_far_more_often() -> None:
    random = np.random.default_rng(11)
    wrong = 0
    for _ in range(STUDIES):
        means = random.binomial(18, random.beta(4, 4, PEOPLE)) / 18
        steps = np.arange(1, PEOPLE + 1)
        running = np.cumsum(means) / steps
        spread = np.sqrt(np.maximum(np.cumsum(means**2) / steps - running**2, 1e-9) / steps)
        wrong += bool((np.abs(running - 0.5) > 1.96 * spread)[9:].any())
    assert wrong / STUDIES > 0.15


def test_an_effect_is_seen_and_the_interval_narrows() -> None:
    random = np.random.default_rng(3)
    looks = confidence_sequence(random.uniform(0, 2, 300), -2, 2)
    assert looks[-1].low > 0 > looks[0].low
    widths = [look.high - look.low for look in looks[20::20]]
    assert widths == sorted(widths, reverse=True)
    assert looks[-1].low < looks[-1].mean < looks[-1].high


def test_scores_are_the_same_sequence_as_shares_on_another_scale() -> None:
    shares = [0.25, 1.0, 0.5, 0.75]
    scores = [4 * share - 2 for share in shares]
    for one, other in zip(
        confidence_sequence(shares, 0, 1), confidence_sequence(scores, -2, 2), strict=True
    ):
        assert other.low == pytest.approx(4 * one.low - 2)
        assert other.high == pytest.approx(4 * one.high - 2)


def test_nobody_gives_no_look_and_an_impossible_mean_is_refused() -> None:
    assert confidence_sequence([], 0, 1) == []
    with pytest.raises(ValueError, match="outside 0…1"):
        confidence_sequence([0.5, 1.2], 0, 1)


def drifting(random: np.random.Generator) -> np.ndarray:
    """150 people who are right in .2 of 18 trials, then 150 in .95."""
    ability = np.repeat([0.2, 0.95], 150)
    return random.binomial(18, ability) / 18


def test_answers_that_drift_empty_no_interval_and_are_told() -> None:
    looks = confidence_sequence(drifting(np.random.default_rng(5)), 0, 1)
    assert all(look.low <= look.mean <= look.high for look in looks)
    assert drifts(looks)
    assert not drifts(confidence_sequence([0.2, 0.3] * 150, 0, 1))
    rows = [{**asdict(look), "at": None} for look in looks]
    (note,) = drift_notes({"blur": rows})
    assert note.startswith(
        "answers about blur drift: intervals at different times exclude each other"
    )


def test_the_mean_that_moves_with_the_people_is_held_at_every_look() -> None:
    random = np.random.default_rng(6)
    expected = np.cumsum(np.repeat([0.2, 0.95], 150)) / np.arange(1, 301)
    wrong = 0
    for _ in range(100):
        looks = confidence_sequence(drifting(random), 0, 1)
        wrong += any(
            not look.low <= truth <= look.high for look, truth in zip(looks, expected, strict=True)
        )
    assert wrong <= 5


def test_the_boundary_is_that_of_the_mixture_worked_out_by_hand() -> None:
    # ∫ exp(λs − ψ(λ)v) dF(λ) over 1 − λ = t³ by the trapezium rule is 1/α at the boundary
    alpha, v = 0.025, 4.0
    s = boundary(np.array([v]), alpha)[0]
    bound = 2 * np.log(1 / (2 * alpha))
    rho = 3.0 / (bound + np.log(1 + bound))
    t = np.linspace(1e-6, 1, 200_001)
    u = t**3
    prior = 3 * t**2 * u ** (rho - 1) * np.exp(-rho * u)
    tilted = prior * np.exp((1 - u) * s + (np.log(u) + 1 - u) * v)
    assert np.trapezoid(tilted, t) / np.trapezoid(prior, t) == pytest.approx(1 / alpha, rel=1e-3)


def test_results_tell_a_drift_among_what_must_be_known() -> None:
    rows = [(f"p{person}", "i", "a", float(person >= 60)) for person in range(120)]
    frame = pd.DataFrame(rows, columns=["participant", "image", "method", "value"])
    arrivals = [(f"p{person}", None) for person in range(120)]
    tidy = Tidy(frame, "custom", "value", null=None, bounds=(0, 1), arrivals=arrivals)
    assert any("answers about a drift" in note for note in results(tidy)["notes"])
    mixed = replace(tidy, arrivals=[arrivals[place * 61 % 120] for place in range(120)])
    assert not any("drift" in note for note in results(mixed)["notes"])
