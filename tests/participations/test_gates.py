"""Screening before consent, comprehension after the instructions, practice that must be passed."""

import re
from typing import Any

import pytest
from django.test import Client

from sandbox.builders import open_small_study, take_part
from sandbox.people import due
from studyapp.models import Participation, Slot, Status, Study
from studyapp.paradigms.base import right_button
from studyapp.participations.answering import Given, current_page, take_answer
from studyapp.participations.enrolment import begin, consent
from studyapp.participations.entering import enter
from studyapp.participations.gates import comprehend, screen
from studyapp.participations.refusals import NotNow, Unanswered

pytestmark = pytest.mark.django_db

COLOURS = {"question": "Do you see colours?", "answers": ["yes", "no"], "accept": [1]}
ROBOTS = {"question": "How many robots?", "answers": ["one", "two", "three"], "accept": [2]}


def screened_study() -> Study:
    return open_small_study(screening=[COLOURS], people=1)


def asking_study(attempts: int = 2) -> Study:
    return open_small_study(comprehension={"attempts": attempts, "questions": [ROBOTS]})


def test_nobody_consents_before_the_screening() -> None:
    person = enter(screened_study(), source="link")
    assert current_page(person) == "screening"
    with pytest.raises(NotNow):
        consent(person)
    assert Participation.objects.get().consented_at is None


def test_whom_the_study_needs_goes_on_to_consent() -> None:
    person = screen(enter(screened_study(), source="link"), {"question_1": "1"})
    assert current_page(person) == "consent"
    assert consent(person).status == Status.ACTIVE


def test_whom_it_does_not_need_takes_no_place_and_cannot_try_again() -> None:
    person = screen(enter(screened_study(), source="link"), {"question_1": "2"})
    assert person.status == Status.SCREENED_OUT
    assert screen(person, {"question_1": "1"}).status == Status.SCREENED_OUT
    assert Slot.objects.get().is_open


@pytest.mark.parametrize("data", [{}, {"question_1": ""}, {"question_1": "3"}])
def test_a_screening_without_an_answer_decides_nothing(data: dict[str, str]) -> None:
    person = enter(screened_study(), source="link")
    with pytest.raises(Unanswered):
        screen(person, data)
    assert Participation.objects.get().status == Status.ENTERED


def to_instructions(study: Study) -> Participation:
    return consent(enter(study, source="link"))


def test_who_understood_begins() -> None:
    person = to_instructions(asking_study())
    assert comprehend(person, {"question_1": "2"})
    assert current_page(begin(person)) == "trial"


def test_who_did_not_understand_is_told_and_may_try_once_more(client: Client) -> None:
    person = to_instructions(asking_study())
    address = f"/p/{person.code}/"
    assert "two</strong>" not in client.get(address).content.decode()
    assert client.post(f"{address}begin", {"question_1": "3"}).status_code == 303
    page = client.get(address).content.decode()
    assert "Not all answers were correct" in page
    assert "<strong>two</strong>" in page
    client.post(f"{address}begin", {"question_1": "2"})
    assert current_page(Participation.objects.get()) == "trial"


def press_start(client: Client, page: str, answer: str) -> Any:
    """Send the instructions' form as a browser does, with the fields that the page holds."""
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="(\w+)"', page))
    (address,) = re.findall(r'action="(/p/[^"]+/begin)"', page)
    return client.post(address, {**hidden, "question_1": answer}, follow=True)


def test_a_form_that_is_sent_again_counts_once(client: Client) -> None:
    person = to_instructions(asking_study(attempts=3))
    page = client.get(f"/p/{person.code}/").content.decode()
    lost = press_start(client, page, "1")
    for answer in ("1", "3", "2"):
        again = press_start(client, page, answer)
        assert again.content == lost.content
    person.refresh_from_db()
    assert (person.failed_comprehension, person.started_at) == (1, None)
    second = press_start(client, again.content.decode(), "3")
    person.refresh_from_db()
    assert person.failed_comprehension == 2
    press_start(client, second.content.decode(), "2")
    assert current_page(Participation.objects.get()) == "trial"


def test_the_form_of_the_last_attempt_sent_again_leads_to_the_same_page(client: Client) -> None:
    person = to_instructions(asking_study(attempts=1))
    page = client.get(f"/p/{person.code}/").content.decode()
    lost, again = (press_start(client, page, "1") for _ in range(2))
    assert again.status_code == 200
    assert again.content == lost.content


def test_who_never_understands_gives_the_place_back() -> None:
    person = to_instructions(asking_study(attempts=1))
    slot = person.slot
    assert not comprehend(person, {"question_1": "1"})
    person.refresh_from_db()
    slot.refresh_from_db()
    assert (person.status, slot.is_open) == (Status.SCREENED_OUT, True)


def practising(pass_at: int) -> Participation:
    first: dict[str, Any] = {"name": "validation", "paradigm": "discrimination"}
    blocks = [
        {**first, "stage": "practice", "trials": 2, "pass_at": pass_at},
        {**first, "name": "main", "trials": 2},
    ]
    return take_part(open_small_study(paradigm="discrimination", blocks=blocks))


@pytest.mark.parametrize(("rights", "status"), [([1, 0], "screened_out"), ([1, 1], "active")])
def test_practice_that_must_be_passed_ends_the_study_for_who_fails(
    rights: list[int], status: str
) -> None:
    person = practising(pass_at=2)
    for is_right in rights:
        trial, right = due(person), right_button(due(person))
        given = Given(right if is_right else 1 - right)
        taken = take_answer(person.code, trial_code=trial.code, read=lambda *_, one=given: one)
        person.refresh_from_db()
    assert person.status == taken.person.status == status
    assert bool(taken.following) == (status == "active")
