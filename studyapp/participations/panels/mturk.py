"""Amazon Mechanical Turk: an external question's address with the worker and the assignment."""

from .base import Panel

PANEL = Panel("mturk", "workerId", ("hitId", "assignmentId"))
