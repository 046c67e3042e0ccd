"""The ready study of a tool without a network, from its files to its report."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from ready.another_tool import write
from sandbox.builders import take_part
from sandbox.people import answer_all, make_profile
from studyapp.analyses.reports import study_report
from studyapp.models import Explanation, Study
from studyapp.studies.lifecycle import close_study, open_study, start_preparing
from studyapp.studies.loading import load_study
from tasks import networks, preparation
from tests.ready.test_another_tool import draw_set
from tests.tasks.test_bad_files import work


@pytest.mark.django_db
@pytest.mark.usefixtures("own_place")
def test_it_goes_to_its_report_and_no_network_is_loaded(
    tmp_path: Path, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("a network was loaded")

    refuse.cache_clear = lambda: None  # type: ignore[attr-defined]
    monkeypatch.setattr(networks, "_load", refuse)
    ready = shutil.copytree(settings.ROOT / "fixtures" / "studies", tmp_path / "fixtures/studies")
    write(draw_set(tmp_path / "trust"), tmp_path / "var" / "demo" / "another-tool")
    file = ready / "another-tool.toml"
    toml = file.read_text("utf-8")
    for name, count in (("trials", 4), ("people", 4), ("stimuli", 4), ("ratings_per_cell", 1)):
        toml = re.sub(rf"^{name} = \d+$", f"{name} = {count}", toml, flags=re.M)
    file.write_text(toml, "utf-8")
    study = start_preparing(load_study(file))
    preparation.prepare(study.pk)
    work(study)
    study = open_study(Study.objects.get(pk=study.pk))
    kinds = Explanation.objects.values_list("kind", "network__builder").distinct()
    shown = {"text", "pictures", "film"}
    assert set(kinds) == {(kind, "predictions") for kind in shown}
    people = [take_part(study, f"person-{number}") for number in range(2)]
    page = client.get(f"/p/{people[0].code}/").content.decode()
    assert "by_colour" not in page
    for number, person in enumerate(people):
        answer_all(person, make_profile("agreement"), seed=number)
    html = study_report(close_study(study)).html
    assert "words: method imported, words from words.csv" in html
