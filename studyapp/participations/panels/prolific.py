"""Prolific: three parameters, and signed news of what became of a submission.

<https://docs.prolific.com/api-reference/webhooks/verifying>: the signature is the base64 of an
HMAC-SHA256 over the time stamp followed by the body; deliveries come at least once and in any
order, so each is known by its event id.
"""

import base64
import hashlib
import hmac
import json
import re
from typing import Any

from django.db import IntegrityError, transaction

from studyapp.models import Event, PanelEvent, Participation, Slot, Status
from studyapp.participations.enrolment import lock

from .base import LONGEST_ID, Panel

# By Prolific's rules a submission of five minutes or more can be refused only after two failed
# instructed checks; shorter ones are treated the same here.
PANEL = Panel("prolific", "PROLIFIC_PID", ("STUDY_ID", "SESSION_ID"), fewest_failed_checks=2)
# The person has left for good, as Prolific knows it: the place is free for somebody else.
GONE = ("RETURNED", "TIMED-OUT", "REJECTED")


def is_signed(secret: str, timestamp: str, body: bytes, signature: str) -> bool:
    """Whether `body` was signed with `secret`; compared in constant time."""
    digest = hmac.new(secret.encode(), timestamp.encode() + body, hashlib.sha256).digest()
    return hmac.compare_digest(base64.b64encode(digest), signature.encode())


def submission_news(body: bytes) -> tuple[str, str] | None:
    """(submission, its status in capitals) of a message about a submission; else None.

    ValueError for a body that is no JSON object, or whose fields are no texts.
    """
    message: Any = json.loads(body)
    if not isinstance(message, dict):
        raise ValueError("a message of Prolific is a JSON object")
    if message.get("event_type") != "submission.status.change":
        return None
    submission, status = message.get("resource_id"), message.get("status")
    if not isinstance(submission, str) or not isinstance(status, str):
        raise ValueError("a message about a submission tells resource_id and status")
    if len(submission) > LONGEST_ID or "\x00" in submission:
        raise ValueError("that is no id of a submission")
    return submission, re.sub(r"[_ ]", "-", status.upper())[:40]


def receive(event_id: str, submission: str, status: str) -> bool:
    """Take in what became of a submission, once; False for an event that was here before.

    Only the event's id and the status are kept, with the participation: no id of a person.
    """
    person = _participation(submission)
    try:
        with transaction.atomic():
            PanelEvent.objects.create(
                source=PANEL.name, event_id=event_id, kind=status, participation=person
            )
            if person is not None and status in GONE:
                _let_go(person, status)
    except IntegrityError:
        return False
    return True


def _participation(submission: str) -> Participation | None:
    return Participation.objects.filter(
        participant__identity__source=PANEL.name,
        participant__identity__details__SESSION_ID=submission,
    ).first()


def _let_go(participation: Participation, status: str) -> None:
    """Free the place of somebody who has not finished; what they answered stays."""
    person = lock(participation)
    if person.status != Status.ACTIVE:
        return
    Slot.objects.filter(participations=person).update(is_open=True)
    person.status = Status.DROPPED
    person.save(update_fields=["status"])
    Event.objects.create(participation=person, kind="dropped", data={"panel": status})
