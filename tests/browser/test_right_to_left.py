"""Pages in Arabic and Hebrew are mirrored, but for what the data say of left and right."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page

from sandbox.builders import ETHICS, open_small_study
from sandbox.walking import keep_screenshot, make_open_study, wait_for_next, wait_for_trial
from studyapp.models import Judgment, Side, Trial
from studyapp.studies.trial_cache import overlay_codes
from tests.browser.conftest import Begun, NewPage, resize
from tests.browser.test_every_paradigm import OVERLAPS
from tests.browser.test_quality import walk

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# One of each layout: pictures side by side, a row beside a photo, words, fields, a map of answers
BLOCKS: list[dict[str, Any]] = [
    {"name": "trust", "paradigm": "trust", "trials": 1, "confidence": True},
    {"name": "agreement", "paradigm": "agreement", "trials": 2, "may_decline": True},
    {"name": "distinction", "paradigm": "distinction", "trials": 2},
    {"name": "pointing", "paradigm": "pointing", "trials": 1, "may_decline": True},
    {"name": "statements", "paradigm": "questionnaire", "trials": 1, "items": ["Helpful?"]},
    {"name": "sight", "paradigm": "sight", "trials": 1, "illusion": "contrast"},
    {"name": "own", "paradigm": "custom", "trials": 1, "fields": [
        {"name": "slide", "question": "How much?", "kind": "slider"},
        {"name": "years", "question": "How long?", "kind": "number", "unit": "years"},
        {"name": "which", "question": "Which?", "kind": "several", "choices": ["a", "b", "c"]},
    ]},
]  # fmt: skip


def lefts(found: Locator) -> list[float]:
    boxes = [one.bounding_box() for one in found.all()]
    return [box["x"] for box in boxes if box is not None]


def answer(page: Page) -> None:
    for name in {one.get_attribute("name") for one in page.locator(".option input").all()}:
        page.locator(f".option:has([name='{name}'])").first.click()
    for number in page.locator("input.line:visible").all():
        number.fill("3")
    for tick in page.locator(".several input[type=checkbox]").all()[:1]:
        tick.check()
    if page.locator("[type=range]").count():
        page.locator("[type=range]").press("ArrowUp")
    if page.locator("[type=image]").count():
        page.locator("[type=image]").click(position={"x": 30, "y": 40})
    else:
        page.locator(".confirm").click()


@pytest.mark.parametrize("language", ["ar", "he"])
def test_sides_are_where_the_data_say_and_answers_stand_as_the_sides_do(
    begun: Begun, language: str
) -> None:
    page = begun(make_open_study(language=language), color_scheme="light")
    assert page.locator("html").get_attribute("dir") == "rtl"
    while page.locator("#trial").count():
        code = wait_for_trial(page)
        trial = Trial.objects.get(code=code)
        if trial.stimulus_id is not None and trial.condition_id is not None:
            shown = [one.get_attribute("src") or "" for one in page.locator(".pair img").all()]
            first, second = lefts(page.locator(".pair img"))
            # The data's words for A: first, left
            assert first < second
            stronger = overlay_codes(trial.stimulus_id, trial.condition_id)["stronger"]
            assert (stronger in shown[0]) == (trial.stronger_side == Side.A)
        options = lefts(page.locator(".answers:has([name=value]) .option"))
        # Also of an attention check, which shows no pictures
        assert options == sorted(options)
        page.locator(".option").first.click()
        page.locator(".confirm").click()
        wait_for_next(page, code)
    # Stored as shown: the first answer is “A clearly”, and stands under A.
    assert set(Judgment.objects.values_list("value", flat=True)) == {-2}


@pytest.mark.parametrize("language", ["ar", "he"])
def test_every_kind_of_page_reads_from_right_to_left_and_fits(
    new_page: NewPage, live_server: object, begun: Begun, language: str
) -> None:
    study = make_open_study(language=language, slug="walked")
    page = new_page("wide", color_scheme="light")
    for name in walk(page, live_server, study.slug):
        if name not in {"not-found", "landing"}:
            assert_reads_from_the_right(page, f"{language}-{name}")
    study = open_small_study(language=language, blocks=BLOCKS, ethics=ETHICS, stimuli=4)
    page = begun(study, color_scheme="light")
    while page.locator("#trial").count():
        code = wait_for_trial(page)
        block = Trial.objects.get(code=code).block
        assert_reads_from_the_right(page, f"{language}-{block}")
        if block == "agreement":
            # A scale about no sides runs as the language does.
            options = lefts(page.locator(".options .option"))
            assert options == sorted(options, reverse=True)
        answer(page)
        wait_for_next(page, code)
    assert Judgment.objects.filter(participation__study=study).count() == len(BLOCKS) + 2


def assert_reads_from_the_right(page: Page, name: str) -> None:
    """At each size: nothing is wider than the window or over anything else, and text begins at the
    right."""
    for size in ("narrow", "low", "wide"):
        resize(page, size)
        assert page.locator("html").get_attribute("dir") == "rtl"
        too_wide = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert too_wide <= 0, (name, size)
        assert page.evaluate(OVERLAPS) == [], (name, size)
        aligned = page.evaluate("getComputedStyle(document.querySelector('main')).direction")
        assert aligned == "rtl"
        keep_screenshot(page, f"{name}-{size}")
