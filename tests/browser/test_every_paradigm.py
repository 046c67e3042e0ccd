"""Every kind of question in a real browser: answered, looked at, and without a breach of axe."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from sandbox.builders import open_small_study
from sandbox.walking import (
    TWO_FRAMES,
    answer,
    keep_screenshot,
    press,
    wait_for_next,
    wait_for_trial,
)
from studyapp.models import Judgment, Participation, Status, Trial
from studyapp.participations.enrolment import consent
from studyapp.participations.entering import enter
from tests.browser.conftest import SIZES, Begun, NewPage, resize
from tests.journeys.test_every_paradigm import ANSWERS, MADE, whole_study

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_every_kind_of_question_is_answered_in_a_browser(begun: Begun) -> None:
    """Page after page, in a wide window and in a narrow one by turns; each kind is seen in both."""
    sizes = ["wide", "narrow"]
    page = begun(whole_study(), sizes[0], reduced_motion="reduce")
    seen: set[tuple[str, str, int]] = set()
    hunted: dict[object, list[object]] = {}
    while page.locator("#trial").count():
        page.wait_for_selector(".shown, .recognised")
        code = page.locator("[name=trial]").input_value()
        trial = Trial.objects.get(code=code)
        kind = (trial.paradigm, trial.stage, trial.step)
        if kind not in seen:
            seen.add(kind)
            for size in sizes:
                resize(page, size)
                keep_screenshot(page, f"{size}-{'-'.join(str(part) for part in kind)}")
                found = Axe().run(page).response["violations"]
                assert [(one["id"], one["nodes"][0]["html"]) for one in found] == [], kind
                assert_pictures_are_seen(page)
            for size in ("low", "zoomed", "tablet", "small"):
                resize(page, size)
                keep_screenshot(page, f"{size}-{'-'.join(str(part) for part in kind)}")
                hunted[*kind, size] = hunted_for(page, scrolls=size == "small")
        # The page is answered, and the next one begun, in the size that was not begun with
        sizes.reverse()
        resize(page, sizes[0])
        answer(page)
        wait_for_next(page, code)
    assert {where: what for where, what in hunted.items() if what} == {}
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
    press(page, "Enter")
    wait_for_next(page, code)
    point = Judgment.objects.get(trial__code=code).data["point"]
    there = (0.05, 0.35) if script else (0.35, 0.05)
    assert (point["x"], point["y"], point["by"]) == (*there, "keys")
    # A click reaches the photo through the squares.
    page.locator("input[type=image]").click(position={"x": 30, "y": 40})
    page.wait_for_selector("main code.code")
    assert [set(one.data["point"]) for one in Judgment.objects.order_by("pk")][1] == {"x", "y"}


@pytest.mark.parametrize(
    ("size", "script"), [("wide", True), ("narrow", True), ("low", True), ("wide", False)]
)
def test_a_click_is_stored_where_it_was_whatever_size_the_photo_has_there(
    begun: Begun, size: str, script: bool
) -> None:
    block = {"name": "pointing", "paradigm": "pointing", "trials": 1}
    study = open_small_study(paradigm="pointing", blocks=[block], display={"size": 448})
    page = begun(study, size, java_script_enabled=script)
    page.wait_for_selector(".shown, .recognised")
    if script:
        page.evaluate(TWO_FRAMES)
    photo = page.locator("input[type=image]")
    box = photo.bounding_box()
    assert box is not None
    photo.click(position={"x": 0.9 * box["width"], "y": 0.25 * box["height"]})
    page.wait_for_selector("main code.code")
    point = Judgment.objects.get().data["point"]
    assert point == {"x": pytest.approx(0.9, abs=0.01), "y": pytest.approx(0.25, abs=0.01)}


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


# Answers of the only question of a page that can't be seen whole, or lie under something else
HIDDEN = """() => [...document.querySelectorAll('.option')].filter((one) => {
  const box = one.getBoundingClientRect();
  const over = document.elementFromPoint((box.left + box.right) / 2, (box.top + box.bottom) / 2);
  return box.bottom > innerHeight || !one.contains(over);
}).map((one) => one.textContent)"""


def hunted_for(page: Page, *, scrolls: bool) -> list[object]:
    """What is cut or covered; and unless the page `scrolls`, what is not seen at once: all pictures
    with their question, and all its answers if it is the only one. An answer below the window's
    edge is chosen less often."""
    found: list[object] = page.evaluate(OVERLAPS)
    if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
        found.append("wider than the window")
    if scrolls:
        return found
    assert_pictures_are_seen(page)
    for question in page.locator(".stage ~ .answers").first.locator("legend, .recognised").all():
        box = question.bounding_box()
        if box is None or box["y"] + box["height"] > page.viewport_size["height"]:
            found.append("the question is below the edge")
    if page.locator(".answers").count() == 1:
        found += page.evaluate(HIDDEN)
    return found


# What lies over what on a page, and what sticks out of its button
OVERLAPS = """() => {
  const box = (one) => one.getBoundingClientRect();
  const shown = (of, names) => [...of.querySelectorAll(names)].filter((one) => box(one).height);
  const parts = 'article, .stage figure, .note, .legend, .answers, .confirm, footer';
  const rows = shown(document, parts);
  const over = rows.flatMap((one, place) => rows.slice(place + 1).filter((other) =>
    box(one).bottom > box(other).top + 1 && box(one).right > box(other).left + 1
    && box(other).bottom > box(one).top + 1 && box(other).right > box(one).left + 1
  ).map((other) => [one.className || one.tagName, other.className || other.tagName]));
  const out = shown(document, '.option').flatMap((option) => shown(option, '.words, kbd').filter(
    (one) => box(one).left < box(option).left || box(one).right > box(option).right
      || one.scrollWidth > option.clientWidth
  ).map((one) => one.textContent));
  return [...over, ...out];
}"""


def test_on_the_fullest_pages_nothing_lies_over_anything_else(
    live_server: LiveServer, new_page: NewPage
) -> None:
    methods = ["grad_cam", "guided_backprop", "guided_grad_cam", "deconvnet", "saliency",
               "integrated_gradients", "smooth_grad", "occlusion"]  # fmt: skip
    texts = MADE["text"]
    study = open_small_study(
        conditions=[*texts, *({"name": name, "method": name} for name in methods)],
        blocks=[
            {"name": "words", "paradigm": "comparison", "trials": 1,
             "conditions": [one["name"] for one in texts]},
            {"name": "best", "paradigm": "ranking", "trials": 1, "asks_for": "best",
             "conditions": methods},
            {"name": "sure", "paradigm": "agreement", "trials": 2, "points": 10,
             "answers": ["certainly wrong", "certainly right"], "conditions": methods},
        ],
        people=8, stimuli=8,
    )  # fmt: skip
    page = new_page()
    person = consent(enter(study, source="link", external_id=""))
    page.goto(f"{live_server.url}/p/{person.code}/")
    assert_nothing_overlaps(page, "example")
    page.locator("form[action$=begin] button").click()
    for block in ("words", "best", "sure"):
        code = wait_for_trial(page)
        assert Trial.objects.get(code=code).block == block
        assert_nothing_overlaps(page, block)
        page.locator(".option").first.click()
        page.locator(".confirm").click()
        wait_for_next(page, code)


def assert_nothing_overlaps(page: Page, name: str) -> None:
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        keep_screenshot(page, f"fullest-{name}-{size}")
        assert page.evaluate(OVERLAPS) == [], (name, size)
