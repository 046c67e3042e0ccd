"""The ready study of a robot that finds its way, from its making to its report."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from django.conf import settings as site
from django.test import Client
from safetensors.torch import save_file

from ready.catalogue import READY
from ready.navigator.asking import Frame, chosen, write_frames
from ready.navigator.behaviours import Steering
from ready.navigator.buildings import build
from ready.navigator.cloning import said
from ready.navigator.drives import record
from ready.navigator.maps import BEHAVIOURS
from ready.navigator.networks import STEERING
from ready.navigator.routes import ACTIONS, routes, shares
from sandbox.builders import take_part
from sandbox.people import answer_all, make_profile
from studyapp.analyses.reports import study_report
from studyapp.models import Explanation, Study, StudyImage
from studyapp.studies.lifecycle import close_study, open_study, start_preparing
from studyapp.studies.loading import load_study
from tasks import preparation
from tests.tasks.test_bad_files import work


def write_made(folder: Path) -> None:
    """As `python -m ready make navigator` writes it, but for an untrained robot, and views that its
    teacher saw."""
    torch.manual_seed(1)
    module = Steering().eval()
    drives = record([one for n in range(3) for one in routes(build(f"asked/{n}"), 1)], seed=1)
    scores, memories = said(module, drives)
    found = [
        Frame(
            drives.routes[drives.route[n]],
            drives.levels[n],
            BEHAVIOURS[drives.behaviours()[n]],
            [round(one, 3) for one in memories[n].tolist()],
            int(drives.edges[n]),
            (ACTIONS[shares(drives.rates[n : n + 1])[0].argmax()],),
            ACTIONS[int(scores[n].argmax())],
        )
        for n in range(0, len(drives.edges), 3)
    ]
    write_frames(chosen(found, 24, seed=0), folder / "photos")
    save_file(module.state_dict(), folder / STEERING)


@pytest.mark.django_db
@pytest.mark.usefixtures("own_place")
def test_it_goes_from_its_making_to_its_report(
    tmp_path: Path, client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.NETWORK_FACTORIES = list(READY["navigator"].factories)
    monkeypatch.setenv("NETWORK_FACTORIES", ",".join(READY["navigator"].factories))
    ready = shutil.copytree(site.ROOT / "fixtures" / "studies", tmp_path / "fixtures/studies")
    made = tmp_path / "var" / "demo" / "navigator"
    write_made(made)
    file = ready / "navigator.toml"
    toml = file.read_text("utf-8")
    for name, count in (("trials", 2), ("people", 4), ("stimuli", 4), ("size", 96)):
        toml = re.sub(rf"^{name} = \d+$", f"{name} = {count}", toml, flags=re.M)
    file.write_text(toml, "utf-8")
    study = start_preparing(load_study(file))
    preparation.prepare(study.pk)
    work(study)
    assert Study.objects.get(pk=study.pk).problem == ""
    study = open_study(Study.objects.get(pk=study.pk))
    groups = set(StudyImage.objects.values_list("group", flat=True))
    assert {one for one in groups if one.startswith("asked/")}
    assert set(Explanation.objects.values_list("kind", flat=True)) == {"map"}
    people = [take_part(study, f"person-{number}") for number in range(4)]
    page = client.get(f"/p/{people[0].code}/").content.decode()
    assert "The robot is now doing this: " in page
    assert "Photo 2" in page
    for number, person in enumerate(people):
        answer_all(person, make_profile("agreement"), seed=number)
    html = study_report(close_study(study)).html
    assert "Utility-K" in html
