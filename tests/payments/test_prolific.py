"""The whole way with a panel, against a Prolific on this machine: asked, told, approved, paid."""

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from sandbox.builders import open_small_study
from sandbox.prolific import TOKEN, FakeProlific
from studyapp.models import ActKind, PanelAccess, PanelVisit, Role, Status, Study
from studyapp.participations.approvals import approvals
from studyapp.participations.decisions import Decision
from studyapp.participations.erasure import erase_identities, is_paid
from studyapp.payments.access import (
    NoAccess,
    access_of,
    api_of,
    complaints,
    give_token,
    keep_subscription,
    remove_token,
)
from studyapp.payments.acts import carry_out
from studyapp.payments.base import SendsNews
from studyapp.payments.line import Line, PanelError, Refused
from studyapp.payments.polling import due, poll
from tests.admin.desk import make_user

from .people import do, send, status_of, tell, wish

pytestmark = pytest.mark.django_db
APPROVE = wish(ActKind.APPROVE, Decision.APPROVE)
SORRY = {"amount": Decimal("3.00"), "words": "finished, but returned"}
BONUS = wish(ActKind.BONUS, Decision.LOST, **SORRY)


def test_from_links_to_pay(study: Study, panel: FakeProlific) -> None:
    """Five people: one is approved, one returned after finishing, one ran out of time, one handed
    in without finishing, one is still at it. One message arrives, the others are lost."""
    access = access_of(study, "prolific")
    api = api_of(access)
    assert isinstance(api, SendsNews)
    news = api.subscribe("https://here.example.org/panels/prolific/", "")
    keep_subscription(access, news.number, news.secret)
    send(study, panel, "done", "AWAITING REVIEW")
    send(study, panel, "returned", "RETURNED")
    late = send(study, panel, "late", "TIMED-OUT", finishes=False)
    send(study, panel, "early", "AWAITING REVIEW", finishes=False)
    send(study, panel, "active", finishes=False)
    assert tell(news.secret, "done", "AWAITING REVIEW", "e1").json() == {"ok": True, "new": True}
    assert [row["decision"] for row in approvals(study)] == [Decision.APPROVE, Decision.UNKNOWN]
    found = poll(access)
    assert (found.told, found.changed, found.strangers) == (5, 4, 0)
    late.refresh_from_db()
    assert late.status == Status.DROPPED
    told = {row["session"]: row["decision"] for row in approvals(study, kinds=tuple(Decision))}
    assert told == {
        "done": Decision.APPROVE,
        "returned": Decision.LOST,
        "late": Decision.GONE,
        "early": Decision.UNEARNED,
        "active": Decision.WAIT,
    }
    first = do(study, APPROVE)
    assert (first.done, panel.approvals) == (1, ["done"])
    assert do(study, wish(ActKind.ASK_RETURN, Decision.UNEARNED, words="Not finished.")).done == 1
    assert panel.asked == {"early": ["Not finished."]}
    assert do(study, BONUS).done == 1
    poll(access)
    assert list(approvals(study)) == []
    assert panel.paid == {"done": 300, "returned": 300}


def test_every_page_of_submissions_is_read(study: Study, panel: FakeProlific) -> None:
    panel.page_size = 2
    for number in range(5):
        send(study, panel, f"p{number}", "APPROVED", finishes=False)
    panel.begin("a stranger", "x")
    found = poll(access_of(study, "prolific"))
    assert (found.told, found.strangers) == (5, 1)
    assert "1 session is known only there" in found.sentence
    assert {status_of(f"p{number}") for number in range(5)} == {"approved"}


def test_a_page_that_fails_is_no_end_of_the_list(study: Study, panel: FakeProlific) -> None:
    send(study, panel, "done", "AWAITING REVIEW")
    panel.failures = [("submissions/", 500, False)] * 3
    access = access_of(study, "prolific")
    with pytest.raises(PanelError, match="500"):
        poll(access)
    access.refresh_from_db()
    assert "500" in access.problem
    assert access.polled_at is not None
    assert list(due()) == []


def test_a_later_page_that_fails_is_no_end_of_the_list(study: Study, panel: FakeProlific) -> None:
    panel.page_size = 1
    for name in ("one", "two"):
        send(study, panel, name, "RETURNED")
    usual = FakeProlific._page

    def second_fails(self: FakeProlific, query: dict[str, list[str]]) -> Any:
        return (503, None) if query["page"] == ["2"] else usual(self, query)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FakeProlific, "_page", second_fails)
        with pytest.raises(PanelError, match="503"):
            poll(access_of(study, "prolific"))
    assert poll(access_of(study, "prolific")).told == 2


def test_an_unknown_status_is_told_and_changes_nothing(study: Study, panel: FakeProlific) -> None:
    send(study, panel, "odd", "PROCESSING")
    found = poll(access_of(study, "prolific"))
    assert found.unknown == Counter({"PROCESSING": 1})
    assert "1 with the status PROCESSING, which this site does not know" in found.sentence
    assert [row["decision"] for row in approvals(study)] == [Decision.UNKNOWN]


def test_no_token_is_stored_readably_or_kept_longer_than_ids(
    study: Study, panel: FakeProlific
) -> None:
    send(study, panel, "done")
    assert TOKEN not in str(PanelAccess.objects.values().get())
    erase_identities(is_paid(study, timezone.now()))
    assert PanelAccess.objects.count() == 0
    with pytest.raises(NoAccess, match="give it one first"):
        access_of(study, "prolific")


def test_without_a_token_nothing_calls_out(study: Study, panel: FakeProlific) -> None:
    send(study, panel, "done", "AWAITING REVIEW")
    assert remove_token(study, "prolific")
    panel.calls.clear()
    assert list(due()) == []
    with pytest.raises(NoAccess):
        carry_out(study, APPROVE, "", "anna")
    assert panel.calls == []


def test_a_token_that_the_panel_refuses_is_not_kept(db: None, panel: FakeProlific) -> None:
    other = open_small_study(slug="other", panel={"kind": "prolific"})
    for token in ("a wrong one", "", "two\nlines"):
        with pytest.raises(Refused):
            give_token(other, "prolific", token, "anna")
    assert PanelAccess.objects.count() == 0


def test_a_token_of_before_a_new_key_is_asked_for_again(study: Study, settings: Any) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another" * 10, []
    with pytest.raises(NoAccess, match="enter it again"):
        api_of(access_of(study, "prolific"))


@pytest.mark.parametrize("address", ["http://api.prolific.com/api/v1", "ftp://127.0.0.1"])
def test_no_token_goes_out_in_the_clear(address: str) -> None:
    if "127" in address:
        assert Line(address, "x").address == address
    else:
        with pytest.raises(Refused, match="not https"):
            Line(address, "x")


def test_codes_that_differ_from_the_panels_are_told(study: Study, panel: FakeProlific) -> None:
    send(study, panel, "done")
    review = [{"action": "MANUALLY_REVIEW"}]
    price = {"action": "FIXED_SCREEN_OUT_PAYMENT", "fixed_screen_out_reward": 50, "slots": 5}
    panel.study_url = f"https://x.org/s/{study.slug}/?SESSION_ID={{{{%SESSION_ID%}}}}"
    panel.codes = [{"code": "DONE", "actions": review}, {"code": "OUT", "actions": [price]}]
    access = access_of(study, "prolific")
    assert complaints(access) == []
    panel.codes = [
        {"code": "OUT", "actions": [{"action": "AUTOMATICALLY_APPROVE"}]},
        {"code": "NOBODYS", "actions": review},
    ]
    panel.reward, panel.study_url = 200, "https://x.org/s/other/"
    text = "\n".join(complaints(access))
    for words in (
        "panel.codes.complete is DONE, which Prolific does not have",
        "approves and pays in full by itself whoever enters the code for screened_out",
        "give it the action “Screen out” there, or pay 0.50 as a bonus",
        "the code NOBODYS, which nobody is given here",
        "pays 2.00, but people are told 3.00 GBP",
        "copy it from the page Links",
    ):
        assert words in text
    panel.codes[0]["actions"] = [{**price, "fixed_screen_out_reward": 20}]
    assert "pays 0.20 to people who are screened out" in "\n".join(complaints(access))


def test_a_subscription_is_made_confirmed_and_not_made_twice(
    study: Study, panel: FakeProlific
) -> None:
    api = api_of(access_of(study, "prolific"))
    assert isinstance(api, SendsNews)
    panel.secrets["w1"] = "there already"
    first = api.subscribe("https://here.example.org/panels/prolific/", "")
    assert panel.subscriptions[first.number]["is_enabled"]
    assert first.secret == "there already"
    assert api.subscribe("https://here.example.org/panels/prolific/", "w1") == first
    assert len(panel.subscriptions) == 1
    panel.subscriptions[first.number]["is_enabled"] = False
    with pytest.raises(Refused, match="switched off"):
        api.subscribe("https://here.example.org/panels/prolific/", "w1")


def test_a_study_that_the_panel_does_not_know_keeps_no_other_unasked(
    study: Study, panel: FakeProlific
) -> None:
    person = send(study, panel, "done", "AWAITING REVIEW")
    # Made up in an address, and the first in the order of asking
    PanelVisit.objects.create(participation=person, session="other", panel_study="aa")
    panel.failures = [("submissions/", 404, False)]
    access = access_of(study, "prolific")
    assert poll(access).told == 1
    assert status_of("done") == "awaiting_review"
    access.refresh_from_db()
    assert access.problem.startswith("study aa: ")


def test_a_studys_secret_tells_of_the_studies_of_its_owners_alone(
    study: Study, panel: FakeProlific
) -> None:
    for name, owner in (
        (study, "anna"),
        (open_small_study(slug="foreign", people=2, panel={"kind": "prolific"}), "berta"),
    ):
        make_user(owner, name, Role.OWNER)
    keep_subscription(access_of(study, "prolific"), "1", "the secret of anna")
    send(study, panel, "own", finishes=False)
    foreign = Study.objects.get(slug="foreign")
    person = send(foreign, panel, "theirs", finishes=False)
    for session in ("own", "theirs"):
        told = tell("the secret of anna", session, "RETURNED", f"e-{session}")
        assert told.json() == {"ok": True, "new": True}
    assert (status_of("own"), status_of("theirs")) == ("returned", "")
    person.refresh_from_db()
    assert person.status == Status.ACTIVE


def test_a_secret_that_is_unreadable_now_silences_no_other(
    study: Study, panel: FakeProlific
) -> None:
    keep_subscription(access_of(study, "prolific"), "1", "the secret of anna")
    other = open_small_study(slug="other", panel={"kind": "prolific"})
    PanelAccess.objects.create(
        study=other, source="prolific", sealed_token="torn", sealed_secret="torn"
    )
    send(study, panel, "own", finishes=False)
    assert tell("the secret of anna", "own", "RETURNED", "e1").status_code == 200
    assert status_of("own") == "returned"
