"""Marking a part of a photo on its page: with and without script, refused, and shown again."""

import json
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from sandbox.builders import open_small_study, take_part
from sandbox.people import due
from studyapp.models import Judgment, Participation

pytestmark = pytest.mark.django_db
BOX = {"version": 1, "tool": "box", "boxes": [[0.1, 0.2, 0.5, 0.6]]}


def person_who_marks(**block: Any) -> Participation:
    main = {"name": "main", "paradigm": "marking", "trials": 2, **block}
    return take_part(open_small_study(paradigm="marking", blocks=[main]))


def post(client: Client, person: Participation, **fields: Any) -> Any:
    sent = {"trial": due(person).code, **fields}
    return client.post(f"/p/{person.code}/answer", sent)


def page_of(client: Client, person: Participation) -> str:
    return str(client.get(f"/p/{person.code}/").content.decode())


def test_a_page_offers_squares_to_tick_and_a_module_that_draws(client: Client) -> None:
    page = page_of(client, person_who_marks(question="Where should it look?"))
    assert page.count('type="checkbox" name="region.') == 100
    assert 'data-presentation="/static/paradigms/marking/draw.js?' in page
    assert "Where should it look?" in page
    assert 'aria-label="Row 3 of 10, column 4 of 10"' in page
    # The plain photo fills the page, and no map is shown.
    assert page.count("<img ") == 1
    assert 'class="stage"' in page


def test_the_explanation_stands_beside_the_photo_where_the_block_says_so(client: Client) -> None:
    page = page_of(client, person_who_marks(with_explanation=True))
    assert page.count("<img ") == 2
    assert 'class="stage beside"' in page


def test_a_drawing_is_stored_in_fractions_of_the_photo(client: Client) -> None:
    person = person_who_marks()
    assert post(client, person, region=json.dumps(BOX)).status_code == 303
    assert Judgment.objects.get().data == {"region": BOX}


def test_ticked_squares_come_back_after_a_refusal(client: Client) -> None:
    person = person_who_marks(tool="points", least=3)
    reply = post(client, person, **{"region": "", "region.5": "1", "region.17": "1"})
    page = reply.content.decode()
    assert (reply.status_code, Judgment.objects.count()) == (400, 0)
    assert "Please mark at least 3; you have marked 2." in page
    assert page.count('"1" aria-label') == 100
    for cell in (5, 17):
        place = page.index(f'name="region.{cell}"')
        assert " checked>" in page[place : place + 120]
    assert page.count(" checked>") == 2


def test_a_refused_drawing_comes_back_as_it_was_drawn(client: Client) -> None:
    person = person_who_marks(most=1)
    twice = json.dumps({**BOX, "boxes": BOX["boxes"] * 2})
    page = post(client, person, region=twice).content.decode()
    assert "Please mark at most 1; you have marked 2." in page
    assert f'name="region" value="{twice.replace(chr(34), "&#34;")}" data-kept' in page
    assert page.count('<rect x="0.10000" y="0.20000"') == 2


def test_a_script_is_told_what_is_wrong_with_a_drawing(client: Client) -> None:
    person = person_who_marks()
    fields = {"trial": due(person).code, "region": json.dumps({**BOX, "boxes": [[0, 0, 2, 1]]})}
    reply = client.post(f"/p/{person.code}/answer", fields, headers={"accept": "application/json"})
    told = json.loads(reply.content)
    sentence = "A part of your drawing lies outside the photo. Please undo it and draw inside."
    assert (reply.status_code, told["problems"]) == (400, {"region": sentence})


def test_a_replay_draws_what_was_marked(client: Client) -> None:
    person = person_who_marks()
    post(client, person, region=json.dumps(BOX))
    user = get_user_model().objects.create_superuser("admin", password="pw")
    client.force_login(user)
    page = client.get(reverse("replay", args=[person.code, 1])).content.decode()
    assert '<rect x="0.10000" y="0.20000" width="0.40000" height="0.40000"/>' in page
    assert "region: box." in page
    assert "<div inert>" in page
    timeline = reverse("admin:studyapp_participation_change", args=[person.pk])
    assert "1 box" in client.get(timeline).content.decode()


def test_a_german_page_is_german(client: Client) -> None:
    main = {"name": "main", "paradigm": "marking", "trials": 2, "tool": "brush"}
    person = take_part(open_small_study(paradigm="marking", blocks=[main], language="de"))
    page = page_of(client, person)
    for words in ("Übermalen Sie das", "Radieren", "Kreuzen Sie die Quadrate", "Prozent des Fotos"):
        assert words in page
    told = post(client, person, region="").content.decode()
    assert "Bitte markieren Sie etwas im Foto." in told
