"""Declared rules leave people out by rows, once, and a researcher's undoing stands."""

import json

import pandas as pd
import pytest

from sandbox.builders import open_small_study, take_part
from sandbox.people import answer_all, make_profile, send_people
from studyapp.analyses.exclusions import apply_exclusions, broken_rules, find_broken_rules
from studyapp.models import Exclusion, Participation
from studyapp.paradigms.questions import DECLINED


def make_people(**changes: object) -> pd.DataFrame:
    person = {
        "participant_id": "p1", "status": "finished",
        "started_at": pd.Timestamp("2026-01-01T10:00:00Z"),
        "finished_at": pd.Timestamp("2026-01-01T10:03:00Z"),
    }  # fmt: skip
    return pd.DataFrame([{**person, **changes}])


def make_judgments(**columns: list[object]) -> pd.DataFrame:
    count = len(next(iter(columns.values())))
    usual = {
        "participant_id": ["p1"] * count, "stage": ["main"] * count,
        "paradigm": ["rating"] * count, "value": [1, 2] * count,
        "further_answers": [None] * count, "check_passed": [None] * count,
        "rt_ms": [3000] * count, "focus_losses": [0] * count,
    }  # fmt: skip
    frame = pd.DataFrame({**{key: cells[:count] for key, cells in usual.items()}, **columns})
    return frame.astype({"check_passed": "boolean", "rt_ms": "Int64", "focus_losses": "Int64"})


def broken(
    judgments: pd.DataFrame, people: pd.DataFrame | None = None, **limits: float
) -> list[str]:
    found = broken_rules(make_people() if people is None else people, judgments, limits)
    return [rule for _, rule, _ in found]


def test_failed_checks_count_from_the_limit_on() -> None:
    judgments = make_judgments(check_passed=[False, True, None, False])
    assert broken(judgments, failed_checks=2) == ["failed_checks"]
    assert broken(judgments, failed_checks=3) == []


def test_a_median_below_the_limit_is_too_fast_and_at_the_limit_is_not() -> None:
    judgments = make_judgments(rt_ms=[100, 500, 9000])
    assert broken(judgments, fastest_median_ms=501) == ["fastest_median_ms"]
    assert broken(judgments, fastest_median_ms=500) == []


def test_times_that_no_page_measured_exclude_nobody() -> None:
    assert broken(make_judgments(rt_ms=[None, None]), fastest_median_ms=500) == []


def test_the_same_answer_again_and_again_is_straight_lining() -> None:
    judgments = make_judgments(value=[1, 1, 1, 2])
    assert broken(judgments, straight_lining=0.75) == ["straight_lining"]
    assert broken(judgments, straight_lining=0.8) == []


@pytest.mark.parametrize("stage", ["first", "final", "questionnaire"])
def test_rules_see_every_stage_that_is_analysed(stage: str) -> None:
    judgments = make_judgments(value=[1, 1], stage=[stage] * 2, rt_ms=[100, 200])
    assert broken(judgments, fastest_median_ms=500) == ["fastest_median_ms"]
    assert broken(judgments, straight_lining=1.0) == ["straight_lining"]


@pytest.mark.parametrize("stage", ["practice", "learning", "check", "repeat"])
def test_rules_see_no_stage_that_is_not_analysed(stage: str) -> None:
    judgments = make_judgments(value=[1, 1], stage=[stage] * 2, rt_ms=[100, 200])
    assert broken(judgments, fastest_median_ms=500, straight_lining=1.0) == []


def test_the_same_answer_to_every_item_of_a_page_is_straight_lining() -> None:
    pages = ['{"item_1": 4, "item_2": 4, "confidence": 1}', '{"item_1": 4, "item_2": 5}']
    judgments = make_judgments(value=[None, None], further_answers=pages)
    assert broken(judgments, straight_lining=0.75) == ["straight_lining"]
    assert broken(judgments, straight_lining=0.76) == []


def test_a_field_that_is_called_like_an_item_is_none() -> None:
    pages = ['{"item_1": 4, "item_2": 4}', '{"item_1": 4, "item_2": 4}']
    items = make_judgments(value=[None, None], further_answers=pages)
    assert broken(items, straight_lining=1.0) == ["straight_lining"]
    assert broken(items.assign(paradigm="custom"), straight_lining=0.1) == []


def test_who_prefers_not_to_say_nearly_everything_does_not_straight_line() -> None:
    gone = json.dumps({"value": DECLINED})
    pages: list[object] = [None, *[gone] * 19]
    judgments = make_judgments(value=[1, *[None] * 19], further_answers=pages)
    assert broken(judgments, straight_lining=0.06) == []
    assert broken(judgments, straight_lining=0.05) == ["straight_lining"]
    items = [json.dumps({"item_1": 4, **{f"item_{n}": DECLINED for n in range(2, 21)}})]
    judgments = make_judgments(value=[None], further_answers=items)
    assert broken(judgments, straight_lining=0.06) == []


@pytest.mark.django_db
def test_fast_people_of_two_step_reliance_are_left_out() -> None:
    rules = {"fastest_median_ms": 100_000, "straight_lining": 0.01}
    study = open_small_study(paradigm="reliance", people=4, stimuli=4, trials=2, exclusions=rules)
    send_people(study, 2, paradigm="reliance")
    assert sorted(rule for _, rule, _ in find_broken_rules(study)) == [
        "fastest_median_ms", "fastest_median_ms", "straight_lining", "straight_lining",
    ]  # fmt: skip


def test_three_minutes_are_too_short_for_a_limit_of_four() -> None:
    assert broken(make_judgments(value=[1]), shortest_minutes=4) == ["shortest_minutes"]
    assert broken(make_judgments(value=[1]), shortest_minutes=3) == []


def test_focus_losses_are_summed_over_trials() -> None:
    assert broken(make_judgments(focus_losses=[2, None, 3]), focus_losses=5) == ["focus_losses"]


def test_somebody_who_has_not_finished_is_not_judged() -> None:
    people = make_people(status="active")
    assert broken(make_judgments(check_passed=[False]), people, failed_checks=1) == []


@pytest.mark.django_db
def test_a_rule_adds_its_row_once_and_not_again_after_an_undoing() -> None:
    study = open_small_study(checks=2, trials=3, exclusions={"failed_checks": 1})
    careless = make_profile(population="careless", seed=3)
    answer_all(take_part(study, "careless"), careless, seed=3)
    answer_all(take_part(study, "careful"), make_profile())
    assert [rule for _, rule, _ in find_broken_rules(study)] == ["failed_checks"]
    assert Exclusion.objects.count() == 0
    assert [apply_exclusions(study), apply_exclusions(study)] == [1, 0]
    made = Exclusion.objects.get()
    assert made.participation == Participation.objects.order_by("pk").first()
    Exclusion.objects.create(participation=made.participation, rule=made.rule, undoes=made)
    assert apply_exclusions(study) == 0
