"""The next trial takes the last one's place on the page, which stays: it looks, begins, is measured
and is left as if its page had been loaded."""

from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Page, Route

from sandbox.builders import open_small_study
from sandbox.walking import (
    TWO_FRAMES,
    answer,
    keep_screenshot,
    make_open_study,
    wait_for_next,
    wait_for_trial,
)
from studyapp.models import Judgment, Study, Trial
from studyapp.shelf.static_version import ANOTHER_TIME
from tests.browser.conftest import Begun

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FIELDS = [
    {"name": "which", "question": "Which?", "choices": ["a", "b"]},
    {"name": "more", "question": "And?", "kind": "line",
     "show_if": {"field": "which", "answers": ["b"]}},
    {"name": "slide", "question": "How much?", "kind": "slider"},
]  # fmt: skip
TIMED = {"fixation_ms": 100, "exposure_ms": 100, "mask": "noise", "mask_ms": 50}
# One of each that a script of its own begins, advice in a second step, and pictures that stay
BLOCKS: list[dict[str, Any]] = [
    {"name": "trust", "paradigm": "trust", "trials": 1},
    {"name": "own", "paradigm": "custom", "trials": 1, "fields": FIELDS},
    {"name": "marked", "paradigm": "marking", "trials": 1, "tool": "brush"},
    {"name": "pointed", "paradigm": "pointing", "trials": 1},
    {"name": "advised", "paradigm": "reliance", "trials": 2},
    {"name": "timed", "paradigm": "trust", "trials": 1, "presentation": TIMED},
    {"name": "covered", "paradigm": "comparison", "trials": 1,
     "presentation": {"reveal": "on_request"}},
    {"name": "enlarged", "paradigm": "rating", "trials": 1, "items": ["It is clear."],
     "presentation": {"zoom": True}},
]  # fmt: skip
# What the page holds, apart from white space between lines
HELD = "document.body.outerHTML.replace(/\\s+/g, ' ')"
STAYS = "window.stays = true"
# In each frame: the trial that is asked, and the pictures that are seen
WATCH = """() => {
  window.seen = new Set();
  const look = () => {
    const trial = document.querySelector('[name=trial]')?.value;
    for (const one of document.querySelectorAll('.stage img')) {
      const hasCome = one.complete && one.naturalWidth > 0;
      if (!one.checkVisibility({ visibilityProperty: true })) continue;
      seen.add([trial, one.getAttribute('src'), hasCome].join(' '));
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""

# After SOON, presses come a tenth of a second after the last one by the browser's clock, however
# long they really take.
TIMES_PRESSES = """() => {
  const real = Object.getOwnPropertyDescriptor(Event.prototype, 'timeStamp').get;
  const soon = { get() { return window.soon ?? real.call(this); } };
  Object.defineProperty(Event.prototype, 'timeStamp', soon);
  const note = (event) => { window.last = real.call(event); };
  for (const name of ['click', 'keydown']) addEventListener(name, note, { capture: true });
}"""
SOON, AS_IT_COMES = "window.soon = window.last + 100", "window.soon = undefined"


def many_kinds(**options: Any) -> Study:
    return open_small_study(blocks=BLOCKS, stimuli=4, conditions=2, **options)


def ready(page: Page) -> str:
    """Until the trial's pictures have been presented; its code."""
    page.wait_for_selector("#trial.over, #trial:not(.presents, .timed) .shown")
    page.evaluate(TWO_FRAMES)
    page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished))")
    return page.locator("[name=trial]").input_value()


def go_on(page: Page) -> str:
    """Answer the trial; the code of the next."""
    trial = ready(page)
    for lid in page.locator(".lid").all():
        lid.click()
    answer(page)
    wait_for_next(page, trial)
    return ready(page)


def difference(one: bytes, other: bytes) -> int:
    """The largest of any pixel, of 255; rounded edges of buttons come out one apart at times."""
    pictures = [Image.open(BytesIO(png)).convert("RGB") for png in (one, other)]
    return max(most for _, most in ImageChops.difference(*pictures).getextrema())


@pytest.mark.parametrize(
    ("size", "scheme", "language"),
    [("wide", "light", "en"), ("narrow", "dark", "ar"), ("low", "light", "de")],
)
def test_every_kind_of_trial_looks_as_if_its_page_had_been_loaded(
    begun: Begun, size: str, scheme: str, language: str
) -> None:
    study = many_kinds(language=language)
    page = begun(study, size, color_scheme=scheme)
    for _ in range(study.slots.first().trials.count() - 1):
        page.evaluate(STAYS)
        code = go_on(page)
        assert page.evaluate("window.stays") is True
        page.mouse.move(0, 0)
        came = (page.evaluate(HELD), page.screenshot())
        keep_screenshot(page, f"came-{size}-{scheme}-{Trial.objects.get(code=code).block}")
        page.reload()
        assert ready(page) == code
        assert page.evaluate(HELD) == came[0]
        assert difference(page.screenshot(), came[1]) <= 1


def test_no_picture_is_ever_seen_beside_another_trials_question(begun: Begun) -> None:
    page = begun(make_open_study())
    page.wait_for_selector(".answers.shown")
    page.evaluate(WATCH)
    held: list[Route] = []
    holding = []
    page.route("**/*.png", lambda route: (held.append if holding else Route.continue_)(route))
    places: dict[str, set[str]] = {}
    for _ in range(3):
        trial = page.locator("[name=trial]").input_value()
        sources = page.locator(".stage img").all()
        places[trial] = {str(one.get_attribute("src")) for one in sources}
        # Those of the next trial come late
        holding.append(True)
        page.keyboard.press("1")
        page.keyboard.press("Enter")
        wait_for_next(page, trial)
        page.wait_for_timeout(100)
        holding.clear()
        while held:
            held.pop().continue_()
        wait_for_trial(page)
    seen = [one.split(" ") for one in page.evaluate("[...seen]")]
    assert {trial for trial, *_ in seen} > {trial for trial in places if places[trial]}
    for trial, source, has_come in seen:
        assert has_come == "true"
        assert trial not in places or source in places[trial]


def test_each_trial_is_measured_by_itself(begun: Begun) -> None:
    page = begun(make_open_study())
    trial = wait_for_trial(page)
    for place in (0, 1, 2):
        page.locator(".option").nth(place).click()
    page.evaluate("window.dispatchEvent(new Event('blur'))")
    page.wait_for_timeout(400)
    page.locator(".confirm").click()
    wait_for_next(page, trial)
    wait_for_trial(page)
    page.locator(".option").nth(1).click()
    page.locator(".confirm").click()
    page.wait_for_function("() => document.querySelector('progress').value === 2")
    first, second = Judgment.objects.order_by("pk")
    assert (first.choice_changes, first.focus_losses) == (2, 1)
    assert (second.choice_changes, second.focus_losses, second.hidden_ms) == (0, 0, 0)
    assert first.confirm_ms > 400 > second.rt_ms >= 0


def test_what_listens_to_a_trial_ends_with_it(begun: Begun) -> None:
    page = begun(make_open_study())
    page.evaluate("""() => {
        window.heard = 0;
        const hear = EventTarget.prototype.addEventListener;
        document.addEventListener = (name, heard, options) => {
            const count = (event) => { window.heard += 1; heard(event); };
            hear.call(document, name, name === 'keydown' ? count : heard, options);
        };
    }""")
    for _ in range(3):
        trial = wait_for_trial(page)
        page.keyboard.press("1")
        page.keyboard.press("Enter")
        wait_for_next(page, trial)
    wait_for_trial(page)
    page.evaluate("window.heard = 0")
    page.keyboard.press("1")
    assert page.evaluate("heard") == 1


def test_it_is_read_from_its_heading_on_and_leaves_no_entry_in_the_history(begun: Begun) -> None:
    page = begun(make_open_study(), "small")
    entries = page.evaluate("history.length")
    trial = wait_for_trial(page)
    page.locator(".option").last.click()
    page.locator(".confirm").click()
    wait_for_next(page, trial)
    assert page.evaluate("[document.activeElement.tagName, scrollX, scrollY]") == ["H1", 0, 0]
    wait_for_trial(page)
    assert page.evaluate("history.length") == entries
    second = page.locator("[name=trial]").input_value()
    page.reload()
    assert wait_for_trial(page) == second
    page.go_back()
    assert page.url == "about:blank"


def test_the_word_that_an_earlier_answer_counts_is_not_said_again(begun: Begun) -> None:
    page = begun(make_open_study())
    page.goto(f"{page.url}?kept")
    trial = wait_for_trial(page)
    assert page.locator(".told").inner_text() != ""
    page.locator(".option").first.click()
    page.locator(".confirm").click()
    wait_for_next(page, trial)
    wait_for_trial(page)
    assert page.locator(".told").inner_text() == ""
    assert page.url.endswith("/")


@pytest.mark.parametrize("hand", ["mouse", "touch"])
def test_a_double_click_answers_once(begun: Begun, hand: str) -> None:
    block = {"name": "pointed", "paradigm": "pointing", "trials": 3}
    study = open_small_study(paradigm="pointing", blocks=[block])
    page = begun(study, "narrow", has_touch=hand == "touch")
    page.evaluate(TIMES_PRESSES)
    for count in (1, 2):
        trial = ready(page)
        box = page.locator("input[type=image]").bounding_box()
        assert box is not None
        place = (box["x"] + 40, box["y"] + 50)
        if hand == "mouse":
            page.mouse.click(*place)
        else:
            page.touchscreen.tap(*place)
        wait_for_next(page, trial)
        second = ready(page)
        page.evaluate(SOON)
        if hand == "mouse":
            page.mouse.down(click_count=2)
            page.mouse.up(click_count=2)
        else:
            page.touchscreen.tap(*place)
        page.wait_for_timeout(600)
        page.evaluate(AS_IT_COMES)
        assert page.locator("[name=trial]").input_value() == second
        assert Judgment.objects.count() == count


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_a_double_press_of_a_key_answers_once(begun: Begun, key: str) -> None:
    """Where a trial can be left as it stands, nobody goes past it unseen."""
    fields = [{"name": "more", "question": "And?", "kind": "line", "required": False}]
    block = {"name": "own", "paradigm": "custom", "trials": 3, "fields": fields}
    page = begun(open_small_study(blocks=[block], stimuli=4))
    page.evaluate(TIMES_PRESSES)
    trial = ready(page)
    page.locator(".confirm").focus()
    page.keyboard.press(key)
    wait_for_next(page, trial)
    second = ready(page)
    page.evaluate(SOON)
    if key == "Space":
        page.locator(".confirm").focus()
    page.keyboard.press(key)
    page.wait_for_timeout(600)
    page.evaluate(AS_IT_COMES)
    assert page.locator("[name=trial]").input_value() == second
    assert Judgment.objects.count() == 1
    page.keyboard.press(key)
    wait_for_next(page, second)
    # Another key in between: answered, however fast
    third = ready(page)
    page.keyboard.press("Shift")
    page.locator(".confirm").focus()
    page.keyboard.press(key)
    page.wait_for_selector("main code.code")
    assert Judgment.objects.count() == 3
    assert third != second


@pytest.mark.parametrize("missing", ["version", "module"])
def test_what_this_page_cannot_show_is_loaded(begun: Begun, missing: str) -> None:
    """After a deployment: another script, or one that is gone from under the page."""
    page = begun(make_open_study())
    changed = {
        "version": ('data-version="', 'data-version="of-after-'),
        "module": ('data-modules="', 'data-modules="/static/gone.js '),
    }[missing]

    def deploy(route: Route) -> None:
        reply = route.fetch()
        facts = reply.json()
        facts["page"] = facts["page"].replace(*changed)
        route.fulfill(response=reply, json=facts)

    page.route("**/answer", deploy)
    page.evaluate(STAYS)
    trial = wait_for_trial(page)
    page.locator(".option").first.click()
    page.locator(".confirm").click()
    wait_for_next(page, trial)
    page.wait_for_function("() => !window.stays")
    wait_for_trial(page)
    assert Judgment.objects.count() == 1


@pytest.mark.parametrize(
    ("page_comes", "has_version"), [(True, False), (False, False), (False, True)]
)
def test_a_page_of_a_release_without_versions_is_left(
    begun: Begun, page_comes: bool, has_version: bool
) -> None:
    """Such a release wrote no `data-version`, and no page into its replies."""
    page = begun(make_open_study())

    def reply_as_before(route: Route) -> None:
        reply = route.fetch()
        facts = reply.json()
        if page_comes:
            facts["page"] = facts["page"].replace("data-version=", "data-other=")
        else:
            del facts["page"]
        route.fulfill(response=reply, json=facts)

    page.route("**/answer", reply_as_before)
    page.evaluate(STAYS)
    trial = wait_for_trial(page)
    if not has_version:
        page.evaluate("document.getElementById('trial').removeAttribute('data-version')")
    page.locator(".option").first.click()
    page.locator(".confirm").click()
    page.wait_for_function("() => !window.stays")
    assert wait_for_trial(page) != trial
    assert Judgment.objects.count() == 1


def test_a_page_with_the_script_of_another_release_is_loaded_again(begun: Begun) -> None:
    page = begun(make_open_study())
    wait_for_trial(page)
    stub = {"body": ANOTHER_TIME, "content_type": "text/javascript"}
    page.route("**/trial.js?*", lambda route: route.fulfill(**stub), times=1)
    page.evaluate(STAYS)
    page.reload()
    page.evaluate(STAYS)
    page.wait_for_function("() => !window.stays")
    wait_for_trial(page)


def test_times_of_paints_are_those_of_the_own_pictures(begun: Begun) -> None:
    block = {"name": "timed", "paradigm": "trust", "trials": 3, "presentation": TIMED}
    page = begun(open_small_study(blocks=[block], stimuli=4))
    while page.locator("#trial").count():
        trial = ready(page)
        page.keyboard.press("1")
        page.keyboard.press("Enter")
        wait_for_next(page, trial)
    for row in Judgment.objects.all():
        for picture in row.presentation["pictures"]:
            assert abs(picture["painted_ms"] - picture["onset_ms"]) < 100
