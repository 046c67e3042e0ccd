"""What is to be done about each visit: what this site saw of the person, and what the panel says.

One person is paid for one visit. It is the one in which they finished; if that was returned or ran
out of time and they handed in another one, it is that other one.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum

from studyapp.models import (
    LEFT,
    ActKind,
    ActState,
    PanelVisit,
    Participation,
    Status,
    VisitStatus,
)
from studyapp.studies.definition.study import Definition

from .panels import PANELS
from .visit_states import GONE, PAID


class Decision(StrEnum):
    APPROVE = "approve"
    REVIEW = "read, then approve or ask to return"
    PART = "pay the part"
    PAY = "pay"
    UNKNOWN = "find out its status"
    LOST = "finished here, gone there"
    UNDERPAID = "finished here, paid as screened out"
    UNFINISHED = "paid there, not finished here"
    UNEARNED = "waits for review, not finished here"
    SENT = "sent to the panel"
    SETTLED = "paid"
    REJECTED = "rejected"
    GONE = "gone"
    WAIT = "wait"
    NONE = "nothing"


# What the list of payments shows, and what has to be looked at one by one
PAYABLE = (Decision.APPROVE, Decision.REVIEW, Decision.PART, Decision.PAY, Decision.UNKNOWN)
AT_ODDS = (Decision.LOST, Decision.UNDERPAID, Decision.UNFINISHED, Decision.UNEARNED)
TO_DO = {
    Decision.UNKNOWN: "The panel has not told this site what became of it, so it may have been "
    "returned or paid already. Ask the panel with a token, receive its webhooks, or upload its "
    "CSV file, whichever it has; otherwise look it up there before paying.",
    Decision.LOST: "They answered everything here, then returned it or ran out of time there, so "
    "the panel can't pay them any more. Write to them, or pay a bonus if your policy allows.",
    Decision.UNDERPAID: "They answered everything here, and the panel paid them as screened "
    "out. Pay the difference as a bonus.",
    Decision.UNFINISHED: "The panel has paid them, but they did not finish here. Look up which "
    "code they entered there; their answers here are incomplete.",
    Decision.UNEARNED: "They submitted it there but did not finish here, or were paid for another "
    "visit. Ask them to return it; reject only for a reason that the panel accepts.",
}


def decisions(
    person: Participation, what: str, definition: Definition
) -> Iterator[tuple[PanelVisit | None, Decision]]:
    """Each visit of `person`, whose outcome is `what`, and what to do; None if no visit is known.

    Reads `person.visits` and their `acts`, which may be fetched ahead.
    """
    visits = list(person.visits.all())
    earned = _earned(person, what, definition)
    if not visits:
        yield None, _untold(person, earned)
    paid_for = visit_to_pay(person, visits)
    for visit in visits:
        yield visit, _after_acts(visit, _decision(person, visit, earned, visit == paid_for))


def visit_to_pay(person: Participation, visits: Sequence[PanelVisit]) -> PanelVisit | None:
    """For which of a person's visits they may be paid; None once the panel has paid for one."""
    if any(visit.status in PAID for visit in visits):
        return None
    for visit in visits:
        if _is_paid_apart(person, visit):
            return visit
    end = person.finished_at
    if person.status == Status.SCREENED_OUT and len(visits) > 1:
        # Whoever opens the link again comes in a further visit, and was screened out before it
        ends = person.events.filter(kind=LEFT[Status.SCREENED_OUT])
        end = ends.values_list("at", flat=True).last()
    before = [visit for visit in visits if end is not None and visit.arrived_at <= end]
    own = (before or list(visits))[-1]
    handed_in = [visit for visit in visits if visit.status == VisitStatus.AWAITING_REVIEW]
    return handed_in[-1] if own.status in GONE and handed_in else own


def _is_paid_apart(person: Participation, visit: PanelVisit) -> bool:
    """Whether a bonus was sent for what the person did here, in the place of the panel's pay."""
    is_in_place = visit.status in GONE or person.status == Status.SCREENED_OUT
    return is_in_place and any(
        act.kind == ActKind.BONUS and act.state != ActState.REFUSED for act in visit.acts.all()
    )


def _earned(person: Participation, what: str, definition: Definition) -> Decision | None:
    """What the panel is to do for the person once it lies before it; None: nothing."""
    if person.status == Status.FINISHED:
        return Decision.REVIEW if what == "failed_checks" else Decision.APPROVE
    pay = definition.pay
    # Those who were screened out, after practice too, are paid a part where the study says so.
    is_paid_part = pay is not None and pay.partial > 0 and person.status == Status.SCREENED_OUT
    return Decision.PART if is_paid_part else None


def _decision(
    person: Participation, visit: PanelVisit, earned: Decision | None, is_to_pay: bool
) -> Decision:
    match visit.status:
        case VisitStatus.AWAITING_REVIEW:
            return earned if earned and is_to_pay else Decision.UNEARNED
        case VisitStatus.APPROVED | VisitStatus.PARTIALLY_APPROVED | VisitStatus.SCREENED_OUT:
            if earned is None:
                return Decision.UNFINISHED
            is_short = visit.status == VisitStatus.SCREENED_OUT and earned != Decision.PART
            return Decision.UNDERPAID if is_short else Decision.SETTLED
        case VisitStatus.REJECTED:
            return Decision.REJECTED
        case VisitStatus.RETURNED | VisitStatus.TIMED_OUT:
            return Decision.LOST if earned and is_to_pay else Decision.GONE
        case VisitStatus.ACTIVE:
            return Decision.WAIT
        case _:
            return _untold(person, earned if is_to_pay else None)


def _after_acts(visit: PanelVisit, decision: Decision) -> Decision:
    """What is left of `decision` once the panel was asked for it, answered or not."""
    states = {act.kind: act.state for act in visit.acts.all() if act.state != ActState.REFUSED}
    if ActKind.BONUS in states:
        if decision == Decision.PART and visit.status == VisitStatus.AWAITING_REVIEW:
            decision = Decision.UNEARNED
        elif decision in (Decision.PART, Decision.PAY, Decision.LOST, Decision.UNDERPAID):
            is_paid = states[ActKind.BONUS] == ActState.DONE
            return Decision.SETTLED if is_paid else Decision.SENT
    if decision == Decision.PAY and states.get(ActKind.APPROVE) == ActState.DONE:
        return Decision.SETTLED
    answer = {
        Decision.PAY: ActKind.APPROVE,
        Decision.APPROVE: ActKind.APPROVE,
        Decision.REVIEW: ActKind.APPROVE,
        Decision.UNEARNED: ActKind.ASK_RETURN,
    }.get(decision)
    return Decision.SENT if answer in states else decision


def _untold(person: Participation, earned: Decision | None) -> Decision:
    """For a visit of which the panel has said nothing."""
    if earned is None:
        is_on_the_way = person.status in (Status.ENTERED, Status.ACTIVE)
        return Decision.WAIT if is_on_the_way else Decision.NONE
    panel = PANELS.get(person.participant.source)
    if panel is not None and panel.tells_status:
        return Decision.UNKNOWN
    return Decision.PART if earned == Decision.PART else Decision.PAY
