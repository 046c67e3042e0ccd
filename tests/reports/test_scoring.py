"""A whole study is analysed paradigm by paradigm."""

import pytest

from sandbox.builders import open_small_study
from sandbox.people import send_people
from studyapp.analyses.reports import analyse_study


@pytest.mark.django_db
def test_every_paradigm_of_a_study_is_analysed() -> None:
    blocks = [{"name": name, "paradigm": name, "trials": 2} for name in ("trust", "discrimination")]
    study = open_small_study(blocks=blocks, conditions=2)
    send_people(study, 2)
    found = analyse_study(study)
    assert list(found) == ["trust", "discrimination"]
    assert [one["n"] for one in found.values()] == [4, 4]
