"""What a panel is asked to do: shown first, then done once, and told when it is not known."""

from decimal import Decimal
from typing import Any

import pytest

from sandbox.prolific import FakeProlific
from studyapp.models import (
    ActKind,
    ActState,
    PanelAct,
    PanelVisit,
    Participation,
    Status,
    Study,
    VisitStatus,
)
from studyapp.participations.decisions import Decision
from studyapp.payments.access import (
    access_of,
)
from studyapp.payments.acts import StalePlan, _written, carry_out, settle
from studyapp.payments.line import Refused
from studyapp.payments.plans import plan, read_amount
from studyapp.payments.polling import poll

from .people import acts, do, send, wish

pytestmark = pytest.mark.django_db
APPROVE = wish(ActKind.APPROVE, Decision.APPROVE)
SORRY = {"amount": Decimal("3.00"), "words": "finished, but returned"}
BONUS = wish(ActKind.BONUS, Decision.LOST, **SORRY)


def test_a_dry_run_says_who_gets_what_and_sends_nothing(study: Study, panel: FakeProlific) -> None:
    for name in ("one", "two"):
        send(study, panel, name, "RETURNED")
    poll(access_of(study, "prolific"))
    panel.calls.clear()
    shown = plan(study, BONUS)
    assert [(one.session, one.amount) for one in shown.visits] == [("one", 3), ("two", 3)]
    assert "Prolific would be told to pay bonuses for 2 visits, 6.00 GBP in total" in shown.sentence
    assert (panel.calls, PanelAct.objects.count()) == ([], 0)


def test_approved_twice_is_approved_once(study: Study, panel: FakeProlific) -> None:
    send(study, panel, "done", "AWAITING REVIEW")
    access = access_of(study, "prolific")
    poll(access)
    shown = plan(study, APPROVE)
    assert carry_out(study, APPROVE, shown.digest, "anna").done == 1
    with pytest.raises(StalePlan):
        carry_out(study, APPROVE, shown.digest, "ben")
    assert plan(study, APPROVE).visits == ()
    assert panel.approvals == ["done"]


def test_two_who_confirm_at_once_pay_once(
    study: Study, panel: FakeProlific, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have read the same list; the table stops the second."""
    send(study, panel, "gone", "RETURNED")
    poll(access_of(study, "prolific"))
    read_before = plan(study, BONUS)
    assert carry_out(study, BONUS, read_before.digest, "anna").done == 1
    monkeypatch.setattr("studyapp.payments.acts.plan", lambda *_: read_before)
    second = carry_out(study, BONUS, read_before.digest, "ben")
    assert (second.done, second.changed) == (0, 1)
    assert panel.paid == {"gone": 300}


def test_a_bonus_is_paid_once_for_each_purpose(study: Study, panel: FakeProlific) -> None:
    send(study, panel, "gone", "RETURNED")
    poll(access_of(study, "prolific"))
    assert do(study, BONUS).done == 1
    again = plan(study, BONUS)
    assert again.visits == ()
    other = wish(ActKind.BONUS, Decision.SETTLED, amount=Decimal("0.50"), words="for your trouble")
    assert do(study, other).done == 1
    assert panel.paid == {"gone": 350}
    assert plan(study, other).left_out == (
        "1 visit for which the panel has already been asked this",
    )


def test_a_payment_whose_answer_is_lost_is_not_sent_again(
    study: Study, panel: FakeProlific
) -> None:
    send(study, panel, "gone", "RETURNED")
    poll(access_of(study, "prolific"))
    panel.failures = [("bulk-bonus-payments", 0, True)]
    outcome = do(study, BONUS)
    assert outcome.unknown == 1
    assert "check there whether it was done" in outcome.sentence
    assert plan(study, BONUS).visits == ()
    act = PanelAct.objects.get()
    assert (act.state, act.batch) == (ActState.UNKNOWN, "batch-1")
    assert settle(act, was_done=True, by="anna")
    assert not settle(act, was_done=False, by="ben")
    assert plan(study, BONUS).visits == ()
    assert panel.paid == {"gone": 300}


def test_a_process_that_dies_at_a_call_leaves_it_unknown(
    study: Study, panel: FakeProlific, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(study, panel, "gone", "RETURNED")
    poll(access_of(study, "prolific"))

    def dies(*_: Any, **__: Any) -> None:
        raise SystemExit

    monkeypatch.setattr("studyapp.payments.prolific.Prolific.pay", dies)
    with pytest.raises(SystemExit):
        do(study, BONUS)
    assert acts() == [("gone", "bonus", "unknown")]
    assert plan(study, BONUS).visits == ()


def test_a_payment_that_was_not_made_can_be_made_after_looking(
    study: Study, panel: FakeProlific
) -> None:
    send(study, panel, "gone", "RETURNED")
    poll(access_of(study, "prolific"))
    panel.failures = [("bulk-bonus-payments", 503, False)]
    assert do(study, BONUS).unknown == 1
    assert settle(PanelAct.objects.get(), was_done=False, by="anna")
    assert do(study, BONUS).done == 1
    assert panel.paid == {"gone": 300}


def test_bonuses_that_could_not_be_set_up_are_refused_and_nothing_is_paid(
    study: Study, panel: FakeProlific
) -> None:
    send(study, panel, "gone", "RETURNED")
    poll(access_of(study, "prolific"))
    panel.failures = [("submissions/bonus-payments", 500, True)]
    outcome = do(study, BONUS)
    assert (outcome.refused, panel.paid) == (1, {})
    assert "nothing was paid" in outcome.sentence
    assert do(study, BONUS).done == 1


def test_a_sum_that_is_not_ours_is_not_paid(
    study: Study, panel: FakeProlific, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(study, panel, "gone", "RETURNED")
    poll(access_of(study, "prolific"))
    usual = FakeProlific._set_up

    def ten_times(self: FakeProlific, body: dict[str, str]) -> Any:
        status, made = usual(self, body)
        return status, {**made, "amount": made["amount"] * 10}

    monkeypatch.setattr(FakeProlific, "_set_up", ten_times)
    outcome = do(study, BONUS)
    assert outcome.refused == 1
    assert "would pay 30.00 in place of 3.00" in outcome.sentence
    assert panel.paid == {}


def test_an_error_in_the_middle_leaves_the_rest_to_be_done(
    study: Study, panel: FakeProlific
) -> None:
    for name in ("a", "b", "c"):
        send(study, panel, name, "AWAITING REVIEW", finishes=False)
    poll(access_of(study, "prolific"))
    ask = wish(ActKind.ASK_RETURN, Decision.UNEARNED, words="You did not finish.")
    panel.failures = [("submissions/b/", 502, True)]
    outcome = do(study, ask)
    assert (outcome.done, outcome.unknown) == (2, 1)
    assert acts() == [
        ("a", "ask_return", "done"), ("b", "ask_return", "unknown"), ("c", "ask_return", "done"),
    ]  # fmt: skip
    poll(access_of(study, "prolific"))
    assert {state for _, _, state in acts()} == {"done"}
    assert panel.asked == {name: ["You did not finish."] for name in ("a", "b", "c")}


def test_a_busy_panel_is_asked_again_and_an_approval_that_is_lost_too(
    study: Study, panel: FakeProlific
) -> None:
    send(study, panel, "done", "AWAITING REVIEW")
    panel.failures = [("submissions/", 429, False), ("submissions/", 502, False)]
    poll(access_of(study, "prolific"))
    panel.failures = [("submissions/bulk-approve", 429, False), ("submissions/bulk", 0, True)]
    assert do(study, APPROVE).done == 1
    assert panel.paid == {"done": 300}


def test_a_panel_that_stays_busy_has_done_nothing(study: Study, panel: FakeProlific) -> None:
    send(study, panel, "gone", "RETURNED")
    poll(access_of(study, "prolific"))
    panel.failures = [("bulk-bonus-payments", 429, False)] * 3
    assert do(study, BONUS).refused == 1
    panel.failures, panel.retry_after = [("bulk-bonus-payments", 429, False)], "3600"
    assert do(study, BONUS).refused == 1
    panel.retry_after = ""
    assert do(study, BONUS).done == 1
    assert panel.paid == {"gone": 300}


def test_a_message_that_comes_between_plan_and_confirmation_is_heeded(
    study: Study, panel: FakeProlific
) -> None:
    send(study, panel, "done", "AWAITING REVIEW")
    access = access_of(study, "prolific")
    poll(access)
    digest = plan(study, APPROVE).digest
    panel.move("done", "RETURNED")
    poll(access)
    with pytest.raises(StalePlan):
        carry_out(study, APPROVE, digest, "anna")
    assert panel.approvals == []


def test_who_was_screened_out_is_paid_the_part_as_a_bonus(
    study: Study, panel: FakeProlific
) -> None:
    out = send(study, panel, "out", "RETURNED", finishes=False)
    Participation.objects.filter(pk=out.pk).update(status=Status.SCREENED_OUT)
    access = access_of(study, "prolific")
    assert plan(study, wish(ActKind.BONUS, Decision.PART, words="screened out")).visits == ()
    panel.move("out", "AWAITING REVIEW")
    poll(access)
    assert do(study, wish(ActKind.BONUS, Decision.PART, words="screened out")).done == 1
    assert panel.paid == {"out": 50}


@pytest.mark.parametrize("text", ["0", "-1", "100.01", "0.005", "much", "NaN", "1e9"])
def test_an_odd_amount_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        read_amount(text)


@pytest.mark.parametrize(
    ("kind", "about", "more", "why"),
    [
        (ActKind.APPROVE, Decision.LOST, {}, "is possible only for"),
        (ActKind.APPROVE, Decision.UNKNOWN, {}, "is possible only for"),
        (ActKind.ASK_RETURN, Decision.UNEARNED, {}, "say the reason"),
        (ActKind.BONUS, Decision.LOST, {"words": "x"}, "how much"),
        (ActKind.BONUS, Decision.LOST, {"amount": Decimal(1)}, "what the bonus is for"),
    ],
)
def test_what_can_not_be_asked_is_refused(
    study: Study, kind: ActKind, about: Decision, more: dict[str, Any], why: str
) -> None:
    with pytest.raises(Refused, match=why):
        plan(study, wish(kind, about, **more))


def test_what_the_panel_paid_since_the_plan_gets_no_bonus_in_its_place(
    study: Study, panel: FakeProlific
) -> None:
    person = send(study, panel, "out", "AWAITING REVIEW", finishes=False)
    Participation.objects.filter(pk=person.pk).update(status=Status.SCREENED_OUT)
    poll(access_of(study, "prolific"))
    planned = plan(study, wish(ActKind.BONUS, Decision.PART, words="screened out"))
    assert len(planned.visits) == 1
    PanelVisit.objects.update(status=VisitStatus.SCREENED_OUT)
    assert _written(study, planned, list(planned.visits), "anna") == {}
    PanelVisit.objects.update(status=VisitStatus.AWAITING_REVIEW)
    assert len(_written(study, planned, list(planned.visits), "anna")) == 1
