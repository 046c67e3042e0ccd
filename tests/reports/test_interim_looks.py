"""Where the plan allows looking, the report shows the interval that holds at every look."""

import pytest

from sandbox.builders import open_small_study
from sandbox.people import send_people
from studyapp.analyses.reports import study_report

pytestmark = pytest.mark.django_db


def test_a_plan_that_allows_looking_draws_every_look_with_its_moments() -> None:
    study = open_small_study(people=4, analysis={"looks": True, "smallest_effect": 0.5})
    send_people(study, 3)
    text = study_report(study).html
    assert "guided_backprop, at every look" in text
    assert "after 3 people the mean is" in text
    assert "finished at (UTC)" in text


def test_a_plan_that_waits_for_all_places_draws_no_look() -> None:
    study = open_small_study(people=4)
    send_people(study, 3)
    assert "at every look" not in study_report(study).html
