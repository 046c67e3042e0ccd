"""What was typed stays, held keys answer nothing, and of two answers the first stands: in a real
browser, with two tabs and pages restored from its memory."""

from typing import Any

import pytest
from playwright.sync_api import Page

from sandbox.builders import open_small_study
from sandbox.walking import (
    TWO_FRAMES,
    enter,
    keep_screenshot,
    make_open_study,
    wait_for_next,
    wait_for_trial,
)
from studyapp.models import Judgment, Study
from tests.browser.conftest import Begun, NewPage

FACTS = [
    {"name": "age", "question": "How old are you?", "kind": "number", "least": 18, "most": 99,
     "unit": "years", "may_decline": True},
    {"name": "work", "question": "What is your occupation?", "kind": "line", "longest": 80},
    {"name": "gender", "question": "What is your gender?", "choices": ["woman", "man"],
     "may_decline": True},
]  # fmt: skip
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def custom_study(**options: Any) -> Study:
    fields = [
        {"name": "first", "kind": "text", "question": "What did you see?", "longest": 40},
        {"name": "second", "kind": "text", "question": "And what else?"},
    ]
    blocks = [{"name": "own", "paradigm": "custom", "trials": 2, "fields": fields}]
    return open_small_study(blocks=blocks, **options)


def test_a_refused_text_is_told_beside_its_field_and_everything_typed_stays(begun: Begun) -> None:
    page = begun(custom_study())
    trial = wait_for_trial(page)
    page.locator("[name=first]").fill("words")
    page.locator("[name=second]").fill("   ")
    page.locator(".confirm").click()
    problem = page.locator("[data-problem=second]")
    problem.filter(has_text="Please write an answer.").wait_for()
    keep_screenshot(page, "refused-text")
    assert page.locator("[name=first]").input_value() == "words"
    assert page.locator("[name=second]").get_attribute("aria-invalid") == "true"
    assert page.evaluate("document.activeElement.name") == "second"
    assert page.locator("[data-problem=first]").inner_text() == ""
    assert page.locator(".confirm").is_enabled()
    page.locator("[name=second]").fill("more")
    page.locator(".confirm").click()
    wait_for_next(page, trial)
    assert Judgment.objects.get().data == {"first": "words", "second": "more"}


@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("narrow", "dark")])
def test_a_refused_number_is_told_beside_its_box_and_can_be_declined_instead(
    begun: Begun, size: str, scheme: str
) -> None:
    block = {"name": "about_you", "paradigm": "custom", "trials": 1, "fields": FACTS}
    study = open_small_study(blocks=[block], language="de" if scheme == "dark" else "en")
    page = begun(study, size, color_scheme=scheme)
    wait_for_trial(page)
    page.locator("[name=age]").fill("abc")
    page.locator("[name=work]").fill("baker")
    # No digit says that somebody prefers not to
    page.locator("[name=gender]").first.focus()
    page.keyboard.press("3")
    assert not page.locator("[value=declined]").is_checked()
    page.locator("[value=declined]").check()
    page.locator(".confirm").click()
    problem = page.locator("[data-problem=age]")
    problem.filter(has_text="18").wait_for()
    keep_screenshot(page, f"facts-{size}-{scheme}")
    assert page.locator("[name=age]").input_value() == "abc"
    assert page.locator("[name=work]").input_value() == "baker"
    assert page.evaluate("document.activeElement.name") == "age"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator("[name=age]").fill("")
    page.locator(".confirm").click()
    empty = {"light": "Please write an answer.", "dark": "Bitte schreiben Sie eine Antwort."}
    problem.filter(has_text=empty[scheme]).wait_for()
    page.locator("[name='age.declined']").check()
    page.locator(".confirm").click()
    page.wait_for_selector(".code")
    declined = {"declined": True}
    assert Judgment.objects.get().data == {"age": declined, "work": "baker", "gender": declined}


def test_what_is_being_written_survives_a_reload(begun: Begun) -> None:
    page = begun(custom_study())
    trial = wait_for_trial(page)
    page.locator("[name=first]").fill("half a thought")
    page.reload()
    wait_for_trial(page)
    assert page.locator("[name=first]").input_value() == "half a thought"
    page.locator("[name=second]").fill("x")
    page.locator(".confirm").click()
    wait_for_next(page, trial)
    wait_for_trial(page)
    assert page.locator("[name=first]").input_value() == ""


def test_on_a_shared_computer_nobody_gets_what_another_left_in_the_form(
    begun: Begun, live_server: object
) -> None:
    study = custom_study(people=1, panel={"people_per_device": 2})
    page = begun(study)
    trial = wait_for_trial(page)
    page.locator("[name=first]").fill("my private words")
    page.locator("footer a[href$=withdraw]").click()
    page.locator("form[action$=withdraw] button").click()
    page.wait_for_load_state()
    enter(page, f"{live_server}/s/{study.slug}/")
    assert wait_for_trial(page) == trial
    assert page.locator("[name=first]").input_value() == ""


def test_a_text_as_long_as_the_page_allows_is_taken_with_its_lines(begun: Begun) -> None:
    page = begun(custom_study())
    trial = wait_for_trial(page)
    page.locator("[name=first]").fill("\n".join("abcdefghi" for _ in range(4)) + "j")
    page.locator("[name=second]").fill("x")
    page.locator(".confirm").click()
    wait_for_next(page, trial)
    assert len(Judgment.objects.get().data["first"]) == 40


def test_without_script_what_was_typed_stays_too(begun: Begun) -> None:
    page = begun(custom_study(), java_script_enabled=False)
    page.locator("[name=first]").fill("words")
    page.locator("[name=second]").fill("   ")
    page.locator(".confirm").click()
    assert page.locator("[data-problem=second]").inner_text() == "Please write an answer."
    assert page.locator("[name=first]").input_value() == "words"


def test_keys_held_since_the_page_before_answer_nothing(begun: Begun) -> None:
    page = begun(make_open_study())
    trial = wait_for_trial(page)
    page.keyboard.down("1")
    page.keyboard.down("Enter")
    wait_for_next(page, trial)
    second = wait_for_trial(page)
    for _ in range(4):
        # Pressed already, so these are what the system repeats.
        page.keyboard.down("1")
        page.keyboard.down("Enter")
        page.evaluate(TWO_FRAMES)
    assert page.locator("[name=trial]").input_value() == second
    assert page.locator("[name=value]:checked").count() == 0
    assert Judgment.objects.count() == 1
    for key in ("1", "Enter"):
        page.keyboard.up(key)
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    wait_for_next(page, second)
    assert Judgment.objects.count() == 2


def test_digits_answer_the_list_that_has_the_focus(begun: Begun) -> None:
    page = begun(open_small_study(paradigm="ranking", conditions=3))
    trial = wait_for_trial(page)
    page.keyboard.press("1")
    assert lists_with_keys(page) == [True, False]
    page.locator("[name=place_2]").first.focus()
    assert lists_with_keys(page) == [False, True]
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    wait_for_next(page, trial)
    judgment = Judgment.objects.get()
    assert (judgment.value, judgment.data) == (0, {"place_2": 2})


def lists_with_keys(page: Page) -> list[bool]:
    """Of each list of answers whether it says which keys answer it."""
    return [one.locator("kbd").first.is_visible() for one in page.locator(".answers").all()]


def two_tabs(begun: Begun) -> tuple[Page, Page, str]:
    """Two tabs at one trial, and its code."""
    first = begun(make_open_study())
    second = first.context.new_page()
    second.goto(first.url)
    trial = wait_for_trial(first)
    assert wait_for_trial(second) == trial
    return first, second, trial


def test_of_two_tabs_the_first_answer_stands_and_the_other_says_so(begun: Begun) -> None:
    first, second, trial = two_tabs(begun)
    first.locator(".option").nth(0).click()
    second.locator(".option").nth(4).click()
    first.locator(".confirm").click()
    wait_for_next(first, trial)
    second.locator(".confirm").click()
    wait_for_next(second, trial)
    wait_for_trial(second)
    assert "your first answer counts" in second.locator(".told").inner_text()
    keep_screenshot(second, "two-tabs")
    assert second.locator(".confirm").is_enabled()
    assert Judgment.objects.get().value == -2
    following = wait_for_trial(second)
    second.locator(".option").nth(1).click()
    second.locator(".confirm").click()
    wait_for_next(second, following)
    assert Judgment.objects.count() == 2


def test_the_same_answer_from_two_tabs_is_stored_once_without_a_word(begun: Begun) -> None:
    first, second, trial = two_tabs(begun)
    for page in (first, second):
        page.locator(".option").nth(3).click()
        page.locator(".confirm").dblclick()
        wait_for_next(page, trial)
    assert "kept" not in second.url
    assert Judgment.objects.get().value == 1


@pytest.mark.parametrize("script", [True, False])
def test_a_restored_page_takes_the_person_on_and_changes_no_answer(
    new_page: NewPage, live_server: object, script: bool
) -> None:
    page = new_page(java_script_enabled=script)
    enter(page, f"{live_server}/s/{make_open_study().slug}/")
    page.wait_for_selector("#trial")
    trial = page.locator("[name=trial]").input_value()
    page.locator(".option").nth(0).click()
    page.locator(".confirm").click()
    while page.locator("[name=trial]").input_value() == trial:
        page.wait_for_timeout(50)
    page.go_back()
    page.wait_for_load_state()
    if page.locator("[name=trial]").count() == 0:
        # A page of before the trials: its button leads on to where the person is.
        page.locator("main form button.primary").last.click()
        page.wait_for_selector("#trial")
    else:
        page.locator(".option").nth(4).click()
        page.locator(".confirm").click()
    page.wait_for_selector(".confirm:enabled")
    assert Judgment.objects.get(trial__code=trial).value == -2
