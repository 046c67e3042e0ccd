"""Every kind of question in a real browser: answered, looked at, and without a breach of axe."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from sandbox.builders import open_small_study
from sandbox.walking import TWO_FRAMES, keep_screenshot, press, wait_for_next
from studyapp.models import Judgment, Participation, Status, Trial
from tests.browser.conftest import Begun
from tests.journeys.test_every_paradigm import ANSWERS, whole_study

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def answer(page: Page) -> None:
    """Give the second answer to every question of the page, and go on."""
    for name in {one.get_attribute("name") for one in page.locator(".option input").all()}:
        page.locator(f".option:has([name={name}])").nth(1).click()
    for area in page.locator("textarea").all():
        area.fill("words")
    for line in page.locator("input.line").all():
        line.fill("words" if line.get_attribute("inputmode") is None else "30")
    if page.locator("input[type=image]").count():
        page.locator("input[type=image]").click(position={"x": 30, "y": 40})
    else:
        page.locator(".confirm").click()


@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_every_kind_of_question_is_answered_in_a_browser(begun: Begun, size: str) -> None:
    page = begun(whole_study(), size, reduced_motion="reduce")
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


@pytest.mark.parametrize(("script", "keys"), [(True, "ArrowDown"), (False, "ArrowRight")])
def test_a_photo_is_pointed_at_by_keys_alone(begun: Begun, script: bool, keys: str) -> None:
    block = {"name": "pointing", "paradigm": "pointing", "trials": 2}
    page = begun(open_small_study(paradigm="pointing", blocks=[block]), java_script_enabled=script)
    page.wait_for_selector(".shown, .recognised")
    # Pressed before any square was chosen: nothing is stored, the question stays.
    if script:
        page.evaluate(TWO_FRAMES)
        press(page, "Enter")
        assert page.locator(".told").inner_text() != ""
    page.locator(".cells input").first.focus()
    press(page, "Space", *[keys] * 3)
    keep_screenshot(page, f"pointed-{script}")
    code = page.locator("[name=trial]").input_value()
    with page.expect_navigation():
        press(page, "Enter")
    point = Judgment.objects.get(trial__code=code).data["point"]
    there = (0.05, 0.35) if script else (0.35, 0.05)
    assert (point["x"], point["y"], point["by"]) == (*there, "keys")
    # A click reaches the photo through the squares.
    page.locator("input[type=image]").click(position={"x": 30, "y": 40})
    page.wait_for_selector("main code.code")
    assert [set(one.data["point"]) for one in Judgment.objects.order_by("pk")][1] == {"x", "y"}


def assert_pictures_are_seen(page: Page) -> None:
    """All pictures of a trial at once, none over another, none out of the window."""
    boxes = [one.bounding_box() for one in page.locator(".stage img, .stage [type=image]").all()]
    places = [box for box in boxes if box is not None]
    size = page.viewport_size
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
