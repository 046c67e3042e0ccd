"""The study file in an editor, under the site's own policy: it completes, explains and checks."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from sandbox.builders import make_study, take_part
from sandbox.walking import keep_screenshot, wait_for_trial
from studyapp.models import Study, StudyKind
from studyapp.studies.copies import marked_copy
from tests.browser.conftest import NewPage
from tests.browser.test_desk import assert_fits, at, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TOML = """slug = "small"
title = "A small study"
kind = "pilot"

[texts]
consent = "consent.md"
instructions = "instructions.md"
debrief = "debrief.md"

[networks.sharp]
builder = "alexnet"
weights = "random"
options = { seed = 1 }

[networks.blurred]
builder = "alexnet"
weights = "random"
options = { seed = 2 }

[pairs.main]
stronger = "sharp"
weaker = "blurred"

[images]
reader = "folder"
folder = "photos"

[[conditions]]
name = "grad_cam"
method = "grad_cam"

[[blocks]]
name = "main"
paradigm = "trust"
trials = 3

[design]
seed = 1
people = 4
stimuli = 4
"""


def begun(page: Page, site: object) -> Study:
    study = make_study()
    Study.objects.filter(pk=study.pk).update(definition_toml=TOML)
    page.goto(at(site, study, "file"))
    page.locator(".cm-content").wait_for()
    return study


def write_at(page: Page, line: int, text: str) -> None:
    """At the end of a line (from 1), by keys alone."""
    page.locator(".cm-content").focus()
    page.keyboard.press("Control+Home")
    for _ in range(line - 1):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    page.keyboard.type(text)


def take(page: Page, word: str) -> None:
    """The completion `word`; the editor takes no key for what has just appeared."""
    option = page.locator(".cm-tooltip-autocomplete").get_by_role("option", name=word, exact=True)
    expect(option).to_have_attribute("aria-selected", "true")
    keep_screenshot(page, f"editor-completion-{word[:4]}")
    page.wait_for_timeout(100)
    page.keyboard.press("Enter")


def test_a_file_is_written_with_completion_and_help_checked_and_saved(
    desk: NewPage,
    live_server: object,
) -> None:
    page = desk()
    refused: list[str] = []
    page.on("console", lambda one: refused.append(one.text) if "Security Policy" in one.text else 0)
    study = begun(page, live_server)
    expect(page.locator("#complaints-now")).to_contain_text("Nothing is wrong")
    lines = TOML.split("\n")
    write_at(page, lines.index("stimuli = 4") + 1, "\nrati")
    take(page, "ratings")
    expect(page.locator(".cm-content")).to_contain_text("ratings = ")
    page.keyboard.type('"nea')
    take(page, '"nearest"')
    expect(page.locator(".cm-content")).to_contain_text('ratings = "nearest"')
    page.keyboard.press("Home")
    page.keyboard.press("F1")
    expect(page.locator(".about")).to_contain_text("ratings")
    page.keyboard.press("Escape")
    write_at(page, lines.index("trials = 3") + 1, "\nchekcs = 1")
    number = lines.index("trials = 3") + 2
    expect(page.locator("#complaints-now a")).to_have_text(f"Line {number}")
    expect(page.locator(".cm-lintRange-error")).to_have_text("chekcs = 1")
    keep_screenshot(page, "editor-error")
    page.locator("#complaints-now a").click()
    # Chromium itself would style what is typed over coloured words, and the policy forbids it.
    page.keyboard.press("Shift+End")
    page.keyboard.press("Delete")
    page.keyboard.type("checks = 1")
    expect(page.locator("#complaints-now")).to_contain_text("Nothing is wrong")
    assert violations(page) == []
    page.get_by_role("button", name="Preview a page").click()
    narrow = page.frame_locator(".narrow iframe")
    expect(narrow.get_by_text("which is more reasonable")).to_be_visible()
    assert narrow.locator("body").evaluate("() => innerWidth") == 390
    keep_screenshot(page, "editor-preview")
    page.get_by_role("button", name="Next page").click()
    expect(page.locator("#preview [role=status]")).to_contain_text("Page 2 of 4")
    # What is written below the file is followed too.
    consent = page.get_by_label("Text: consent")
    consent.fill("")
    expect(page.locator("#complaints-now")).to_contain_text("has no words yet")
    consent.fill("# Consent")
    expect(page.locator("#complaints-now")).to_contain_text("Nothing is wrong")
    # Tab leaves it.
    page.locator(".cm-content").focus()
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") != "editor"
    with page.expect_navigation():
        page.get_by_role("button", name="Save", exact=True).click()
    study.refresh_from_db()
    assert 'ratings = "nearest"' in study.definition_toml
    assert study.definition["blocks"][0]["checks"] == 1
    assert refused == []


MEASURED = """() => ['.stage img', '.stage .pair img', '.confirm', 'footer a'].map(
    name => { const {width, top} = document.querySelector(name).getBoundingClientRect();
              return [name, Math.round(width), Math.round(top)]; })"""


@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_a_preview_is_laid_out_as_the_page_is(
    desk: NewPage, new_page: NewPage, live_server: object, size: str
) -> None:
    page = desk()
    study = begun(page, live_server)
    page.get_by_role("button", name="Preview a page").click()
    frame = page.frame_locator(f".{size} iframe")
    expect(frame.locator(".confirm")).to_be_visible()
    real = new_page(size)
    person = take_part(marked_copy(study, StudyKind.PILOT, 1))
    real.goto(f"{live_server}{reverse('participation', args=[person.code])}")
    wait_for_trial(real)
    assert frame.locator("body").evaluate(MEASURED) == real.evaluate(MEASURED)


def test_the_editor_is_accessible_and_fits_a_phone_in_the_dark(
    desk: NewPage, live_server: object
) -> None:
    page = desk("narrow", color_scheme="dark")
    begun(page, live_server)
    keep_screenshot(page, "editor-narrow-dark")
    assert_fits(page, "editor")
    assert violations(page) == []
