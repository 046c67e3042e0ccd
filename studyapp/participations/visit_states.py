"""What a panel says of its sessions, taken in so that nothing older replaces what is newer.

A panel's messages come at least once and in any order, and one that is sent again may be stamped
with the moment of the repetition. A session can only go forward, though, so a message only ever
moves it forward. Who looks at the panel (by asking it, or in its CSV file) sees what is so at that
moment, and is believed over everything from before it.
"""

from dataclasses import dataclass
from datetime import datetime

from studyapp.models import PanelVisit, Status, StatusSource, VisitStatus

from .enrolment import lock

# How far a session has come. Of two states that a panel may have sent in either order, the one that
# is not paid stands higher: to ask the panel corrects it, and a payment is corrected by nothing.
FORWARD = {
    VisitStatus.ACTIVE: 0,
    VisitStatus.AWAITING_REVIEW: 1,
    VisitStatus.TIMED_OUT: 2,
    VisitStatus.RETURNED: 3,
    VisitStatus.APPROVED: 4,
    VisitStatus.PARTIALLY_APPROVED: 4,
    VisitStatus.SCREENED_OUT: 4,
    VisitStatus.REJECTED: 4,
}
# By the panel's account the person has left for good: the place is free for another person.
GONE = (VisitStatus.RETURNED, VisitStatus.TIMED_OUT, VisitStatus.REJECTED)
PAID = (VisitStatus.APPROVED, VisitStatus.PARTIALLY_APPROVED, VisitStatus.SCREENED_OUT)


@dataclass(frozen=True)
class News:
    """The status of a session, when it was so, and who says it."""

    status: VisitStatus
    at: datetime
    source: StatusSource


def take_in(visit: PanelVisit, news: News) -> bool:
    """Keep `news` of `visit`, unless what is known is newer; whether it was kept.

    Who has gone from the panel without finishing here leaves the place to another person. Inside a
    transaction: the person's row is locked.
    """
    person = lock(visit.participation)
    visit.refresh_from_db()
    if not _is_newer(visit, news):
        return False
    visit.become(news.status, news.at, news.source)
    has_left = news.status in GONE and person.status == Status.ACTIVE
    if has_left and person.visits.last() == visit:
        person.leave(Status.DROPPED, panel=news.status)
    return True


def _is_newer(visit: PanelVisit, news: News) -> bool:
    if visit.status_at is None:
        return True
    is_later = news.at > visit.status_at
    if news.source != StatusSource.WEBHOOK:
        return is_later
    step = FORWARD[news.status] - FORWARD[VisitStatus(visit.status)]
    by_message = visit.status_from == StatusSource.WEBHOOK
    return (step > 0 and (by_message or is_later)) or (step == 0 and is_later)
