"""Every kind of question in a real browser: answered, looked at, and without a breach of axe."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from studyapp.models import Judgment, Participation, Status, Trial
from tests.browser.conftest import NewPage, keep_screenshot
from tests.browser.walking import enter, wait_for_next
from tests.journeys.test_every_paradigm import ANSWERS, whole_study

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def answer(page: Page) -> None:
    """Give the second answer to every question of the page, and go on."""
    for name in {one.get_attribute("name") for one in page.locator("input[type=radio]").all()}:
        page.locator(f".option:has([name={name}])").nth(1).click()
    for area in page.locator("textarea").all():
        area.fill("words")
    if page.locator("input[type=image]").count():
        page.locator("input[type=image]").click(position={"x": 30, "y": 40})
    else:
        page.locator(".confirm").click()


@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_every_kind_of_question_is_answered_in_a_browser(
    new_page: NewPage, live_server: object, size: str
) -> None:
    study = whole_study()
    page = new_page(size, reduced_motion="reduce")
    enter(page, f"{live_server}/s/{study.slug}/")
    seen: set[tuple[str, str, int]] = set()
    while page.locator("#trial").count():
        page.wait_for_selector(".shown, .recognised")
        code = page.locator("[name=trial]").input_value()
        trial = Trial.objects.get(code=code)
        kind = (trial.paradigm, trial.stage, trial.step)
        if kind not in seen:
            seen.add(kind)
            keep_screenshot(page, f"{size}-{'-'.join(str(part) for part in kind)}")
            found = Axe().run(page).response["violations"]
            assert [(one["id"], one["nodes"][0]["html"]) for one in found] == [], kind
            assert_pictures_are_seen(page)
        answer(page)
        wait_for_next(page, code)
    assert Judgment.objects.count() == ANSWERS
    assert Participation.objects.get().status == Status.FINISHED


def assert_pictures_are_seen(page: Page) -> None:
    """All pictures of a trial at once, none over another, none out of the window."""
    boxes = [one.bounding_box() for one in page.locator(".stage img, .stage input").all()]
    places = [box for box in boxes if box is not None]
    size = page.viewport_size
    assert size is not None
    for number, box in enumerate(places):
        assert box["width"] >= 80
        assert 0 <= box["x"] <= size["width"] - box["width"]
        assert 0 <= box["y"] <= size["height"] - box["height"]
        for other in places[:number]:
            apart = (
                box["x"] >= other["x"] + other["width"]
                or other["x"] >= box["x"] + box["width"]
                or box["y"] >= other["y"] + other["height"]
                or other["y"] >= box["y"] + box["height"]
            )
            assert apart
