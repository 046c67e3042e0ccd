"""A line that is slow, cut, or comes back with somebody else's page: no answer is lost."""

import pytest
from playwright.sync_api import Page, Route

from sandbox.walking import enter, make_open_study, wait_for_next, wait_for_trial
from studyapp.models import Judgment, Participation, Status
from tests.browser.conftest import Begun, NewPage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def choose(page: Page, option: int = 1) -> str:
    """Answer the trial that is shown; its code."""
    trial = wait_for_trial(page)
    page.locator(".option").nth(option).click()
    page.locator(".confirm").click()
    return trial


def told(page: Page) -> str:
    page.wait_for_function("() => document.querySelector('.told').textContent !== ''")
    return page.locator(".told").inner_text()


def test_a_cut_line_is_said_kindly_and_the_answer_goes_when_it_is_back(begun: Begun) -> None:
    page = begun(make_open_study(), "narrow")
    for number in range(5):
        wait_for_trial(page)
        page.context.set_offline(number % 2 == 0)
        trial = choose(page)
        if number % 2 == 0:
            page.wait_for_function(
                "() => document.querySelector('.told').textContent.includes('offline')"
            )
            assert page.locator(".confirm").is_disabled()
            assert Judgment.objects.count() == number
            page.context.set_offline(False)
        wait_for_next(page, trial)
        assert Judgment.objects.count() == number + 1
    assert Participation.objects.get().status == Status.FINISHED


def test_a_slow_line_shows_that_it_saves_and_stores_each_answer_once(
    new_page: NewPage, live_server: object
) -> None:
    study = make_open_study()
    page = new_page()
    slow = page.context.new_cdp_session(page)
    slow.send("Network.enable")
    line = {"offline": False, "downloadThroughput": 50_000, "uploadThroughput": 20_000}
    slow.send("Network.emulateNetworkConditions", {**line, "latency": 400})
    enter(page, f"{live_server}/s/{study.slug}/")
    page.wait_for_selector("#trial")
    while page.locator("#trial").count():
        trial = choose(page)
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
        wait_for_next(page, trial)
    assert Judgment.objects.count() == 5
    assert all(row.rt_ms is not None for row in Judgment.objects.all())
    assert Participation.objects.get().status == Status.FINISHED


def test_a_gateways_own_page_is_no_acknowledgement(begun: Begun) -> None:
    page = begun(make_open_study())
    answers = iter([(200, "<h1>Log in to the hotel</h1>"), (502, "<h1>Bad gateway</h1>")])

    def other(route: Route) -> None:
        found = next(answers, None)
        if found is None:
            route.continue_()
        else:
            route.fulfill(status=found[0], content_type="text/html", body=found[1])

    page.route("**/answer", other)
    trial = choose(page)
    assert "saving" in told(page).lower()
    wait_for_next(page, trial)
    assert Judgment.objects.get().value == -1


def test_a_picture_that_was_lost_is_asked_for_again(begun: Begun) -> None:
    page = begun(make_open_study())
    lost: list[str] = []

    def lose_first(route: Route) -> None:
        if route.request.url in lost or len(lost) >= 3:
            route.continue_()
        else:
            lost.append(route.request.url)
            route.abort()

    trial = choose(page)
    page.route("**/*.png", lose_first)
    wait_for_next(page, trial)
    trial = choose(page)
    wait_for_next(page, trial)
    assert [row.picture_failed for row in Judgment.objects.order_by("pk")] == [False, False]


def test_a_picture_that_never_comes_is_said_and_noted(
    new_page: NewPage, live_server: object
) -> None:
    study = make_open_study()
    page = new_page()
    page.goto(f"{live_server}/s/{study.slug}/")
    page.route("**/*.png", lambda route: route.abort())
    page.locator("main form button.primary").click()
    page.locator("[name=agree]").check()
    page.locator("form[action$=consent] button").click()
    page.locator("form[action$=begin] button").click()
    wait_for_trial(page)
    assert "could not be loaded" in told(page)
    trial = choose(page)
    wait_for_next(page, trial)
    assert Judgment.objects.get().picture_failed is True


def test_time_away_from_the_page_is_measured(begun: Begun) -> None:
    page = begun(make_open_study())
    wait_for_trial(page)
    page.evaluate("""() => {
        Object.defineProperty(document, 'hidden', { value: true, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
        window.dispatchEvent(new Event('blur'));
    }""")
    page.wait_for_timeout(120)
    page.evaluate("""() => {
        Object.defineProperty(document, 'hidden', { value: false, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
    }""")
    page.locator(".option").first.click()
    trial = choose(page, 2)
    wait_for_next(page, trial)
    row = Judgment.objects.get()
    assert (row.value, row.choice_changes, row.focus_losses) == (0, 1, 1)
    assert row.hidden_ms >= 100
    assert (row.window_width, row.window_height, row.pixel_ratio) == (1366, 768, 1)
