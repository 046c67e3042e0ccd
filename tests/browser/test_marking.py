"""Marking a photo in a real browser: by pointer, by two presses, by keys, by ticking squares."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from sandbox.builders import open_small_study
from sandbox.walking import keep_screenshot, press, wait_for_next, wait_for_trial
from studyapp.models import Judgment
from tests.browser.conftest import Begun

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """From place to place, in fractions of the photo."""
    box = page.locator(".marked img").bounding_box()
    assert box is not None
    for step, (x, y) in enumerate((start, end)):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        (page.mouse.up if step else page.mouse.down)()


def confirmed(page: Page) -> dict[str, object]:
    code = page.locator("[name=trial]").input_value()
    page.locator(".confirm").click()
    wait_for_next(page, code)
    return dict(Judgment.objects.get(trial__code=code).data["region"])


def study_of(tool: str, trials: int) -> object:
    block = {"name": "main", "paradigm": "marking", "trials": trials, "tool": tool, "least": 1}
    if tool == "brush":
        block.pop("least")
    return open_small_study(paradigm="marking", blocks=[block], stimuli=4, slug=f"marks-{tool}")


def test_a_box_is_drawn_by_dragging_by_two_presses_and_by_keys(begun: Begun) -> None:
    page = begun(study_of("box", 3))
    wait_for_trial(page)
    assert page.locator(".squares").is_hidden()
    # Nothing marked: the server's sentence, and the page stays.
    page.locator(".confirm").click()
    page.locator("[data-problem]:not(:empty)").wait_for()
    drag(page, (0.2, 0.3), (0.6, 0.7))
    drag(page, (0.1, 0.1), (0.3, 0.2))
    page.locator("[data-does=undo]").click()
    keep_screenshot(page, "marked-box")
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
    boxes = confirmed(page)["boxes"]
    assert [pytest.approx([0.2, 0.3, 0.6, 0.7], abs=0.01)] == boxes

    wait_for_trial(page)
    for place in ((0.8, 0.8), (0.5, 0.4)):
        drag(page, place, place)
    # What was drawn is there again after a reload.
    page.reload()
    wait_for_trial(page)
    assert page.locator(".drawn .over").count() == 1
    assert [pytest.approx([0.5, 0.4, 0.8, 0.8], abs=0.01)] == confirmed(page)["boxes"]

    wait_for_trial(page)
    page.locator(".marked").focus()
    press(page, "Enter", "Shift+ArrowRight", "ArrowDown", "ArrowDown", "+", "ArrowDown", "Space")
    assert page.locator(".place").inner_text() == "Marked: 1"
    keep_screenshot(page, "marked-keys")
    region = confirmed(page)
    assert (region["by"], region["boxes"]) == ("keys", [[0.5, 0.5, 0.6, 0.59]])


def test_a_brush_paints_and_erases_and_squares_do_without_script(begun: Begun) -> None:
    page = begun(study_of("brush", 2), "narrow")
    wait_for_trial(page)
    drag(page, (0.25, 0.5), (0.75, 0.5))
    page.locator("[data-does=erase]").click()
    drag(page, (0.7, 0.5), (0.9, 0.5))
    keep_screenshot(page, "marked-brush")
    region = confirmed(page)
    assert region["side"] == 56
    middle = next(run for run in region["runs"] if run[0] == 28)
    assert middle[1:] == [pytest.approx(11, abs=1), pytest.approx(36, abs=1)]
    page.context.close()

    page = begun(study_of("points", 2), java_script_enabled=False)
    page.locator(".squares input").nth(34).check()
    page.locator(".squares input").nth(35).focus()
    press(page, "Space")
    keep_screenshot(page, "marked-squares")
    page.locator(".confirm").click()
    page.wait_for_load_state()
    points = Judgment.objects.latest("pk").data["region"]["points"]
    assert points == [[0.45, 0.35], [0.55, 0.35]]
