"""Pages of a study with several sites, for people and at the desk, wide and narrow: outcomes of it
are masked, since it is a real study that has not closed."""

import pytest

from sandbox.builders import ETHICS, SITES, open_small_study
from sandbox.people import answer_all, make_profile
from sandbox.walking import keep_screenshot
from studyapp.participations.enrolment import begin, consent
from studyapp.participations.entering import enter
from tests.browser.conftest import NewPage
from tests.browser.test_desk import assert_fits, at, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DESK = ("change", "links", "payment", "results", "gallery", "preview")


@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("narrow", "dark")])
def test_pages_of_a_study_with_sites_are_accessible_and_fit(
    desk: NewPage, live_server: object, size: str, scheme: str
) -> None:
    study = open_small_study(people=12, kind="real", ethics=ETHICS, sites=SITES)
    for site in ("leeds", "graz"):
        answer_all(begin(consent(enter(study, source="link", site=site))), make_profile())
    page, found = desk(size, color_scheme=scheme), {}
    new = enter(study, source="link", site="leeds")
    door = f"{live_server}/s/{study.slug}/"
    addresses = {
        "door": f"{door}?site=leeds",
        "no-site": door,
        "again": f"{door}again",
        "consent": f"{live_server}/p/{new.code}/",
        "about": f"{live_server}/p/{new.code}/about",
        **{name: at(live_server, study, name) for name in DESK},
    }
    for name, address in addresses.items():
        page.goto(address)
        keep_screenshot(page, f"sites-{name}-{size}-{scheme}")
        assert_fits(page, name)
        if complaints := violations(page):
            found[name] = complaints
    assert found == {}
