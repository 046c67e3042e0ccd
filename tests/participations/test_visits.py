"""What a panel tells of one visit belongs to the visit: session, study, arrival."""

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django.utils import timezone

from sandbox.builders import open_small_study, take_part
from sandbox.people import answer_all, make_profile
from sandbox.visits import come_by, panel_id
from studyapp.exports.bundle import write_bundle
from studyapp.models import PanelEvent, PanelVisit, Participation, Status, Study
from studyapp.participations.approvals import approvals
from studyapp.participations.decisions import Decision
from studyapp.participations.doors import warnings
from studyapp.participations.enrolment import begin, consent, has_free_slot
from studyapp.participations.entering import enter
from tests.participations.test_panels import SECRET, news
from tests.tables import rows_of

pytestmark = pytest.mark.django_db

ANNA = panel_id("anna")


def come(study: Study, session: str, *, client: Client | None = None) -> Participation:
    query = {"PROLIFIC_PID": ANNA, "STUDY_ID": f"of {study.slug}", "SESSION_ID": session}
    reply = come_by(client or Client(), f"/s/{study.slug}/", query)
    assert reply.status_code == 303
    return Participation.objects.get(code=reply["Location"].split("/")[2])


def panel_study(slug: str, **options: Any) -> Study:
    return open_small_study(slug=slug, panel={"kind": "prolific"}, **options)


def test_each_study_pays_its_own_session_of_a_person(tmp_path: Path) -> None:
    one, two = panel_study("one"), panel_study("two")
    come(one, "session-1")
    come(two, "session-2")
    for study, session in ((one, "session-1"), (two, "session-2")):
        assert [row["session"] for row in approvals(study, kinds=Decision)] == [session]
        folder = tmp_path / study.slug
        write_bundle(study, folder, public=False, panel_ids=True, analysis=False)
        rows = rows_of(folder, "panel")
        assert [row["panel_session_id"] for row in rows] == [session]
        assert [row["panel_study_id"] for row in rows] == [f"of {study.slug}"]
        assert rows[0]["arrived_at"]


def test_every_session_that_was_seen_is_kept_and_listed() -> None:
    study, client = panel_study("one"), Client()
    person = come(study, "first", client=client)
    for session in ("first", "second", "first"):
        assert come(study, session, client=client) == person
    assert [visit.session for visit in person.visits.all()] == ["first", "second"]
    rows = [(row["session"], row["decision"]) for row in approvals(study, kinds=Decision)]
    assert rows == [("first", "wait"), ("second", "wait")]
    assert list(approvals(study)) == []


def test_who_finished_is_paid_for_the_session_in_which_they_did() -> None:
    study, client = panel_study("one"), Client()
    person = come(study, "first", client=client)
    answer_all(begin(consent(person)), make_profile())
    come(study, "later", client=client)
    assert [row["session"] for row in approvals(study)] == ["first"]


def test_who_goes_on_by_a_personal_code_is_there_in_the_session_that_led_to_it(
    settings: Any,
) -> None:
    settings.PROLIFIC_WEBHOOK_SECRET = SECRET
    study, other = panel_study("one"), Client()
    person = come(study, "first")
    begin(consent(person))
    query = {"PROLIFIC_PID": ANNA, "STUDY_ID": "of one", "SESSION_ID": "second"}
    reply = come_by(other, "/s/one/", query)
    assert ANNA not in str(reply.cookies)
    other.post(reply["Location"], {"personal_code": person.personal_code})
    assert [visit.session for visit in person.visits.all()] == ["first", "second"]
    assert news(Client(), "first", "RETURNED", "e1").json()["new"]
    person.refresh_from_db()
    assert person.status == Status.ACTIVE
    answer_all(person, make_profile())
    assert [row["session"] for row in approvals(study)] == ["second"]


def test_a_visit_that_asked_for_somebody_else_is_noted_for_nobody() -> None:
    study, other = panel_study("one"), Client()
    anna = come(study, "first")
    begin(consent(anna))
    bert = enter(study, source="prolific", external_id=panel_id("bert"))
    begin(consent(bert))
    query = {"PROLIFIC_PID": panel_id("bert"), "SESSION_ID": "of bert"}
    reply = come_by(other, "/s/one/", query)
    other.post(reply["Location"], {"personal_code": anna.personal_code})
    assert [visit.session for visit in anna.visits.all()] == ["first"]
    other.cookies["discern-visit"] = "made up"
    reply = other.post(reply["Location"], {"personal_code": bert.personal_code})
    assert reply.status_code == 303
    assert [visit.session for visit in bert.visits.all()] == [""]


def test_a_further_session_of_somebody_who_is_done_is_sent_to_no_payment() -> None:
    address = "https://example.org/complete?cc="
    panel = {"kind": "prolific", "redirect": address, "redirect_seconds": 10}
    study, client = open_small_study(slug="one", panel=panel), Client()
    person = come(study, "first", client=client)
    answer_all(begin(consent(person)), make_profile())
    page = client.get(f"/p/{person.code}/").content.decode()
    assert address in page
    assert "each person is paid only once" not in page
    assert not list(warnings(study))
    come(study, "later", client=client)
    page = client.get(f"/p/{person.code}/").content.decode()
    assert "each person is paid only once. Please return this new submission" in page
    assert address not in page
    assert "finished.js" not in page
    [warning] = warnings(study)
    assert warning.endswith("pay only the sessions in the payment list.")


def test_a_further_session_of_somebody_screened_out_is_told_the_same() -> None:
    codes = {"complete": "DONE", "screened_out": "OUT"}
    panel = {"kind": "prolific", "redirect": "https://example.org/?cc=", "codes": codes}
    study, client = open_small_study(slug="one", panel=panel), Client()
    person = come(study, "first", client=client)
    person.leave(Status.SCREENED_OUT, because="screening")
    assert "https://example.org/?cc=OUT" in client.get(f"/p/{person.code}/").content.decode()
    come(study, "later", client=client)
    page = client.get(f"/p/{person.code}/").content.decode()
    assert "each person is paid only once" in page
    assert "https://example.org" not in page


def test_news_of_a_session_is_about_the_study_of_that_session(settings: Any) -> None:
    settings.PROLIFIC_WEBHOOK_SECRET = SECRET
    people = [come(panel_study(slug), f"session of {slug}") for slug in ("one", "two")]
    for person in people:
        begin(consent(person))
    assert news(Client(), "session of two", "RETURNED", "e1").json() == {"ok": True, "new": True}
    for person in people:
        person.refresh_from_db()
    assert [person.status for person in people] == [Status.ACTIVE, Status.DROPPED]
    assert PanelEvent.objects.get().participation == people[1]


def test_news_of_an_earlier_session_drops_nobody_who_came_again(settings: Any) -> None:
    settings.PROLIFIC_WEBHOOK_SECRET = SECRET
    study, client = panel_study("one"), Client()
    person = come(study, "first", client=client)
    begin(consent(person))
    come(study, "second", client=client)
    news(Client(), "first", "RETURNED", "e1")
    person.refresh_from_db()
    assert person.status == Status.ACTIVE
    news(Client(), "second", "RETURNED", "e2")
    person.refresh_from_db()
    assert person.status == Status.DROPPED


def test_one_signed_message_is_taken_once_under_whatever_event_id(settings: Any) -> None:
    settings.PROLIFIC_WEBHOOK_SECRET = SECRET
    come(panel_study("one"), "first")
    now = int(time.time())
    assert news(Client(), "first", "ACTIVE", "e1", stamp=now).json()["new"]
    assert not news(Client(), "first", "ACTIVE", "e2", stamp=now).json()["new"]
    assert not news(Client(), "first", "ACTIVE", "e1", stamp=now - 5).json()["new"]
    assert news(Client(), "first", "RETURNED", "e3", stamp=now).json()["new"]
    assert PanelEvent.objects.count() == 2


def test_a_place_without_an_answer_is_held_for_minutes_and_one_with_for_the_idle_limit() -> None:
    study = open_small_study(people=2)
    silent, answering = take_part(study, "silent"), take_part(study, "answering")
    answer_all(answering, make_profile(), most=1)
    assert not has_free_slot(study)
    long_ago = timezone.now() - timedelta(minutes=15)
    Participation.objects.update(last_seen_at=long_ago)
    assert has_free_slot(study)
    assert take_part(study, "next").slot == silent.slot
    statuses = {one.pk: one.status for one in Participation.objects.all()}
    assert (statuses[silent.pk], statuses[answering.pk]) == (Status.DROPPED, Status.ACTIVE)


def test_who_read_for_long_begins_all_the_same_in_any_free_place() -> None:
    study = open_small_study(people=3)
    slow = consent(enter(study, source="link"))
    Participation.objects.update(last_seen_at=timezone.now() - timedelta(minutes=15))
    assert take_part(study, "next").slot == slow.slot
    slow = begin(slow)
    assert slow.status == Status.ACTIVE
    answer_all(slow, make_profile())
    assert slow.status == Status.FINISHED


def test_a_burst_of_people_who_answer_nothing_is_told_at_the_desk() -> None:
    study = open_small_study(people=2)
    for number in range(20):
        enter(study, source="sona", external_id=str(number))
    assert ["20 people came in the last 10 minutes" in line for line in warnings(study)] == [True]
    Participation.objects.update(entered_at=timezone.now() - timedelta(hours=1))
    assert list(warnings(study)) == []


def test_a_crowd_that_answers_is_no_burst() -> None:
    study = open_small_study(people=20)
    for number in range(20):
        person = take_part(study, str(number))
        if number % 2:
            answer_all(person, make_profile(), most=1)
    assert list(warnings(study)) == []


@pytest.mark.django_db(transaction=True)
def test_details_of_before_become_visits_and_no_row_is_lost() -> None:
    one, two = panel_study("one"), panel_study("two")
    details = {"SESSION_ID": "s1", "STUDY_ID": "st1"}
    first = enter(one, source="prolific", external_id=ANNA, details=details)
    second = enter(two, source="prolific", external_id=ANNA)
    plain = enter(one, source="link")
    executor = MigrationExecutor(connection)
    executor.migrate([("studyapp", "0012_lengths_of_a_study_file")])
    old = executor.loader.project_state([("studyapp", "0012_lengths_of_a_study_file")]).apps
    identities = old.get_model("studyapp", "PanelIdentity").objects
    assert identities.get().details == details
    identities.update(external_id=ANNA.upper())
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes("studyapp"))
    visits = PanelVisit.objects.order_by("arrived_at").values_list(
        "participation", "session", "panel_study"
    )
    assert list(visits) == [(first.pk, "s1", "st1"), (second.pk, "", "")]
    people = Participation.objects.order_by("pk")
    assert [person.pk for person in people] == [first.pk, second.pk, plain.pk]
    assert len({person.personal_code for person in people} - {""}) == 3
    assert enter(one, source="prolific", external_id=ANNA) == first
