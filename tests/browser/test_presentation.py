"""Pictures that are presented for a time: what is stored is what the page itself could see."""

from collections.abc import Callable
from itertools import groupby
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from sandbox.builders import open_small_study, take_part
from studyapp.models import Judgment, StimulusOverlay
from tests.browser.conftest import NewPage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# What another script sees in each frame, after the page's own: its time, which pictures are
# visible, and which of them a mask covers
WATCH = """() => {
  window.seen = [];
  const edges = (one) => Object.values(one.getBoundingClientRect().toJSON()).map(Math.round);
  window.over = (one, other) => `${edges(one)}` === `${edges(other)}`;
  const look = (now) => {
    const pictures = [...document.querySelectorAll('.stage img')];
    const visible = pictures.map((one) => getComputedStyle(one).visibility === 'visible');
    const masks = [...document.querySelectorAll('canvas.mask')];
    const lies = (mask) => pictures.findIndex((one) => over(one, mask));
    seen.push([now, visible, masks.map(lies)]);
    requestAnimationFrame(look);
  };
  const form = document.getElementById('trial');
  if (!form) return;
  const begun = new MutationObserver(() => {
    if (!form.classList.contains('begun')) return;
    begun.disconnect();
    requestAnimationFrame(look);
  });
  begun.observe(form, { attributes: true });
}"""

# From when an element stands there, no frame is told to the page until `release()`: what is looked
# at meanwhile is not over before a busy browser replies
HOLD = """{
  const next = window.requestAnimationFrame;
  let waiting = [];
  window.requestAnimationFrame = (work) => (
    waiting && document.querySelector('%s') ? waiting.push(work) : next(work)
  );
  window.release = () => { waiting.forEach((work) => next(work)); waiting = null; };
}"""


def opened(
    page: Page,
    server: LiveServer,
    presentation: dict[str, Any],
    change: Callable[[], object] = lambda: None,
) -> None:
    main = {"name": "main", "paradigm": "trust", "trials": 1, "presentation": presentation}
    study = open_small_study(blocks=[main], people=2)
    change()
    person = take_part(study)
    page.add_init_script(f"addEventListener('DOMContentLoaded', {WATCH})")
    page.goto(f"{server.url}/p/{person.code}/")


def answered(page: Page) -> Judgment:
    page.locator(".option").first.click()
    page.locator(".confirm").click()
    page.wait_for_function("() => document.querySelector('#trial') === null")
    return Judgment.objects.get()


def test_each_picture_is_seen_by_itself_for_its_time_then_masked_then_answered(
    live_server: LiveServer, new_page: NewPage
) -> None:
    page = new_page()
    presentation = {
        "fixation_ms": 200, "exposure_ms": 300, "mask": "noise", "mask_ms": 100, "gap_ms": 500,
        "order": "one_after_another",
    }  # fmt: skip
    opened(page, live_server, presentation)
    page.wait_for_selector(".stage.shown")
    assert not page.locator(".answers").first.is_visible()
    page.wait_for_selector("#trial.over")
    seen = page.evaluate("seen")
    row = answered(page)
    told = row.presentation
    assert (told["mask"], told["presented"], told["interrupted"]) == ("noise", 1, False)
    assert [one["place"] for one in told["pictures"]] == ["photo", "a", "b"]
    assert {one["role"] for one in told["pictures"]} == {"photo", "stronger", "weaker"}
    assert all(sum(visible) <= 1 for _, visible, _ in seen)
    assert all(not any(visible) for _, visible, masks in seen if masks)
    # Each mask lies over its own picture
    shown = [masks for _, _, masks in seen if masks]
    assert [found for found, _ in groupby(shown)] == [[0], [1], [2]]
    for number, one in enumerate(told["pictures"]):
        frames = [now for now, visible, _ in seen if visible[number]]
        ended = next(now for now, _, _ in seen if now > frames[-1])
        assert one["frames"] == len(frames)
        assert one["shown_ms"] == pytest.approx(ended - frames[0], abs=told["frame_ms"])
        # Told to end in the frame nearest to its time, so it is never seen for half a frame less
        assert one["shown_ms"] >= one["asked_ms"] - told["frame_ms"] / 2 - 0.2
        assert one["error_ms"] >= told["frame_ms"]
        assert one["painted_ms"] >= one["onset_ms"] - 4
    assert told["measured_by"] == "element"
    assert row.rt_ms >= told["pictures"][-1]["offset_ms"] - told["pictures"][0]["onset_ms"]


def test_a_photo_to_click_on_is_neither_seen_nor_clicked_before_its_cross_is_gone(
    live_server: LiveServer, new_page: NewPage
) -> None:
    page = new_page()
    block = {
        "name": "main", "paradigm": "pointing", "trials": 2, "presentation": {"fixation_ms": 1500}
    }  # fmt: skip
    person = take_part(open_small_study(paradigm="pointing", blocks=[block], people=2))
    page.add_init_script(HOLD % ".fixation")
    page.goto(f"{live_server.url}/p/{person.code}/")
    page.wait_for_selector(".fixation", state="attached")
    photo = page.locator(".stage [type=image]")
    hidden = [photo.is_visible(), page.locator(".cells").is_visible()]
    box = photo.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 40, box["y"] + 40)
    photo.evaluate("one => one.click()")
    page.evaluate("release()")
    page.wait_for_selector("#trial.over")
    assert hidden == [False, False]
    assert not Judgment.objects.exists()
    trial = page.locator("[name=trial]").input_value()
    photo.click(position={"x": 40, "y": 40})
    page.wait_for_function(
        "code => document.querySelector('[name=trial]')?.value !== code", arg=trial
    )
    row = Judgment.objects.get()
    (told,) = row.presentation["pictures"]
    assert told["place"] == "photo"
    # Of the time that the page was open before the click, the cross is no part
    assert told["onset_ms"] > 1400


# What a page keeps of 402 looks, by the module that it has loaded
FULL = """async () => {
  const loaded = performance.getEntriesByType("resource").map((one) => one.name);
  const { keep } = await import(loaded.find((name) => /presentation.*[.]js/.test(name)));
  const log = { looks: [], more: {} };
  for (let look = 0; look < 402; look += 1) keep(log, { place: "a", start_ms: look, ms: 2.5 });
  return { looks: log.looks.length, more: log.more };
}"""


def test_covered_pictures_are_looked_at_one_at_a_time_by_pointer_and_by_keys(
    live_server: LiveServer, new_page: NewPage
) -> None:
    page = new_page("narrow")
    opened(page, live_server, {"reveal": "on_request"})
    page.wait_for_selector("#trial.over .lid")
    assert page.evaluate(FULL) == {"looks": 400, "more": {"a": {"place": "a", "count": 2, "ms": 5}}}
    assert visible(page) == [False, False, False]
    assert page.evaluate(
        "[...document.querySelectorAll('.stage img')].every(one => "
        "over(one, one.nextElementSibling))"
    )
    page.get_by_role("button", name="Show: What Robot A looked at").click()
    assert visible(page) == [False, True, False]
    page.get_by_role("button", name="Show: What Robot B looked at").focus()
    page.keyboard.press("Enter")
    assert visible(page) == [False, False, True]
    assert_no_breach(page)
    assert page.get_by_role("status").first.inner_text().endswith("The picture is shown.")
    page.keyboard.press("Space")
    assert visible(page) == [False, False, False]
    page.get_by_role("button", name="Show: The photo").click()
    row = answered(page)
    looks = row.presentation["looks"]
    assert "more" not in row.presentation
    assert [one["place"] for one in looks] == ["a", "b", "photo"]
    assert all(one["ms"] > 0 for one in looks)
    assert looks[1]["start_ms"] >= looks[0]["start_ms"] + looks[0]["ms"] - 0.2
    assert row.value == -2


def test_a_picture_is_enlarged_step_by_step_and_each_step_is_stored(
    live_server: LiveServer, new_page: NewPage
) -> None:
    page = new_page()
    opened(page, live_server, {"zoom": True})
    page.wait_for_selector("#trial.over .glass")
    page.get_by_role("button", name="Enlarge: What Robot A looked at").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="What Robot A looked at")
    assert "200" in dialog.locator("output").inner_text()
    assert_no_breach(page)
    dialog.get_by_role("button", name="Larger").click()
    page.keyboard.press("Escape")
    assert dialog.count() == 0
    assert "Robot A" in page.evaluate("document.activeElement.getAttribute('aria-label')")
    zooms = answered(page).presentation["zooms"]
    assert [(one["place"], one["level"]) for one in zooms] == [("a", 2.0), ("a", 3.0)]


def test_a_replay_presents_the_pictures_again(
    live_server: LiveServer, new_page: NewPage, desk: NewPage
) -> None:
    page = new_page()
    opened(page, live_server, {"exposure_ms": 200, "mask": "noise", "mask_ms": 200})
    page.wait_for_selector("#trial.over")
    code = answered(page).participation.code
    page = desk()
    page.add_init_script(HOLD % "canvas.mask")
    page.goto(f"{live_server.url}/replay/{code}/1")
    assert visible(page) == [True, True, True]
    page.get_by_role("button", name="Present the pictures again").click()
    page.wait_for_selector("canvas.mask", state="attached")
    assert visible(page) == [False, False, False]
    page.evaluate("release()")
    page.wait_for_selector("button[data-record]:not([disabled])")
    assert page.locator("canvas.mask").count() == 0
    assert visible(page) == [True, True, True]


def one_picture() -> None:
    """As where a network is compared with itself."""
    for one in StimulusOverlay.objects.filter(role="weaker"):
        stronger = StimulusOverlay.objects.get(
            stimulus=one.stimulus, condition=one.condition, role="stronger"
        )
        StimulusOverlay.objects.filter(pk=one.pk).update(overlay=stronger.overlay)


def test_a_page_that_was_loaded_again_or_hidden_or_holds_one_picture_twice_is_told_so(
    live_server: LiveServer, new_page: NewPage
) -> None:
    page = new_page(reduced_motion="reduce")
    presentation = {"fixation_ms": 300, "exposure_ms": 100, "mask": "noise", "mask_ms": 100}
    page.context.add_init_script(HOLD % ".fixation")
    opened(page, live_server, presentation, one_picture)
    page.wait_for_selector(".fixation", state="attached")
    tab = page.context.new_page()
    tab.goto(page.url)
    tab.wait_for_selector(".fixation", state="attached")
    tab.close()
    page.reload()
    page.wait_for_selector(".fixation", state="attached")
    page.evaluate("""() => {
        Object.defineProperty(document, 'hidden', { value: true, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
        release();
    }""")
    page.wait_for_selector("#trial.over")
    assert (
        len(set(page.evaluate("[...document.querySelectorAll('.pair img')].map(one => one.src)")))
        == 1
    )
    told = answered(page).presentation
    assert (told["presented"], told["interrupted"], told["mask"]) == (3, True, "plain")
    assert [one["place"] for one in told["pictures"]] == ["photo", "a", "b"]


def assert_no_breach(page: Page) -> None:
    told = Axe().run(page)
    assert told.violations_count == 0, told.generate_report()


def visible(page: Page) -> list[bool]:
    return page.evaluate(
        "[...document.querySelectorAll('.stage img')].map(one => "
        "getComputedStyle(one).visibility === 'visible')"
    )


def test_a_page_whose_script_never_comes_shows_no_picture_and_says_why(
    live_server: LiveServer, new_page: NewPage
) -> None:
    page = new_page(java_script_enabled=False)
    person = take_part(
        open_small_study(
            blocks=[{"name": "main", "paradigm": "trust", "trials": 1,
                     "presentation": {"exposure_ms": 100}}], people=2)
    )  # fmt: skip
    page.goto(f"{live_server.url}/p/{person.code}/")
    assert page.get_by_text("This page needs JavaScript to show its pictures.").is_visible()
    assert not page.locator(".stage img").first.is_visible()
    assert not page.locator(".answers").first.is_visible()
