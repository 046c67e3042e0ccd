"""Automatic metrics are computed by a worker, joined to judgments, exported and imported again."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from sandbox.builders import open_small_study
from sandbox.people import send_people
from studyapp.analyses.reports import study_report
from studyapp.exports.bundle import write_bundle
from studyapp.models import MetricValue, StimulusOverlay, Study

pytestmark = pytest.mark.django_db

NAME = "deletion_auc"


def measured_study(paradigm: str = "discrimination") -> Study:
    """People's answers, and for every explanation a number that grows with the stimulus' place."""
    study = open_small_study(paradigm=paradigm, people=8, trials=6, stimuli=6)
    send_people(study, 8, paradigm=paradigm)
    MetricValue.objects.bulk_create(
        MetricValue(use=use, metric=NAME, value=use.stimulus.position + (use.role == "weaker") / 3)
        for use in StimulusOverlay.objects.filter(stimulus__study=study)
    )
    return study


@pytest.mark.parametrize("paradigm", ["trust", "discrimination"])
def test_the_report_draws_every_metric_within_each_method(paradigm: str) -> None:
    text = study_report(measured_study(paradigm)).html
    assert "People and automatic metrics" in text
    assert f"{NAME}, guided_backprop" in text
    assert text.index("Within each method") < text.index("Pooled over all methods")
    assert ("the stronger network’s map minus the weaker’s" in text) == (paradigm == "trust")


@pytest.mark.parametrize("paradigm", ["comparison", "ranking"])
def test_metrics_of_those_that_meet_are_told_of_each(paradigm: str) -> None:
    text = study_report(measured_study(paradigm)).html
    assert "People and automatic metrics" in text
    assert f"{NAME}, guided_backprop<" in text


def test_without_numbers_there_is_no_such_section() -> None:
    study = open_small_study()
    send_people(study, 2)
    assert "People and automatic metrics" not in study_report(study).html


def test_the_workers_are_asked_once_the_command_has_ended(
    django_capture_on_commit_callbacks: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    study = measured_study()
    MetricValue.objects.order_by("pk")[0].delete()
    with django_capture_on_commit_callbacks() as asked:
        call_command("study", "measure", study.slug)
    assert len(asked) == 1
    said = capsys.readouterr().out
    assert "1 now requested from the workers; 11 of 12 measured" in said


@pytest.mark.django_db(transaction=True)
def test_the_numbers_come_back_with_a_bundle(tmp_path: Path, settings: Any) -> None:
    study = measured_study()
    bundle = write_bundle(study, tmp_path / "bundle", analysis=False).path
    count = MetricValue.objects.count()
    call_command("flush", interactive=False, verbosity=0)
    settings.MEDIA_ROOT = str(tmp_path / "media")
    call_command("import_bundle", str(bundle), verbosity=0)
    again = write_bundle(Study.objects.get(), tmp_path / "again", analysis=False).path
    name = "data/study-small_description-metrics_data.csv"
    assert (again / name).read_bytes() == (bundle / name).read_bytes()
    assert MetricValue.objects.count() == count > 0
