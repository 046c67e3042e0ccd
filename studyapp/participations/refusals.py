"""What a participant's request can be refused for, each with its HTTP status and one sentence."""

from collections.abc import Mapping
from datetime import datetime

from studyapp.models import TurnedAway


class ParticipationError(Exception):
    """A request that can't be carried out; what was stored before stays stored."""

    status_code = 400


class Unanswered(ParticipationError):
    """What was asked has no answer, or none of those that the page offers.

    problems: field of the form → what is wrong with it, a sentence each.
    """

    def __init__(self, sentence: object, problems: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.problems = dict(problems or {})


class StudyNotOpen(ParticipationError):
    status_code = 403


class NotYourTrial(ParticipationError):
    status_code = 404


class OutOfOrder(ParticipationError):
    status_code = 409


class NotNow(ParticipationError):
    """The step does not fit where this participation stands."""

    status_code = 409


class NotForThem(ParticipationError):
    """A study for other people, by its rules of who may come; nothing is stored of who it was.

    opens_at: from when on it is for them after all.
    """

    status_code = 403

    def __init__(
        self, sentence: object, why: TurnedAway, *, opens_at: datetime | None = None
    ) -> None:
        super().__init__(sentence)
        self.why, self.opens_at = why, opens_at
