"""A picture that is sent before Django begins is the same, to the byte, as the one Django sends."""

import io
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_started
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse
from django.test import Client

from sandbox.builders import open_small_study, take_part
from studyapp.models import Crop, Overlay, Participation
from studyapp.serving.metrics import LATENCY, REQUESTS
from studyapp.studies.shown import forget_pictures, plain_overlay
from studyapp.views import sight
from studyapp.views.direct import DirectPictures
from tests.views.test_films import filmed
from tests.views.test_pictures import png, record
from tests.views.test_sight import later
from tests.views.test_wire import addresses

pytestmark = pytest.mark.django_db
Reply = tuple[str, list[tuple[str, str]], bytes]
HOST = "127.0.0.1"


def ask(site: Callable[..., Any], address: str, **facts: str) -> Reply:
    """Status, headers in their order, and body."""
    started: list[tuple[str, list[tuple[str, str]]]] = []
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": address,
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "CONTENT_TYPE": "",
        "SERVER_NAME": HOST,
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": HOST,
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        **facts,
    }
    # As in Django's test client: it would close the connection of the test's own transaction.
    request_started.disconnect(close_old_connections)
    try:
        reply = site(environ, lambda status, headers, *_: started.append((status, headers)))
    finally:
        request_started.connect(close_old_connections)
    body = b"".join(reply)
    ((status, headers),) = started
    return status, headers, body


class Both:
    """The site, with pictures sent directly and without."""

    def __init__(self) -> None:
        self.django = WSGIHandler()
        self.asked = 0
        self.direct = DirectPictures(self._handed_on)

    def _handed_on(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        self.asked += 1
        return self.django(environ, start_response)

    def compare(self, address: str, **facts: str) -> tuple[Reply, bool]:
        """The reply, which must be the same both ways, and whether it was sent directly."""
        usual, before = ask(self.django, address, **facts), self.asked
        reply = ask(self.direct, address, **facts)
        assert reply == usual
        assert not reply[0].startswith("5")
        return reply, self.asked == before


def page_of(person: Participation) -> list[str]:
    return addresses(Client().get(f"/p/{person.code}/"))


@pytest.fixture
def shown() -> list[str]:
    """The pictures of somebody's trial, all of which this process has sent before."""
    found = page_of(take_part(open_small_study()))
    assert {Client().get(one).status_code for one in found} == {200}
    return found


@pytest.fixture
def both(shown: list[str]) -> Both:
    """Both ways; the direct one has already learned what Django adds."""
    both = Both()
    assert not both.compare(shown[0])[1]
    return both


def one_of(model: type[Crop | Overlay], shown: list[str]) -> str:
    return next(one for one in shown if model.objects.filter(code=one[-26:-4]).exists())


@pytest.mark.parametrize("https", [False, True])
def test_a_picture_is_the_same_sent_directly(shown: list[str], settings: Any, https: bool) -> None:
    settings.SECURE_SSL_REDIRECT = https
    settings.SECURE_HSTS_SECONDS = 31_536_000 if https else 0
    both, plain, secure = Both(), {"wsgi.url_scheme": "http"}, {"wsgi.url_scheme": "https"}
    for facts in (secure, plain):
        assert not both.compare(shown[0], **facts)[1]
    for model, facts, proxy in product((Crop, Overlay), (secure, plain), ("", "/shown/")):
        settings.SHOWN_URL = proxy
        (status, headers, body), directly = both.compare(one_of(model, shown), **facts)
        redirected = https and facts == plain
        assert directly != redirected
        assert status == ("301 Moved Permanently" if redirected else "200 OK")
        told = dict(headers)
        assert ("Strict-Transport-Security" in told) == (https and facts == secure)
        if not redirected:
            assert told["X-Frame-Options"] == "DENY"
            assert ("X-Accel-Redirect" in told) == bool(proxy) == (not body)


def test_each_picture_has_its_own_headers_and_bytes(both: Both, shown: list[str]) -> None:
    found = [both.compare(one) for one in dict.fromkeys(shown)]
    assert all(directly for _, directly in found)
    assert len({body for (_, _, body), _ in found}) == len(found) > 2
    assert {dict(headers)["Content-Length"] for (_, headers, _), _ in found} == {
        str(len(body)) for (_, _, body), _ in found
    }


# What a request may have in addition, and how Django answers it
OTHERS = [
    ({"HTTP_HOST": "elsewhere.example"}, "400 Bad Request"),
    ({"REQUEST_METHOD": "HEAD"}, "200 OK"),
    ({"REQUEST_METHOD": "POST", "CONTENT_LENGTH": "0"}, "405 Method Not Allowed"),
    ({"HTTP_IF_NONE_MATCH": "*"}, "304 Not Modified"),
    ({"HTTP_IF_MATCH": '"another"'}, "412 Precondition Failed"),
    ({"HTTP_IF_MODIFIED_SINCE": "Sun, 29 Nov 2026 10:00:00 GMT"}, "200 OK"),
    ({"HTTP_IF_UNMODIFIED_SINCE": "Sun, 29 Nov 2026 10:00:00 GMT"}, "412 Precondition Failed"),
    ({"HTTP_COOKIE": "sessionid=short"}, "200 OK"),
    ({"HTTP_COOKIE": f"a=b; csrftoken={'a' * 32}"}, "200 OK"),
    ({"CONTENT_LENGTH": "600000"}, "413 Request Entity Too Large"),
    ({"CONTENT_TYPE": "text/plain; charset=latin-1"}, "400 Bad Request"),
]


def test_what_may_have_another_answer_is_left_to_django(both: Both, shown: list[str]) -> None:
    for facts, status in OTHERS:
        for _ in range(2):
            reply, directly = both.compare(shown[0], **facts)
            assert (facts, reply[0], directly) == (facts, status, False)
    assert both.compare(shown[0])[1]


def test_what_may_have_another_answer_teaches_nothing(shown: list[str]) -> None:
    for facts, _ in OTHERS:
        both = Both()
        both.compare(shown[0], **facts)
        assert not both.compare(shown[0])[1]
        assert both.compare(shown[0])[1]


def setting_a_cookie(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[..., Any]:
    """Middleware such as a site may have one day."""

    def answered(request: HttpRequest) -> HttpResponse:
        reply = answer(request)
        reply.set_cookie("theirs", "alone")
        return reply

    return answered


def test_a_cookie_that_one_person_gets_no_other_gets(shown: list[str], settings: Any) -> None:
    settings.MIDDLEWARE = [f"{__name__}.setting_a_cookie", *settings.MIDDLEWARE]
    both = Both()
    for _ in range(2):
        (_, headers, _), directly = both.compare(shown[0])
        assert "Set-Cookie" in dict(headers)
        assert not directly


def test_what_changes_nothing_is_still_sent_directly(both: Both, shown: list[str]) -> None:
    for facts in (
        {"HTTP_RANGE": "bytes=0-9"},
        {"HTTP_COOKIE": "theme=dark"},
        {"QUERY_STRING": "again=1"},
    ):
        assert both.compare(shown[0], **facts)[1]


def test_no_other_address_is_answered_directly(both: Both, shown: list[str]) -> None:
    code, name = shown[0][3:25], shown[0][-26:-4]
    for address in (
        f"/p/{code}/", f"/o/{name}.png", f"/p/{code}/{'A' * 22}.png", f"/p/{'A' * 22}/{name}.png",
        f"{shown[0]}\n", f"/{shown[0]}", f"{shown[0]}/", shown[0].replace(".png", "Xpng"),
    ):  # fmt: skip
        assert not both.compare(address)[1]


def test_a_film_is_left_to_django_and_teaches_nothing() -> None:
    found = page_of(take_part(filmed()))
    films = set(Overlay.objects.filter(explanation__kind="film").values_list("code", flat=True))
    film = next(one for one in found if one[-26:-4] in films)
    picture = next(one for one in found if one[-26:-4] not in films)
    both = Both()
    for _ in range(2):
        (_, headers, _), directly = both.compare(film)
        assert "Accept-Ranges" in dict(headers)
        assert not directly
    assert both.compare(film, HTTP_RANGE="bytes=0-9")[0][0] == "206 Partial Content"
    found_twice = [both.compare(picture) for _ in range(2)]
    assert [directly for _, directly in found_twice] == [False, True]
    assert not both.compare(film)[1]


def test_a_picture_out_of_sight_is_left_to_django(
    both: Both, shown: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code = shown[0][3:25]
    sight.forget(code)
    assert (ask(both.direct, shown[0])[0], both.asked) == ("200 OK", 2)
    assert both.compare(shown[0])[1]
    later(monkeypatch, sight.SECONDS + 0.1)
    assert (ask(both.direct, shown[0])[0], both.asked) == ("200 OK", 3)


def test_a_picture_that_this_process_has_not_sent_before_takes_django(
    both: Both, shown: list[str]
) -> None:
    for address in (one_of(Crop, shown), one_of(Overlay, shown)):
        forget_pictures()
        before = both.asked
        assert (ask(both.direct, address)[0], both.asked) == ("200 OK", before + 1)
        assert both.compare(address)[1]


def test_an_overlay_that_was_drawn_again_is_not_sent_as_it_was_before(
    both: Both, shown: list[str]
) -> None:
    overlays = [one for one in shown if Overlay.objects.filter(code=one[-26:-4]).exists()]
    content, drawn = png(120), overlays[0][-26:-4]
    record(Overlay, overlays[0], f"pictures/xy/{drawn}-0a1b2c3d.png", content)
    plain_overlay.cache_clear()
    plain_overlay(drawn)
    bodies = [ask(both.direct, one)[2] for one in overlays]
    assert bodies[0].startswith(content[:-12])
    assert len(set(map(len, bodies))) == 1


def test_who_has_withdrawn_is_sent_nothing_directly(both: Both, shown: list[str]) -> None:
    assert both.compare(shown[0])[1]
    assert Client().post(f"/p/{shown[0][3:25]}/withdraw").status_code == 303
    (status, _, _), directly = both.compare(shown[0])
    assert (status, directly) == ("404 Not Found", False)


@pytest.mark.parametrize("by_proxy", [False, True])
def test_a_copy_that_was_deleted_is_made_again_by_django(
    both: Both, shown: list[str], settings: Any, by_proxy: bool
) -> None:
    settings.SHOWN_URL = "/shown/" if by_proxy else ""
    for copy in Path(settings.SHOWN_ROOT).rglob(f"{shown[0][-26:-4]}-*.png"):
        copy.unlink()
    before = both.asked
    assert ask(both.direct, shown[0])[0] == "200 OK"
    assert both.asked == before + 1
    assert both.compare(shown[0])[1]


def test_pictures_that_are_sent_directly_are_counted_as_before(
    shown: list[str], settings: Any
) -> None:
    settings.METRICS_BIND = "127.0.0.1:9400"
    settings.MIDDLEWARE = ["studyapp.serving.metrics.Measured", *settings.MIDDLEWARE]
    both = Both()

    def counted() -> tuple[float, float]:
        timed = next(iter(LATENCY.collect())).samples
        count = [one.value for one in timed
                 if one.name.endswith("_count") and one.labels == {"view": "picture"}]  # fmt: skip
        return REQUESTS.labels("picture", 200)._value.get(), sum(count)

    found = []
    for _ in range(3):
        before = counted()
        ask(both.direct, shown[0])
        found.append(tuple(now - then for now, then in zip(counted(), before, strict=True)))
    assert both.asked == 1
    assert found == [(1, 1)] * 3
