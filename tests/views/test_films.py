"""Films on people's pages: sent in parts, and watched to their end before an answer counts."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from sandbox.builders import open_small_study, take_part
from sandbox.films import small_film
from studyapp import storage
from studyapp.models import Judgment, Overlay, Participation, Study
from tests.admin.desk import administrator
from tests.views.test_wire import addresses

pytestmark = pytest.mark.django_db
FILM = {"name": "theirs", "method": "imported", "files": "made.csv", "kind": "film"}
RECORD: dict[str, Any] = {
    "place": "one", "plays": 1, "pauses": 0, "stalls": 0, "dropped": 0, "started_ms": 120.04,
    "ended_ms": 1130.0, "failed": None,
}  # fmt: skip


def filmed(**options: Any) -> Study:
    options = {"paradigm": "agreement", "trials": 2, "name": "main"} | options
    return open_small_study(conditions=[FILM], blocks=[options])


def film_at(client: Client, person: Participation) -> str:
    shown = addresses(client.get(f"/p/{person.code}/"))
    films = Overlay.objects.filter(explanation__kind="film").values_list("code", flat=True)
    return next(one for one in shown if one[-26:-4] in set(films))


def sent(client: Client, person: Participation, **record: Any) -> Any:
    page = client.get(f"/p/{person.code}/").content.decode()
    trial = page.split('name="trial" value="')[1].split('"')[0]
    told = {"presented": 1, "interrupted": False, "films": [{**RECORD, **record}]}
    answer = {"trial": trial, "value": "1", "presentation.record": json.dumps(told)}
    if not record.get("place", True):
        answer["presentation.record"] = ""
    return client.post(reverse("answer", args=[person.code]), answer)


def test_a_film_stands_in_a_pictures_place_under_an_address_like_any(client: Client) -> None:
    person = take_part(filmed())
    page = client.get(f"/p/{person.code}/").content.decode()
    address = film_at(client, person)
    assert f'<video src="{address}" aria-label="The explanation"' in page
    assert "controls" not in page
    assert "theirs" not in page
    assert "Please watch the film to its end. Then the answers appear." in page
    assert 'class="waits films"' in page
    reply = client.get(address)
    assert reply["Content-Type"] == "video/mp4"
    assert reply["Cache-Control"] == "private, max-age=31536000, immutable"
    assert "media-src 'self'" in reply["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [("bytes=0-9", 206, slice(0, 10)), ("bytes=5-", 206, slice(5, None)),
     ("bytes=-7", 206, slice(-7, None)), ("bytes=3-99999999", 206, slice(3, None)),
     ("bytes=0-1,4-5", 200, slice(None)), ("pages=1-2", 200, slice(None)),
     ("bytes=-", 200, slice(None)), ("bytes=9-2", 416, slice(0, 0)),
     ("bytes=99999999-", 416, slice(0, 0)), ("bytes=-0", 416, slice(0, 0))],
)  # fmt: skip
def test_a_film_comes_in_parts(client: Client, asked: str, status: int, part: slice) -> None:
    address = film_at(client, take_part(filmed()))
    whole = client.get(address)
    reply = client.get(address, headers={"range": asked})
    assert (reply.status_code, reply.content) == (status, whole.content[part])
    if status == 206:
        told = reply["Content-Range"].removeprefix("bytes ")
        first, last = map(int, told.split("/")[0].split("-"))
        assert whole.content[first : last + 1] == reply.content
        assert told.endswith(f"/{len(whole.content)}")
        assert int(reply["Content-Length"]) == last - first + 1
    if status == 416:
        assert reply["Content-Range"] == f"bytes */{len(whole.content)}"
    stale = client.get(address, headers={"range": asked, "if-range": '"another"'})
    assert (stale.status_code, stale.content) == (200, whole.content)


def test_all_films_of_a_photo_have_one_length_and_no_picture_has_theirs(client: Client) -> None:
    other = {**FILM, "name": "others"}
    study = open_small_study(
        conditions=[FILM, other, {"name": "looks", "method": "guided_backprop"}],
        blocks=[{"name": "main", "paradigm": "ranking", "trials": 1}],
    )
    person = take_part(study)
    longer = Overlay.objects.get(code=film_at(client, person)[-26:-4])
    longer.file = f"pictures/{longer.code}.mp4"
    longer.digest = storage.keep(longer.file, small_film(seconds=2.0))
    longer.save()
    lengths: dict[str, set[str]] = {}
    for one in addresses(client.get(f"/p/{person.code}/")):
        reply = client.get(one)
        if Overlay.objects.filter(code=one[-26:-4]).exists():
            lengths.setdefault(reply["Content-Type"], set()).add(reply["Content-Length"])
    assert {kind: len(found) for kind, found in lengths.items()} == {
        "video/mp4": 1,
        "image/png": 1,
    }


def test_an_answer_counts_after_the_film_was_watched_to_its_end(client: Client) -> None:
    person = take_part(filmed())
    for early in (
        {"place": ""}, {"ended_ms": None}, {"started_ms": None}, {"ended_ms": 900},
        {"place": "photo"}, {"plays": "1"}, {"failed": "bored"},
        {"started_ms": None, "failed": "network"}, {"ended_ms": 100, "failed": "network"},
    ):  # fmt: skip
        reply = sent(client, person, **early)
        assert reply.status_code == 400
        assert b"Please watch the film to its end first." in reply.content
    assert not Judgment.objects.exists()
    assert sent(client, person).status_code == 303
    assert Judgment.objects.get().presentation == {
        "presented": 1,
        "interrupted": False,
        "films": [{**RECORD, "role": "stronger", "started_ms": 120.0}],
    }


def test_of_two_films_both_are_to_be_watched(client: Client) -> None:
    block = {"name": "main", "paradigm": "comparison", "trials": 1}
    person = take_part(
        open_small_study(conditions=[FILM, {**FILM, "name": "others"}], blocks=[block])
    )
    reply = sent(client, person, place="")
    assert reply.status_code == 400
    assert b"Please watch all films to their end first." in reply.content


def test_who_cant_be_shown_a_film_may_go_on_and_it_is_stored(client: Client) -> None:
    person = take_part(filmed())
    none = {"plays": 0, "started_ms": None, "ended_ms": None, "failed": "unsupported"}
    assert sent(client, person, **none).status_code == 303
    desk = administrator()
    replay = desk.get(f"/replay/{person.code}/1").content.decode()
    assert "The film at one could not be shown (unsupported)" in replay


def test_nobody_without_script_consents_to_films(client: Client) -> None:
    study = filmed()
    page = client.post(f"/s/{study.slug}/", follow=True)
    assert b"This study shows films. For this it needs JavaScript" in page.content
