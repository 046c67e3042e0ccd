"""What may be paid, visit by visit: what this site saw, and what the panel says."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from sandbox.builders import open_small_study
from sandbox.people import answer_all, make_profile
from sandbox.visits import panel_id
from studyapp.models import (
    ActKind,
    ActState,
    PanelAct,
    PanelVisit,
    Participation,
    Status,
    StatusSource,
    Study,
    VisitStatus,
)
from studyapp.participations.approvals import approvals
from studyapp.participations.decisions import Decision
from studyapp.participations.enrolment import begin, consent
from studyapp.participations.entering import enter, note_visit
from studyapp.participations.panels.prolific import status_of
from studyapp.participations.visit_states import News, take_in

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
PAY = {"amount": 3.0, "currency": "GBP", "hourly_floor": 9.0, "partial": 0.5}
S = VisitStatus
WEBHOOK, POLLED, TYPED = StatusSource


def panel_study(**options: Any) -> Study:
    return open_small_study(panel={"kind": "prolific"}, pay=PAY, people=12, **options)


def send(study: Study, name: str, *, finishes: bool = True) -> Participation:
    details = {"SESSION_ID": f"session of {name}", "STUDY_ID": "st"}
    person = enter(study, source="prolific", external_id=panel_id(name), details=details)
    person = begin(consent(person))
    if finishes:
        answer_all(person, make_profile())
    return person


def tell(person: Participation, *told: VisitStatus, source: StatusSource = POLLED) -> None:
    """Say each status of the person's last visit, a minute after the other."""
    visit = person.visits.last()
    assert visit is not None
    for minute, status in enumerate(told):
        take_in(visit, News(status, NOON + timedelta(minutes=minute), source))


def decided(study: Study) -> list[tuple[str, str]]:
    found = approvals(study, kinds=Decision)
    return [(row["session"].removeprefix("session of "), row["decision"]) for row in found]


def payable(study: Study) -> list[str]:
    return [row["session"].removeprefix("session of ") for row in approvals(study)]


@pytest.mark.parametrize(
    ("status", "finished", "unfinished"),
    [
        (S.AWAITING_REVIEW, Decision.APPROVE, Decision.UNEARNED),
        (S.RETURNED, Decision.LOST, Decision.GONE),
        (S.TIMED_OUT, Decision.LOST, Decision.GONE),
        (S.APPROVED, Decision.SETTLED, Decision.UNFINISHED),
        (S.PARTIALLY_APPROVED, Decision.SETTLED, Decision.UNFINISHED),
        (S.SCREENED_OUT, Decision.UNDERPAID, Decision.UNFINISHED),
        (S.REJECTED, Decision.REJECTED, Decision.REJECTED),
        (S.ACTIVE, Decision.WAIT, Decision.WAIT),
    ],
)
def test_only_what_was_finished_here_and_waits_for_review_there_is_approved(
    status: VisitStatus, finished: Decision, unfinished: Decision
) -> None:
    study = panel_study()
    tell(send(study, "done"), status)
    tell(send(study, "left", finishes=False), status)
    assert decided(study) == [("done", finished), ("left", unfinished)]
    assert payable(study) == (["done"] if status == S.AWAITING_REVIEW else [])


def test_a_session_whose_status_is_unknown_is_listed_as_such() -> None:
    study = panel_study()
    send(study, "anna")
    [row] = approvals(study)
    assert (row["status"], row["decision"]) == ("unknown", Decision.UNKNOWN)
    plain = open_small_study(slug="plain", panel={"kind": "sona"})
    answer_all(begin(consent(enter(plain, source="sona", external_id="7"))), make_profile())
    [row] = approvals(plain)
    assert (row["status"], row["decision"]) == ("", Decision.PAY)


def test_a_person_with_two_sessions_is_paid_for_one() -> None:
    study = panel_study()
    anna = send(study, "anna")
    tell(anna, S.AWAITING_REVIEW)
    note_visit(anna, "prolific", {"SESSION_ID": "again", "STUDY_ID": "st"})
    tell(anna, S.AWAITING_REVIEW)
    assert decided(study) == [("anna", Decision.APPROVE), ("again", Decision.UNEARNED)]
    first = anna.visits.get(session="session of anna")
    take_in(first, News(S.RETURNED, NOON + timedelta(hours=1), POLLED))
    assert decided(study) == [("anna", Decision.GONE), ("again", Decision.APPROVE)]
    tell(anna, S.AWAITING_REVIEW, S.APPROVED)
    assert decided(study) == [("anna", Decision.GONE), ("again", Decision.SETTLED)]


def test_a_person_whom_the_panel_has_paid_is_paid_for_no_further_session() -> None:
    study = panel_study()
    anna = send(study, "anna")
    tell(anna, S.APPROVED)
    note_visit(anna, "prolific", {"SESSION_ID": "again", "STUDY_ID": "st"})
    tell(anna, S.AWAITING_REVIEW)
    assert decided(study) == [("anna", Decision.SETTLED), ("again", Decision.UNEARNED)]


@pytest.mark.parametrize(
    ("finishes", "status", "decided_of_first"),
    [
        (True, S.RETURNED, Decision.SETTLED),
        (False, S.RETURNED, Decision.SETTLED),
        (False, S.AWAITING_REVIEW, Decision.UNEARNED),
    ],
)
def test_who_was_paid_by_a_bonus_is_paid_for_no_further_session(
    finishes: bool, status: VisitStatus, decided_of_first: Decision
) -> None:
    study = panel_study()
    anna = send(study, "anna", finishes=finishes)
    if not finishes:
        Participation.objects.filter(pk=anna.pk).update(status=Status.SCREENED_OUT)
    tell(anna, status)
    PanelAct.objects.create(
        study=study, visit=anna.visits.get(), kind=ActKind.BONUS, purpose="sorry", amount="0.50",
        state=ActState.DONE, made_by="x",
    )  # fmt: skip
    note_visit(anna, "prolific", {"SESSION_ID": "again", "STUDY_ID": "st"})
    tell(anna, S.AWAITING_REVIEW)
    assert decided(study) == [("anna", decided_of_first), ("again", Decision.UNEARNED)]


def test_who_was_screened_out_gets_the_part_and_no_approval() -> None:
    study = panel_study()
    out = send(study, "out", finishes=False)
    Participation.objects.filter(pk=out.pk).update(status=Status.SCREENED_OUT)
    tell(out, S.AWAITING_REVIEW)
    [row] = approvals(study)
    assert (row["decision"], row["bonus"]) == (Decision.PART, 0.5)
    visit = out.visits.get()
    act = PanelAct.objects.create(
        study=study, visit=visit, kind=ActKind.BONUS, amount="0.50", made_by="x"
    )
    assert decided(study) == [("out", Decision.UNEARNED)]
    act.state = ActState.REFUSED
    act.save()
    assert decided(study) == [("out", Decision.PART)]


def test_what_was_sent_to_the_panel_is_not_offered_again() -> None:
    study = panel_study()
    anna = send(study, "anna")
    tell(anna, S.AWAITING_REVIEW)
    PanelAct.objects.create(study=study, visit=anna.visits.get(), kind=ActKind.APPROVE, made_by="x")
    assert decided(study) == [("anna", Decision.SENT)]
    assert payable(study) == []


def after(messages: Sequence[tuple[VisitStatus, int, StatusSource]]) -> VisitStatus:
    """What is known of a visit after (status, minute, source) came in this order."""
    person = enter(panel_study(slug="any"), source="prolific", external_id=panel_id("any"),
                   details={"SESSION_ID": "s"})  # fmt: skip
    visit = person.visits.get()
    for status, minute, source in messages:
        take_in(visit, News(status, NOON + timedelta(minutes=minute), source))
    return VisitStatus(PanelVisit.objects.get(pk=visit.pk).status)


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_messages_in_any_order_end_in_the_same_status(order: tuple[int, ...]) -> None:
    sent = [(S.ACTIVE, 0, WEBHOOK), (S.AWAITING_REVIEW, 1, WEBHOOK), (S.RETURNED, 2, WEBHOOK)]
    assert after([sent[number] for number in order]) == S.RETURNED


@pytest.mark.parametrize(
    ("messages", "known"),
    [
        # sent again after an hour, and stamped anew
        ([(S.RETURNED, 2, WEBHOOK), (S.AWAITING_REVIEW, 60, WEBHOOK)], S.RETURNED),
        ([(S.AWAITING_REVIEW, 60, WEBHOOK), (S.RETURNED, 2, WEBHOOK)], S.RETURNED),
        # a rejection is taken back
        ([(S.REJECTED, 1, WEBHOOK), (S.APPROVED, 2, WEBHOOK)], S.APPROVED),
        ([(S.APPROVED, 2, WEBHOOK), (S.REJECTED, 1, WEBHOOK)], S.APPROVED),
        # who looks knows better, as of that moment
        ([(S.TIMED_OUT, 1, WEBHOOK), (S.AWAITING_REVIEW, 2, POLLED)], S.AWAITING_REVIEW),
        ([(S.APPROVED, 2, WEBHOOK), (S.AWAITING_REVIEW, 1, POLLED)], S.APPROVED),
        ([(S.AWAITING_REVIEW, 3, POLLED), (S.RETURNED, 2, WEBHOOK)], S.AWAITING_REVIEW),
        ([(S.AWAITING_REVIEW, 3, POLLED), (S.RETURNED, 4, WEBHOOK)], S.RETURNED),
        ([(S.APPROVED, 5, POLLED), (S.AWAITING_REVIEW, 1, TYPED)], S.APPROVED),
    ],
    ids=str,
)
def test_nothing_older_replaces_what_is_newer(messages: Any, known: VisitStatus) -> None:
    assert after(messages) == known


def test_every_way_of_writing_a_status_is_read_and_an_unknown_one_is_not_guessed() -> None:
    for text in ("AWAITING REVIEW", "awaiting_review", "Awaiting-Review", " AWAITING  REVIEW "):
        assert status_of(text) == S.AWAITING_REVIEW
    assert status_of("PARTIALLY APPROVED") == S.PARTIALLY_APPROVED
    assert status_of("PROCESSING") is None


def test_who_was_screened_out_is_paid_for_that_visit_and_for_no_later_one() -> None:
    study = panel_study()
    person = send(study, "one", finishes=False)
    person.leave(Status.SCREENED_OUT, because="comprehension")
    tell(person, S.AWAITING_REVIEW)
    later = {"SESSION_ID": "session of again", "STUDY_ID": "st"}
    enter(study, source="prolific", external_id=panel_id("one"), details=later)
    assert decided(study) == [("one", Decision.PART), ("again", Decision.NONE)]
