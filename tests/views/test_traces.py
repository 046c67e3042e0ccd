"""The consent to traces, and what is stored of an answer whatever its trace is."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sandbox.builders import ETHICS, open_small_study, take_part
from studyapp.models import Evidence, Judgment, Participation, Study, Trace
from tests.participations.test_traces import TRACE, told

pytestmark = pytest.mark.django_db
BOX = 'name="traces" value="yes"'
STOP = "Stop recording and delete what was recorded"


def collecting(**options: Any) -> Study:
    return open_small_study(evidence={"traces": True, "keep_days": 10}, **options)


def answer(client: Client, person: Participation, **fields: str) -> Any:
    here = f"/p/{person.code}/"
    trial = re.search(r'name="trial" value="([^"]+)"', client.get(here).content.decode())
    assert trial is not None
    given = {"trial": trial[1], "value": "1", "rt_ms": "900", **fields}
    return client.post(f"{here}answer", given)


def entered(client: Client, study: Study) -> tuple[str, str]:
    """(the person's address, the consent page)"""
    here = client.post(f"/s/{study.slug}/")["Location"]
    return here, client.get(here).content.decode()


@pytest.mark.parametrize("is_ticked", [True, False])
def test_traces_are_agreed_to_apart_and_only_by_a_tick(client: Client, is_ticked: bool) -> None:
    here, consent = entered(client, collecting(ethics=ETHICS))
    assert BOX in consent
    assert f"{BOX} checked" not in consent
    assert "after 10 days and never published" in consent
    ticks = {"agree": "yes"} | ({"traces": "yes"} if is_ticked else {})
    client.post(f"{here}consent", ticks)
    person = Participation.objects.get()
    assert person.status == "active"
    assert (person.traces_agreed_at is not None) is is_ticked
    about = client.get(f"{here}about").content.decode()
    assert (STOP in about) is is_ticked
    assert ("The pages do not record how you answer." in about) is not is_ticked


def test_a_refused_consent_keeps_the_tick(client: Client) -> None:
    here, _ = entered(client, collecting())
    again = client.post(f"{here}consent", {"traces": "yes"}).content.decode()
    assert f"{BOX} checked" in again


def test_a_study_without_traces_neither_asks_nor_takes_them(client: Client) -> None:
    here, consent = entered(client, open_small_study(ethics=ETHICS))
    assert BOX not in consent
    client.post(f"{here}consent", {"agree": "yes", "traces": "yes"})
    client.post(f"{here}begin")
    person = Participation.objects.get()
    assert person.traces_agreed_at is None
    assert STOP not in client.get(f"{here}about").content.decode()
    answer(client, person, **{"evidence.trace": told()})
    assert Judgment.objects.count() == 1
    assert not Evidence.objects.exists()


def test_pilots_without_ethics_say_what_is_recorded_too(client: Client) -> None:
    _, consent = entered(client, collecting())
    assert "They never record which keys you press" in consent


def test_an_answer_is_stored_whatever_its_trace_is(client: Client) -> None:
    person = take_part(collecting(trials=4), traces=True)
    page = client.get(f"/p/{person.code}/").content.decode()
    assert 'name="evidence.trace" value=""' in page
    for trace in (told(), "\x00{garbage", "[" * 100_000, ""):
        assert answer(client, person, **{"evidence.trace": trace}).status_code == 303
    assert Judgment.objects.filter(value=1).count() == Evidence.objects.count() == 4
    assert Trace.objects.get().recorded == TRACE
    found = Evidence.objects.order_by("judgment__pk")
    assert [one.unreadable for one in found] == [False, True, True, False]
    assert [one.key_events for one in found] == [3, None, None, None]


def test_a_trace_that_is_sent_twice_is_stored_once(client: Client) -> None:
    person = take_part(collecting(), traces=True)
    page = client.get(f"/p/{person.code}/").content.decode()
    trial = re.search(r'name="trial" value="([^"]+)"', page)
    assert trial is not None
    sent = {"trial": trial[1], "value": "1", "evidence.trace": told(untrusted=3)}
    for _ in range(2):
        assert client.post(f"/p/{person.code}/answer", sent).status_code == 303
    assert Evidence.objects.get().untrusted_events == 3


def test_stopping_deletes_at_once_and_nothing_more_is_stored(client: Client) -> None:
    person = take_part(collecting(), traces=True)
    answer(client, person, **{"evidence.trace": told()})
    assert Evidence.objects.exists()
    reply = client.post(f"/p/{person.code}/traces")
    assert (reply.status_code, reply["Location"]) == (303, f"/p/{person.code}/about")
    # A page that was open meanwhile still sends its trace.
    answer(client, person, **{"evidence.trace": told()})
    assert Judgment.objects.count() == 2
    assert not Evidence.objects.exists()
    assert not Trace.objects.exists()
    assert client.get(f"/p/{person.code}/traces").status_code == 405


def test_an_answer_costs_two_inserts_more_and_only_with_traces(client: Client) -> None:
    study, counts = collecting(trials=4), {}
    for traces in (False, True):
        person = take_part(study, traces=traces)
        with CaptureQueriesContext(connection) as asked:
            answer(client, person, **{"evidence.trace": told()})
        stored = [one["sql"] for one in asked if one["sql"].startswith("INSERT")]
        counts[traces] = sum("evidence" in sql or "trace" in sql for sql in stored)
    assert counts == {False: 0, True: 2}


def test_prolifics_own_checks_have_their_line(client: Client) -> None:
    elsewhere = {"authenticity": ["prolific_llm"], "authenticity_at": "the first survey"}
    study = open_small_study(evidence=elsewhere, ethics=ETHICS)
    _, consent = entered(client, study)
    assert "In the first survey, Prolific itself checks how you write" in consent
    assert "whether a program answers" not in consent
    assert BOX not in consent
