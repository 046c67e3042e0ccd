"""What a researcher uploads from the panel, where no token is given."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from sandbox.builders import open_small_study
from sandbox.prolific import FakeProlific
from sandbox.visits import come_by
from studyapp.models import PanelVisit, Study
from studyapp.payments.access import access_of
from studyapp.payments.exported import take_in_export
from studyapp.payments.line import Refused
from studyapp.payments.polling import poll

from .people import send, status_of

pytestmark = pytest.mark.django_db
HEAD = "Submission id,Participant id,Status,LLM authenticity check,Bot authenticity check\n"
EARLIER = datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_statuses_and_authenticity_come_from_the_panels_file(
    study: Study, panel: FakeProlific
) -> None:
    for name in ("one", "two"):
        send(study, panel, name)
    rows = "one,x,AWAITING REVIEW,High,Pass\ntwo,x,RETURNED,,\nthird,x,APPROVED,Low,Fail\n"
    found = take_in_export(study, "prolific", f"\ufeff{HEAD}{rows}", EARLIER)
    assert (found.told, found.changed, found.strangers) == (2, 2, 1)
    assert (status_of("one"), status_of("two")) == ("awaiting_review", "returned")
    visit = PanelVisit.objects.get(session="one")
    assert (visit.authenticity_texts, visit.authenticity_bots) == ("High", "Pass")
    assert (visit.status_from, visit.status_at) == ("typed", EARLIER)


def test_an_old_file_replaces_nothing_that_was_asked_later(
    study: Study, panel: FakeProlific
) -> None:
    send(study, panel, "one", "APPROVED")
    poll(access_of(study, "prolific"))
    take_in_export(study, "prolific", f"{HEAD}one,x,AWAITING REVIEW,,\n", EARLIER)
    assert status_of("one") == "approved"


def test_connects_file_is_read_whatever_it_calls_its_columns() -> None:
    study = open_small_study(panel={"kind": "connect"})
    for name in ("one", "two", "three"):
        query = {"participantId": f"P{name}", "projectId": "pr", "assignmentId": name}
        come_by(Client(), f"/s/{study.slug}/", query)
    text = "ParticipantId,AssignmentId,Status\nx,one,Pending\nx,two,Timed Out\nx,three,Odd\n"
    found = take_in_export(study, "connect", text, EARLIER)
    assert (found.told, found.changed, dict(found.unknown)) == (3, 2, {"Odd": 1})
    assert [status_of(name) for name in ("one", "two", "three")] == [
        "awaiting_review", "timed_out", "",
    ]  # fmt: skip


def test_a_file_that_is_not_the_panels_is_refused_whole(study: Study, panel: FakeProlific) -> None:
    send(study, panel, "one")
    with pytest.raises(Refused, match="no column Submission id"):
        take_in_export(study, "prolific", "Status\nAPPROVED\n", EARLIER)
    later = timezone.now() + timedelta(hours=1)
    with pytest.raises(Refused, match="in the future"):
        take_in_export(study, "prolific", f"{HEAD}one,x,APPROVED,,\n", later)
    with pytest.raises(Refused, match="sona"):
        take_in_export(study, "sona", HEAD, EARLIER)
    assert status_of("one") == ""


def test_a_line_that_breaks_off_keeps_what_it_says(study: Study, panel: FakeProlific) -> None:
    for name in ("one", "two"):
        send(study, panel, name)
    found = take_in_export(study, "prolific", f"{HEAD}one,x,RETURNED,,\ntwo,x\n", EARLIER)
    assert (found.changed, status_of("one"), status_of("two")) == (1, "returned", "")
