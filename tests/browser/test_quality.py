"""What can be measured of the pages: access for everybody, weight, stillness, other languages."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Request

from sandbox.walking import make_open_study, wait_for_next, wait_for_trial
from studyapp.models import Participation, Status
from tests.browser.conftest import Begun, NewPage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HEAVIEST = 60_000
# WCAG 2.2 says 24; a thumb wants 44.
TARGET = 44


def walk(page: Page, server: object, slug: str) -> Iterator[str]:
    """Every page of a study by name, shown; also those that lie beside the way."""
    page.goto(f"{server}/nothing-here")
    yield "not-found"
    page.goto(f"{server}/")
    yield "landing"
    page.goto(f"{server}/s/{slug}/")
    yield "entry"
    page.locator("main form button.primary").click()
    yield "consent"
    here = page.url
    for name in ("about", "withdraw"):
        page.goto(f"{here}{name}")
        yield name
    page.goto(here)
    page.locator("[name=agree]").check()
    page.locator("form[action$=consent] button").click()
    page.wait_for_selector(".example img")
    yield "instructions"
    page.locator("form[action$=begin] button").click()
    while page.locator("#trial").count():
        trial = wait_for_trial(page)
        yield "check" if page.locator(".check").count() else "trial"
        page.locator(".option").nth(1).click()
        page.locator(".confirm").click()
        wait_for_next(page, trial)
    yield "finished"


@pytest.mark.parametrize(
    ("paradigm", "size", "surround"),
    [("trust", "narrow", "light"), ("discrimination", "wide", "dark")],
)
def test_no_page_breaks_a_rule_of_axe_and_whatever_is_pressed_is_large_enough_for_a_thumb(
    new_page: NewPage, live_server: object, paradigm: str, size: str, surround: str
) -> None:
    study = make_open_study(paradigm, display={"size": 96, "surround": surround})
    page = new_page(size, color_scheme="light", reduced_motion="reduce")
    seen, small = [], []
    for name in walk(page, live_server, study.slug):
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found = Axe().run(page).response["violations"]
            broken = [(one["id"], one["nodes"][0]["html"]) for one in found]
            assert broken == [], (name, scheme)
        for target in page.locator("button, .option, .tick, footer a, .cards a").all():
            box = target.bounding_box()
            if box["height"] < TARGET:
                small.append((name, target.inner_text(), box["height"]))
        seen.append(name)
    assert len(seen) == 13
    assert small == []


def test_pages_are_light_and_ask_nobody_else(new_page: NewPage, live_server: object) -> None:
    study = make_open_study()
    page = new_page()
    weights: dict[str, int] = {}
    sizes: dict[str, int] = {}

    def weigh(request: Request) -> None:
        if request.resource_type != "image":
            found = request.sizes()
            sizes[request.url] = found["responseBodySize"] + found["responseHeadersSize"]

    page.on("requestfinished", weigh)
    for name in walk(page, live_server, study.slug):
        page.wait_for_load_state("networkidle")
        weights[name] = sum(sizes.values())
        sizes.clear()
    assert {name: weight for name, weight in weights.items() if weight > HEAVIEST} == {}


SHIFT = """() => new Promise(done => {
    let sum = 0;
    new PerformanceObserver(list => {
        for (const entry of list.getEntries()) sum += entry.value;
    }).observe({ type: 'layout-shift', buffered: true });
    setTimeout(() => done(sum), 300);
})"""


@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_nothing_moves_while_a_page_loads(
    new_page: NewPage, live_server: object, size: str
) -> None:
    study = make_open_study()
    page = new_page(size)
    page.route("**/*.png", lambda route: (page.wait_for_timeout(150), route.continue_()))
    shifts = {name: page.evaluate(SHIFT) for name in walk(page, live_server, study.slug)}
    assert {name: shift for name, shift in shifts.items() if shift > 0} == {}


def test_nothing_moves_when_an_answer_is_chosen_and_refused(begun: Begun) -> None:
    page = begun(make_open_study(), "narrow")
    wait_for_trial(page)
    before = [part.bounding_box() for part in page.locator("img, .option, .confirm").all()]
    page.locator(".confirm").click()
    assert page.locator(".told").inner_text() != ""
    after = [part.bounding_box() for part in page.locator("img, .option, .confirm").all()]
    assert before == after


def assert_nothing_is_cut(page: Page) -> None:
    wider = page.evaluate("() => document.documentElement.scrollWidth > window.innerWidth")
    assert not wider


def test_twice_as_large_everything_can_still_be_reached(
    new_page: NewPage, live_server: object
) -> None:
    study = make_open_study()
    page = new_page("wide")
    # What a browser zoomed to 200 % has left of 1366 × 768.
    page.set_viewport_size({"width": 683, "height": 384})
    for name in walk(page, live_server, study.slug):
        assert_nothing_is_cut(page)
        if name != "trial":
            continue
        for part in page.locator(".stage img, .option, .confirm").all():
            part.scroll_into_view_if_needed()
            box = part.bounding_box()
            assert box["width"] >= TARGET
    assert Participation.objects.get().status == Status.FINISHED


def test_translators_leave_alone_what_is_judged(begun: Begun) -> None:
    page = begun(make_open_study())
    wait_for_trial(page)
    for part in page.locator(".stage, .option .words").all():
        assert part.get_attribute("translate") == "no"


def test_whoever_wants_no_motion_sees_none(begun: Begun) -> None:
    page = begun(make_open_study(), reduced_motion="reduce")
    wait_for_trial(page)
    running: Any = page.evaluate("() => document.getAnimations().length")
    assert running == 0
