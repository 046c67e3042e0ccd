"""Pages for people who may not come, not yet, or only once a place is free."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from sandbox.builders import open_small_study
from sandbox.visits import panel_id
from studyapp.participations.enrolment import consent
from studyapp.participations.entering import enter
from studyapp.participations.withdrawal import withdraw
from studyapp.views import waiting
from tests.participations.test_admission import finish
from tests.participations.test_returning import first_session, second_session

from .conftest import NewPage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def breaches(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found]


def come(page: Page, live_server: LiveServer, slug: str, name: str) -> None:
    page.goto(f"{live_server}/s/{slug}/?PROLIFIC_PID={panel_id(name)}")
    page.get_by_role("button", name="Begin").click()


def test_who_may_not_come_and_who_comes_too_early_read_why(
    new_page: NewPage, live_server: LiveServer
) -> None:
    finish(first_session(), "one")
    second_session(wait_days=7)
    page = new_page("narrow")
    come(page, live_server, "second", "stranger")
    expect(page.get_by_text("only for people who have finished")).to_be_visible()
    assert breaches(page) == []
    come(page, live_server, "second", "one")
    expect(page.get_by_role("heading", name="Please come back later")).to_be_visible()
    assert breaches(page) == []


@pytest.mark.parametrize("scripted", [True, False], ids=["with script", "without"])
def test_a_page_that_waits_finds_a_place_by_itself(
    new_page: NewPage,
    live_server: LiveServer,
    monkeypatch: pytest.MonkeyPatch,
    scripted: bool,
) -> None:
    monkeypatch.setattr(waiting, "LOOK_SECONDS", 1)
    study = open_small_study(people=1, entry={"waiting_list": True})
    first = consent(enter(study, source="link"))
    page = new_page("narrow", java_script_enabled=scripted)
    page.goto(f"{live_server}/p/{enter(study, source='link').code}/")
    if scripted:
        assert breaches(page) == []
    page.get_by_role("button", name="Wait for a place").click()
    expect(page.get_by_text("Nobody has waited longer than you.")).to_be_visible()
    if scripted:
        assert breaches(page) == []
    withdraw(first)
    expect(page.get_by_text("A place is free for you.")).to_be_visible()
    if scripted:
        assert breaches(page) == []
