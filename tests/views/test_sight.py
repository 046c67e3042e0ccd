"""Pictures that a page named cost no query, and nobody gets one who may not see it any more."""

import re
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sandbox.builders import open_small_study, take_part
from studyapp.models import Participation, Status
from studyapp.participations.answering import current_trial
from studyapp.participations.withdrawal import withdraw
from studyapp.serving.blackboard import Blackboard
from studyapp.studies.definition.study import study_definition
from studyapp.views import sight
from tests.watching.running_site import running_site

pytestmark = pytest.mark.django_db
PICTURE = re.compile(r"/p/[\w-]{22}/[\w-]{22}\.png")


def queries(client: Client, address: str) -> tuple[int, int]:
    """The status of the reply, and how many queries it took."""
    with CaptureQueriesContext(connection) as asked:
        reply = client.get(address)
    return reply.status_code, len(asked)


def page_of(client: Client, person: Participation) -> list[str]:
    """The addresses that a person's page names: of its pictures, and of those to fetch ahead."""
    return PICTURE.findall(client.get(f"/p/{person.code}/").content.decode())


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    now = sight.monotonic() + seconds
    monkeypatch.setattr(sight, "monotonic", lambda: now)


def test_what_a_page_named_is_sent_without_a_query(client: Client) -> None:
    person = take_part(open_small_study())
    shown = page_of(client, person)
    # The first one of all people reads what never changes.
    assert [client.get(one).status_code for one in shown] == [200] * len(shown)
    assert len(set(shown)) > 6
    assert {queries(client, one) for one in shown} == {(200, 0)}


def test_what_nobody_remembers_is_looked_up_once(client: Client) -> None:
    person = take_part(open_small_study())
    shown = page_of(client, person)
    sizes = {one: client.get(one).content for one in shown}
    sight.forget(person.code)
    asked = [queries(client, one) for one in shown]
    assert asked[0][0] == 200
    assert asked[0][1] > 0
    assert asked[1:] == [(200, 0)] * (len(shown) - 1)
    assert {one: client.get(one).content for one in shown} == sizes


def test_an_answered_trials_pictures_are_looked_up_and_still_sent(client: Client) -> None:
    person = take_part(open_small_study())
    first = page_of(client, person)
    before = {one: client.get(one).content for one in first}
    trial = current_trial(person)
    assert trial is not None
    client.post(f"/p/{person.code}/answer", {"trial": trial.code, "value": "1"})
    page_of(client, person)
    assert {one: client.get(one).content for one in first} == before


def test_who_withdraws_gets_no_picture_any_more(client: Client) -> None:
    person = take_part(open_small_study())
    shown = page_of(client, person)
    assert client.post(f"/p/{person.code}/withdraw").status_code == 303
    assert {client.get(one).status_code for one in shown} == {404}


def test_a_process_that_looked_before_the_withdrawal_can_not_undo_it(client: Client) -> None:
    person = take_part(open_small_study())
    shown = page_of(client, person)
    trials = [current_trial(person)]
    client.post(f"/p/{person.code}/withdraw")
    client.get(f"/p/{person.code}/")
    sight.remember(person, sight.named_on(trials, study_definition(person.study)))
    assert {client.get(one).status_code for one in shown} == {404}


@pytest.mark.django_db(transaction=True)
def test_who_withdraws_gets_no_picture_from_any_process(tmp_path: Path) -> None:
    person = take_part(open_small_study())
    with running_site(tmp_path) as site:
        picture = site.look(person.code, times=12)
        assert site.post(f"/p/{person.code}/withdraw") == 303
        assert {site.get(picture) for _ in range(12)} == {404}


def test_who_leaves_in_any_way_gets_no_picture_after_the_page_that_says_so(client: Client) -> None:
    study = open_small_study()
    for status in (Status.DROPPED, Status.SCREENED_OUT, Status.WITHDRAWN):
        person = take_part(study)
        shown = page_of(client, person)
        person.leave(status, because="elsewhere")
        client.get(f"/p/{person.code}/")
        assert {client.get(one).status_code for one in shown} == {404}


def test_who_withdrew_elsewhere_gets_no_picture_after_some_seconds(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = take_part(open_small_study())
    shown = page_of(client, person)
    withdraw(person)
    later(monkeypatch, sight.SECONDS + 0.1)
    assert {client.get(one).status_code for one in shown} == {404}
    assert sight.SECONDS <= 5


def test_nobody_gets_what_anothers_page_named(client: Client) -> None:
    study = open_small_study()
    one, other = take_part(study, "one"), take_part(study, "other")
    theirs = set(page_of(client, one)) - {
        address.replace(other.code, one.code) for address in page_of(client, other)
    }
    assert theirs
    for address in theirs:
        assert client.get(address.replace(one.code, other.code)).status_code == 404


def test_whose_place_another_took_gets_all_pictures_and_no_other(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sight, "BLACKBOARD", Blackboard(places=1))
    study = open_small_study()
    people = [take_part(study, name) for name in ("one", "two")]
    shown = [page_of(client, person) for person in people]
    names = [addresses[0][-26:-4] for addresses in shown]
    found = [sight.in_sight(person.code, name) for person, name in zip(people, names, strict=True)]
    assert [one is None for one in found] == [True, False]
    theirs = {one.replace(people[1].code, people[0].code) for one in shown[1]} - set(shown[0])
    for addresses, status in ((shown[0], 200), (shown[1], 200), (theirs, 404)):
        assert {client.get(one).status_code for one in addresses} == {status}
