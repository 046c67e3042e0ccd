"""Who is to be paid, as the panels want to know it; and ids that are erased afterwards."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from sandbox.builders import open_small_study
from sandbox.people import answer_all, make_profile
from studyapp.models import (
    Judgment,
    PanelIdentity,
    PanelVisit,
    StatusSource,
    Study,
    Trial,
    VisitStatus,
)
from studyapp.participations.approvals import approvals
from studyapp.participations.enrolment import begin, consent
from studyapp.participations.entering import enter
from studyapp.participations.visit_states import News, take_in
from tests.admin.desk import administrator, page_of

pytestmark = pytest.mark.django_db
PAY = {"amount": 3.0, "currency": "GBP", "hourly_floor": 9.0}


def send(study: Study, name: str, *, finishes: bool = True) -> None:
    details = {"SESSION_ID": f"session of {name}"}
    person = begin(consent(enter(study, source="prolific", external_id=name, details=details)))
    if finishes:
        answer_all(person, make_profile())


def approval_list(study: Study, query: str = "", client: Client | None = None) -> list[Any]:
    desk = client or administrator()
    reply = desk.get(f"{page_of(study, 'study_payment_list')}?{query}")
    text = b"".join(reply.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_the_list_tells_who_is_to_be_paid_what() -> None:
    study = open_small_study(pay=PAY)
    send(study, "anna")
    send(study, "=cmd()", finishes=False)
    desk = administrator()
    assert [row["id"] for row in approval_list(study, client=desk)] == ["anna"]
    rows = approval_list(study, "show=all", desk)
    assert [row["id"] for row in rows] == ["anna", "'=cmd()"]
    assert [row["outcome"] for row in rows] == ["complete", "active"]
    assert [row["decision"] for row in rows] == ["find out its status", "wait"]
    assert rows[0]["session"] == "session of anna"
    assert rows[0]["completion code"]
    assert "with the panel's ids" in LogEntry.objects.all()[0].change_message


def test_the_list_is_filtered_by_panel_and_outcome() -> None:
    study = open_small_study()
    send(study, "anna")
    send(study, "ben", finishes=False)
    assert len(approval_list(study, "panel=prolific&outcome=finished")) == 1


def test_the_page_reminds_of_what_a_panel_approves_by_itself() -> None:
    study = open_small_study()
    send(study, "anna")
    page = administrator().get(page_of(study, "study_payment")).content.decode()
    assert "Prolific approves the first submission automatically" in page


def test_ids_are_erased_by_date_and_the_judgments_stay() -> None:
    study, other = open_small_study(), open_small_study(slug="other")
    for name in ("old", "new", "elsewhere"):
        send(study, name)
    send(other, "elsewhere", finishes=False)
    long_ago = timezone.now() - timedelta(days=40)
    people = study.participations.exclude(participant__identity__external_id="new")
    people.update(entered_at=long_ago)
    judgments = Judgment.objects.count()
    day = (timezone.now() - timedelta(days=30)).date().isoformat()
    client = administrator()
    client.post(page_of(study, "study_payment"), {"before": day})
    assert PanelIdentity.objects.count() == 3
    client.post(page_of(study, "study_payment"), {"before": day, "sure": "on"})
    left = set(PanelIdentity.objects.values_list("external_id", flat=True))
    assert left == {"new", "elsewhere"}
    assert Judgment.objects.count() == judgments
    assert "erased 1 panel ids" in LogEntry.objects.get().change_message


def test_pay_below_the_floor_is_told_on_the_studys_page() -> None:
    study = open_small_study(pay=PAY)
    send(study, "anna")
    start = timezone.now() - timedelta(hours=1)
    study.participations.update(started_at=start, finished_at=timezone.now())
    page = administrator().get(page_of(study)).content.decode()
    assert "3.00 GBP per hour, below the floor of 9.00" in page


def test_the_page_and_the_command_tell_the_same_outcomes() -> None:
    study = open_small_study(checks=1, exclusions={"failed_checks": 1}, people=6)
    for name in ("anna", "ben", "carl"):
        send(study, name)
    failing = study.participations.get(participant__identity__external_id="ben")
    trial = failing.slot.trials.get(stage="check")
    given = Judgment.objects.get(participation=failing, trial=trial).value
    Trial.objects.filter(pk=trial.pk).update(expected=1 if given != 1 else 2)
    told = [row["outcome"] for row in approvals(study)]
    assert told[1] == "failed_checks"
    assert [row["outcome"] for row in approval_list(study)] == told


def test_the_page_tells_apart_what_is_at_odds_and_pays_nothing_of_it() -> None:
    study = open_small_study(pay=PAY)
    for name in ("anna", "ben"):
        send(study, name)
    visit = PanelVisit.objects.get(session="session of anna")
    take_in(visit, News(VisitStatus.RETURNED, timezone.now(), StatusSource.WEBHOOK))
    desk = administrator()
    page = desk.get(page_of(study, "study_payment")).content.decode()
    assert "Finished here, gone there" in page
    assert "told by the panel on" in page
    assert "it may have been returned or paid already" in page
    assert [row["id"] for row in approval_list(study, client=desk)] == ["ben"]
