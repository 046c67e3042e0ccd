"""What people of different arms see is alike: sizes, legends and examples; nothing is cut off."""

from collections import defaultdict
from typing import Any

import pytest
from playwright.sync_api import Page

from sandbox.builders import ETHICS, open_small_study
from sandbox.walking import enter, keep_screenshot, wait_for_next, wait_for_trial
from studyapp.models import Participation, Study, Trial
from studyapp.paradigms import PARADIGMS
from tests.browser.conftest import SIZES, Begun, NewPage, resize

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CONDITIONS = [{"name": "plain", "method": "none"}, {"name": "explained", "method": "grad_cam"}]
ARMS = [{"name": one["name"], "conditions": [one["name"]]} for one in CONDITIONS]
BLOCKS: dict[str, dict[str, Any]] = {
    "agreement": {},
    "reliance": {},
    "rating": {"items": ["The explanation helps me."]},
    "open_text": {"with_photos": True},
    "custom": {"with_photos": True, "fields": [{"name": "a", "kind": "text", "question": "Why?"}]},
}


def study_of_two_arms(paradigm: str, **options: Any) -> Study:
    block = {"name": "main", "paradigm": paradigm, "trials": 2, **BLOCKS[paradigm]}
    arms = {"conditions": CONDITIONS, "arms": ARMS} if fits(paradigm) else {}
    return open_small_study(
        paradigm=paradigm, blocks=[block], people=8, ethics=ETHICS, **arms, **options
    )


def fits(paradigm: str) -> bool:
    """Whether an arm without explanations fits."""
    return "none" in PARADIGMS[paradigm].without_map


def answer(page: Page) -> None:
    for name in {one.get_attribute("name") for one in page.locator(".option input").all()}:
        page.locator(f".option:has([name={name}])").nth(1).click()
    for area in page.locator("textarea").all():
        area.fill("words")
    page.locator(".confirm").click()


Found = dict[str, dict[tuple[float, float], set[str]]]


def sizes(page: Page, found: Found) -> None:
    """By window the photo's size on every page of one person, with the arm and step that showed
    it."""
    while page.locator("#trial").count():
        for size, photos in found.items():
            resize(page, size)
            page.reload()
            code = wait_for_trial(page)
            trial = Trial.objects.select_related("slot__arm").get(code=code)
            box = page.locator(".stage .photo img").bounding_box()
            photos[round(box["width"]), round(box["height"])].add(f"{trial.slot.arm}/{trial.step}")
        answer(page)
        wait_for_next(page, code)


@pytest.mark.parametrize("paradigm", ["agreement", "reliance"])
@pytest.mark.parametrize("language", ["en", "de"])
def test_a_photo_has_one_size_in_every_arm_and_step(
    begun: Begun, paradigm: str, language: str
) -> None:
    study = study_of_two_arms(paradigm, language=language)
    found: Found = {"wide": defaultdict(set), "narrow": defaultdict(set)}
    for _ in range(2):
        sizes(begun(study), found)
    for photos in found.values():
        assert len({name for names in photos.values() for name in names}) >= 2
        assert len(photos) == 1, found


@pytest.mark.parametrize("paradigm", list(BLOCKS))
def test_the_example_is_no_trial_that_counts(
    new_page: NewPage, live_server: object, paradigm: str
) -> None:
    study = study_of_two_arms(paradigm)
    for _ in range(2):
        page = new_page()
        seen = enter(page, f"{live_server}/s/{study.slug}/")
        assert "example-photo.svg" in seen
        assert ".png" not in seen
        assert "for practice" not in seen
        for trial in Participation.objects.latest("pk").slot.trials.all():
            assert trial.stimulus is None or trial.stimulus.category not in seen


def test_with_practice_the_example_is_the_first_practice(
    new_page: NewPage, live_server: object
) -> None:
    study = open_small_study(practice=1)
    seen = enter(new_page(), f"{live_server}/s/{study.slug}/")
    assert "The first ones are for practice." in seen
    assert ".png" in seen


@pytest.mark.parametrize("language", ["en", "de"])
def test_pages_are_whole_in_every_language_and_size(begun: Begun, language: str) -> None:
    ethics = {**ETHICS, "protocol": "2026-11-Ethikkommission-4711"}
    page = begun(open_small_study(language=language, ethics=ethics, practice=1))
    for size in SIZES:
        resize(page, size)
        page.reload()
        wait_for_trial(page)
        keep_screenshot(page, f"{size}-{language}-trial")
        for part in page.locator("footer nav > *, .legend > *").all():
            box = part.bounding_box()
            width = page.evaluate("innerWidth")
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width + 0.5, part.inner_text()
            assert part.evaluate("one => one.scrollWidth <= one.clientWidth + 1")


def test_a_page_says_what_the_colours_mean_and_leaves_room_where_it_shows_none(
    begun: Begun,
) -> None:
    study = study_of_two_arms("agreement")
    texts = {}
    for _ in range(2):
        page = begun(study)
        wait_for_trial(page)
        arm = Participation.objects.latest("pk").arm
        legend = page.locator(".legend")
        texts[str(arm)] = legend.inner_text().split()
        box = legend.bounding_box()
        assert box["height"] > 10
    assert texts == {"plain": [], "explained": ["less", "important", "more", "important"]}


def finished(page: Page, address: str) -> None:
    enter(page, address)
    while page.locator("#trial").count():
        code = wait_for_trial(page)
        answer(page)
        wait_for_next(page, code)


def test_the_end_leads_back_by_itself_after_a_moment_and_not_from_who_stays(
    new_page: NewPage, live_server: object
) -> None:
    panel = {"redirect": f"{live_server}/?cc=", "redirect_seconds": 10, "people_per_device": 2}
    study = open_small_study(trials=1, panel=panel)
    page = new_page()
    page.clock.install()
    finished(page, f"{live_server}/s/{study.slug}/")
    code = page.locator("#completion-code").inner_text()
    page.clock.run_for(9_500)
    assert page.locator(".left").inner_text() == "1"
    page.clock.run_for(1_000)
    page.wait_for_url(f"**/?cc={code}")
    stays = new_page()
    stays.clock.install()
    finished(stays, f"{live_server}/s/{study.slug}/")
    stays.locator(".going button").click()
    stays.clock.run_for(60_000)
    assert stays.locator("#completion-code").is_visible()
