"""The ready study of networks that compare photos, from its files to its report."""

import re
import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from ready.catalogue import READY
from ready.similarity.networks import ANSWERS
from ready.similarity.study import write
from sandbox.builders import take_part
from sandbox.people import answer_all, make_profile
from studyapp.analyses.reports import study_report
from studyapp.models import Explanation, Stimulus, Study
from studyapp.studies.lifecycle import close_study, open_study, start_preparing
from studyapp.studies.loading import load_study
from tasks import preparation
from tests.ready.drawn_cutouts import draw_cutouts
from tests.tasks.test_bad_files import work

NUMBERS = {"trials": 2, "people": 6, "stimuli": 2, "ratings_per_cell": 2, "size": 96}


@pytest.mark.django_db
@pytest.mark.usefixtures("own_place")
def test_it_goes_to_its_report(
    tmp_path: Path, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories = READY["similarity"].factories
    monkeypatch.setattr(settings, "NETWORK_FACTORIES", list(factories))
    monkeypatch.setenv("NETWORK_FACTORIES", ",".join(factories))
    ready = shutil.copytree(settings.ROOT / "fixtures" / "studies", tmp_path / "fixtures/studies")
    folder = tmp_path / "var" / "demo" / "similarity"
    write(draw_cutouts(tmp_path / "originals"), folder, references=6, networks=["alexnet"])
    left, right = (sorted((folder / "photos" / name).iterdir()) for name in ANSWERS)
    for some, other in ((left, ANSWERS[1]), (right, ANSWERS[0])):
        for one in some[::2]:  # about drawn things the network is never wrong
            one.rename(folder / "photos" / other / one.name)
    file = ready / "similarity.toml"
    toml = file.read_text("utf-8").replace("vgg16", "alexnet")
    for name, count in NUMBERS.items():
        toml = re.sub(rf"^{name} = \d+$", f"{name} = {count}", toml, flags=re.M)
    file.write_text(toml, "utf-8")
    study = start_preparing(load_study(file))
    preparation.prepare(study.pk)
    work(study)
    study.refresh_from_db()
    assert study.problem == ""
    study = open_study(Study.objects.get(pk=study.pk))
    assert set(Explanation.objects.values_list("method", flat=True)) == {"gam", "other_image"}
    assert {one.category for one in Stimulus.objects.all()} == set(ANSWERS)
    people = [take_part(study, f"person-{number}") for number in range(6)]
    page = client.get(f"/p/{people[0].code}/").content.decode()
    assert "The robot says that this one is more like the photo above: the " in page
    assert "alexnet" not in page
    for number, person in enumerate(people):
        answer_all(person, make_profile("meta_prediction"), seed=number)
    html = study_report(close_study(study)).html
    assert "Utility-K" in html
