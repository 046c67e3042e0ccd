"""The ready study of neuron names, from its files to its report."""

from pathlib import Path

import pytest
from django.test import Client

from sandbox.builders import take_part
from studyapp.models import Explanation
from tests.ready.test_neuron_names import make_small
from tests.tasks.ready_walks import opened, report_of


@pytest.mark.django_db
@pytest.mark.usefixtures("own_place")
def test_it_goes_to_its_report(tmp_path: Path, client: Client) -> None:
    study = opened(tmp_path, "neuron-names", make_small, trials="4", people="12", stimuli="4")
    kinds = Explanation.objects.values_list("method", "kind").distinct()
    assert set(kinds) == {("imported", "text"), ("grad_cam", "map")}
    person = take_part(study, "first")
    assert "alexnet" not in client.get(f"/p/{person.code}/").content.decode()
    html = report_of(study, 2)
    assert "words: method imported, words from words.csv" in html
    assert "The explanation fits the photo." in html
