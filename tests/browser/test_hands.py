"""A stylus, a second finger, a browser's translator, and colours that the reader's system chose."""

import pytest
from playwright.sync_api import CDPSession, Page

from sandbox.builders import open_small_study
from sandbox.walking import make_open_study, wait_for_next, wait_for_trial
from studyapp.models import Judgment
from tests.browser.conftest import Begun

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CHOSEN = "[...document.querySelectorAll('.option :checked')].map(one => one.value)"


def session(page: Page) -> CDPSession:
    return page.context.new_cdp_session(page)


def middle(page: Page, selector: str, place: int = 0) -> dict[str, float]:
    box = page.locator(selector).nth(place).bounding_box()
    assert box is not None
    return {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}


def touch(hand: CDPSession, kind: str, points: list[dict[str, float]]) -> None:
    fingers = [{**point, "id": number} for number, point in enumerate(points)]
    hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})


def test_a_stylus_chooses_and_draws(begun: Begun) -> None:
    block = {"name": "marking", "paradigm": "marking", "trials": 1, "tool": "brush"}
    page = begun(open_small_study(paradigm="marking", blocks=[block]), "narrow", has_touch=True)
    page.wait_for_selector(".marked.draws")
    pen, place = session(page), middle(page, ".marked.draws")
    press = {"button": "left", "clickCount": 1, "pointerType": "pen", "force": 0.5}
    pen.send("Input.dispatchMouseEvent", {"type": "mousePressed", **place, **press})
    moved = {**press, "x": place["x"] + 60, "y": place["y"] + 20, "buttons": 1}
    pen.send("Input.dispatchMouseEvent", {"type": "mouseMoved", **moved})
    pen.send("Input.dispatchMouseEvent", {"type": "mouseReleased", **moved})
    confirm = {**middle(page, ".confirm"), **press}
    with page.expect_navigation():
        pen.send("Input.dispatchMouseEvent", {"type": "mousePressed", **confirm})
        pen.send("Input.dispatchMouseEvent", {"type": "mouseReleased", **confirm})
    assert Judgment.objects.get().data["region"]["tool"] == "brush"


def test_two_fingers_on_two_answers_choose_none_or_one_and_send_nothing(begun: Begun) -> None:
    page = begun(make_open_study(), "narrow", has_touch=True)
    trial = wait_for_trial(page)
    hand = session(page)
    first, second = middle(page, ".option", 0), middle(page, ".option", 3)
    touch(hand, "touchStart", [first, second])
    touch(hand, "touchEnd", [])
    page.wait_for_timeout(400)
    assert len(page.evaluate(CHOSEN)) <= 1
    assert not Judgment.objects.exists()
    # One finger answers as ever.
    page.locator(".option").nth(1).tap()
    page.locator(".confirm").tap()
    wait_for_next(page, trial)
    # A pinch that begins on an answer and on the button enlarges the page.
    wait_for_trial(page)
    first, button = middle(page, ".option", 0), middle(page, ".confirm")
    touch(hand, "touchStart", [first, button])
    touch(hand, "touchMove", [{**first, "y": first["y"] - 40}, {**button, "y": button["y"] + 20}])
    touch(hand, "touchEnd", [])
    page.wait_for_timeout(400)
    assert len(page.evaluate(CHOSEN)) <= 1
    assert Judgment.objects.count() == 1


# What a browser's translator does to a page: it puts its words, in elements of its own, where text
# stood, except where a page asks it not to.
TRANSLATOR = """() => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT, (node) =>
    node.data.trim() && !node.parentElement.closest('[translate=no]')
      ? NodeFilter.FILTER_ACCEPT : NodeFilter.FILTER_REJECT);
  const found = [];
  while (texts.nextNode()) found.push(texts.currentNode);
  for (const text of found) {
    const outer = document.createElement('font'), inner = document.createElement('font');
    inner.textContent = 'übersetzt'; outer.append(inner); text.replaceWith(outer);
  }
  document.documentElement.classList.add('translated-ltr');
  document.documentElement.lang = 'de';
}"""


def test_a_browsers_translator_changes_no_answer_and_no_name(begun: Begun) -> None:
    page = begun(make_open_study(), "narrow")
    trial = wait_for_trial(page)
    asked = "one => one.map(words => words.textContent)"
    instrument = ".option .words, .stage figcaption"
    before = page.locator(instrument).evaluate_all(asked)
    page.evaluate(TRANSLATOR)
    assert "übersetzt" in page.locator(".confirm").inner_text()
    assert page.locator(instrument).evaluate_all(asked) == before
    page.locator(".confirm").click()
    assert page.locator(".told").inner_text() != ""
    page.locator(".option").nth(1).click()
    page.locator(".confirm").click()
    wait_for_next(page, trial)
    assert Judgment.objects.get().value == -1


def test_what_is_chosen_is_told_by_a_line_where_the_system_chooses_the_colours(
    begun: Begun,
) -> None:
    page = begun(make_open_study(), forced_colors="active")
    wait_for_trial(page)
    line = "one => getComputedStyle(one).outlineStyle"
    page.locator(".option").nth(1).click()
    page.locator(".confirm").focus()
    lines = page.locator(".option").evaluate_all(f"all => all.map({line})")
    assert lines == ["none", "solid", "none", "none", "none"]


def test_more_contrast_makes_small_words_as_strong_as_the_text(begun: Begun) -> None:
    page = begun(make_open_study())
    wait_for_trial(page)
    colour = "one => getComputedStyle(one).color"
    note, ink = page.locator(".progress p"), page.locator(".answers legend")
    assert note.evaluate(colour) != ink.evaluate(colour)
    page.emulate_media(contrast="more")
    assert note.evaluate(colour) == ink.evaluate(colour)
