"""The demo's first study, from its files to its report, with a small AlexNet in both places."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings

from explainer.training.course import Photos
from explainer.training.photo_sets import read_set
from ready.paper_pair import make_photos, trained
from sandbox.builders import take_part
from sandbox.people import answer_all, make_profile
from studyapp.analyses.reports import study_report
from studyapp.models import Explanation, Study
from studyapp.studies.lifecycle import close_study, open_study, start_preparing
from studyapp.studies.loading import load_study
from tasks import preparation
from tests.ready.drawn_cutouts import draw_cutouts
from tests.ready.test_paper_pair import SMALL
from tests.tasks.test_bad_files import work

SHORTER = {"trials": 4, "people": 4, "stimuli": 4, "size": 96}


def make_pair(originals: Path, folder: Path) -> None:
    make_photos(originals, folder / "photos", 28, 70)
    sets = [read_set(folder / "photos" / use, several=False) for use in ("training", "held-out")]
    photos = Photos(sets[0].classes, *(one.photos for one in sets))
    hasty = replace(SMALL, pace=replace(SMALL.pace, epochs=1))
    for name, member in (("alexnet", hasty), ("vgg16", SMALL)):
        trained(name, member, photos, folder)


def shorter(text: str) -> str:
    for name, count in SHORTER.items():
        text = re.sub(rf"^{name} = \d+$", f"{name} = {count}", text, flags=re.M)
    return text.replace("vgg16_pooled", "alexnet_pooled").replace("208", "64").replace("224", "64")


@pytest.mark.django_db
@pytest.mark.usefixtures("own_place")
def test_it_goes_to_its_report_beside_networks_that_learnt_nothing(tmp_path: Path) -> None:
    make_pair(draw_cutouts(tmp_path / "originals"), tmp_path / "var" / "demo" / "paper-pair")
    ready = shutil.copytree(settings.ROOT / "fixtures" / "studies", tmp_path / "fixtures/studies")
    file = ready / "paper-pair.toml"
    file.write_text(shorter(file.read_text("utf-8")), "utf-8")
    study = start_preparing(load_study(file))
    preparation.prepare(study.pk)
    work(study)
    study = open_study(Study.objects.get(pk=study.pk))
    # Other photos took the places of those whose maps are empty: all are of a class for which a
    # network with weights drawn anew has nothing to say
    found = Explanation.objects.filter(method="random_weights", is_empty=False)
    digests = found.values_list("map_digest", flat=True)
    assert len(set(digests)) == len(digests) > 4
    for number in range(2):
        answer_all(take_part(study, f"person-{number}"), make_profile("trust"), seed=number)
    html = study_report(close_study(study)).html
    assert "random_weights" in html
    assert "guided_grad_cam" in html
