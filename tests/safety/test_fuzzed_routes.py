"""Whatever is sent to any address outside the desk is answered with a page, never with a 500.

The addresses come from the table of URLs and the fields from the pages' own forms, so that a new
route or a new form is fuzzed by itself.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_from_bytes, urlencode

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver
from hypothesis import given
from hypothesis import strategies as st

from sandbox.builders import open_small_study, take_part
from sandbox.people import due
from studyapp.models import Participation, Study
from studyapp.paradigms import PARADIGMS
from studyapp.participations.answering import current_trial
from studyapp.participations.enrolment import consent
from studyapp.participations.entering import enter
from studyapp.participations.gates import screen
from studyapp.serving.content_types import readable_kind
from studyapp.shelf.sealing import seal
from studyapp.views.entry import SEALED_FOR
from tests.admin.desk import administrator
from tests.participations.test_gates import COLOURS, ROBOTS

from .fuzzing import COOKIES, WORDS, fuzzing

pytestmark = pytest.mark.django_db
PART = re.compile(r"<(?:(\w+):)?(\w+)>")
# Outside the desk, which only staff reach.
ROUTES = sorted(
    str(one.pattern) for one in get_resolver().url_patterns if isinstance(one, URLPattern)
)
RAW = st.binary(max_size=40).map(quote_from_bytes)
# What stands in an address for each kind of part; words in capitals are filled in by the test.
PARTS = {
    "code": st.sampled_from(["PERSON", "OTHER", "PICTURE", "A" * 22, "x" * 5000]) | RAW,
    "slug": st.sampled_from(["small", "none", "-", "x" * 5000]) | RAW,
    "int": st.sampled_from(["0", "1", "9" * 400]) | RAW,
    # A panel's address, sealed by this site or made up
    "str": RAW | st.text(max_size=40).map(lambda text: seal(f"PROLIFIC_PID={text}", SEALED_FOR)),
}
METHODS = st.sampled_from(
    ["GET", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "odd"]
)
KINDS = st.sampled_from([
    "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json",
    "multipart/form-data", "multipart/form-data; boundary=x; charset=latin-1", "", "/;=,",
    "text/plain; charset=utf-16", "application/x-www-form-urlencoded; charset=base64",
    "multipart/form-data; boundary=" + "x" * 300, "text/html; charset=\"",
])  # fmt: skip
NAMES = st.sampled_from(["trial", "value", "agree", "sure", "rt_ms", "pixel_ratio", "PROLIFIC_PID"])
FIELDS = st.dictionaries(NAMES | st.text(max_size=10), WORDS, max_size=6)
MULTIPART = (
    '--x\r\nContent-Disposition: form-data; name="value"; filename="a"\r\n\r\n1\r\n--x--\r\n'
)
BODIES = st.one_of(
    st.binary(max_size=300),
    FIELDS.map(lambda fields: urlencode(fields).encode()),
    st.sampled_from([MULTIPART.encode(), b"[" * 5000, b"a=1&" * 2000, b"x" * 500_001, b"\xff\xfe"]),
)
HEADERS = st.dictionaries(
    st.sampled_from(["accept", "accept-language", "range", "if-none-match", "if-range",
                     "if-modified-since", "content-length", "x-forwarded-for", "referer", "host"]),
    st.sampled_from(["", "application/json", "bytes=0-", "bytes=9-1", "W/\"x\"", "*", "-1", "é",
                     "de;q=x", "9" * 5000, "a" * 5000]),
    max_size=3,
)  # fmt: skip


def filled(route: str, draw: st.DrawFn) -> str:
    return "/" + PART.sub(lambda part: draw(PARTS[part[1] or "slug"]), route)


def people(study: Study) -> Iterator[Participation]:
    """Somebody at each step of the way: at the door, consented, at a trial."""
    yield enter(study, source="link")
    yield consent(enter(study, source="link"))
    yield take_part(study)


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_answers_whatever_is_sent_to_it(client: Client, route: str) -> None:
    study = open_small_study(people=200, trials=1, stimuli=2)
    persons = [*people(study)]
    staff = administrator()
    stimulus = due(persons[-1]).stimulus
    picture = stimulus.overlays.earliest("pk").overlay.code

    @fuzzing(40)
    @given(data=st.data(), method=METHODS, kind=KINDS, body=BODIES, query=RAW, headers=HEADERS)
    def send(
        data: st.DataObject, method: str, kind: str, body: bytes, query: str, headers: Any
    ) -> None:
        if data.draw(st.booleans()):
            headers["cookie"] = data.draw(COOKIES).replace("PERSON", persons[0].code)
        path = filled(route, data.draw).replace("PICTURE", picture)
        path = path.replace("PERSON", data.draw(st.sampled_from(persons)).code)
        path = path.replace("OTHER", persons[0].code)
        who = data.draw(st.sampled_from([client, staff]))
        reply = who.generic(
            method, path, body, readable_kind(kind), headers=headers, QUERY_STRING=query
        )
        assert reply.status_code < 500, (method, path)

    send()


def test_each_kind_of_part_of_an_address_is_fuzzed() -> None:
    kinds = {kind for route in ROUTES for kind, _ in PART.findall(route)}
    assert kinds <= set(PARTS)
    assert len(ROUTES) >= 17


def fields_of(page: str) -> list[str]:
    return sorted(set(re.findall(r'\bname="([^"]+)"', page)))


@pytest.mark.parametrize("paradigm", [*PARADIGMS])
def test_no_answer_to_any_form_breaks_a_page(client: Client, paradigm: str) -> None:
    study = open_small_study(paradigm=paradigm, people=8, trials=4, stimuli=4)
    person = take_part(study)
    names = fields_of(client.get(f"/p/{person.code}/").content.decode())
    assert "trial" in names

    @fuzzing(20)
    @given(data=st.data(), accept=st.sampled_from(["", "application/json"]))
    def answer(data: st.DataObject, accept: str) -> None:
        due = current_trial(person)
        fields = {name: data.draw(WORDS) for name in names}
        fields["trial"] = due.code if due is not None else "x"
        reply = client.post(f"/p/{person.code}/answer", fields, headers={"accept": accept})
        assert reply.status_code < 500, fields

    answer()


@pytest.mark.parametrize("step", range(3))
def test_no_field_of_the_pages_before_the_trials_breaks_them(client: Client, step: int) -> None:
    study = open_small_study(
        people=200, screening=[COLOURS], comprehension={"attempts": 9, "questions": [ROBOTS]}
    )
    person = enter(study, source="link")
    if step:
        screen(person, {"question_1": "1"})
    if step == 2:
        consent(person)
    page = client.get(f"/p/{person.code}/").content.decode()
    forms = re.findall(r'<form[^>]*action="([^"]+)"', page)
    names = fields_of(page)
    assert forms

    @fuzzing(20)
    @given(data=st.data())
    def post(data: st.DataObject) -> None:
        for address in forms:
            fields = {name: data.draw(WORDS) for name in names}
            assert client.post(address, fields).status_code < 500, (address, fields)

    post()


def test_a_length_of_thousands_of_digits_is_too_large_like_any_other(client: Client) -> None:
    person = enter(open_small_study(), source="link")
    length = {"content-length": "9" * 5000}
    reply = client.post(f"/p/{person.code}/consent", {"agree": "yes"}, headers=length)
    assert reply.status_code == 413
    assert "This request is too large" in reply.content.decode()
