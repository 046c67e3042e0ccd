"""The ready study of the biased and the fair twin, from its file to its report."""

from functools import partial
from pathlib import Path

import pytest
from django.test import Client

from ready.biased_twins import write
from sandbox.builders import take_part
from studyapp.models import Explanation, Stimulus
from tests.ready.drawn_cutouts import draw_cutouts
from tests.tasks.ready_walks import opened, report_of


@pytest.mark.django_db
@pytest.mark.usefixtures("own_place")
def test_people_see_which_twin_is_which_by_nothing_but_its_maps(
    tmp_path: Path, client: Client
) -> None:
    originals = draw_cutouts(tmp_path / "originals")
    make = partial(write, originals, training=16, asked=24, parts=1)
    fewer = {"trials": "2", "people": "4", "stimuli": "2", "checks": "1", "failed_checks": "1"}
    study = opened(tmp_path, "biased-twins", make, **fewer)
    main = Stimulus.objects.filter(role="main")
    assert set(main.values_list("paradigm", flat=True)) == {"trust", "open_text"}
    page = client.get(f"/p/{take_part(study, 'looking').code}/").content.decode()
    assert "biased" not in page.replace("biased-twins", "")
    assert set(Explanation.objects.values_list("method", flat=True)) == {"grad_cam"}
    html = report_of(study, 2)
    assert "twins_grad_cam" in html
