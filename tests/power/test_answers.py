"""Simulated answers have the effect that was asked for, and power is what it should be."""

import numpy as np
import pytest

from sandbox.builders import make_definition
from studyapp.analyses.power.answers import Layout, latent_mean, layout, simulate
from studyapp.analyses.power.designs import compared, drawn
from studyapp.analyses.power.grid import Point, Power, finds, powers
from studyapp.paradigms import PARADIGMS
from studyapp.studies.design.precision import Shares
from studyapp.studies.design.stand_ins import stand_ins


def crossed(people: int, photos: int) -> Layout:
    """Everybody judges every photo, half of them under each method."""
    person, photo = np.divmod(np.arange(people * photos), photos)
    return Layout(person, photo, (person + photo) % 2)


@pytest.mark.parametrize(("outcome", "effect"), [("score", 0.4), ("correct", 0.1)])
def test_the_mean_difference_is_the_effect(outcome: str, effect: float) -> None:
    plan, found = crossed(200, 200), []
    for seed in range(20):
        random = np.random.default_rng(seed)
        values = simulate(plan, outcome, effect, Shares(), random)
        found.append(values[plan.second == 1].mean() - values[plan.second == 0].mean())
    assert np.mean(found) == pytest.approx(effect, abs=4 * np.std(found) / 20**0.5)
    assert abs(np.mean(found) - effect) < 0.04
    levels = {"score": {-2, -1, 0, 1, 2}, "correct": {0, 1}}[outcome]
    assert set(np.unique(values)) == levels


def test_an_effect_that_no_answers_can_have_is_refused() -> None:
    with pytest.raises(ValueError, match="use a smaller effect"):
        latent_mean("correct", 1.2, 1.0)
    with pytest.raises(ValueError, match="use a smaller effect"):
        latent_mean("score", 2.0, 1.5)


def scored_paradigms() -> list[str]:
    return sorted(name for name, one in PARADIGMS.items() if one.outcome is not None)


@pytest.mark.parametrize("paradigm", scored_paradigms())
def test_every_scored_paradigm_has_a_layout_of_all_its_scored_trials(paradigm: str) -> None:
    definition = make_definition(paradigm=paradigm, people=4, trials=4, stimuli=8)
    design = drawn(definition, stand_ins, people=4)
    plan = layout(design, paradigm, compared(definition, paradigm))
    assert plan.size[0] == 4
    assert len(plan.people) == 16


def test_the_contrast_is_with_what_the_analysis_compares_with() -> None:
    methods = {"a": "grad_cam", "b": "guided_backprop", "photo": "none"}
    conditions = [{"name": name, "method": method} for name, method in methods.items()]
    for paradigm in ("trust", "meta_prediction"):
        definition = make_definition(paradigm=paradigm, conditions=conditions)
        assert compared(definition, paradigm) == ("photo", "a")
    told = make_definition(conditions=conditions, analysis={"reference": "b"})
    assert compared(told, "trust") == ("b", "a")
    # Being right about the network's answer needs no baseline
    assert compared(make_definition(paradigm="agreement", conditions=conditions), "agreement") == (
        "a", "b",
    )  # fmt: skip


def share(point: Point, studies: int = 60) -> float:
    return sum(finds(point, 5, number) for number in range(studies)) / studies


def test_no_effect_is_found_seldom_and_a_large_one_nearly_always() -> None:
    plan = crossed(24, 24)
    assert share(Point("none", plan, "score", 0.0)) <= 0.15
    assert share(Point("large", plan, "score", 1.0)) >= 0.95


def test_more_people_do_not_replace_more_photos() -> None:
    many_people = share(Point("people", crossed(60, 6), "score", 0.4))
    both = share(Point("both", crossed(19, 19), "score", 0.4))
    assert both > many_people


def test_equivalence_needs_a_margin_that_the_data_can_fill() -> None:
    plan = crossed(30, 30)
    assert share(Point("wide", plan, "score", 0.0, margin=0.5)) > 0.9
    assert share(Point("narrow", plan, "score", 0.0, margin=0.05)) < 0.1


def test_one_seed_gives_one_power_however_many_processes() -> None:
    points = [
        Point("one", crossed(10, 10), "correct", 0.2),
        Point("two", crossed(12, 8), "score", 0.4),
    ]
    told: list[int] = []
    found = [
        powers(points, studies=30, seed=3, processes=count, on_progress=told.append)
        for count in (1, 2)
    ]
    assert found[0] == found[1]
    assert sum(told) == 2 * 2 * 30
    assert found[0][0].found == sum(finds(points[0], 3, number) for number in range(30))


def test_the_mixed_model_finds_what_is_large() -> None:
    assert finds(Point("m", crossed(16, 16), "score", 1.2, mixed=True), 1, 0)
    assert finds(Point("m", crossed(16, 16), "correct", 0.4, mixed=True), 1, 0)


def test_the_layout_is_the_design_of_the_file() -> None:
    definition = make_definition(people=8, trials=4, stimuli=8, conditions=3, practice=1, checks=1)
    design = drawn(definition, stand_ins, people=8)
    methods = compared(definition, "trust")
    assert methods == ("grad_cam", "guided_backprop")
    plan = layout(design, "trust", methods)
    asked = [
        trial
        for slot in design.slots
        for trial in slot.trials
        if trial.stage == "main" and trial.condition in methods
    ]
    assert len(plan.people) == len(asked)
    assert int(plan.second.sum()) == sum(one.condition == "guided_backprop" for one in asked)
    assert plan.size == (8, 8)


def test_people_and_photos_can_be_other_than_in_the_file() -> None:
    definition = make_definition(people=8, trials=4, stimuli=8)
    plan = layout(
        drawn(definition, stand_ins, people=12, photos=16), "trust", compared(definition, "trust")
    )
    assert plan.size == (12, 16)


def test_a_share_has_its_wilson_interval() -> None:
    low, high = Power(80, 100).interval()
    assert (round(low, 4), round(high, 4)) == (0.7112, 0.8666)
