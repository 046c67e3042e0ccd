"""A whole study is analysed paradigm by paradigm."""

import pytest

from studyapp.analyses.reports import analyse_study
from tests.builders import open_small_study
from tests.people import send_people


@pytest.mark.django_db
def test_every_paradigm_of_a_study_is_analysed() -> None:
    blocks = [{"name": name, "paradigm": name, "trials": 2} for name in ("trust", "discrimination")]
    study = open_small_study(blocks=blocks, conditions=2)
    send_people(study, 2)
    found = analyse_study(study)
    assert list(found) == ["trust", "discrimination"]
    assert [one["n"] for one in found.values()] == [4, 4]
