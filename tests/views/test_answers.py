"""What an answer is answered with: a redirect, or for the page's script the trial that is next."""

from typing import Any

import pytest
from django.test import Client

from sandbox.builders import open_small_study, take_part
from studyapp.models import Crop, Judgment, Participation, StudyState

pytestmark = pytest.mark.django_db
JSON = {"accept": "application/json"}
WITH_TRIAL = {**JSON, "prefer": "return=representation"}


def send(
    client: Client, person: Participation, place: int = 0, value: int = 1, **headers: str
) -> Any:
    """The reply to an answer of `person` to their trial at `place`."""
    trial = person.slot.trials.get(position=place)
    answered = {"trial": trial.code, "value": value}
    return client.post(f"/p/{person.code}/answer", answered, headers=headers)


def asked(person: Participation, place: int) -> str:
    return f'name="trial" value="{person.slot.trials.get(position=place).code}"'


def test_the_script_gets_the_next_trial_as_its_page_would_show_it(client: Client) -> None:
    person = take_part(open_small_study(trials=3, language="de"))
    told = send(client, person, **WITH_TRIAL).json()
    assert told.keys() == {"ok", "next", "page"}
    assert asked(person, 1) in told["page"]
    page = client.get(told["next"]).content.decode()
    header, main = told["page"].split("</header>")
    assert f"{header}</header>" in page
    assert main.strip() in page
    assert "Frage 2 von 3" in header


def test_without_script_and_for_a_script_that_does_not_ask_nothing_is_written(
    client: Client,
) -> None:
    person = take_part(open_small_study(trials=3))
    reply = send(client, person)
    assert (reply.status_code, reply["Location"]) == (303, f"/p/{person.code}/")
    assert send(client, person, 1, **JSON).json() == {"ok": True, "next": f"/p/{person.code}/"}


def test_after_the_last_answer_and_after_another_one_a_page_follows(client: Client) -> None:
    """So it does where the answer that counts is another than was sent: the page says so."""
    person = take_part(open_small_study(trials=2))
    send(client, person, value=1)
    told = send(client, person, value=2, **WITH_TRIAL).json()
    assert told == {"ok": True, "next": f"/p/{person.code}/?kept"}
    assert "page" not in send(client, person, 1, **WITH_TRIAL).json()


def test_after_an_answer_that_comes_again_a_page_follows(client: Client) -> None:
    """Of two tabs the other may have gone on."""
    person = take_part(open_small_study(trials=4))
    for place in range(3):
        send(client, person, place)
    told = send(client, person, **WITH_TRIAL).json()
    assert told == {"ok": True, "next": f"/p/{person.code}/"}


def test_a_study_that_was_closed_meanwhile_brings_no_trial(client: Client) -> None:
    study = open_small_study(trials=3)
    person = take_part(study)
    send(client, person)
    study.state = StudyState.CLOSED
    study.save()
    told = send(client, person, **WITH_TRIAL).json()
    assert told == {"ok": True, "next": f"/p/{person.code}/"}


def test_advice_comes_with_the_second_step_and_not_before(client: Client) -> None:
    person = take_part(open_small_study(paradigm="reliance", trials=2))
    pages = [send(client, person, place, **WITH_TRIAL).json()["page"] for place in range(3)]
    assert ["answer:" in page for page in pages] == [True, False, True]


def test_a_trial_that_cannot_be_written_holds_no_answer_up(client: Client) -> None:
    """The answer is stored; sent again, it leads to the page, which says what it can."""
    person = take_part(open_small_study(trials=3))
    Crop.objects.filter(image=person.slot.trials.get(position=1).image_id).update(size=1)
    client.raise_request_exception = False
    assert send(client, person, **WITH_TRIAL).status_code == 500
    assert Judgment.objects.count() == 1
    assert send(client, person, **WITH_TRIAL).json() == {"ok": True, "next": f"/p/{person.code}/"}
    assert Judgment.objects.count() == 1
