"""Simulated people and power at the desk: asked once at a time, bounded, and ended on request."""

import pytest
from django.contrib.admin.models import LogEntry

from sandbox.builders import make_study, open_small_study
from studyapp.models import Rehearsal, StudyKind, WorkState
from studyapp.studies.copies import marked_copy
from studyapp.studies.preparation.claims import finish
from tests.admin.desk import administrator, page_of

pytestmark = pytest.mark.django_db
PEOPLE = {"what": "people", "people-people": "3", "people-profile": "able", "people-seed": "5"}
POWER = {"what": "power", "power-paradigm": "trust", "power-studies": "2", "power-seed": "1"}


def address(study: object) -> str:
    return page_of(study, "study_rehearsals")


def test_what_is_asked_for_is_a_row_with_its_options_and_a_line_in_the_log() -> None:
    study, client = open_small_study(), administrator()
    client.post(address(study), PEOPLE)
    row = Rehearsal.objects.get()
    assert (row.kind, row.state) == ("people", WorkState.PENDING)
    assert row.asked == {"people": 3, "profile": "able", "seed": 5}
    assert "asked for simulated people" in LogEntry.objects.get().change_message
    page = client.get(address(study)).content.decode()
    assert "waiting for a worker" in page
    assert client.get(page_of(study, "study_rehearsals_progress")).json()["pending"]


def test_one_is_under_way_at_a_time_and_can_be_cancelled() -> None:
    study, client = open_small_study(), administrator()
    client.post(address(study), PEOPLE)
    page = client.post(address(study), POWER, follow=True)
    assert "One is under way already" in page.content.decode()
    row = Rehearsal.objects.get()
    Rehearsal.objects.update(claimed_by="a worker")
    client.post(address(study), {"what": "cancel", "row": row.pk})
    row.refresh_from_db()
    assert (row.state, row.error) == (WorkState.FAILED, "cancelled by researcher")
    assert not finish(row, "a worker", result={"people": 1})
    client.post(address(study), POWER)
    assert Rehearsal.objects.pending().get().kind == "power"


def test_more_people_than_a_worker_should_take_are_refused_beside_the_field() -> None:
    study = open_small_study()
    page = administrator().post(address(study), {**PEOPLE, "people-people": "201"})
    assert "less than or equal to 200" in page.content.decode()
    assert not Rehearsal.objects.exists()


def test_a_study_that_is_not_prepared_has_no_pages_to_walk_but_it_has_power() -> None:
    study, client = make_study(prepared=False), administrator()
    page = client.post(address(study), PEOPLE)
    assert "is not prepared; prepare it first" in page.content.decode()
    assert not Rehearsal.objects.exists()
    client.post(address(study), POWER)
    assert Rehearsal.objects.get().kind == "power"


def test_a_copy_sends_to_its_original() -> None:
    copy = marked_copy(make_study(), StudyKind.PILOT, 5)
    page = administrator().post(address(copy), POWER)
    assert "is a marked copy; go to small" in page.content.decode()
    assert not Rehearsal.objects.exists()


def test_a_result_is_shown_and_says_if_the_study_has_changed_since() -> None:
    study = make_study()
    point = {"kind": "curve", "people": 4, "photos": 4, "effect": 0.3, "power": 0.85,
             "interval95": [0.8, 0.9], "note": ""}  # fmt: skip
    result = {"paradigm": "trust", "contrast": ["grad_cam", "guided_backprop"], "points": [point],
              "unit": "difference of mean scores"}  # fmt: skip
    Rehearsal.objects.create(
        study=study, kind="power", state=WorkState.READY, result=result, definition_digest="0" * 64
    )
    page = administrator().get(address(study)).content.decode()
    assert "Power of guided_backprop − grad_cam" in page
    assert "the effect is a difference of mean scores" in page
    assert "0.85" in page
    assert "The study has changed since" in page
