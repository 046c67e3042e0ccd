"""The pictures are there for their time, one after the other, and then the answers."""

import pytest
from pytest_django.live_server_helper import LiveServer

from sandbox.builders import open_small_study, take_part
from studyapp.models import Judgment
from tests.own_paradigm.conftest import added

from .conftest import NewPage

# The paradigm that these tests are about is added by a fixture of its own tests
__all__ = ["added"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SHOWN = "() => [...document.querySelectorAll('.intervals figure')].map(one => !one.hidden)"


def test_each_interval_is_shown_alone_and_then_it_is_answered(
    live_server: LiveServer, new_page: NewPage
) -> None:
    block = {"name": "main", "paradigm": "two_intervals", "trials": 1, "exposure_ms": 700}
    person = take_part(open_small_study(blocks=[block], people=2))
    page = new_page()
    page.goto(f"{live_server.url}/p/{person.code}/")
    page.wait_for_selector(".stage.shown")
    page.wait_for_function(f"() => JSON.stringify(({SHOWN})()) === '[true,false]'")
    assert not page.locator(".answers").first.is_visible()
    page.wait_for_function(f"() => JSON.stringify(({SHOWN})()) === '[false,true]'")
    page.wait_for_selector(".intervals[data-over]", state="attached")
    assert page.evaluate(SHOWN) == [False, False]
    for name in ("value", "confidence"):
        page.locator(f".option:has([name={name}])").first.click()
    page.locator(".confirm").click()
    page.wait_for_function("() => document.querySelector('.intervals') === null")
    assert Judgment.objects.get().rt_ms is not None


def test_a_presentation_that_cannot_be_loaded_shows_no_picture(
    live_server: LiveServer, new_page: NewPage
) -> None:
    block = {"name": "main", "paradigm": "two_intervals", "trials": 1}
    person = take_part(open_small_study(blocks=[block], people=2))
    page = new_page()
    page.route("**/present.js?*", lambda route: route.abort())
    page.goto(f"{live_server.url}/p/{person.code}/")
    page.wait_for_function("() => document.querySelector('.told').textContent.includes('reload')")
    assert page.locator(".shown").count() == 0
