"""Amazon Mechanical Turk: an external question's address with the worker and the assignment."""

from .base import Panel, in_form

PANEL = Panel(
    "mturk",
    "workerId",
    study="hitId",
    session="assignmentId",
    read=in_form("[A-Z0-9]{2,40}", str.upper),
    preview="ASSIGNMENT_ID_NOT_AVAILABLE",
    title="MTurk",
)
