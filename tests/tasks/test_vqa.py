"""The ready study of questions about pictures, from its file to its report."""

import re
from functools import partial
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from ready.catalogue import READY
from ready.vqa.making import write
from ready.vqa.training import Pace
from sandbox.builders import take_part
from sandbox.people import due
from studyapp.models import Explanation, Prediction
from tests.tasks.ready_walks import opened, report_of

HARDLY = Pace(epochs=8, pictures=8, rate=0.005)


@pytest.mark.django_db
@pytest.mark.usefixtures("own_place")
def test_people_read_the_question_and_never_which_network_answered(
    tmp_path: Path, client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.NETWORK_FACTORIES = list(READY["vqa"].factories)
    monkeypatch.setenv("NETWORK_FACTORIES", ",".join(READY["vqa"].factories))
    make = partial(write, asked=60, pace=HARDLY, early=0.4, most=60)
    study = opened(tmp_path, "vqa", make, trials="2", people="8", stimuli="4")
    weights = Prediction.objects.values_list("network__weights", flat=True).distinct()
    assert {Path(one).stem for one in weights} == {"late", "early", "blind"}
    methods = set(Explanation.objects.values_list("method", flat=True))
    assert methods == {"grad_cam", "guided_grad_cam", "other_image"}
    for number in range(3):
        person = take_part(study, f"looking-{number}")
        asked = due(person).stimulus.photo.case.asked_with
        page = client.get(f"/p/{person.code}/").content.decode()
        assert re.search(rf"The question was: <strong [^>]*>{re.escape(asked)}</strong>", page)
        assert not re.search(r"\b(?:late|early|blind)", page)
    html = report_of(study, 2)
    assert "early_guided_grad_cam" in html
    assert "both_grad_cam" in html
