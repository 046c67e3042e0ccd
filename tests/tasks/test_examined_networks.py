"""A network that a study's methods can't explain stops its preparation before the first photo."""

from pathlib import Path

import pytest
from PIL import Image

from sandbox.small_line import empty_broker
from studyapp.models import Prediction, Study
from studyapp.studies.lifecycle import start_preparing
from studyapp.studies.loading import load_study
from tasks import preparation

pytestmark = pytest.mark.django_db

STUDY = """
slug = "examined"
title = "Examined"
kind = "pilot"
texts = { consent = "text.md", instructions = "text.md", debrief = "text.md" }
images = { reader = "folder", folder = "photos" }
pairs = { main = { stronger = "one" } }
conditions = [{ name = "map", method = "METHOD" }]
blocks = [{ name = "main", paradigm = "agreement", trials = 2 }]
design = { seed = 1, people = 4, stimuli = 2, ratings = "nearest" }

[networks.one]
builder = "mobilenet_v3_small"
weights = "random"
"""


def prepared(folder: Path, method: str) -> Study:
    empty_broker()
    (folder / "text.md").write_text("Text.")
    (folder / "study.toml").write_text(STUDY.replace("METHOD", method))
    for name, colour in (("tench", "green"), ("hen", "brown")):
        path = folder / "photos" / name / "1.png"
        path.parent.mkdir(parents=True)
        Image.new("RGB", (64, 64), colour).save(path)
    study = load_study(folder / "study.toml")
    start_preparing(study)
    preparation.prepare(study.pk)
    return Study.objects.get(pk=study.pk)


def test_the_study_says_in_one_sentence_what_stops_its_network(tmp_path: Path) -> None:
    study = prepared(tmp_path, "guided_backprop")
    assert "mobilenet_v3_small: the network also rectifies by hardswish" in study.problem
    assert "use a CAM method or gradient; then manage.py study prepare examined" in study.problem
    assert not Prediction.objects.exists()


def test_a_network_that_can_be_explained_goes_on(tmp_path: Path) -> None:
    study = prepared(tmp_path, "grad_cam")
    assert study.problem == ""
    assert Prediction.objects.count() == 2
