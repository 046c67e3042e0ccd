"""A trace is read strictly, what follows from it is right, and it goes when it has to."""

import json
import math
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from sandbox.builders import open_small_study, take_part
from studyapp.models import Evidence, Judgment, Participation, SignedAgent, Study, Trace
from studyapp.participations.answering import Given, current_trial, take_answer
from studyapp.participations.evidence import (
    delete_due_traces,
    keep_evidence,
    take_traces_back,
)
from studyapp.participations.traces import read_trace
from studyapp.participations.withdrawal import withdraw

TRACE: dict[str, Any] = {
    "untrusted": 0, "pointers": 14, "keys": 3, "pastes": None, "switches": None,
    "webdriver": False, "pressed": "mouse", "places": [], "intervals": [100, 200, 300],
}  # fmt: skip


def told(**changes: Any) -> str:
    return json.dumps({**TRACE, **changes})


def way(*places: tuple[float, float], gap: int = 50) -> list[list[int]]:
    """Places on a way that ends with a press at the last one."""
    rounded = [[gap, round(x), round(y), 0] for x, y in places]
    return [*rounded, [gap, *rounded[-1][1:3], 1]]


LINE = [(100 + 20 * n, 100 + 13 * n) for n in range(12)]
ARC = [(100 + 20 * n, 100 + 40 * math.sin(math.pi * n / 11)) for n in range(12)]


def test_a_trace_becomes_what_can_be_said_of_it() -> None:
    observed = read_trace(told(places=way(*ARC), webdriver=True, untrusted=2, pastes=1, switches=0))
    assert observed.features == {
        "untrusted_events": 2,
        "webdriver": True,
        "pointer": "mouse",
        "path": "curved",
        "pointer_events": 14,
        "key_events": 3,
        "key_interval_sd_ms": pytest.approx(math.sqrt(20_000 / 3)),
        "pastes": 1,
        "tab_switches": 0,
    }
    assert observed.trace is not None
    assert observed.trace["intervals"] == [100, 200, 300]


@pytest.mark.parametrize(
    ("places", "path"),
    [
        ([], "none"),
        (way(*LINE), "straight"),
        (way(*ARC), "curved"),
        # One way of several that bends
        ([*way(*LINE), *way(*ARC)], "curved"),
        ([*way(*LINE), *way(*reversed(LINE))], "straight"),
        # Two lines with a rest at the corner are two ways
        ([*way(*LINE)[:-1], [400, 320, 250, 0], *way(*((320, 250 + 20 * n) for n in range(9)))],
         "straight"),
        # Too short, or too few places, to have a shape
        (way(*((100 + n, 100 + n**2 / 4) for n in range(12))), "none"),
        (way((100, 100), (500, 180), (900, 100)), "none"),
        # Taps
        ([[0, 100, 100, 1], [900, 800, 400, 1], [900, 100, 900, 1]], "none"),
    ],
)  # fmt: skip
def test_the_shape_of_the_way_is_told(places: list[list[int]], path: str) -> None:
    assert read_trace(told(places=places)).features["path"] == path


def test_too_few_intervals_have_no_spread() -> None:
    assert read_trace(told(intervals=[120])).features["key_interval_sd_ms"] is None


@pytest.mark.parametrize(
    "garbage",
    [
        "{", "[]", "null", "1", "x" * 9_000, "{}", "[" * 5_000,
        told(untrusted=-1), told(untrusted=1.5), told(untrusted="1"), told(keys=10**6),
        told(pressed="finger"), told(webdriver="no"), told(key="a"), told(places=[[1, 2, 3]]),
        told(places=[[1, 2, 3, 0]] * 151), told(places=[[1, 2, 10**9, 0]]),
        told(intervals=[1] * 301), told(intervals=[float("nan")]),
        json.dumps({name: value for name, value in TRACE.items() if name != "keys"}),
    ],
)  # fmt: skip
def test_what_is_no_trace_says_nothing_but_that(garbage: str) -> None:
    observed = read_trace(garbage)
    assert observed.features == {"unreadable": True}
    assert observed.trace is None


def test_without_a_script_nothing_was_observed() -> None:
    assert (read_trace("").features, read_trace("").trace) == ({}, None)


def collecting(**options: Any) -> Study:
    return open_small_study(evidence={"traces": True, "keep_days": 10}, **options)


def answered(study: Study, count: int = 2) -> Participation:
    """Somebody who agreed to traces and gave so many answers."""
    person = take_part(study, traces=True)
    for _ in range(count):
        trial = current_trial(person)
        assert trial is not None
        observed = read_trace(told())
        given = Given(1, keep=lambda judgment, seen=observed: keep_evidence(judgment, seen))
        take_answer(person.code, trial_code=trial.code, read=lambda *_, one=given: one)
    return person


@pytest.mark.django_db
def test_what_is_stored_is_beside_the_judgment() -> None:
    study = collecting()
    answered(study)
    judgment = Judgment.objects.latest("pk")
    assert judgment.evidence.pointer == "mouse"
    assert judgment.trace.recorded == TRACE
    keep_evidence(answered_last(study), read_trace("{"), SignedAgent.SIGNED)
    found = Evidence.objects.latest("judgment__pk")
    assert (found.unreadable, found.web_bot_auth, found.pointer) == (True, "signed", None)


def answered_last(study: Study) -> Judgment:
    answered_person = take_part(study, "another", traces=True)
    trial = current_trial(answered_person)
    assert trial is not None
    taken = take_answer(answered_person.code, trial_code=trial.code, read=lambda *_: Given(1))
    return taken.judgment


@pytest.mark.django_db
def test_a_withdrawal_takes_evidence_and_traces_along() -> None:
    study = collecting()
    leaving, staying = answered(study), answered(study, 1)
    assert withdraw(leaving) == 2
    assert [one.judgment.participation for one in Evidence.objects.all()] == [staying]
    assert Trace.objects.count() == 1
    leaving.refresh_from_db()
    assert leaving.traces_agreed_at is None


@pytest.mark.django_db
def test_who_takes_traces_back_keeps_answers_and_nothing_else() -> None:
    study = collecting()
    one, other = answered(study), answered(study, 1)
    take_traces_back(one)
    take_traces_back(one)
    assert Judgment.objects.filter(participation=one).count() == 2
    assert [found.judgment.participation for found in Evidence.objects.all()] == [other]
    assert [found.judgment.participation for found in Trace.objects.all()] == [other]
    one.refresh_from_db()
    assert one.traces_agreed_at is None
    kinds = list(one.events.values_list("kind", flat=True))
    assert kinds.count("agreed to traces") == kinds.count("took traces back") == 1


@pytest.mark.django_db
def test_traces_are_deleted_after_their_days_and_evidence_stays(
    capsys: pytest.CaptureFixture[str],
) -> None:
    study = collecting()
    answered(study, 3)
    old, at_the_limit, fresh = Trace.objects.order_by("pk")
    for trace, days in ((old, 40), (at_the_limit, 10), (fresh, 9)):
        Trace.objects.filter(pk=trace.pk).update(recorded_at=timezone.now() - timedelta(days=days))
    call_command("forget", "--dry-run")
    assert "2 traces of answers would be deleted" in capsys.readouterr().out
    assert Trace.objects.count() == 3
    assert delete_due_traces() == 2
    assert list(Trace.objects.all()) == [fresh]
    assert Evidence.objects.count() == 3
    Trace.objects.update(recorded_at=timezone.now() - timedelta(days=11))
    call_command("forget")
    assert "1 traces of answers deleted" in capsys.readouterr().out
    assert not Trace.objects.exists()
