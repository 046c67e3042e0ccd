"""Whatever is sent to a participant's address: one clear sentence, a 4xx, and nothing lost."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError
from django.test import Client, RequestFactory

from sandbox.builders import open_small_study, take_part
from sandbox.people import due, give
from studyapp.models import Judgment, Participation, Status
from studyapp.participations.entering import enter
from studyapp.studies.lifecycle import close_study, pause_study

pytestmark = pytest.mark.django_db
UNKNOWN = "A" * 22


@pytest.fixture
def application() -> Callable[..., Iterable[bytes]]:
    """The site as servers call it. Loading it sets a lock timeout for the whole process, which is
    undone here."""
    database = settings.DATABASES["default"]
    options = dict(database["OPTIONS"])
    try:
        from studyapp.wsgi import application
    finally:
        database["OPTIONS"] = options
    return application


def post(client: Client, person: Participation, verb: str = "answer", **fields: Any) -> Any:
    return client.post(f"/p/{person.code}/{verb}", fields)


def sentence(reply: Any) -> str:
    """What the page says below its title."""
    text = reply.content.decode()
    return str(text.split("<h1>", 1)[1].split("<p>", 1)[1].split("</p>", 1)[0])


def test_an_answer_posted_twice_leads_on_and_is_stored_once(client: Client) -> None:
    person = take_part(open_small_study())
    code = due(person).code
    replies = [post(client, person, trial=code, value=1), post(client, person, trial=code, value=2)]
    assert [(one.status_code, one["Location"]) for one in replies] == [
        (303, f"/p/{person.code}/"),
        (303, f"/p/{person.code}/?kept"),
    ]
    page = client.get(replies[1]["Location"]).content.decode()
    assert "your first answer counts" in page
    assert Judgment.objects.get().value == 1


@pytest.mark.parametrize("value", ["7", "-3", "", "1.5", "one", "\x00", "9" * 5000, "½"])
def test_an_answer_that_the_page_does_not_offer_shows_the_page_again(
    client: Client, value: str
) -> None:
    person = take_part(open_small_study())
    reply = post(client, person, trial=due(person).code, value=value)
    assert reply.status_code == 400
    assert "Please choose one of the answers." in reply.content.decode()
    assert due(person).code in reply.content.decode()
    assert Judgment.objects.count() == 0


def test_an_answer_out_of_order_says_so_and_finds_the_way_back(client: Client) -> None:
    person = take_part(open_small_study())
    reply = post(client, person, trial=person.slot.trials.get(position=2).code, value=1)
    assert (reply.status_code, Judgment.objects.count()) == (409, 0)
    assert sentence(reply).startswith("This question is not the next one")
    assert f'href="/p/{person.code}/"' in reply.content.decode()


@pytest.mark.parametrize("code", ["", UNKNOWN, "\x00", "x" * 90, "1 OR 1=1"])
def test_an_answer_to_a_trial_that_is_not_yours_is_not_found(client: Client, code: str) -> None:
    study = open_small_study()
    mine, theirs = take_part(study, "me"), take_part(study, "them")
    for trial in (code, due(theirs).code):
        reply = post(client, mine, trial=trial, value=1)
        assert reply.status_code == 404
        assert sentence(reply) == "This question does not belong to your study."
    assert Judgment.objects.count() == 0


def test_after_closing_an_answer_is_refused_and_the_earlier_ones_stay(client: Client) -> None:
    study = open_small_study()
    person = take_part(study)
    give(person)
    code = due(person).code
    close_study(study)
    reply = post(client, person, trial=code, value=1)
    assert (reply.status_code, Judgment.objects.count()) == (403, 1)
    assert sentence(reply) == "This study is closed. Your earlier answers have been saved."


def test_consent_without_a_tick_is_asked_for(client: Client) -> None:
    person = enter(open_small_study(), source="link")
    reply = post(client, person, "consent")
    assert reply.status_code == 400
    assert '<p class="problem refused" role="alert">Please tick the box' in reply.content.decode()


def test_whoever_comes_when_it_is_full_is_told_and_given_the_panels_code(client: Client) -> None:
    study = open_small_study(people=1, panel={"codes": {"full": "FULL-1"}})
    take_part(study)
    person = enter(study, source="link")
    reply = client.get(f"/p/{person.code}/")
    assert "All places are taken" in reply.content.decode()
    assert post(client, person, "consent", agree="yes").status_code == 303
    person.refresh_from_db()
    assert person.status == Status.FULL
    assert "FULL-1" in client.get(f"/p/{person.code}/").content.decode()


@pytest.mark.parametrize(
    "address",
    ["/s/nothing-here/", f"/p/{UNKNOWN}/", "/p/short/", f"/p/{UNKNOWN}/about", f"/o/{UNKNOWN}.png",
     "/p/%00/", "/p/..%2f..%2fetc/", "/s/%ff%fe/", "/p/" + "x" * 5000 + "/", "/nowhere"],
)  # fmt: skip
def test_an_unknown_link_is_one_sentence_without_a_hint(client: Client, address: str) -> None:
    reply = client.get(address)
    assert reply.status_code == 404
    assert sentence(reply).startswith("There is nothing at this address.")


def test_a_paused_study_lets_nobody_new_in_and_says_so(client: Client) -> None:
    study = open_small_study()
    pause_study(study)
    assert "not taking any new participants" in client.get(f"/s/{study.slug}/").content.decode()
    assert "not taking any new participants" in client.post(f"/s/{study.slug}/").content.decode()
    assert Participation.objects.count() == 0


def test_a_wrong_method_is_one_sentence_that_names_the_right_ones(client: Client) -> None:
    person = take_part(open_small_study())
    for verb in ("answer", "consent", "begin"):
        reply = client.get(f"/p/{person.code}/{verb}")
        assert (reply.status_code, reply["Allow"]) == (405, "POST")
        assert sentence(reply).startswith("This address does not accept this kind of request.")
    assert client.post(f"/p/{person.code}/").status_code == 405
    assert client.delete(f"/p/{person.code}/withdraw").status_code == 405


def test_a_body_that_no_page_sends_is_refused_before_it_is_read(client: Client) -> None:
    person = take_part(open_small_study())
    reply = post(client, person, trial=due(person).code, value=1, padding="x" * 600_000)
    assert (reply.status_code, Judgment.objects.count()) == (413, 0)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'{"trial": 1}'),
        ("multipart/form-data; boundary=x", b"--x\r\nnot what it says"),
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=x; charset=base64",
         b'--x\r\nContent-Disposition: form-data; name="trial"\r\n\r\nabc\r\n--x--\r\n'),
        ("application/x-www-form-urlencoded; charset=utf-16", b"trial=\xff\xfe"),
        ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % n for n in range(2000))),
        ("application/x-www-form-urlencoded", b"trial=%ff%fe%00&value=%00"),
        ("text/plain; charset=idna", b"\x00\x01"),
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_read_is_refused(
    client: Client, content_type: str, body: bytes
) -> None:
    person = take_part(open_small_study())
    reply = client.generic("POST", f"/p/{person.code}/answer", body, content_type)
    assert 400 <= reply.status_code < 500
    assert "<h1>" in reply.content.decode()


def test_a_script_is_told_the_same_as_json(client: Client) -> None:
    person = take_part(open_small_study())
    fields = {"trial": due(person).code, "value": "9"}
    reply = client.post(f"/p/{person.code}/answer", fields, headers={"accept": "application/json"})
    assert reply.status_code == 400
    assert json.loads(reply.content) == {
        "ok": False,
        "retry": False,
        "sentence": "Please choose one of the answers.",
        "problems": {"value": "Please choose one of the answers."},
    }


@pytest.mark.parametrize("charset", ["base64", "rot13", "utf-16", "no-such", '"'])
def test_a_codec_that_is_none_for_text_breaks_nothing(
    charset: str, application: Callable[..., Iterable[bytes]]
) -> None:
    request = RequestFactory().post("/nowhere?PROLIFIC_PID=p1", b"a=1", "text/plain")
    statuses: list[str] = []
    environ = {**request.environ, "CONTENT_TYPE": f"text/plain; charset={charset}"}
    for part in application(environ, lambda status, headers, *_: statuses.append(status)):
        assert b"Traceback" not in part
    assert statuses == ["404 Not Found"]


def test_a_gate_whose_questions_are_not_all_answered_keeps_what_was_chosen(client: Client) -> None:
    asked = {"question": "Which?", "answers": ["this", "that"], "accept": [2]}
    study = open_small_study(screening=[asked, asked], comprehension={"questions": [asked, asked]})
    person = enter(study, source="link")
    for step in ("screening", "begin"):
        reply = client.post(f"/p/{person.code}/{step}", {"question_2": "2"})
        text = reply.content.decode()
        assert reply.status_code == 400
        assert 'name="question_2" value="2" required checked' in text
        assert text.count("Please choose one of the answers.") == 1
        assert text.count("<legend>Which?</legend>") == 2
        client.post(f"/p/{person.code}/{step}", {"question_1": "2", "question_2": "2"})
        client.post(f"/p/{person.code}/consent", {"agree": "yes"})
    person.refresh_from_db()
    assert person.started_at is not None


def test_a_consent_without_its_tick_keeps_the_other_one_and_says_why(client: Client) -> None:
    person = enter(open_small_study(panel={"smallest_window": 900}), source="link")
    reply = client.post(f"/p/{person.code}/consent", {"publication": "yes"})
    assert reply.status_code == 400
    assert "Please tick the box to agree" in reply.content.decode()
    assert 'name="publication" value="yes" checked' in reply.content.decode()
    ticked = {"agree": "yes", "publication": "yes", "window_width": "500"}
    reply = client.post(f"/p/{person.code}/consent", ticked)
    assert reply.status_code == 403
    assert "needs a larger window" in reply.content.decode()
    assert reply.content.decode().count(" checked") == 2


def test_an_answer_that_could_not_be_stored_is_sent_again_by_one_press(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("the database takes nothing")

    person = take_part(open_small_study())
    given = {"trial": person.slot.trials.first().code, "value": "1"}
    with monkeypatch.context() as patch:
        patch.setattr("studyapp.views.answers.take_answer", away)
        reply = client.post(f"/p/{person.code}/answer", given)
    assert reply.status_code == 503
    text = reply.content.decode()
    assert all(f'name="{name}" value="{value}"' in text for name, value in given.items())
    assert "Send again" in text


@pytest.mark.parametrize(
    ("confidence", "told"),
    [(False, "Please click on the picture."), (True, "Please choose one of the answers.")],
)
def test_what_is_missing_on_a_page_of_points_is_named(
    client: Client, confidence: bool, told: str
) -> None:
    block = {"name": "main", "paradigm": "pointing", "trials": 2, "confidence": confidence}
    person = take_part(open_small_study(paradigm="pointing", blocks=[block]))
    page = client.get(f"/p/{person.code}/").content.decode()
    assert f'data-choose="{told}"' in page
