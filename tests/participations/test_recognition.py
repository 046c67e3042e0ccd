"""An id alone opens nothing that somebody has given; one person is one, however the id is spelt."""

from threading import Thread
from time import sleep
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from sandbox.builders import ETHICS, make_definition, open_small_study
from sandbox.people import answer_all, make_profile
from sandbox.visits import come_by, panel_id
from studyapp.models import (
    DoorCount,
    Judgment,
    PanelIdentity,
    Participant,
    Participation,
    Status,
    Study,
    TurnedAway,
)
from studyapp.participations.answering import current_page
from studyapp.participations.enrolment import begin, consent
from studyapp.participations.entering import enter
from studyapp.participations.erasure import erase_identities, is_paid
from studyapp.participations.gates import screen
from studyapp.participations.panels import DamagedLink, UnfilledLink, panel_visit
from studyapp.participations.panels.personal import signed
from studyapp.participations.withdrawal import withdraw
from studyapp.studies.lifecycle import close_study
from tests.running import at_once

pytestmark = pytest.mark.django_db
SONA = {"kind": "sona"}


def door(client: Client, study: Study, **query: str) -> Any:
    return come_by(client, f"/s/{study.slug}/", query)


def arrive(client: Client, study: Study, **query: str) -> Participation:
    """Let in by the link; the person whose page it leads to."""
    reply = door(client, study, **query)
    assert reply.status_code == 303, reply.content.decode()
    return Participation.objects.get(code=reply["Location"].split("/")[2])


def started(client: Client, study: Study, **query: str) -> Participation:
    person = arrive(client, study, **query)
    answer_all(begin(consent(person)), make_profile(), most=1)
    return person


def is_asked_for_a_code(reply: Any, study: Study) -> bool:
    return bool((reply.status_code, reply["Location"]) == (303, f"/s/{study.slug}/again"))


def test_a_bare_id_opens_nothing_of_a_started_participation() -> None:
    study = open_small_study(panel=SONA)
    person = started(Client(), study, survey_code="10001")
    stranger = Client()
    reply = door(stranger, study, survey_code="10001")
    assert is_asked_for_a_code(reply, study)
    page = stranger.get(reply["Location"])
    assert person.code not in page.content.decode() + str(reply.headers)
    assert "personal code" in page.content.decode()
    assert DoorCount.objects.get().why == TurnedAway.UNPROVEN


@pytest.mark.parametrize("status", [s for s in Status if s != Status.ENTERED])
def test_a_bare_id_opens_nothing_whatever_has_become_of_them(status: Status) -> None:
    study = open_small_study(panel=SONA)
    person = arrive(Client(), study, survey_code="10001")
    if status in (Status.ACTIVE, Status.FINISHED):
        answer_all(begin(consent(person)), make_profile(), most=1 if status == "active" else 99)
    elif status == Status.WITHDRAWN:
        withdraw(person)
    else:
        Participation.objects.filter(pk=person.pk).update(status=status)
    assert is_asked_for_a_code(door(Client(), study, survey_code="10001"), study)
    assert Participation.objects.count() == 1


def test_the_own_browser_opens_it_again(client: Client) -> None:
    study = open_small_study(panel=SONA)
    person = started(client, study, survey_code="10001")
    assert arrive(client, study, survey_code="10001") == person


def test_a_laboratorys_browser_knows_everybody_who_came_there(client: Client) -> None:
    study = open_small_study(panel=SONA)
    people = [started(client, study, survey_code=str(number)) for number in (1, 2, 3)]
    assert [arrive(client, study, survey_code=str(n)) for n in (1, 2, 3)] == people


def test_the_same_session_of_the_panel_opens_it_and_another_one_does_not() -> None:
    study = open_small_study(panel={"kind": "prolific"})
    query = {"PROLIFIC_PID": panel_id("p"), "STUDY_ID": "st"}
    person = started(Client(), study, **query, SESSION_ID="se-1")
    assert arrive(Client(), study, **query, SESSION_ID="se-1") == person
    for other in ({"SESSION_ID": "se-2"}, {}, {"SESSION_ID": ""}):
        assert is_asked_for_a_code(door(Client(), study, **query, **other), study)
    assert list(person.visits.values_list("session", flat=True)) == ["se-1"]


def test_a_link_that_this_site_signed_opens_it_anywhere() -> None:
    study = open_small_study(panel={"kind": "personal"})
    link = signed(study.slug, "anna")
    person = started(Client(), study, participant=link)
    assert arrive(Client(), study, participant=link) == person


def test_a_personal_code_opens_it_in_another_browser(client: Client) -> None:
    study = open_small_study(panel=SONA)
    first = Client()
    person = started(first, study, survey_code="10001")
    about = first.get(f"/p/{person.code}/about").content.decode()
    assert person.personal_code in about
    typed = person.personal_code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    reply = client.post(f"/s/{study.slug}/again", {"personal_code": typed})
    assert reply["Location"] == f"/p/{person.code}/"
    assert arrive(client, study, survey_code="10001") == person


def test_who_opened_an_id_before_its_person_reads_nothing_of_theirs() -> None:
    study = open_small_study(panel=SONA)
    stranger, own = Client(), Client()
    before = arrive(stranger, study, survey_code="10001").code
    person = started(own, study, survey_code="10001")
    assert Participation.objects.get() == person
    assert stranger.get(f"/p/{before}/").status_code == 404
    assert stranger.post(f"/p/{before}/withdraw").status_code == 404
    assert is_asked_for_a_code(door(stranger, study, survey_code="10001"), study)
    assert Judgment.objects.count() == 1


def test_what_a_stranger_saw_or_named_before_its_person_opens_nothing_later() -> None:
    study = open_small_study(panel={"kind": "mturk"})
    stranger, own = Client(), Client()
    before = arrive(stranger, study, workerId="A1XYZ", assignmentId="made-up")
    assert before.personal_code in stranger.get(f"/p/{before.code}/about").content.decode()
    person = started(own, study, workerId="A1XYZ", assignmentId="true")
    for browser in (stranger, Client()):
        reply = door(browser, study, workerId="A1XYZ", assignmentId="made-up")
        assert is_asked_for_a_code(reply, study)
        typed = {"personal_code": before.personal_code}
        assert browser.post(f"/s/{study.slug}/again", typed).status_code == 400
    assert [visit.session for visit in person.visits.all()] == ["true"]


def test_who_passed_the_screening_before_with_the_id_alone_passed_it_for_nobody_else() -> None:
    asked = {"question": "Are you an adult?", "answers": ["yes", "no"], "accept": [1]}
    study = open_small_study(panel=SONA, screening=[asked])
    before = arrive(Client(), study, survey_code="10001")
    screen(before, {"question_1": "1"})
    person = arrive(Client(), study, survey_code="10001")
    assert (person.pk, current_page(person)) == (before.pk, "screening")


@pytest.mark.django_db(transaction=True)
def test_whose_consent_is_just_being_stored_is_opened_to_no_stranger(client: Client) -> None:
    study = open_small_study(panel=SONA)
    person = arrive(Client(), study, survey_code="10001")
    replies: list[Any] = []

    def come() -> None:
        replies.append(door(Client(), study, survey_code="10001"))
        connection.close()

    stranger = Thread(target=come)
    with transaction.atomic():
        consent(person)
        stranger.start()
        wait_until_somebody_waits_for_a_lock()
    stranger.join()
    assert is_asked_for_a_code(replies[0], study)
    person.refresh_from_db()
    assert client.get(f"/p/{person.code}/").status_code == 200


def wait_until_somebody_waits_for_a_lock() -> None:
    asked = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    with connection.cursor() as cursor:
        for _ in range(500):
            cursor.execute(asked)
            if cursor.fetchone() != (0,):
                return
            sleep(0.02)
    raise AssertionError("nobody waits for a lock")


def test_the_open_link_begins_nobody_new_in_the_browser_of_somebody_who_is_on_their_way() -> None:
    study = open_small_study()
    by_link, by_code = Client(), Client()
    person = started(by_link, study, participant=signed(study.slug, "anna"))
    by_code.post(f"/s/{study.slug}/again", {"personal_code": person.personal_code})
    for browser in (by_link, by_code):
        assert door(browser, study)["Location"] == f"/p/{person.code}/"
        assert browser.post(f"/s/{study.slug}/")["Location"] == f"/p/{person.code}/"
    assert Participation.objects.count() == 1


def test_of_two_in_one_browser_the_open_link_leads_to_the_one_who_is_not_done() -> None:
    study, browser = open_small_study(), Client()
    done = started(browser, study, participant=signed(study.slug, "anna"))
    done.refresh_from_db()
    answer_all(done, make_profile())
    other = Client().post(f"/s/{study.slug}/")["Location"]
    code = Participation.objects.get(code=other.split("/")[2]).personal_code
    browser.post(f"/s/{study.slug}/again", {"personal_code": code})
    arrive(browser, study, participant=signed(study.slug, "anna"))
    assert door(browser, study)["Location"] == other


@pytest.mark.parametrize(
    ("kind", "name", "spellings"),
    [
        ("sona", "survey_code", ["10001", "10001\u200b", "\uff110001", "010001", " 10001 "]),
        ("prolific", "PROLIFIC_PID", ["5f" * 12, "5F" * 12, "\u200b" + "5f" * 12, "\uff15f" * 12]),
        ("mturk", "workerId", ["A1XYZ", "a1xyz", "A1X\u2060YZ", "\uff211XYZ"]),
    ],
)  # fmt: skip
def test_one_id_in_every_spelling_is_one_person(kind: str, name: str, spellings: list[str]) -> None:
    definition = make_definition(panel={"kind": kind})
    found = [panel_visit(definition, {name: text}) for text in spellings]
    assert {visit.external_id for visit in found if visit is not None} == {spellings[0]}


@pytest.mark.parametrize(
    ("kind", "query"),
    [
        ("prolific", {"PROLIFIC_PID": "anna"}),
        ("prolific", {"PROLIFIC_PID": "5f" * 13}),
        ("prolific", {"PROLIFIC_PID": "g0" * 12}),
        ("mturk", {"workerId": "A1 XYZ"}),
        ("mturk", {"workerId": "A1-XYZ"}),
        ("sona", {"survey_code": "1000x"}),
        ("sona", {"survey_code": "-5"}),
    ],
)
def test_an_id_in_none_of_the_panels_forms_is_a_damaged_link(
    kind: str, query: dict[str, str]
) -> None:
    with pytest.raises(DamagedLink, match="open it exactly as you received it"):
        panel_visit(make_definition(panel={"kind": kind}), query)


PLACEHOLDERS = [
    ("prolific", {"PROLIFIC_PID": "{{%PROLIFIC_PID%}}", "SESSION_ID": "{{%SESSION_ID%}}"}),
    ("prolific", {"PROLIFIC_PID": "5f" * 12, "SESSION_ID": "{{%SESSION_ID%}}"}),
    ("sona", {"survey_code": "%SURVEY_CODE%"}),
    ("mturk", {"workerId": "${workerId}", "assignmentId": "x"}),
    ("personal", {"participant": "[%participant%]"}),
    ("link", {"survey_code": "%SURVEY_CODE%"}),
    ("link", {"PROLIFIC_PID": "{{%PROLIFIC_PID%}}"}),
    ("mturk", {"workerId": "workerId", "assignmentId": "assignmentId"}),
    ("prolific", {"PROLIFIC_PID": "5f" * 12, "SESSION_ID": "SESSION_ID"}),
]


@pytest.mark.parametrize(("kind", "query"), PLACEHOLDERS)
def test_a_placeholder_that_was_never_filled_in_is_no_person(
    kind: str, query: dict[str, str], client: Client
) -> None:
    study = open_small_study(panel={"kind": kind})
    with pytest.raises(UnfilledLink):
        panel_visit(make_definition(panel={"kind": kind}), query)
    reply = door(client, study, **query)
    assert reply.status_code == 400
    assert "left your ID out of the link" in reply.content.decode()
    assert Participation.objects.count() == 0
    assert (DoorCount.objects.get().why, DoorCount.objects.get().times) == ("unfilled", 1)


def test_mturks_preview_shows_the_study_without_a_form(client: Client) -> None:
    study = open_small_study(panel={"kind": "mturk"}, ethics=ETHICS)
    reply = door(client, study, assignmentId="ASSIGNMENT_ID_NOT_AVAILABLE", hitId="h")
    text = reply.content.decode()
    assert reply.status_code == 200
    assert study.title in text
    assert "accept the task first" in text
    assert "<form" not in text
    assert Participation.objects.count() == 0


@pytest.mark.parametrize("how", ["withdraws", "is paid"])
def test_an_erased_id_makes_no_second_participation(how: str, client: Client) -> None:
    study = open_small_study(panel=SONA)
    person = started(client, study, survey_code="10001")
    if how == "withdraws":
        withdraw(person)
    else:
        person.refresh_from_db()
        answer_all(person, make_profile())
        assert erase_identities(is_paid(study, person.entered_at.replace(year=2999))) == 1
    assert PanelIdentity.objects.count() == 0
    person.refresh_from_db()
    assert "10001" not in person.id_digest
    assert len(person.id_digest) == 64
    assert person.visits.count() == 0
    assert arrive(client, study, survey_code="10001") == person
    assert is_asked_for_a_code(door(Client(), study, survey_code="010001"), study)
    assert Participation.objects.count() == 1
    assert person.visits.count() == 0


def test_the_digest_of_an_erased_id_joins_no_two_studies_and_goes_with_the_close() -> None:
    studies = [open_small_study(slug=slug, panel=SONA) for slug in ("one", "two")]
    people = [enter(study, source="sona", external_id="10001") for study in studies]
    for person in people:
        withdraw(person)
        person.refresh_from_db()
    assert len({person.id_digest for person in people} - {""}) == 2
    close_study(studies[0])
    people[0].refresh_from_db()
    assert people[0].id_digest == ""


def test_an_erased_id_is_known_under_the_key_of_before(settings: Any) -> None:
    study = open_small_study(panel=SONA)
    person = enter(study, source="sona", external_id="10001")
    withdraw(person)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key, as long as a key should be at the least 0123456789"
    assert enter(study, source="sona", external_id="10001") == person


@pytest.mark.django_db(transaction=True)
def test_somebody_new_to_the_site_enters_two_studies_in_the_same_moment() -> None:
    studies = [open_small_study(slug=slug, panel=SONA) for slug in ("one", "two", "three")]
    for turn in range(6):
        name = str(turn)
        at_once(
            3, lambda number, name=name: enter(studies[number], source="sona", external_id=name)
        )
    assert Participation.objects.count() == 18
    assert Participant.objects.count() == PanelIdentity.objects.count() == 6
