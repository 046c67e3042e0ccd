"""Sliders and fields that earlier answers show, by pointer and by keys."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from sandbox.builders import open_small_study
from sandbox.walking import keep_screenshot
from studyapp.models import Judgment
from tests.browser.conftest import Begun

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FIELDS = [
    {"name": "owns", "question": "Do you own a pet?", "choices": ["yes", "no"]},
    {"name": "which", "question": "Which?", "kind": "several", "choices": ["cat", "dog"],
     "show_if": {"field": "owns", "answers": ["yes"]}},
    {"name": "liking", "question": "How much do you like cats?", "kind": "slider",
     "lowest": "not at all", "highest": "very much"},
    {"name": "calm", "question": "How calm are you?", "kind": "slider"},
    {"name": "terms", "question": "How well do you know:", "kind": "matrix",
     "items": ["networks", "statistics"], "points": 5},
]  # fmt: skip


def test_a_slider_must_be_set_and_what_is_not_asked_is_hidden(begun: Begun) -> None:
    block = {"name": "you", "paradigm": "custom", "trials": 1, "fields": FIELDS}
    page = begun(open_small_study(blocks=[block]), "narrow")
    page.wait_for_selector(".answers.shown")
    which = page.locator(".only-if")
    assert not which.is_visible()
    page.locator("[name=owns]").first.check(force=True)
    assert which.is_visible()
    assert not page.locator(".if").is_visible()
    page.locator("[name='which.1']").check()
    for name in ("terms_1", "terms_2"):
        page.locator(f"[name={name}]").nth(3).check(force=True)
    liking, calm = page.locator(".slider input[type=range]").all()
    assert liking.get_attribute("aria-valuetext") == "not set yet"
    liking.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("End")
    page.locator(".confirm").click()
    page.get_by_text("Please set the slider.").wait_for()
    assert not Judgment.objects.exists()
    keep_screenshot(page, "fields-narrow")
    told = Axe().run(page)
    assert told.violations_count == 0, told.generate_report()
    # The middle, where the slider already is
    calm.focus()
    page.keyboard.press("Space")
    page.locator(".confirm").click()
    page.locator("#trial").wait_for(state="detached")
    assert Judgment.objects.get().data == {
        "owns": 0, "which": [1], "liking": 100, "calm": 50, "terms_1": 4, "terms_2": 4,
    }  # fmt: skip
