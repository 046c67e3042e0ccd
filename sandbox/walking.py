"""How a person walks through a study in a browser: the steps that tests share."""

import os
from pathlib import Path

from playwright.sync_api import Page

from sandbox.builders import ETHICS, open_small_study
from studyapp.models import Study


def make_open_study(paradigm: str = "trust", **options: object) -> Study:
    """A study of one practice trial, three main ones and a check."""
    return open_small_study(
        paradigm=paradigm, trials=3, checks=1, practice=1, stimuli=4, ethics=ETHICS, **options
    )


def enter(page: Page, address: str, name: str = "") -> str:
    """From the link to the first trial; the instructions on the way."""
    page.goto(address)
    keep_screenshot(page, f"{name}-entry")
    page.locator("main form button.primary").click()
    page.locator("[name=agree]").check()
    keep_screenshot(page, f"{name}-consent")
    page.locator("form[action$=consent] button").click()
    page.wait_for_selector("form[action$=begin]")
    keep_screenshot(page, f"{name}-instructions")
    instructions = page.locator("main").inner_html()
    page.locator("form[action$=begin] button").click()
    return instructions


# Keys count from the onset on, which is the second frame after the question was shown.
TWO_FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def wait_for_trial(page: Page) -> str:
    """Until the question is there and takes keys; the code of the trial."""
    page.wait_for_selector(".answers.shown")
    page.evaluate(TWO_FRAMES)
    return page.locator("[name=trial]").input_value()


def wait_for_next(page: Page, trial: str) -> None:
    """Until the page shows anything but `trial`."""
    page.wait_for_function(
        "code => document.querySelector('[name=trial]')?.value !== code", arg=trial
    )
    page.wait_for_load_state()


def answer(page: Page) -> None:
    """Give the second answer to every question of the page, and go on."""
    for name in {one.get_attribute("name") for one in page.locator(".option input").all()}:
        # In a ranking each explanation has one place: the third is put in place 2
        place = int(name.removeprefix("place_")) if name and name.startswith("place_") else 1
        page.locator(f".option:has([name={name}])").nth(place).click()
    for area in page.locator("textarea").all():
        area.fill("words")
    for slider in page.locator("input[type=range]").all():
        slider.fill("60")
    for line in page.locator("input.line:visible").all():
        line.fill("words" if line.get_attribute("inputmode") is None else "30")
    if page.locator("input[type=image]").count():
        page.locator("input[type=image]").click(position={"x": 30, "y": 40})
        return
    if page.locator(".marked").count():
        # A touch of the brush
        page.locator(".marked.draws").click(position={"x": 30, "y": 40})
    page.locator(".confirm").click()


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def keep_screenshot(page: Page, name: str) -> None:
    """A picture of the page in the folder SCREENSHOTS, if that is set."""
    if folder := os.environ.get("SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{folder}/{name}.png")
