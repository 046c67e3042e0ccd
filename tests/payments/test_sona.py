"""Credits at SONA: shown first, granted once, and by the researcher's own address alone."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from sandbox.builders import open_small_study
from sandbox.people import answer_all, make_profile
from sandbox.sona import CREDIT_TOKEN, FakeSona, fake_sona
from sandbox.visits import come_by
from studyapp.models import ActKind, PanelAct, Participation, Study
from studyapp.participations.approvals import approvals
from studyapp.participations.decisions import Decision
from studyapp.participations.enrolment import begin, consent
from studyapp.payments.access import access_of, give_token
from studyapp.payments.line import Refused
from studyapp.payments.plans import Wish, plan
from studyapp.payments.polling import due, poll
from studyapp.payments.sona import Sona
from tests.admin.desk import administrator, page_of

from .people import do

pytestmark = pytest.mark.django_db
CREDIT = Wish("sona", ActKind.APPROVE, (Decision.PAY,))


@pytest.fixture
def sona(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSona]:
    monkeypatch.setattr(Sona, "domains", ("127.0.0.1",))
    with fake_sona() as fake:
        yield fake


@pytest.fixture
def study(db: None, sona: FakeSona) -> Study:
    made = open_small_study(panel={"kind": "sona"}, people=6)
    give_token(made, "sona", sona.token, "anna")
    return made


def send(study: Study, code: str, *, finishes: bool = True) -> None:
    inside = come_by(Client(), f"/s/{study.slug}/", {"survey_code": code})["Location"]
    person = begin(consent(Participation.objects.get(code=inside.split("/")[2])))
    if finishes:
        answer_all(person, make_profile())


def states() -> list[tuple[str, str]]:
    return list(PanelAct.objects.order_by("pk").values_list("state", "sentence"))


def test_who_finished_is_credited_once_and_the_others_never(study: Study, sona: FakeSona) -> None:
    sona.people = {"101", "102"}
    send(study, "101")
    send(study, "102", finishes=False)
    shown = plan(study, CREDIT)
    assert shown.sentence == "SONA would be told to credit 1 visit."
    assert [one.session for one in shown.visits] == ["101"]
    assert sona.credits == {}
    assert do(study, CREDIT).done == 1
    assert do(study, CREDIT).done == 0
    assert sona.credits == {"101": 1}
    assert list(approvals(study)) == []


def test_a_refusal_can_be_tried_again_and_keeps_no_token(study: Study, sona: FakeSona) -> None:
    send(study, "101")
    assert do(study, CREDIT).refused == 1
    assert states() == [("refused", "SONA refused: No sign-up found for survey code 101")]
    sona.people = {"101"}
    assert do(study, CREDIT).done == 1
    send(study, "102")
    give_token(study, "sona", sona.token.replace("experiment_id=123", "experiment_id=9"), "anna")
    assert "Invalid credit_token …" in do(study, CREDIT).sentence
    assert not PanelAct.objects.filter(sentence__contains=CREDIT_TOKEN).exists()


@pytest.mark.parametrize("page", ["", "<!DOCTYPE html><p>Log in", "<a/>", "no xml"])
def test_an_answer_that_tells_nothing_is_not_asked_for_again(
    study: Study, sona: FakeSona, page: str
) -> None:
    send(study, "101")
    sona.people, sona.page = {"101"}, page
    sona.silent = set() if page else {"101"}
    assert do(study, CREDIT).unknown == 1
    sona.page, sona.silent = "", set()
    assert plan(study, CREDIT).visits == ()
    assert sona.credits.total() == (0 if page else 1)
    page = administrator().get(page_of(study, "study_panel")).content.decode()
    assert "session 101" in page


def test_nobody_asks_sona_what_it_does_not_tell(study: Study, sona: FakeSona) -> None:
    assert list(due()) == []
    with pytest.raises(Refused, match="tells no statuses"):
        poll(access_of(study, "sona"))
    page = administrator().get(page_of(study, "study_panel")).content.decode()
    assert "Approve…" in page
    assert not any(word in page for word in ("Ask to return", "bonus…", "Compare", "Messages"))


@pytest.mark.parametrize(
    ("token", "sentence"),
    [
        ("https://evil.example/services/SonaAPI.svc/WebstudyCredit?{}", "copy the one with"),
        ("https://notsona-systems.com/services/SonaAPI.svc/WebstudyCredit?{}", "copy the one with"),
        ("https://x@a.sona-systems.com/services/SonaAPI.svc/WebstudyCredit?{}", "copy the one"),
        ("https://a.sona-systems.com/webstudy_credit.aspx?{}", "copy the one with"),
        ("http://a.sona-systems.com/services/SonaAPI.svc/WebstudyCredit?{}", "is not https"),
        ("https://a.sona-systems.com/services/SonaAPI.svc/WebstudyCredit?experiment_id=1", "whole"),
    ],
)
def test_no_other_address_is_called(token: str, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        Sona(token.format("experiment_id=1&credit_token=2&survey_code=XXXX"))


def test_the_address_that_sona_shows_is_taken() -> None:
    made: Any = Sona(
        "https://yourschool.sona-systems.com/services/SonaAPI.svc/WebstudyCredit"
        "?experiment_id=123&credit_token=4e48&survey_code=XXXX"
    )
    assert made.whose() == "experiment 123 at yourschool.sona-systems.com"
