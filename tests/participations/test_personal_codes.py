"""A personal code is read as people type it, and its page says what is so."""

import re

import pytest
from django.test import Client

from sandbox.builders import ETHICS, open_small_study
from sandbox.people import answer_all, make_profile
from studyapp.models.codes import spoken_code
from studyapp.participations.enrolment import begin, consent
from studyapp.participations.entering import enter
from studyapp.studies.lifecycle import close_study
from tests.participations.test_recognition import SONA, door, started

pytestmark = pytest.mark.django_db


def test_a_wrong_code_is_told_and_stays_in_the_field(client: Client) -> None:
    study = open_small_study(panel=SONA)
    started(Client(), study, survey_code="10001")
    for typed in ("ABCD-EFGH-JKMN", "<b>", "x" * 5000, "\x00"):
        reply = client.post(f"/s/{study.slug}/again", {"personal_code": typed})
        assert reply.status_code == 400
        assert "No participant in this study has this code." in reply.content.decode()
    assert (
        'value="&lt;b&gt;"'
        in client.post(f"/s/{study.slug}/again", {"personal_code": "<b>"}).content.decode()
    )


def test_a_code_of_another_study_opens_nothing(client: Client) -> None:
    one, other = open_small_study(slug="one"), open_small_study(slug="other")
    person = enter(one, source="link")
    reply = client.post(f"/s/{other.slug}/again", {"personal_code": person.personal_code})
    assert reply.status_code == 400


def test_a_typed_code_is_read_in_any_case_and_grouping() -> None:
    assert spoken_code("abcd efgh-jkmn") == "ABCD-EFGH-JKMN"
    assert spoken_code("oilo-1234-5678") == "0110-1234-5678"
    assert spoken_code("ABCD-EFGH-JKM") == spoken_code("ABCD-EFGH-JKMU") == ""


def test_a_code_is_read_as_telephones_and_word_processors_write_it() -> None:
    for text in (
        "ABCD\u2013EFGH\u2013JKMN",
        "ABCD\u2011EFGH\u2212JKMN",
        "\uff21\uff22\uff23\uff24 \uff25FGH JKMN",
        "\u202aABCD-EFGH-JKMN\u202c\u200b",
        "ABCD\u00a0EFGH_JKMN.",
    ):
        assert spoken_code(text) == "ABCD-EFGH-JKMN"
    assert spoken_code("ABCD-EFGH-JKM\u0663") == ""


def test_who_asks_for_the_page_of_codes_reads_nothing_of_an_id(client: Client) -> None:
    study = open_small_study()
    [address] = re.findall(r'href="(/s/small/again[^"]*)"', door(client, study).content.decode())
    for reply in (client.get(address), client.post(address, {"personal_code": "x"})):
        assert "Enter your personal code to continue here." in reply.content.decode()
        assert "with your ID" not in reply.content.decode()
        assert f'action="{address}"' in reply.content.decode()


def test_who_takes_back_what_is_finished_is_shown_the_code_before_it_is_erased(
    client: Client,
) -> None:
    person = enter(open_small_study(), source="link")
    address = f"/p/{person.code}/withdraw"
    begin(consent(person))
    assert "completion code will be deleted" not in client.get(address).content.decode()
    person.refresh_from_db()
    answer_all(person, make_profile())
    page = client.get(address).content.decode()
    assert "Your completion code will be deleted too. Please submit it first:" in page
    assert person.completion_code in page


def test_the_page_for_a_code_names_the_contact_and_is_none_in_a_closed_study(
    client: Client,
) -> None:
    study = open_small_study(panel=SONA, ethics=ETHICS)
    started(Client(), study, survey_code="10001")
    assert ETHICS["contact"] in client.get(f"/s/{study.slug}/again").content.decode()
    close_study(study)
    assert client.get(f"/s/{study.slug}/again").status_code == 404
    assert door(client, study, survey_code="10001").status_code == 404
