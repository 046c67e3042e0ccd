"""The analysis that goes with a bundle can be redone from the bundle alone."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from studyapp.analyses.reports import study_report
from studyapp.exports.bundle import write_bundle
from studyapp.models import Exclusion, Participation, Study
from tests.builders import open_small_study
from tests.people import send_people


def make_bundle(folder: Path, paradigm: str = "trust", **options: Any) -> Path:
    study = open_small_study(paradigm=paradigm, people=8, trials=6, stimuli=6, **options)
    send_people(study, 8, paradigm=paradigm)
    Exclusion.objects.create(participation=Participation.objects.order_by("pk")[1], rule="by hand")
    return write_bundle(study, folder).path


def run(*command: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False
    )


@pytest.mark.django_db
def test_the_bundle_holds_the_results_and_the_report_of_its_study(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "bundle")
    study = Study.objects.get()
    call_command("analyse", study.slug, json=tmp_path / "again.json", verbosity=0)
    analysis = bundle / "analysis"
    assert (analysis / "results.json").read_bytes() == (tmp_path / "again.json").read_bytes()
    assert (analysis / "report.html").read_text("utf-8") == study_report(study).html


@pytest.mark.django_db
def test_a_study_of_two_paradigms_has_a_results_file_for_each(tmp_path: Path) -> None:
    blocks = [{"name": name, "paradigm": name, "trials": 2} for name in ("trust", "discrimination")]
    bundle = write_bundle(open_small_study(blocks=blocks), tmp_path / "bundle").path
    names = sorted(path.name for path in (bundle / "analysis").glob("*.json"))
    assert names == ["results-discrimination.json", "results-trust.json"]


@pytest.mark.django_db
@pytest.mark.parametrize("paradigm", ["trust", "discrimination"])
def test_pandas_alone_finds_the_same_results(paradigm: str, tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "bundle", paradigm)
    done = run(sys.executable, "-I", bundle / "analysis" / "reanalyse.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "everything is as in the results" in done.stdout
    assert "standard error" in done.stdout


@pytest.mark.django_db
def test_a_changed_table_is_found_by_the_script(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "bundle", "discrimination")
    results = bundle / "analysis" / "results.json"
    found = json.loads(results.read_text("utf-8"))
    found["methods"]["guided_backprop"]["accuracy"] += 0.01
    results.write_text(json.dumps(found))
    done = run(sys.executable, bundle / "analysis" / "reanalyse.py")
    assert done.returncode == 1
    assert "results.json: guided_backprop: " in done.stdout


def r_lacks() -> str:
    """Why the R script can't be run here; empty if it can."""
    if shutil.which("Rscript") is None:
        return "R is missing: install r-cran-lme4 and r-cran-ordinal"
    found = run("Rscript", "-e", "library(lme4); library(ordinal)")
    return "" if found.returncode == 0 else "lme4 or ordinal is missing in R"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("paradigm", "models"),
    [
        ("trust", ["trust clmm ==", "trust clmm with the side =="]),
        ("discrimination", ["discrimination glmer ==", "discrimination glmer_full =="]),
    ],
)
def test_r_fits_the_models_again(paradigm: str, models: list[str], tmp_path: Path) -> None:
    if lacking := r_lacks():
        pytest.skip(lacking)
    bundle = make_bundle(tmp_path / "bundle", paradigm)
    done = run("Rscript", bundle / "analysis" / "reanalyse.R")
    assert done.returncode == 0, done.stderr
    assert [one for one in models if one not in done.stdout] == []
    assert "guided_grad_cam" in done.stdout


@pytest.mark.django_db
def test_a_bundle_without_analysis_has_none(tmp_path: Path) -> None:
    study = open_small_study()
    call_command("export", study.slug, out=tmp_path / "b", without_analysis=True, verbosity=0)
    assert not (tmp_path / "b" / "analysis").exists()
