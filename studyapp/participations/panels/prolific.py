"""Prolific: three parameters, and signed news of what became of a submission.

<https://docs.prolific.com/api-reference/webhooks/verifying>: the signature is the base64 of an
HMAC-SHA256 over the time stamp followed by the body; deliveries come at least once and in any
order, so each is known by its event id, and by what was signed: the event id itself is not.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from studyapp.models import PanelEvent, PanelVisit, StatusSource, VisitStatus
from studyapp.participations.visit_states import News, take_in

from .base import LONGEST_ID, Panel, in_form, spelled

# By Prolific's rules a submission of five minutes or more can be refused only after two failed
# instructed checks; shorter ones are treated the same here.
PANEL = Panel(
    "prolific",
    "PROLIFIC_PID",
    study="STUDY_ID",
    session="SESSION_ID",
    read=in_form("[0-9a-f]{24}", str.lower),
    fewest_failed_checks=2,
    tells_status=True,
    title="Prolific",
)
# <https://docs.prolific.com/api-reference/submissions/submission-object>
STATUSES = {
    "RESERVED": VisitStatus.ACTIVE,
    "ACTIVE": VisitStatus.ACTIVE,
    "AWAITING-REVIEW": VisitStatus.AWAITING_REVIEW,
    "TIMED-OUT": VisitStatus.TIMED_OUT,
    "RETURNED": VisitStatus.RETURNED,
    "APPROVED": VisitStatus.APPROVED,
    "PARTIALLY-APPROVED": VisitStatus.PARTIALLY_APPROVED,
    "SCREENED-OUT": VisitStatus.SCREENED_OUT,
    "REJECTED": VisitStatus.REJECTED,
}


def status_of(text: str) -> VisitStatus | None:
    """The status that Prolific calls `text`, however it writes it; None for one unknown here."""
    return STATUSES.get(spelled(text))


def is_signed(secret: str, timestamp: str, body: bytes, signature: str) -> bool:
    """Whether `body` was signed with `secret`; compared in constant time."""
    digest = hmac.new(secret.encode(), timestamp.encode() + body, hashlib.sha256).digest()
    return hmac.compare_digest(base64.b64encode(digest), signature.encode())


def submission_news(body: bytes) -> tuple[str, str] | None:
    """(submission, its status in capitals) of a message about a submission; else None.

    ValueError for a body that is not a JSON object, or whose fields are not texts.
    """
    message: Any = json.loads(body)
    if not isinstance(message, dict):
        raise ValueError("a message from Prolific must be a JSON object")
    if message.get("event_type") != "submission.status.change":
        return None
    submission, status = message.get("resource_id"), message.get("status")
    if not isinstance(submission, str) or not isinstance(status, str):
        raise ValueError("a message about a submission must have resource_id and status")
    if len(submission) > LONGEST_ID or "\x00" in submission:
        raise ValueError("resource_id is not a submission's id")
    return submission, spelled(status)


def message_digest(timestamp: str, body: bytes) -> str:
    """What distinguishes a signed message from every other: the digest of all that was signed."""
    return hashlib.sha256(timestamp.encode() + b"\n" + body).hexdigest()


def receive(
    event_id: str,
    submission: str,
    status: str,
    digest: str = "",
    *,
    at: datetime,
    studies: Collection[int] | None = None,
) -> bool:
    """Take in what became of a submission, once; False for an event that was here before.

    `digest`: of the signed message, which a copy under another event id has too. at: the signed
    moment. studies: the keys of those of which the message may tell; None: all. Only the digest,
    the moment and the status are kept, with the visit: no id of a person.
    """
    visits = PanelVisit.objects.filter(participation__participant__source=PANEL.name)
    if studies is not None:
        visits = visits.filter(participation__study__in=studies)
    visit = visits.filter(session=submission).select_related("participation").last()
    known = status_of(status)
    try:
        with transaction.atomic():
            PanelEvent.objects.create(
                source=PANEL.name,
                event_id=event_id,
                message_digest=digest,
                kind=status,
                participation=visit.participation if visit is not None else None,
            )
            if visit is not None and known is not None:
                take_in(visit, News(known, at, StatusSource.WEBHOOK))
    except IntegrityError:
        return False
    return True
