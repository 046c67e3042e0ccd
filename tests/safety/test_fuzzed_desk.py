"""Whatever staff's browsers, or a tool of theirs, send to the desk is answered, never with a 500.

The addresses come from the table of URLs, the filters and fields from the pages themselves.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_from_bytes, urlencode

import pytest
from django.apps import apps
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern
from hypothesis import given
from hypothesis import strategies as st

from sandbox.builders import open_small_study
from sandbox.people import send_people
from studyapp.models import Study
from tests.admin.desk import administrator

from .fuzzing import COOKIES, WORDS, fuzzing

pytestmark = pytest.mark.django_db
PART = re.compile(r"<(?:\w+:)?(\w+)>")
IDS = st.sampled_from(["KEY", "KEY", "KEY", "0", "9" * 400, "_00", "%00", "None", "½"])
VERBS = st.sampled_from(["prepare", "open", "close", "copy", "delete", "x" * 5000, "%00"])
RAW = st.binary(min_size=1, max_size=40).map(quote_from_bytes)
METHODS = st.sampled_from(["GET", "GET", "POST", "POST", "HEAD", "PUT", "OPTIONS"])
NAMES = st.sampled_from(["q", "o", "p", "e", "page", "from", "next", "_popup", "_to_field"])


def desk_routes(patterns: Any, before: str = "") -> Iterator[str]:
    for one in patterns:
        if isinstance(one, URLResolver):
            yield from desk_routes(one.url_patterns, before + str(one.pattern))
        elif isinstance(one, URLPattern) and isinstance(one.pattern, RoutePattern):
            yield before + str(one.pattern)


ROUTES = sorted(
    {route for route in desk_routes(get_resolver().url_patterns) if route.startswith("admin/")}
)


def key_of(route: str, study: Study) -> str:
    """A row that the route's page is about, where there is one."""
    model = re.match(r"admin/(auth|studyapp)/(\w+)/", route)
    if model is None or model[2] == "study":
        return str(study.pk)
    row = apps.get_model(model[1], model[2])._default_manager.first()
    return str(row.pk) if row is not None else "1"


def names_in(page: str) -> list[str]:
    """The filters and fields that a page leads to."""
    return sorted({*re.findall(r"[?&;](\w+)=", page), *re.findall(r'\bname="([^"]+)"', page)})


def page_at(staff: Client, address: str) -> str:
    reply = staff.get(address, follow=True)
    return "" if reply.streaming else reply.content.decode(errors="replace")


@pytest.fixture(name="study")
def _study() -> Study:
    study = open_small_study(people=8, trials=1, stimuli=2)
    send_people(study, 2)
    return study


def test_every_route_of_the_desk_answers_whatever_is_sent_to_it(study: Study) -> None:
    staff = administrator()
    session = staff.cookies["sessionid"].value
    keys = {route: key_of(route, study) for route in ROUTES}
    names: dict[str, st.SearchStrategy[str]] = {}

    @fuzzing(400)
    @given(data=st.data(), route=st.sampled_from(ROUTES), method=METHODS, cookies=COOKIES)
    def send(data: st.DataObject, route: str, method: str, cookies: str) -> None:
        with transaction.atomic():
            if route not in names:
                plain = page_at(staff, "/" + PART.sub(keys[route], route))
                names[route] = st.sampled_from(names_in(plain) or ["q"]) | NAMES
            sent = st.dictionaries(names[route], WORDS, max_size=4).map(urlencode)
            parts = {"verb": VERBS | RAW}
            path = "/" + PART.sub(lambda part: data.draw(parts.get(part[1], IDS | RAW)), route)
            query, fields = data.draw(sent | RAW), data.draw(sent)
            reply = staff.generic(
                method,
                path.replace("KEY", keys[route]),
                fields.encode(),
                "application/x-www-form-urlencoded",
                headers={"cookie": f"{cookies}; sessionid={session}"},
                QUERY_STRING=query,
            )
            assert reply.status_code < 500, (method, path, query, fields)
            transaction.set_rollback(True)

    send()


def test_no_page_of_the_desk_is_left_out() -> None:
    assert len(ROUTES) >= 90
    assert {"admin/studyapp/judgment/", "admin/studyapp/study/<int:key>/payment/"} < set(ROUTES)


def test_a_row_asked_for_by_a_field_without_a_name_is_refused(study: Study) -> None:
    staff = administrator()
    address = f"/admin/studyapp/study/{study.pk}/delete/"
    for reply in (staff.get(f"{address}?_to_field="), staff.post(address, {"_to_field": ""})):
        assert reply.status_code == 400
        assert "could not be read" in reply.content.decode()
