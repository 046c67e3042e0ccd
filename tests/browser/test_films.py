"""Films in a browser: they play by themselves, one at a time, before the answers appear."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route
from pytest_django.live_server_helper import LiveServer

from sandbox.builders import open_small_study, take_part
from sandbox.walking import wait_for_next
from studyapp.models import Judgment
from tests.browser.conftest import NewPage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FILM = {"name": "theirs", "method": "imported", "files": "made.csv", "kind": "film"}
OTHER = {**FILM, "name": "others"}
PLAYING = "() => [...document.querySelectorAll('video')].map((one) => !one.paused && !one.ended)"
# What the page itself sees whenever a film begins: which films are playing, and whether the answers
# are there. Asked from here, a short film might have ended before a busy browser replies.
NOTE = f"""window.noted = [];
addEventListener('play', () => {{
  const answers = document.querySelector('.answers');
  noted.push([({PLAYING})(), answers.checkVisibility({{ visibilityProperty: true }})]);
}}, true);"""
# A key that is pressed while a film begins
HASTE = """addEventListener('play', () => {
  document.body.dispatchEvent(new KeyboardEvent('keydown', { key: '1', bubbles: true }));
}, true);"""
TIMES = "() => [...document.querySelectorAll('video')].map((one) => one.currentTime)"


def opened(page: Page, server: LiveServer) -> None:
    """Two films of one photo, side by side."""
    block = {"name": "main", "paradigm": "comparison", "trials": 1}
    person = take_part(open_small_study(conditions=[FILM, OTHER], blocks=[block]))
    page.goto(f"{server.url}/p/{person.code}/")
    page.wait_for_selector(".stage.shown")


def answered(page: Page) -> Judgment:
    page.keyboard.press("1")
    page.locator(".confirm").click()
    page.wait_for_function("() => document.querySelector('#trial') === null")
    return Judgment.objects.get()


def test_films_play_one_after_the_other_and_are_answered_after_their_ends(
    live_server: LiveServer, new_page: NewPage, desk: NewPage
) -> None:
    page = new_page()
    page.add_init_script(NOTE)
    page.add_init_script(HASTE)
    opened(page, live_server)
    page.wait_for_selector("#trial.over")
    assert page.locator(".answers").first.is_visible()
    assert page.evaluate("noted") == [[[True, False], False], [[False, True], False]]
    assert page.locator("input:checked").count() == 0
    assert Axe().run(page).response["violations"] == []
    again = page.get_by_role("button", name="Play again: Explanation A")
    again.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("() => noted.length === 3")
    again.wait_for()
    row = answered(page)
    told = {one["place"]: one for one in row.presentation["films"]}
    assert (told["a"]["plays"], told["b"]["plays"]) == (2, 1)
    assert told["a"]["ended_ms"] <= told["b"]["started_ms"] + 5
    assert all(900 < one["ended_ms"] - one["started_ms"] < 5000 for one in told.values())
    assert {one["failed"] for one in told.values()} == {None}
    page = desk()
    page.add_init_script(NOTE)
    page.goto(f"{live_server.url}/replay/{row.participation.code}/1")
    page.get_by_role("button", name="Play the films again").click()
    page.wait_for_function("() => noted.length === 2")
    assert [films for films, _ in page.evaluate("noted")] == [[True, False], [False, True]]


def test_people_who_prefer_less_motion_see_a_still_until_they_press_play(
    live_server: LiveServer, new_page: NewPage
) -> None:
    page = new_page(reduced_motion="reduce")
    opened(page, live_server)
    page.wait_for_function(f"() => ({TIMES})().every((time) => time === 0.5)")
    assert page.evaluate(PLAYING) == [False, False]
    for name in ("Explanation A", "Explanation B"):
        page.get_by_role("button", name=f"Play: {name}").focus()
        page.keyboard.press("Space")
        page.wait_for_selector(f'[aria-label="Play again: {name}"]')
    page.wait_for_selector("#trial.over")
    assert {one["plays"] for one in answered(page).presentation["films"]} == {1}


def test_films_that_never_come_or_that_no_browser_plays_are_told_and_hold_nobody(
    live_server: LiveServer, new_page: NewPage
) -> None:
    lost = ""

    def hindered(route: Route) -> None:
        """The first film never comes; the other one is none."""
        nonlocal lost
        if route.request.resource_type not in ("media", "fetch"):
            route.continue_()
            return
        lost = lost or route.request.url
        if route.request.url == lost:
            route.abort()
        elif route.request.resource_type == "media":
            route.fulfill(body=b"no film", content_type="video/mp4")
        else:
            route.continue_()

    page = new_page()
    page.add_init_script("addEventListener('error', (event) => event.target.noted = true, true)")
    page.route("**/p/*/*.png", hindered)
    opened(page, live_server)
    page.wait_for_selector("#trial.over")
    told = page.locator(".told").inner_text()
    assert told == "A film could not be played. You can still answer."
    row = answered(page)
    failed = [one["failed"] for one in row.presentation["films"]]
    assert sorted(failed) == ["network", "unsupported"]
    assert row.picture_failed


def test_films_play_too_on_a_trial_that_came_with_the_answer_before(
    live_server: LiveServer, new_page: NewPage
) -> None:
    page = new_page()
    block = {"name": "main", "paradigm": "comparison", "trials": 2}
    person = take_part(open_small_study(conditions=[FILM, OTHER], blocks=[block]))
    page.goto(f"{live_server.url}/p/{person.code}/")
    for _ in range(2):
        page.wait_for_selector("#trial.over")
        trial = page.locator("[name=trial]").input_value()
        page.keyboard.press("1")
        page.locator(".confirm").click()
        wait_for_next(page, trial)
    page.wait_for_selector(".code")
    for row in Judgment.objects.all():
        assert row.presentation["presented"] == 1
        assert [(one["plays"], one["failed"]) for one in row.presentation["films"]] == [
            (1, None)
        ] * 2
        assert row.presentation["films"][1]["ended_ms"] > 0
