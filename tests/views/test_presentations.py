"""A page that presents its pictures: what its script is told, and what is said without script."""

import html
import json
from typing import Any

import pytest
from django.test import Client

from sandbox.builders import open_small_study, take_part
from studyapp.models import Judgment, Participation, Status
from studyapp.participations.entering import enter

pytestmark = pytest.mark.django_db
TIMED = {"fixation_ms": 200, "exposure_ms": 300}


def small(presentation: dict[str, Any] | None, **options: Any) -> Any:
    block = {"name": "main", "paradigm": "trust", "trials": 2, "checks": 1}
    extra = {"presentation": presentation} if presentation is not None else {}
    return open_small_study(blocks=[{**block, **extra}], people=2, **options)


def page_of(client: Client, person: Participation) -> str:
    return client.get(f"/p/{person.code}/").content.decode()


def told_to_script(page: str) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(
        html.unescape(page.split('data-presented="')[1].split('"')[0])
    )
    return facts


def test_the_script_is_told_times_and_places_but_no_role(client: Client) -> None:
    person = take_part(small(TIMED))
    first = page_of(client, person)
    told = told_to_script(first)
    assert (told["fixation_ms"], told["exposure_ms"], told["mask"]) == (200, 300, "none")
    assert [place for place, _ in told["places"]] == ["photo", "a", "b"]
    assert all(f'src="{address}"' in first for _, address in told["places"])
    assert 'data-presentation="/static/studyapp/presentation.js?' in first
    assert "stronger" not in first
    assert told_to_script(page_of(client, person)) == told


def test_a_study_without_presentations_has_nothing_of_it(client: Client) -> None:
    person = take_part(small(None))
    page = page_of(client, person)
    assert "presentation" not in page
    assert "JavaScript" not in page


def test_an_attention_check_has_no_pictures_to_present(client: Client) -> None:
    person = take_part(small(TIMED))
    for _ in range(3):
        page = page_of(client, person)
        assert ("This question checks" in page) != ("data-presented" in page)
        trial = page.split('name="trial" value="')[1].split('"')[0]
        client.post(f"/p/{person.code}/answer", {"trial": trial, "value": "1"})
    stored = [one.presentation for one in Judgment.objects.order_by("pk")]
    # Without script nothing is told: the answers are kept all the same
    assert sorted(stored, key=str) == [None, {"unreadable": "missing"}, {"unreadable": "missing"}]


def test_what_the_page_tells_is_stored_with_the_answer(client: Client) -> None:
    person = take_part(small({"reveal": "on_request"}))
    trial = page_of(client, person).split('name="trial" value="')[1].split('"')[0]
    record = {
        "presented": 1, "interrupted": False, "places": ["photo", "a", "b"],
        "looks": [{"place": "a", "start_ms": 10, "ms": 20}],
    }  # fmt: skip
    sent = {"trial": trial, "value": "1", "presentation.record": json.dumps(record)}
    client.post(f"/p/{person.code}/answer", sent)
    [look] = Judgment.objects.get().presentation["looks"]
    assert (look["place"], look["ms"]) == ("a", 20)
    assert look["role"] in {"stronger", "weaker"}


def test_without_script_nobody_consents_to_what_it_can_not_show(client: Client) -> None:
    person = enter(small(TIMED), source="link", external_id="")
    page = page_of(client, person)
    assert "<noscript>" in page
    assert "For this it needs JavaScript" in page
    refused = client.post(f"/p/{person.code}/consent", {"agree": "yes", "publication": "yes"})
    assert refused.status_code == 403
    told = refused.content.decode()
    assert told.count("turn it on and reload the page") == 1
    assert 'name="publication" value="yes" checked' in told
    person.refresh_from_db()
    assert (person.status, person.slot) == (Status.ENTERED, None)
    client.post(f"/p/{person.code}/consent", {"agree": "yes", "script": "yes"})
    person.refresh_from_db()
    assert person.status == Status.ACTIVE


@pytest.mark.parametrize("presentation", [None, {"zoom": True}])
def test_pages_that_are_the_same_without_script_ask_for_none(
    client: Client, presentation: dict[str, Any] | None
) -> None:
    person = enter(small(presentation), source="link", external_id="")
    assert "JavaScript" not in page_of(client, person)
    client.post(f"/p/{person.code}/consent", {"agree": "yes"})
    person.refresh_from_db()
    assert person.status == Status.ACTIVE


def test_a_page_that_lost_its_script_says_what_is_needed(client: Client) -> None:
    page = page_of(client, take_part(small(TIMED)))
    assert "presents timed" in page
    assert "This page needs JavaScript to show its pictures." in page
    page = page_of(client, take_part(small({"zoom": True}, slug="other")))
    assert "JavaScript" not in page
