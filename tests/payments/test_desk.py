"""A panel at the desk and by command: shown first, confirmed, and written into the history."""

import io
import json
import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from sandbox.builders import open_small_study
from sandbox.prolific import TOKEN, FakeProlific
from studyapp.models import PanelAccess, PanelAct, Study
from studyapp.payments.access import remove_token
from studyapp.payments.polling import due
from tasks.panels import poll_panels
from tests.admin.desk import administrator, page_of
from tests.running import output_of

from .people import acts, send, status_of, tell

pytestmark = pytest.mark.django_db


def press(desk: Client, study: Study, **given: str) -> str:
    """The page that follows a button of the panel's page."""
    reply = desk.post(page_of(study, "study_panel"), given, follow=True)
    assert reply.status_code == 200
    return reply.content.decode()


def history() -> str:
    return "\n".join(LogEntry.objects.values_list("change_message", flat=True))


def test_a_token_is_given_used_and_removed_and_never_shown(panel: FakeProlific) -> None:
    study, desk = open_small_study(panel={"kind": "prolific"}), administrator()
    assert "The token is kept; it belongs to researcher@example.org" in press(
        desk, study, do="token", token=TOKEN
    )
    send(study, panel, "done", "AWAITING REVIEW")
    page = press(desk, study, do="poll")
    assert "1 visit reported, 1 changed." in page
    assert TOKEN not in page + history()
    assert status_of("done") == "awaiting_review"
    press(desk, study, do="remove")
    assert PanelAccess.objects.count() == 0
    assert "gave a token for prolific" in history()
    assert "removed the token for prolific" in history()


def test_an_approval_is_shown_then_confirmed_then_in_the_history(
    study: Study, panel: FakeProlific
) -> None:
    desk = administrator()
    send(study, panel, "done", "AWAITING REVIEW")
    press(desk, study, do="poll")
    address = page_of(study, "study_panel_act")
    shown = desk.get(address, {"kind": "approve", "about": "APPROVE"}).content.decode()
    assert "would be told to approve, and so to pay, 1 visit. Nothing has been sent yet." in shown
    assert panel.approvals == []
    digest = re.findall(r'name="digest" value="(\w+)"', shown)[0]
    given = {"kind": "approve", "about": "APPROVE", "digest": digest}
    assert "1 done." in desk.post(address, given, follow=True).content.decode()
    again = desk.post(address, given)
    assert "has changed since it was shown" in again.content.decode()
    assert panel.approvals == ["done"]
    assert "asked prolific to approve (“approve”): 1 done." in history()


def test_a_lost_answer_is_settled_by_hand(study: Study, panel: FakeProlific) -> None:
    desk = administrator()
    send(study, panel, "gone", "RETURNED")
    press(desk, study, do="poll")
    given = {"kind": "bonus", "about": "LOST", "amount": "3.00", "words": "sorry"}
    address = page_of(study, "study_panel_act")
    shown = desk.get(address, given).content.decode()
    digest = re.findall(r'name="digest" value="(\w+)"', shown)[0]
    panel.failures = [("bulk-bonus-payments", 0, True)]
    page = desk.post(address, {**given, "digest": digest}, follow=True).content.decode()
    assert "1 unknown, check at the panel" in page
    assert "answer to these was lost" in page
    act = PanelAct.objects.get()
    press(desk, study, do="settle", act=str(act.pk), was="done")
    assert acts() == [("gone", "bonus", "done")]
    assert "was settled already" in press(desk, study, do="settle", act=str(act.pk), was="not")


def test_a_file_codes_and_messages_at_the_desk(study: Study, panel: FakeProlific) -> None:
    desk = administrator()
    send(study, panel, "one")
    file = SimpleUploadedFile("x.csv", b"Submission id,Status\none,RETURNED\n")
    given = {"do": "file", "file": file, "exported_at": "2026-05-01T12:00"}
    page = desk.post(page_of(study, "study_panel"), given, follow=True).content.decode()
    assert "1 visit reported, 1 changed" in page
    assert "panel.codes.complete is DONE, which Prolific does not have" in press(
        desk, study, do="codes"
    )
    assert "to https addresses only" in press(desk, study, do="subscribe")
    reply = desk.post(page_of(study, "study_panel"), {"do": "subscribe"}, secure=True)
    assert reply.status_code == 302
    access = PanelAccess.objects.get()
    assert access.subscription == "h1"
    assert "secret 1" not in access.sealed_secret
    assert tell("secret 1", "one", "APPROVED", "e1").json() == {"ok": True, "new": True}
    assert tell("another", "one", "REJECTED", "e2").status_code == 401


def test_every_verb_says_what_it_does(
    study: Study, panel: FakeProlific, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove_token(study, "prolific")
    with pytest.raises(CommandError, match="give it one first"):
        call_command("study", "pay", study.slug, "approve")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{TOKEN}\n"))
    assert "researcher@example.org" in output_of("study", "panel-token", study.slug)
    send(study, panel, "done", "AWAITING REVIEW")
    assert "1 visit reported" in output_of("study", "panel-poll", study.slug)
    assert "which Prolific does not have" in output_of("study", "panel-codes", study.slug)
    shown = json.loads(output_of("study", "pay", study.slug, "approve", json=True))
    assert (shown["visits"], panel.approvals) == (1, [])
    done = output_of("study", "pay", study.slug, "approve", confirm=shown["digest"])
    assert "1 done" in done
    assert panel.approvals == ["done"]
    assert "removed" in output_of("study", "panel-token", study.slug, remove=True)


def test_a_worker_asks_once_an_hour_and_keeps_why_it_could_not(
    study: Study, panel: FakeProlific, settings: Any
) -> None:
    send(study, panel, "done", "AWAITING REVIEW")
    [key] = due().values_list("pk", flat=True)
    poll_panels([key])
    assert status_of("done") == "awaiting_review"
    panel.calls.clear()
    poll_panels([key])
    assert panel.calls == []
    PanelAccess.objects.update(polled_at=None)
    settings.PROLIFIC_API = "http://127.0.0.1:9/api/v1"
    poll_panels([key])
    assert "can't be reached; nothing was sent" in PanelAccess.objects.get().problem
