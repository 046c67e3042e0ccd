"""The ready study of a policy, from its files to its report."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from ready.policy.materials import Sizes, write
from sandbox.builders import take_part
from sandbox.people import answer_all, make_profile
from studyapp.analyses.reports import study_report
from studyapp.models import Explanation, Study
from studyapp.studies.lifecycle import close_study, open_study, start_preparing
from studyapp.studies.loading import load_study
from tasks import preparation
from tests.tasks.test_bad_files import work

# So few steps that both policies err often
SIZES = Sizes(taught=40, held_out=5, apart=20, along=2, early=20, steps=30)
NUMBERS = {"trials": 2, "people": 10, "stimuli": 4, "ratings_per_cell": 1, "checks": 0,
           "size": 96}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.usefixtures("own_place")
def test_people_foretell_the_robot_and_say_whether_it_may_run(
    tmp_path: Path, client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    factory = "ready.policy:policy"
    settings.NETWORK_FACTORIES = [factory]
    monkeypatch.setenv("NETWORK_FACTORIES", factory)
    ready = shutil.copytree(settings.ROOT / "fixtures" / "studies", tmp_path / "fixtures/studies")
    write(tmp_path / "var" / "demo" / "policy", SIZES)
    file = ready / "policy.toml"
    toml = file.read_text("utf-8")
    for name, count in NUMBERS.items():
        toml = re.sub(rf"^{name} = \d+$", f"{name} = {count}", toml, flags=re.M)
    file.write_text(toml.replace("failed_checks = 2\n", ""), "utf-8")
    study = start_preparing(load_study(file))
    preparation.prepare(study.pk)
    work(study)
    study = open_study(Study.objects.get(pk=study.pk))
    methods = set(Explanation.objects.values_list("method", flat=True))
    assert methods == {"hires_cam", "grad_cam", "occlusion", "other_image"}
    people = [take_part(study, f"person-{number}") for number in range(5)]
    page = client.get(f"/p/{people[0].code}/").content.decode()
    assert "This is what the robot did next: " in page
    for number, person in enumerate(people):
        answer_all(person, make_profile("meta_prediction"), seed=number)
    html = study_report(close_study(study)).html
    assert "run_or_stop" in html
