"""The page of screening questions says what is stored, and a full stratum is told so."""

import re
from typing import Any

import pytest
from django.test import Client

from sandbox.builders import STRATA, open_small_study
from studyapp.models import Participation, Status

pytestmark = pytest.mark.django_db

COLOURS = {"question": "Do you see colours?", "answers": ["yes", "no"], "accept": [1]}


def text_of(reply: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", reply.content.decode()))


def test_the_page_says_below_a_question_what_is_stored_of_its_answer(client: Client) -> None:
    study = open_small_study(people=12, screening=[COLOURS, STRATA])
    told = text_of(client.post(f"/s/{study.slug}/", follow=True))
    assert "They are not stored, except for what is said below a question." in told
    assert told.count("Of your answer, only its group is stored:") == 1
    assert "Yes, for a short time · Yes, for long" in told
    plain = open_small_study(slug="plain", screening=[COLOURS])
    told = text_of(Client().post(f"/s/{plain.slug}/", follow=True))
    assert "They are not stored. " in told
    assert "only its group" not in told


def test_who_comes_when_their_stratum_is_full_is_told_so_with_the_panels_code() -> None:
    study = open_small_study(
        people=12, screening=[STRATA], panel={"kind": "link", "codes": {"full": "F1"}}
    )
    for number in range(6):
        client = Client()
        page = client.post(f"/s/{study.slug}/", follow=True).request["PATH_INFO"]
        reply = client.post(f"{page}screening", {"question_1": "1"}, follow=True)
        if number < 4:
            client.post(f"{page}consent", {"agree": "yes"})
    told = text_of(reply)
    assert "All places for people with answers like yours are taken" in told
    assert "F1" in told
    assert Participation.objects.filter(status=Status.FULL, stratum="expertise=novice").count() == 2
    page = Client().post(f"/s/{study.slug}/", follow=True)
    assert "A few questions first" in text_of(page)
