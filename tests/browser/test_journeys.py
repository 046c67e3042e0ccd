"""Whole studies in a real browser, from the link to the completion code."""

import pytest
from playwright.sync_api import Page

from studyapp.models import Judgment, Participation, Status, Study
from tests.browser.conftest import NewPage, keep_screenshot
from tests.builders import open_small_study

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ETHICS = {
    "approved_by": "the board",
    "protocol": "P-1",
    "contact": "somebody@example.org",
    "complaints": "board@example.org",
    "risks": "none beyond those of looking at pictures",
    "minutes": 5,
    "data_controller": "a university",
    "legal_basis": "consent",
    "retention": "ten years",
    "withdrawal_deadline": "until the data are published",
}


def make_open_study(paradigm: str) -> Study:
    return open_small_study(
        paradigm=paradigm, trials=3, checks=1, practice=1, stimuli=4, ethics=ETHICS
    )


def enter(page: Page, address: str, name: str = "") -> None:
    """From the link to the first trial."""
    page.goto(address)
    keep_screenshot(page, f"{name}-entry")
    page.get_by_role("button", name="Begin").click()
    page.get_by_label("I have read this").check()
    keep_screenshot(page, f"{name}-consent")
    page.get_by_role("button", name="Take part", exact=True).click()
    page.wait_for_selector(".example img")
    keep_screenshot(page, f"{name}-instructions")
    page.get_by_role("button", name="Start").click()


def answer_by_mouse(page: Page, name: str = "") -> int:
    """Answer trial after trial; how many there were."""
    count = 0
    while page.locator("#trial").count():
        page.wait_for_selector(".answers.shown")
        keep_screenshot(page, f"{name}-trial-{count}")
        assert_all_is_above_the_fold(page)
        page.locator(".option").first.click()
        trial = page.locator("[name=trial]").input_value()
        page.get_by_role("button", name="Confirm").click()
        page.wait_for_function(
            "code => document.querySelector('[name=trial]')?.value !== code", arg=trial
        )
        page.wait_for_load_state()
        count += 1
    return count


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def assert_all_is_above_the_fold(page: Page) -> None:
    height = page.viewport_size["height"] if page.viewport_size else 0
    for part in (".stage img", ".option", ".confirm"):
        for place in page.locator(part).all():
            box = place.bounding_box()
            assert box is not None
            assert box["y"] >= 0, part
            assert box["y"] + box["height"] <= height, part


@pytest.mark.parametrize("paradigm", ["trust", "discrimination"])
@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("narrow", "dark")])
def test_a_study_is_walked_from_the_link_to_the_code(
    new_page: NewPage, live_server: object, paradigm: str, size: str, scheme: str
) -> None:
    study = make_open_study(paradigm)
    page = new_page(size, color_scheme=scheme)
    name = f"{paradigm}-{size}-{scheme}"
    enter(page, f"{live_server}/s/{study.slug}/", name)
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
    study = make_open_study("trust")
    page = new_page()
    page.goto(f"{live_server}/s/{study.slug}/")
    press(page, "Tab", "Tab", "Enter")
    page.wait_for_selector("[name=agree]")
    press(page, "Tab", "Tab", "Space", "Tab", "Tab", "Enter")
    page.wait_for_selector(".example img")
    press(page, "Tab", "Tab", "Enter")
    for _ in range(5):
        page.wait_for_selector(".answers.shown")
        trial = page.locator("[name=trial]").input_value()
        page.wait_for_timeout(60)
        page.keyboard.press("4")
        page.keyboard.press("Enter")
        page.wait_for_function(
            "code => document.querySelector('[name=trial]')?.value !== code", arg=trial
        )
        page.wait_for_load_state()
    assert set(Judgment.objects.values_list("value", flat=True)) == {1}
    assert Participation.objects.get().status == Status.FINISHED


def test_a_study_is_walked_without_javascript(new_page: NewPage, live_server: object) -> None:
    study = make_open_study("trust")
    page = new_page(java_script_enabled=False)
    enter(page, f"{live_server}/s/{study.slug}/")
    while page.locator("#trial").count():
        page.locator(".option").nth(1).click()
        page.get_by_role("button", name="Confirm").click()
    assert set(Judgment.objects.values_list("value", "rt_ms")) == {(-1, None)}
    assert Participation.objects.get().status == Status.FINISHED


def test_the_link_opened_again_goes_on_where_it_stopped(
    new_page: NewPage, live_server: object
) -> None:
    study = make_open_study("trust")
    page = new_page()
    enter(page, f"{live_server}/s/{study.slug}/")
    page.wait_for_selector(".answers.shown")
    trial = page.locator("[name=trial]").input_value()
    page.goto(f"{live_server}/s/{study.slug}/")
    assert page.locator("[name=trial]").input_value() == trial
    assert Participation.objects.count() == 1


def test_two_tabs_and_the_back_button_store_each_answer_once(
    new_page: NewPage, live_server: object
) -> None:
    study = make_open_study("trust")
    page = new_page()
    enter(page, f"{live_server}/s/{study.slug}/")
    page.wait_for_selector(".answers.shown")
    second = page.context.new_page()
    second.goto(page.url)
    second.wait_for_selector(".answers.shown")
    for tab in (page, second):
        tab.locator(".option").nth(3).click()
        tab.get_by_role("button", name="Confirm").dblclick()
        tab.wait_for_function("() => document.querySelector('progress')?.value === 1")
    assert Judgment.objects.count() == 1
    page.go_back()
    page.goto(second.url)
    assert page.locator("progress").get_attribute("value") == "1"


def test_an_answer_survives_a_cut_network_and_a_reload(
    new_page: NewPage, live_server: object
) -> None:
    study = make_open_study("trust")
    page = new_page()
    enter(page, f"{live_server}/s/{study.slug}/")
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
