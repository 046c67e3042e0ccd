"""Clocks that jump by hours: nobody loses a place or an answer, and nothing is made twice."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from sandbox.builders import open_small_study, take_part
from sandbox.people import give
from studyapp.models import (
    Explanation,
    Heartbeat,
    Judgment,
    LoginTries,
    PanelIdentity,
    Participation,
    Status,
    Study,
)
from studyapp.participations.enrolment import release_idle
from studyapp.participations.erasure import erase_identities, is_over
from studyapp.serving.health import alive_workers
from studyapp.studies.preparation.claims import claim, finish
from studyapp.views.login import MOST_TRIES, may_try
from tests.studies.preparation.test_claims import waiting_rows

from .faulty import set_clock

pytestmark = pytest.mark.django_db
JUMPS = [timedelta(hours=3), timedelta(hours=-3)]


@pytest.mark.parametrize("jump", JUMPS)
def test_a_clock_jump_of_the_site_takes_nobodys_place(
    jump: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = open_small_study(people=4)
    person = take_part(study, "somebody")
    give(person)
    set_clock(monkeypatch, jump)
    take_part(study, "the next")
    give(person)
    take_part(study, "one more")
    person.refresh_from_db()
    assert person.status == Status.ACTIVE
    assert Judgment.objects.filter(participation=person).count() == 2


@pytest.mark.parametrize("jump", JUMPS)
def test_a_wrong_clock_that_is_set_right_takes_nobodys_place_and_blocks_none(
    jump: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = open_small_study(people=4)
    with pytest.MonkeyPatch.context() as patch:
        set_clock(patch, jump)
        person = take_part(study, "somebody")
        give(person)
    take_part(study, "the next")
    person.refresh_from_db()
    assert person.status == Status.ACTIVE
    # Gone for the limit by a right clock: the place is free, whatever the wrong one had said.
    with pytest.MonkeyPatch.context() as patch:
        later = timedelta(minutes=62)
        set_clock(patch, later)
        patch.setattr("studyapp.participations.enrolment.database_now", timezone.now)
        assert release_idle(study) == 2


def test_a_clock_jump_of_every_clock_lets_people_come_back_to_their_place(client: Client) -> None:
    """Forward by hours on the database's machine too: nobody can tell it from a long absence."""
    study = open_small_study(people=4)
    person = take_part(study, "somebody")
    give(person)
    Participation.objects.update(last_seen_at=timezone.now() - timedelta(hours=3))
    assert release_idle(study) == 1
    assert client.post(f"/p/{person.code}/resume").status_code == 303
    person.refresh_from_db()
    assert person.status == Status.ACTIVE
    give(person)
    assert Judgment.objects.filter(participation=person).count() == 2


@pytest.mark.parametrize("jump", JUMPS)
def test_a_clock_jump_of_a_worker_takes_no_claim_and_loses_none(
    jump: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = waiting_rows()[0]
    rows = Explanation.objects.filter(pk=row.pk)
    first = claim(rows, "one")
    set_clock(monkeypatch, jump)
    assert not rows.filter(claimed_by=claim(rows, "another")).exists()
    assert finish(row, first, map_digest="d" * 64)


def test_a_clock_set_back_at_the_database_frees_a_dead_workers_claim_and_keeps_one_result() -> None:
    row = waiting_rows()[0]
    rows = Explanation.objects.filter(pk=row.pk)
    dead = claim(rows, "dead")
    rows.update(claimed_until=timezone.now() + timedelta(hours=3))
    other = claim(rows, "other")
    assert rows.filter(claimed_by=other).exists()
    assert not finish(row, dead, map_digest="a" * 64)
    assert finish(row, other, map_digest="b" * 64)
    row.refresh_from_db()
    assert row.map_digest == "b" * 64


@pytest.mark.parametrize(("hours", "alive"), [(0, True), (-3, False), (3, False)])
def test_a_clock_jump_makes_no_dead_worker_live(hours: int, alive: bool) -> None:
    seen = timezone.now() + timedelta(hours=hours)
    Heartbeat.objects.create(worker="host/1", queues="cpu", started_at=seen, seen_at=seen)
    assert alive_workers().exists() == alive


def test_a_clock_that_is_years_ahead_erases_no_panel_id(monkeypatch: pytest.MonkeyPatch) -> None:
    study = open_small_study()
    take_part(study, "somebody")
    Study.objects.update(closed_at=timezone.now())
    with pytest.MonkeyPatch.context() as patch:
        set_clock(patch, timedelta(days=4000))
        assert erase_identities(is_over()) == 0
    assert PanelIdentity.objects.count() == 1
    Study.objects.update(closed_at=timezone.now() - timedelta(days=4000))
    assert erase_identities(is_over()) == 1


def test_a_clock_set_back_locks_nobody_out_of_the_desk() -> None:
    for _ in range(MOST_TRIES):
        assert may_try("somebody")
    assert not may_try("somebody")
    LoginTries.objects.update(since=timezone.now() + timedelta(hours=3))
    assert may_try("somebody")
