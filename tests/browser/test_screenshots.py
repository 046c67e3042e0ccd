"""The walks that photograph pages of ready studies."""

from pathlib import Path

import pytest

from demo.screenshots import Camera, walk_ready
from sandbox.builders import ETHICS, open_small_study
from studyapp.models import Judgment
from tests.browser.conftest import NewPage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_walk_goes_on_past_pages_on_which_people_only_learn(
    new_page: NewPage, live_server: object, tmp_path: Path
) -> None:
    learning = {"name": "learning", "paradigm": "meta_prediction", "stage": "learning", "trials": 2}
    asked = {"name": "asked", "paradigm": "meta_prediction", "trials": 2}
    study = open_small_study(blocks=[learning, asked], stimuli=4, ethics=ETHICS)
    page = new_page()
    kinds = {"learnt": "#trial:not(:has(.answers))", "asked": ".answers"}
    walk_ready(Camera(page, tmp_path, ""), str(live_server), study.slug, kinds)
    assert Judgment.objects.count() == 4
    assert {one.name for one in tmp_path.iterdir()} == {"trial-learnt.webp", "trial-asked.webp"}
