"""Whole studies in a real browser, from the link to the completion code."""

import pytest
from playwright.sync_api import Page

from sandbox.walking import (
    enter,
    keep_screenshot,
    make_open_study,
    press,
    wait_for_next,
    wait_for_trial,
)
from studyapp.models import Judgment, Participation, Status
from tests.browser.conftest import Begun, NewPage, resize

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def answer_by_mouse(page: Page, name: str = "") -> int:
    """Answer trial after trial; how many there were."""
    count = 0
    while page.locator("#trial").count():
        trial = wait_for_trial(page)
        keep_screenshot(page, f"{name}-trial-{count}")
        for size in ("wide", "narrow"):
            resize(page, size)
            assert_all_is_above_the_fold(page)
        page.locator(".option").first.click()
        page.get_by_role("button", name="Confirm").click()
        wait_for_next(page, trial)
        count += 1
    return count


def assert_all_is_above_the_fold(page: Page) -> None:
    height = page.viewport_size["height"] if page.viewport_size else 0
    for part in (".stage img", ".option", ".confirm"):
        for place in page.locator(part).all():
            box = place.bounding_box()
            assert box["y"] >= 0, part
            assert box["y"] + box["height"] <= height, part


@pytest.mark.parametrize(
    ("paradigm", "size", "scheme"),
    [("trust", "narrow", "dark"), ("discrimination", "wide", "light")],
)
def test_a_study_is_walked_from_the_link_to_the_code(
    new_page: NewPage, live_server: object, paradigm: str, size: str, scheme: str
) -> None:
    name = f"{paradigm}-{size}-{scheme}"
    page = new_page(size, color_scheme=scheme)
    enter(page, f"{live_server}/s/{make_open_study(paradigm).slug}/", name)
    assert answer_by_mouse(page, name) == 5
    person = Participation.objects.get()
    assert page.locator(".code").inner_text() == person.completion_code
    keep_screenshot(page, f"{name}-finished")
    assert person.status == Status.FINISHED
    judgments = Judgment.objects.filter(participation=person)
    assert judgments.count() == 5
    assert all(row.rt_ms is not None and row.confirm_ms >= row.rt_ms for row in judgments)
    assert all(row.window_width and row.picture_failed is False for row in judgments)


def test_a_study_is_walked_by_keyboard_alone(new_page: NewPage, live_server: object) -> None:
    study = make_open_study()
    page = new_page()
    page.goto(f"{live_server}/s/{study.slug}/")
    press(page, "Tab", "Tab", "Enter")
    page.wait_for_selector("[name=agree]")
    press(page, "Tab", "Tab", "Space", "Tab", "Tab", "Enter")
    page.wait_for_selector(".example img")
    press(page, "Tab", "Tab", "Enter")
    for _ in range(5):
        trial = wait_for_trial(page)
        page.wait_for_timeout(60)
        press(page, "4", "Enter")
        wait_for_next(page, trial)
    assert set(Judgment.objects.values_list("value", flat=True)) == {1}
    assert Participation.objects.get().status == Status.FINISHED


def test_a_study_is_walked_without_javascript(begun: Begun) -> None:
    page = begun(make_open_study(), java_script_enabled=False)
    while page.locator("#trial").count():
        page.locator(".option").nth(1).click()
        with page.expect_navigation():
            page.get_by_role("button", name="Confirm").click()
    assert set(Judgment.objects.values_list("value", "rt_ms")) == {(-1, None)}
    assert Participation.objects.get().status == Status.FINISHED


def test_the_link_opened_again_goes_on_where_it_stopped(
    new_page: NewPage, live_server: object
) -> None:
    study, page = make_open_study(), new_page()
    enter(page, f"{live_server}/s/{study.slug}/")
    page.wait_for_selector(".answers.shown")
    trial = page.locator("[name=trial]").input_value()
    page.goto(f"{live_server}/s/{study.slug}/")
    assert page.locator("[name=trial]").input_value() == trial
    assert Participation.objects.count() == 1


def test_an_answer_survives_a_cut_network_and_a_reload(begun: Begun) -> None:
    page = begun(make_open_study())
    page.wait_for_selector(".answers.shown")
    page.route("**/answer", lambda route: route.abort())
    page.locator(".option").last.click()
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_function("() => document.querySelector('.told').textContent !== ''")
    assert Judgment.objects.count() == 0
    page.unroute("**/answer")
    page.reload()
    page.wait_for_function("() => document.querySelector('progress')?.value === 1")
    assert Judgment.objects.get().value == 2
