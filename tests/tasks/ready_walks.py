"""A ready study from its file, and what was made for it, to its report: few people and photos."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

from django.conf import settings

from sandbox.builders import take_part
from sandbox.people import answer_all, make_profile
from studyapp.analyses.reports import study_report
from studyapp.models import Study
from studyapp.studies.lifecycle import close_study, open_study, start_preparing
from studyapp.studies.loading import load_study
from tasks import preparation
from tests.tasks.test_bad_files import work


def opened(folder: Path, name: str, make: Callable[[Path], None], **fewer: str) -> Study:
    """The study `name` with other numbers and small pictures, open in `folder`, with networks that
    `make` made.

    `fewer`: by key what stands in place of every number of that key.
    """
    ready = shutil.copytree(settings.ROOT / "fixtures" / "studies", folder / "fixtures/studies")
    make(folder / "var" / "demo" / name)
    file = ready / f"{name}.toml"
    toml = file.read_text("utf-8")
    for key, number in {"size": "96", **fewer}.items():
        toml = re.sub(rf"^{key} = \d+$", f"{key} = {number}", toml, flags=re.M)
    file.write_text(toml, "utf-8")
    study = start_preparing(load_study(file))
    preparation.prepare(study.pk)
    work(study)
    return open_study(Study.objects.get(pk=study.pk))


def report_of(study: Study, people: int) -> str:
    """The report after so many people who answered everything."""
    for number in range(people):
        answer_all(take_part(study, f"person-{number}"), make_profile(seed=number), seed=number)
    return study_report(close_study(study)).html
