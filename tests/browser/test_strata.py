"""Pages of a study with strata and a closed arm, for people and at the desk, wide and narrow."""

import pytest
from django.urls import reverse

from sandbox.builders import ETHICS, STRATA, open_small_study
from sandbox.walking import keep_screenshot
from studyapp.participations.enrolment import consent
from studyapp.participations.entering import enter
from studyapp.participations.gates import screen
from studyapp.studies.arms import close_arm
from tests.browser.conftest import NewPage
from tests.browser.test_desk import assert_fits, at, violations
from tests.studies.design.test_strata import ARMS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("narrow", "dark")])
def test_pages_of_a_study_with_strata_are_accessible_and_fit(
    desk: NewPage, live_server: object, size: str, scheme: str
) -> None:
    study = open_small_study(people=12, arms=ARMS, ethics=ETHICS, screening=[STRATA])
    for _ in range(4):
        consent(screen(enter(study, source="link"), {"question_1": "1"}))
    late = screen(enter(study, source="link"), {"question_1": "1"})
    close_arm(study, "two", reason="enough people")
    page, found = desk(size, color_scheme=scheme), {}
    new = enter(study, source="link")
    addresses = {
        "screening": f"{live_server}/p/{new.code}/",
        "full": f"{live_server}/p/{late.code}/",
        "overview": at(live_server, study, "change"),
        "coverage": at(live_server, study, "coverage"),
        "arm": f"{live_server}{reverse('admin:study_arm', args=[study.pk, 'one'])}",
    }
    for name, address in addresses.items():
        page.goto(address)
        keep_screenshot(page, f"strata-{name}-{size}-{scheme}")
        assert_fits(page, name)
        if complaints := violations(page):
            found[name] = complaints
    assert found == {}
