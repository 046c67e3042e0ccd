"""The page of screening questions says what is stored, and a full stratum is told so."""

import re
from collections import Counter
from typing import Any

import pytest
from django.test import Client

from sandbox.builders import STRATA, make_study, open_small_study
from studyapp.models import Participation, Status, Study
from studyapp.simulation.crowd import walkers
from studyapp.simulation.profiles import POPULATIONS
from tests.admin.desk import administrator, page_of
from tests.studies.design.test_strata import AGE

pytestmark = pytest.mark.django_db

COLOURS = {"question": "Do you see colours?", "answers": ["yes", "no"], "accept": [1]}


def text_of(reply: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", reply.content.decode()))


def test_the_page_says_below_a_question_what_is_stored_of_its_answer(client: Client) -> None:
    study = open_small_study(people=12, screening=[COLOURS, STRATA])
    told = text_of(client.post(f"/s/{study.slug}/", follow=True))
    assert "They are not stored, except as stated below a question." in told
    assert told.count("Only the group that your answer belongs to is stored:") == 1
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


def test_simulated_people_are_of_the_strata_that_have_places() -> None:
    study = open_small_study(people=12, screening=[COLOURS, STRATA, AGE])
    gone = walkers(study, "http://x", POPULATIONS["able"], people=12, seed=1, pictures=False)
    answers = [one.gates["screening"] for one in gone]
    assert {one["question_1"] for one in answers} == {1}
    assert Counter(one["question_2"] == 1 for one in answers) == {True: 4, False: 8}
    # Of strata without quotas some of each
    assert {one["question_3"] for one in answers} == {1, 2}


def test_a_preview_has_places_for_every_stratum_and_takes_whichever_answer() -> None:
    rare = [{**STRATA["strata"][0], "people": 1}, {**STRATA["strata"][1], "people": 59}]
    study = make_study(people=60, screening=[{**STRATA, "strata": rare}])
    client = administrator()
    for number, answer in enumerate((1, 2, 1)):
        page = client.post(page_of(study, "study_preview"), {}).headers["Location"]
        reply = client.post(f"{page}screening", {"question_1": str(answer)}, follow=True)
        assert "The consent" in text_of(reply), number
    copy = Study.objects.get(copy_of=study)
    assert Counter(copy.slots.values_list("stratum", flat=True)) == {
        "expertise=novice": 6, "expertise=expert": 6
    }  # fmt: skip
