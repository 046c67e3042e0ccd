"""Where people come from: whom a link lets in, what a panel is told, and what it tells us."""

import base64
import csv
import hashlib
import hmac
import json
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from sandbox.builders import make_definition, open_small_study, take_part
from sandbox.people import give
from sandbox.visits import come_by, panel_id
from studyapp.models import (
    Download,
    PanelEvent,
    PanelIdentity,
    Participation,
    Status,
    Study,
    WorkState,
)
from studyapp.participations.answering import current_trial
from studyapp.participations.panels import DamagedLink, NotFromThePanel, panel_visit
from studyapp.participations.panels.personal import signed
from tests.running import output_of

pytestmark = pytest.mark.django_db
SECRET = "what Prolific and this site share"
CODES = {
    "complete": "DONE", "failed_checks": "CHECKS", "no_consent": "NO", "full": "FULL",
    "timed_out": "LATE", "screened_out": "OUT",
}  # fmt: skip


def visit(kind: str, **query: str) -> Any:
    return panel_visit(make_definition(panel={"kind": kind}), query)


def answer_all(person: Participation, *, fails: int = 0) -> Participation:
    """Answer everything, the first `fails` checks wrong."""
    while (trial := current_trial(person)) is not None:
        value = 1
        if trial.expected is not None:
            value = trial.expected if fails <= 0 else -trial.expected
            fails -= 1
        give(person, value)
    person.refresh_from_db()
    return person


def prolific_study(**panel: Any) -> Study:
    return open_small_study(
        checks=2,
        panel={"kind": "prolific", "codes": CODES, **panel},
        exclusions={"failed_checks": 1},
    )


def come(client: Client, study: Study, person: str = "p1") -> Participation:
    query = f"PROLIFIC_PID={panel_id(person)}&STUDY_ID=st&SESSION_ID=se-{person}"
    reply = come_by(client, f"/s/{study.slug}/?{query}")
    assert reply.status_code == 303
    return Participation.objects.get(code=reply["Location"].split("/")[2])


@pytest.mark.parametrize(
    ("kind", "query", "person"),
    [
        ("prolific", {"PROLIFIC_PID": "5f" * 12, "STUDY_ID": "b", "SESSION_ID": "c"}, "5f" * 12),
        ("mturk", {"workerId": "A1", "hitId": "b", "assignmentId": "c"}, "A1"),
        ("connect", {"participantId": "A1b2C3", "projectId": "b", "assignmentId": "c"}, "A1b2C3"),
        ("sona", {"survey_code": "10001"}, "10001"),
        ("personal", {"participant": signed("small", "a1")}, "a1"),
    ],
)
def test_each_panel_tells_who_comes(kind: str, query: dict[str, str], person: str) -> None:
    found = visit(kind, **query)
    assert (found.source, found.external_id) == (kind, person)
    assert set(found.details) == set(query) - set(list(query)[:1])


def test_an_open_link_takes_a_common_name_for_connects_only_beside_the_others() -> None:
    assert visit("link", participantId="A1b2C3") is None
    found = visit("link", participantId="A1b2C3", projectId="b", assignmentId="c")
    assert (found.source, found.session, found.panel_study) == ("connect", "c", "b")


@pytest.mark.parametrize("kind", ["prolific", "mturk", "connect", "sona", "personal"])
def test_a_study_of_a_panel_takes_nobody_from_the_plain_link(kind: str) -> None:
    with pytest.raises(NotFromThePanel):
        visit(kind)
    with pytest.raises(NotFromThePanel):
        visit(kind, somebody="else")


@pytest.mark.parametrize(
    "text",
    ["a1", "a1:forged", signed("another-study", "a1"), "a\x00b"],
    ids=["unsigned", "forged", "of another study", "unreadable"],
)
def test_nobody_can_make_up_a_personal_link(text: str) -> None:
    with pytest.raises(DamagedLink):
        visit("personal", participant=text)


@pytest.mark.parametrize("text", ["x" * 201, "a\x00b", "a\nb", "a\x85b"])
def test_an_id_that_no_panel_sends_is_refused_and_not_cut(text: str) -> None:
    with pytest.raises(DamagedLink):
        visit("prolific", PROLIFIC_PID=text)


def test_a_damaged_link_and_a_plain_one_are_told_at_the_door(client: Client) -> None:
    study = prolific_study()
    plain = client.get(f"/s/{study.slug}/")
    assert (plain.status_code, Participation.objects.count()) == (403, 0)
    assert "the link exactly as you received it" in plain.content.decode()
    damaged = client.get(f"/s/{study.slug}/", {"PROLIFIC_PID": "a\x00"})
    assert damaged.status_code == 400
    assert "This link is damaged." in damaged.content.decode()


def test_the_same_person_on_another_device_goes_on_where_they_stopped(client: Client) -> None:
    study = prolific_study()
    assert come(client, study) == come(Client(), study)
    assert come(client, study, "p2") != come(client, study)


def test_a_browser_lets_in_as_many_as_the_study_says(client: Client) -> None:
    study = open_small_study(panel={"people_per_device": 2})
    door = f"/s/{study.slug}/"
    first = client.post(door)["Location"]
    assert client.get(door)["Location"] == first
    client.post(f"{first}refuse")
    assert client.get(door).status_code == 200
    second = client.post(door)["Location"]
    client.post(f"{second}refuse")
    assert first != second
    assert client.get(door)["Location"] == second


def test_a_phone_is_sent_to_a_computer_and_may_come_from_there(client: Client) -> None:
    study = open_small_study(panel={"kind": "prolific", "devices": ["desktop"]})
    phone = Client(headers={"user-agent": "Mozilla/5.0 (iPhone) Mobile Safari"})
    person = come(phone, study)
    assert "Please use another device" in phone.get(f"/p/{person.code}/").content.decode()
    assert phone.post(f"/p/{person.code}/consent", {"agree": "yes"}).status_code == 403
    assert come(client, study) == person
    assert client.post(f"/p/{person.code}/consent", {"agree": "yes"}).status_code == 303
    person.refresh_from_db()
    assert (person.status, person.device_class) == (Status.ACTIVE, "desktop")


def test_a_window_that_is_too_small_is_no_consent(client: Client) -> None:
    study = open_small_study(panel={"smallest_window": 900})
    person = come(client, study)
    small = client.post(f"/p/{person.code}/consent", {"agree": "yes", "window_width": "500"})
    assert small.status_code == 403
    person.refresh_from_db()
    assert person.consented_at is None
    large = client.post(f"/p/{person.code}/consent", {"agree": "yes", "window_width": "1366"})
    assert large.status_code == 303


def news(
    client: Client, session: str, status: str, event: str, *, secret: str = SECRET, stamp: int = 0
) -> Any:
    """What a panel sends of a session, at once or at `stamp`."""
    body = json.dumps({
        "event_type": "submission.status.change", "resource_id": session, "status": status,
    }).encode()  # fmt: skip
    when = str(stamp or int(time.time()))
    digest = hmac.new(secret.encode(), when.encode() + body, hashlib.sha256).digest()
    headers = {
        "X-Prolific-Request-Timestamp": when,
        "X-Prolific-Request-Signature": base64.b64encode(digest).decode(),
        "X-Event-ID": event,
    }
    return client.post("/panels/prolific/", body, "application/json", headers=headers)


@pytest.fixture
def shared_secret(settings: Any) -> None:
    settings.PROLIFIC_WEBHOOK_SECRET = SECRET


@pytest.mark.usefixtures("shared_secret")
def test_a_returned_submission_frees_the_place_once(client: Client) -> None:
    study = prolific_study()
    person = come(client, study)
    client.post(f"/p/{person.code}/consent", {"agree": "yes"})
    assert study.slots.filter(is_open=True).count() == 3
    assert news(client, "se-p1", "RETURNED", "e1").json() == {"ok": True, "new": True}
    assert news(client, "se-p1", "RETURNED", "e1").json() == {"ok": True, "new": False}
    assert study.slots.filter(is_open=True).count() == 4
    person.refresh_from_db()
    assert person.status == Status.DROPPED
    held = PanelEvent.objects.get()
    assert (held.kind, held.participation) == ("RETURNED", person)


@pytest.mark.usefixtures("shared_secret")
def test_news_of_somebody_who_finished_changes_nothing(client: Client) -> None:
    study = prolific_study()
    person = come(client, study)
    client.post(f"/p/{person.code}/consent", {"agree": "yes"})
    client.post(f"/p/{person.code}/begin")
    person.refresh_from_db()
    answer_all(person)
    for event, status in (("e1", "AWAITING REVIEW"), ("e2", "APPROVED"), ("e3", "RETURNED")):
        assert news(client, "se-p1", status, event).status_code == 200
    person.refresh_from_db()
    assert person.status == Status.FINISHED


@pytest.mark.usefixtures("shared_secret")
def test_news_that_nobody_signed_is_refused(client: Client) -> None:
    prolific_study()
    assert news(client, "se-p1", "RETURNED", "e1", secret="guessed").status_code == 401
    assert news(client, "se-p1", "RETURNED", "e1", stamp=int(time.time()) - 7200).status_code == 401
    assert client.post("/panels/prolific/", b"\xff", "text/plain").status_code == 401
    assert PanelEvent.objects.count() == 0


def test_without_a_secret_there_is_no_address_for_news(client: Client) -> None:
    assert news(client, "se-p1", "RETURNED", "e1").status_code == 404


def test_the_approval_list_tells_id_outcome_duration_and_bonus(client: Client) -> None:
    pay = {"amount": 2.0, "currency": "GBP", "hourly_floor": 9.0, "partial": 0.3}
    study = open_small_study(panel={"kind": "prolific", "codes": CODES}, pay=pay)
    done = come(client, study)
    client.post(f"/p/{done.code}/consent", {"agree": "yes"})
    Participation.objects.filter(pk=done.pk).update(
        consented_at=timezone.now() - timedelta(minutes=6)
    )
    client.post(f"/p/{done.code}/begin")
    done.refresh_from_db()
    answer_all(done)
    out = come(client, study, "p2")
    Participation.objects.filter(pk=out.pk).update(status=Status.SCREENED_OUT)
    come(client, study, "p3")
    facts = json.loads(output_of("study", "approvals", study.slug, json=True))
    assert facts["unfinished"] == 1
    assert [(row["id"], row["outcome"], row["bonus"]) for row in facts["approvals"]] == [
        (panel_id("p1"), "complete", 0.0),
        (panel_id("p2"), "screened_out", 0.3),
    ]
    everybody = json.loads(output_of("study", "approvals", study.slug, json=True, all=True))
    last = everybody["approvals"][-1]
    assert (last["id"], last["outcome"], last["decision"]) == (panel_id("p3"), "entered", "wait")
    assert facts["approvals"][0]["minutes"] == pytest.approx(6, abs=0.2)
    assert facts["approvals"][0]["session"] == "se-p1"


def test_ids_are_erased_on_the_declared_day_and_not_before(client: Client) -> None:
    today = timezone.localdate()
    due = open_small_study(slug="due", panel={"kind": "prolific", "erase_ids_on": today})
    later = open_small_study(
        slug="later", panel={"kind": "prolific", "erase_ids_on": today + timedelta(days=1)}
    )
    person = come(client, due, "p1")
    come(client, later, "p2")
    assert json.loads(output_of("study", "erase-ids", json=True)) == {"erased": 1}
    assert list(PanelIdentity.objects.values_list("external_id", flat=True)) == [panel_id("p2")]
    assert Participation.objects.filter(pk=person.pk).exists()


def test_who_withdraws_is_told_which_bundles_held_the_answers(client: Client) -> None:
    study = open_small_study()
    before = Download.objects.create(study=study, state=WorkState.READY, digest="a" * 64)
    person = answer_all(take_part(study))
    after = Download.objects.create(
        study=study, state=WorkState.READY, digest="b" * 64, public=False
    )
    Download.objects.create(study=study, state=WorkState.READY, digest="c" * 64)
    client.post(f"/p/{person.code}/withdraw")
    page = client.get(f"/p/{person.code}/").content.decode()
    assert after.digest[:12] in page
    assert before.digest[:12] not in page
    # A public one holds only who agreed to publication.
    assert "c" * 12 not in page


def test_personal_links_are_printed_and_open_their_study(client: Client) -> None:
    study = open_small_study(panel={"kind": "personal"})
    text = output_of("study", "invite", study.slug, site="https://x.org", people=2)
    rows = list(csv.reader(text.splitlines()))
    assert len({person for person, _ in rows}) == 2
    for _, link in rows:
        reply = come_by(client, link.removeprefix("https://x.org"))
        assert reply.status_code == 303
    assert Participation.objects.count() == 2
    with pytest.raises(CommandError, match="give their number"):
        call_command("study", "invite", study.slug, site="https://x.org")


def test_ids_as_long_as_allowed_open_their_links_and_longer_ones_are_refused(
    client: Client, tmp_path: Path
) -> None:
    study = open_small_study(panel={"kind": "personal"})
    file = tmp_path / "ids.txt"
    file.write_text("x" * 150)
    text = output_of("study", "invite", study.slug, site="https://x.org", ids=file)
    [[_, link]] = csv.reader(text.splitlines())
    assert come_by(client, link.removeprefix("https://x.org")).status_code == 303
    file.write_text("x" * 151)
    with pytest.raises(CommandError, match="has 151 characters and at most 150 fit a link"):
        call_command("study", "invite", study.slug, site="https://x.org", ids=file)
