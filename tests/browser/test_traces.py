"""What a real browser records of how its questions are answered, by every way of answering."""

import math
from typing import Any

import pytest
from django.apps import apps
from playwright.sync_api import Page

from sandbox.builders import open_small_study
from sandbox.walking import wait_for_next, wait_for_trial
from studyapp.models import Evidence, Judgment, Study, Trace
from tests.browser.conftest import Begun

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TAKEN_BACK = "kqzvwx"


def collecting(**options: Any) -> Study:
    return open_small_study(trials=4, evidence={"traces": True}, **options)


def written(**options: Any) -> Study:
    fields = [{"name": "seen", "kind": "text", "question": "What did you see?"}]
    blocks = [{"name": "own", "paradigm": "custom", "trials": 2, "fields": fields}]
    return collecting(blocks=blocks, **options)


def middle(page: Page, selector: str) -> tuple[float, float]:
    box = page.locator(selector).first.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def draw(page: Page, selector: str, *, bend: float = 0) -> None:
    """Move to something by twelve places on a line or an arc, as fast as a hand, and click it."""
    (x, y), (to_x, to_y) = (10, 10), middle(page, selector)
    page.mouse.move(x, y)
    for step in range(1, 13):
        part, aside = step / 12, bend * math.sin(math.pi * step / 12)
        page.mouse.move(x + part * (to_x - x) + aside, y + part * (to_y - y) - aside)
        page.wait_for_timeout(55)
    page.mouse.down()
    page.mouse.up()


def confirm(page: Page, trial: str) -> Evidence:
    """Send the answer by the Enter key; what was stored beside it."""
    page.keyboard.press("Enter")
    wait_for_next(page, trial)
    return Evidence.objects.latest("judgment__pk")


def test_mouse_pen_keys_and_a_script_are_told_apart(begun: Begun) -> None:
    page = begun(collecting(), traces=True)
    trial = wait_for_trial(page)
    draw(page, ".option", bend=120)
    mouse = confirm(page, trial)
    assert (mouse.pointer, mouse.path, mouse.untrusted_events) == ("mouse", "curved", 0)
    assert mouse.pointer_events is not None
    assert mouse.pointer_events > 10
    assert (mouse.key_events, mouse.pastes, mouse.tab_switches) == (1, None, None)
    assert mouse.webdriver is True
    assert not mouse.unreadable

    trial = wait_for_trial(page)
    page.keyboard.press("2")
    keys = confirm(page, trial)
    # The digit makes the page itself click: that is no foreign script's doing.
    assert (keys.pointer, keys.path, keys.untrusted_events) == ("none", "none", 0)
    assert (keys.key_events, keys.pointer_events) == (2, 0)

    trial = wait_for_trial(page)
    pen = page.context.new_cdp_session(page)
    x, y = middle(page, ".option")
    for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
        press = {"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1}
        pen.send("Input.dispatchMouseEvent", {**press, "pointerType": "pen"})
    drawn = confirm(page, trial)
    assert (drawn.pointer, drawn.path, drawn.untrusted_events) == ("pen", "none", 0)

    trial = wait_for_trial(page)
    page.evaluate("document.querySelector('[name=value]').click()")
    page.evaluate("document.querySelector('#trial').requestSubmit()")
    wait_for_next(page, trial)
    script = Evidence.objects.latest("judgment__pk")
    assert (script.pointer, script.key_events, script.untrusted_events) == ("none", 0, 1)
    assert Evidence.objects.count() == Trace.objects.count() == Judgment.objects.count() == 4


def test_touch_and_a_straight_way_are_told(begun: Begun) -> None:
    page = begun(collecting(), traces=True, has_touch=True)
    trial = wait_for_trial(page)
    page.touchscreen.tap(*middle(page, ".option"))
    touch = confirm(page, trial)
    assert (touch.pointer, touch.path, touch.untrusted_events) == ("touch", "none", 0)
    trial = wait_for_trial(page)
    draw(page, ".option")
    straight = confirm(page, trial)
    assert (straight.pointer, straight.path) == ("mouse", "straight")


HIDE = """hidden => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


def change_tab(page: Page) -> None:
    """Another tab and back, as the page is told of it: a browser under test never hides one."""
    for hidden in (True, False):
        page.evaluate(HIDE, hidden)


def database() -> str:
    """Everything that is stored, as a text."""
    return " ".join(str(list(model.objects.values_list())) for model in apps.get_models())


def test_pastes_and_changed_tabs_are_counted_and_no_word_is_kept(begun: Begun) -> None:
    page = begun(written(), traces=True)
    trial = wait_for_trial(page)
    box = page.locator("[name=seen]")
    box.press_sequentially(TAKEN_BACK, delay=20)
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+x")
    page.keyboard.press("Control+v")
    page.reload()
    assert wait_for_trial(page) == trial
    assert box.input_value() == TAKEN_BACK
    # What was before the reload went with its page; what comes now is counted once.
    page.keyboard.press("Tab")
    box.press("Control+a")
    page.keyboard.press("Control+v")
    change_tab(page)
    page.keyboard.press("Control+a")
    page.keyboard.type("a tiger", delay=20)
    page.context.set_offline(True)
    page.locator(".confirm").click()
    page.locator(".told").filter(has_text="offline").wait_for()
    page.context.set_offline(False)
    wait_for_next(page, trial)
    found = Evidence.objects.get()
    assert (found.pastes, found.tab_switches, found.untrusted_events) == (1, 1, 0)
    assert found.key_interval_sd_ms is not None
    assert len(Trace.objects.get().recorded["intervals"]) == found.key_events - 1
    assert Judgment.objects.get().data == {"seen": "a tiger"}
    kept = database()
    assert "a tiger" in kept
    assert TAKEN_BACK not in kept


def test_nothing_is_recorded_of_people_who_did_not_agree(begun: Begun) -> None:
    page = begun(collecting())
    trial = wait_for_trial(page)
    assert page.locator("[name='evidence.trace']").count() == 0
    assert "traces.js" not in page.content()
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    wait_for_next(page, trial)
    assert Judgment.objects.count() == 1
    assert not Evidence.objects.exists()
