"""CloudResearch Connect: it adds three parameters to a project's link by itself.

<https://connect-researcher-help.cloudresearch.com>. An id is “a random string of numbers and
letters”; whether its case matters is not documented, so it is kept as it is.
"""

from studyapp.models import VisitStatus

from .base import Panel, in_form, spelled

PANEL = Panel(
    "connect",
    "participantId",
    study="projectId",
    session="assignmentId",
    read=in_form("[0-9A-Za-z-]{4,100}", str),
    has_common_name=True,
    tells_status=True,
    title="CloudResearch Connect",
)
# The words of the page “Manage Participants”
STATUSES = {
    "PENDING": VisitStatus.AWAITING_REVIEW,
    "APPROVED": VisitStatus.APPROVED,
    "REJECTED": VisitStatus.REJECTED,
    "RETURNED": VisitStatus.RETURNED,
    "TIMED-OUT": VisitStatus.TIMED_OUT,
}


def status_of(text: str) -> VisitStatus | None:
    """The status that Connect calls `text`; None for one unknown here."""
    return STATUSES.get(spelled(text))
