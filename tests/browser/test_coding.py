"""Answers coded in a real browser: by keys and by clicks, wide and narrow, light and dark."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page

from sandbox.walking import keep_screenshot
from studyapp.models import Adjudication, Coder, Coding, Member, Role
from studyapp.studies.coding.rounds import begin_round, end_round
from tests.browser.conftest import NewPage
from tests.browser.test_desk import assert_fits, at, violations
from tests.coded import TEXTS, answered_study, code_as_fits, made_scheme, make_coders

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def looked_at(page: Page, name: str) -> None:
    keep_screenshot(page, f"desk-{name}")
    assert_fits(page, name)
    assert violations(page) == []


def press(page: Page, *keys: str) -> None:
    """Once the page has loaded, which is when its script listens."""
    page.wait_for_load_state()
    for key in keys:
        page.keyboard.press(key)


@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("narrow", "dark")])
def test_answers_are_coded_corrected_and_adjudicated(
    desk: NewPage, live_server: object, size: str, scheme: str
) -> None:
    page = desk(size, color_scheme=scheme)
    study, anna = answered_study(people=2, trials=2), User.objects.get(username="anna")
    Member.objects.create(study=study, user=anna, role=Role.OWNER)
    codes = made_scheme(study)
    address = f"{live_server}/admin/studyapp/study/scheme/{codes.pk}/"
    page.goto(address)
    looked_at(page, f"scheme-{size}-{scheme}")
    round_ = begin_round(codes, [anna, *make_coders(study, 1)], seed=4)
    page.goto(f"{live_server}/admin/")
    page.get_by_role("link", name="small, main/text, version 1").click()
    for done in range(4):
        page.locator(f"progress[value='{done}']").wait_for()
        text = page.locator(".answer").inner_text()
        fits = next(place for place, (start, _) in enumerate(TEXTS, 1) if text.startswith(start))
        if done == 2:
            page.locator("label").nth(fits - 1).click()
            looked_at(page, f"coding-{size}-{scheme}")
            page.get_by_role("button", name="Save, and go on").click()
        elif done == 1:
            # The key before, chosen again, and the answer before once more
            press(page, "ArrowLeft")
            page.get_by_role("button", name="Save the correction").wait_for()
            chosen = page.locator("input:checked").get_attribute("value")
            press(page, "3" if chosen != "other" else "1", "Enter")
            page.get_by_role("button", name="Save, and go on").wait_for()
            press(page, str(fits), "Enter")
        else:
            press(page, str(fits), "Enter")
    page.get_by_text("There is nothing left for you to code").wait_for()
    looked_at(page, f"coded-{size}-{scheme}")
    own = Coding.objects.filter(reading__coder__user=anna)
    assert sorted(own.values_list("reading__place", "revision")) == [
        (1, 1), (1, 2), (2, 1), (3, 1), (4, 1)]  # fmt: skip
    code_as_fits(Coder.objects.get(scheme=codes, number=2))
    end_round(round_)
    page.goto(f"{address}agreement/")
    looked_at(page, f"agreement-{size}-{scheme}")
    page.get_by_role("link", name="Adjudicate", exact=True).click()
    page.locator(".choices").wait_for()
    looked_at(page, f"adjudication-{size}-{scheme}")
    press(page, "2", "Enter")
    page.get_by_text("Every disagreement is adjudicated").wait_for()
    assert Adjudication.objects.get().codes == ["shape"]
    page.goto(at(live_server, study, "coding"))
    looked_at(page, f"schemes-{size}-{scheme}")
