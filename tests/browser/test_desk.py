"""The desk in a real browser: every page in light and dark, wide and narrow, and each verb."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from sandbox.builders import make_study, open_small_study
from sandbox.people import send_people
from sandbox.walking import keep_screenshot
from studyapp.models import Exclusion, Rehearsal, Report, Study, StudyState, WorkState
from tests.browser.conftest import NewPage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TABS = ("change", "gallery", "coverage", "links", "exclusions", "coding", "payment", "results",
        "definition", "file", "rehearse", "members")  # fmt: skip
POWER = {
    "paradigm": "trust", "contrast": ["guided_backprop", "grad_cam"],
    "points": [
        {"kind": "curve", "people": people, "photos": 40, "effect": 0.3, "power": power,
         "interval95": [power - 0.08, power + 0.07], "note": ""}
        for people, power in ((20, 0.44), (40, 0.71), (80, 0.92))
    ],
}  # fmt: skip
LISTS = ("study", "stimulus", "participation", "judgment", "exclusion", "explanation")


def at(site: object, study: Study, tab: str = "change") -> str:
    return f"{site}/admin/studyapp/study/{study.pk}/{tab}/"


def violations(page: Page) -> list[str]:
    """What axe complains of on this page, each with an example."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found]


def assert_fits(page: Page, name: str) -> None:
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) <= 0, name


@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("narrow", "dark")])
def test_every_page_is_accessible_and_fits(
    desk: NewPage, live_server: object, size: str, scheme: str
) -> None:
    study = open_small_study(checks=1, pay={"amount": 2.0, "currency": "GBP", "hourly_floor": 9.0})
    send_people(study, 2)
    person = study.participations.earliest("pk")
    Exclusion.objects.create(participation=person, rule="fast", note="2 ms")
    Report.objects.create(study=study)
    Rehearsal.objects.create(
        study=study, kind="power", asked={"studies": 100, "seed": 1, "paradigm": "trust"},
        state=WorkState.READY, result=POWER, definition_digest=study.definition_digest,
    )  # fmt: skip
    page = desk(size, color_scheme=scheme)
    Study.objects.update(problem=f"/backups/{'unbroken' * 9}.webp is missing")
    page.goto(f"{live_server}/admin/")
    assert_fits(page, "home")
    inside = "element => element.scrollWidth <= element.clientWidth"
    assert page.locator(".concerns").evaluate(inside)
    Study.objects.update(problem="")
    addresses = {
        "home": f"{live_server}/admin/",
        "upload": f"{live_server}/admin/studyapp/study/add/?from=demo-trust",
        "close": at(live_server, study, "do/close"),
        "panel": at(live_server, study, "payment/panel"),
        "person": f"{live_server}/admin/studyapp/participation/{person.pk}/change/",
        **{tab: at(live_server, study, tab) for tab in TABS},
        **{f"list-{name}": f"{live_server}/admin/studyapp/{name}/" for name in LISTS},
    }
    found: dict[str, list[str]] = {}
    for name, address in addresses.items():
        page.goto(address)
        keep_screenshot(page, f"desk-{name}-{size}-{scheme}")
        assert_fits(page, name)
        if complaints := violations(page):
            found[name] = complaints
    assert found == {}


@pytest.mark.parametrize("javascript", [True, False])
def test_a_study_is_opened_paused_resumed_and_closed_by_its_buttons(
    desk: NewPage, live_server: object, javascript: bool
) -> None:
    study = make_study()
    page = desk(java_script_enabled=javascript)
    page.goto(at(live_server, study))
    steps = (
        ("Open", StudyState.OPEN),
        ("Pause", StudyState.PAUSED),
        ("Resume", StudyState.OPEN),
        ("Close", StudyState.CLOSED),
    )
    for words, state in steps:
        page.locator(".row a.verb", has_text=words).click()
        page.locator(".consequences li").first.wait_for()
        with page.expect_navigation():
            page.locator("form button.main").click()
        study.refresh_from_db()
        assert study.state == state
        assert page.locator(".lifecycle .here").inner_text() == state


def test_a_confirmation_can_be_left_without_doing_anything(
    desk: NewPage, live_server: object
) -> None:
    study = make_study()
    page = desk()
    page.goto(at(live_server, study, "do/open"))
    with page.expect_navigation():
        page.get_by_role("link", name="No, go back").click()
    study.refresh_from_db()
    assert study.state == StudyState.PREPARING


def test_what_can_be_done_with_a_group_of_the_payment_stays_on_one_line(
    desk: NewPage, live_server: object
) -> None:
    study = open_small_study()
    send_people(study, 2)
    page = desk("narrow")
    page.goto(at(live_server, study, "payment"))
    verbs = [page.get_by_role("link", name=name, exact=True) for name in ("show", "CSV")]
    show, csv = (verb.bounding_box() for verb in verbs)
    assert show["y"] == csv["y"]
    assert csv["x"] + csv["width"] <= 390


def test_a_printed_desk_leaves_out_what_can_only_be_pressed(
    desk: NewPage, live_server: object
) -> None:
    study = open_small_study()
    send_people(study, 2)
    page = desk()
    page.goto(at(live_server, study, "payment"))
    assert page.get_by_role("button", name="Erase").is_visible()
    page.emulate_media(media="print")
    assert not page.get_by_role("button", name="Erase").is_visible()
    assert page.get_by_role("heading", name="Approval list").is_visible()
    page.goto(at(live_server, study, "gallery"))
    assert not page.locator(".filters").is_visible()


def test_the_arrow_keys_page_through_the_gallery(desk: NewPage, live_server: object) -> None:
    study = open_small_study(stimuli=14, people=8)
    page = desk()
    page.goto(at(live_server, study, "gallery"))
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**page=2")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url("**page=1")


def test_the_bars_move_by_themselves(desk: NewPage, live_server: object) -> None:
    study = make_study(prepared=False)
    page = desk()
    page.goto(at(live_server, study))
    assert "16 ready" in page.locator(".count").nth(1).inner_text()
    row = study.stimuli.earliest("pk").overlays.earliest("pk").overlay.explanation
    row.state, row.map_digest = "pending", ""
    row.save()
    page.wait_for_function(
        "() => document.querySelectorAll('.count')[1].textContent.startsWith('15 ready, 1 pending')"
    )


def test_a_replay_shows_the_page_and_lets_nobody_answer(
    desk: NewPage, live_server: object, tmp_path: Path
) -> None:
    study = open_small_study()
    send_people(study, 1)
    person = study.participations.get()
    page = desk()
    page.goto(f"{live_server}/replay/{person.code}/1")
    keep_screenshot(page, "replay")
    assert page.locator(".stage img").first.evaluate("image => image.naturalWidth") > 0
    assert (
        page.locator(".stage").evaluate("stage => getComputedStyle(stage).visibility") == "visible"
    )
    assert page.locator("input:checked").count() == 1
    page.keyboard.press("ArrowRight")
    page.get_by_role("link", name="Next").click()
    page.wait_for_url("**/2")


def test_a_complaint_about_a_short_field_stands_above_it(
    desk: NewPage, live_server: object
) -> None:
    page = desk("wide")
    page.goto(f"{live_server}/admin/studyapp/study/add/?from=demo-trust")
    page.fill("[name=slug]", "My Study")
    page.click("[name=do][value=check]")
    field, told = page.locator("[name=slug]"), page.locator(".field:has([name=slug]) .errorlist")
    assert "lowercase letters" in told.inner_text()
    at, said = field.bounding_box(), told.bounding_box()
    assert (abs(at["x"] - said["x"]) < 2, said["y"] < at["y"]) == (True, True)
