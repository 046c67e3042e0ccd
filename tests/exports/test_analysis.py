"""The analysis that goes with a bundle can be redone from the bundle alone."""

import json
import re
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from django.core.management import call_command

from sandbox.builders import open_small_study
from sandbox.people import send_people
from studyapp.analyses.reports import study_report
from studyapp.analyses.results import results, results_json
from studyapp.analyses.sources import tidy_study
from studyapp.analyses.tidy import tidy_file
from studyapp.exports.analysis import SCRIPTS
from studyapp.exports.bundle import write_bundle
from studyapp.exports.rebuilding import import_bundle
from studyapp.models import Exclusion, Explanation, Participation, Study
from studyapp.paradigms import PARADIGMS
from studyapp.studies.definition.analysed_names import analysed_names
from studyapp.studies.definition.study import stored_definition
from tests.analyses.answered import answered_study
from tests.running import python, run

pytestmark = pytest.mark.django_db


def make_bundle(folder: Path, paradigm: str = "trust", **options: Any) -> Path:
    study = open_small_study(paradigm=paradigm, people=8, trials=4, stimuli=4, **options)
    send_people(study, 8, paradigm=paradigm)
    Exclusion.objects.create(participation=Participation.objects.order_by("pk")[1], rule="by hand")
    return write_bundle(study, folder).path


def test_the_bundle_holds_the_results_and_the_report_of_its_study(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "bundle")
    study = Study.objects.get()
    call_command("analyse", study.slug, json=tmp_path / "again.json", verbosity=0)
    analysis = bundle / "analysis"
    assert (analysis / "results.json").read_bytes() == (tmp_path / "again.json").read_bytes()
    assert (analysis / "report.html").read_text("utf-8") == study_report(study).html


def test_a_study_of_two_paradigms_has_a_results_file_for_each(tmp_path: Path) -> None:
    blocks = [{"name": name, "paradigm": name, "trials": 2} for name in ("trust", "discrimination")]
    study = open_small_study(blocks=blocks)
    send_people(study, 2)
    bundle = write_bundle(study, tmp_path / "bundle").path
    found = {path.name: json.loads(path.read_text()) for path in bundle.glob("analysis/*.json")}
    assert {name: one["n"] for name, one in found.items()} == {
        "results-discrimination.json": 4, "results-trust.json": 4,
    }  # fmt: skip


def answered_bundle(paradigm: str, folder: Path, **options: Any) -> Path:
    """Of a study whose people are not all analysed."""
    study = answered_study(paradigm, **options)
    Exclusion.objects.create(participation=Participation.objects.order_by("pk")[1], rule="by hand")
    return write_bundle(study, folder).path


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("paradigm", sorted(PARADIGMS))
def test_every_paradigm_is_found_again_by_pandas_and_r_and_comes_back(
    paradigm: str, tmp_path: Path, settings: Any
) -> None:
    bundle = answered_bundle(paradigm, tmp_path / "bundle", confidence=True)
    study = Study.objects.get()
    told = results_json(results(tidy_study(study)))
    assert (bundle / "analysis" / "results.json").read_text("utf-8") == told
    assert (bundle / "analysis" / "report.html").read_text("utf-8") == study_report(study).html
    done = python("-I", bundle / "analysis" / "reanalyse.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "everything is as in the results" in done.stdout
    assert "confidence" in done.stdout
    found = json.loads((bundle / "analysis" / "results.json").read_text("utf-8"))
    times, scales = found.get("response_times", {"methods": {}}), found.get("scale_reliability", [])
    assert done.stdout.count(", median ms: ") == len(times["methods"])
    assert done.stdout.count(", alpha: ") == len(scales)
    assert done.stdout.count("standard error: ") == len(found["contrasts"])
    assert_names_are_foretold(bundle)
    call_command("flush", interactive=False, verbosity=0)
    settings.MEDIA_ROOT = str(tmp_path / "another-media")
    assert results_json(results(tidy_study(import_bundle(bundle)))) == told
    if lacking := r_lacks():
        pytest.skip(lacking)
    assert_r_agrees(bundle, found)


def assert_r_agrees(bundle: Path, found: dict[str, Any]) -> None:
    """Every mean and contrast of the primary analysis, to eleven digits."""
    done = run("Rscript", bundle / "analysis" / "reanalyse.R", "robust")
    assert done.returncode == 0, done.stderr
    told = {
        label.strip(): (float(estimate), float(se))
        for label, estimate, se in re.findall(r"  (.+): (\S+), standard error (\S+)", done.stdout)
    }
    means = {
        name: one["accuracy"] if "accuracy" in one else one["mean"]
        for name, one in found["methods"].items()
    }
    contrasts = {f"{one['a']} - {one['b']}": one for one in found["contrasts"]}
    assert set(told) == {*means, *contrasts}
    for name, mean in means.items():
        assert told[name][0] == pytest.approx(mean, rel=1e-10, abs=1e-12)
    for name, one in contrasts.items():
        assert told[name] == pytest.approx((one["estimate"], one["se"]), rel=1e-10, abs=1e-12)


@pytest.mark.parametrize(
    ("paradigm", "blocks"),
    [
        ("rating", [{"items": ["One.", "Two."], "points": 5}, {"items": ["Three."]}]),
        ("reliance", [{"steps": "one"}, {"steps": "two"}]),
        ("questionnaire", [{"items": ["One."]}, {"items": ["Two.", "Three."]}]),
    ],
)
def test_pandas_finds_several_scales_again(
    paradigm: str, blocks: list[dict[str, Any]], tmp_path: Path
) -> None:
    own = [
        {"name": f"block_{place}", "paradigm": paradigm, "trials": 2, "stimuli": 2, **one}
        for place, one in enumerate(blocks)
    ]
    arms = [{"name": one, "conditions": [one]} for one in ("guided_backprop", "guided_grad_cam")]
    study = open_small_study(blocks=own, people=8, stimuli=4, arms=arms)
    send_people(study, 8, paradigm=paradigm)
    bundle = write_bundle(study, tmp_path / "bundle").path
    done = python("-I", bundle / "analysis" / "reanalyse.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert_names_are_foretold(bundle)


def assert_names_are_foretold(bundle: Path) -> None:
    """A definition tells the names of the methods, which hypotheses are checked against."""
    definition = json.loads((bundle / "materials" / "definition.json").read_text("utf-8"))
    found = json.loads((bundle / "analysis" / "results.json").read_text("utf-8"))
    if PARADIGMS[found["paradigm"]].is_scored:
        names = analysed_names(stored_definition(definition), found["paradigm"])
        assert set(found["methods"]) == set(names)


def test_the_table_beside_the_results_is_analysed_like_the_study(tmp_path: Path) -> None:
    bundle = answered_bundle("trust", tmp_path / "bundle")
    call_command("analyse", bundle / "analysis" / "table.csv", json=tmp_path / "r.json")
    there = json.loads((bundle / "analysis" / "results.json").read_text("utf-8"))
    here = json.loads((tmp_path / "r.json").read_text("utf-8"))
    for key in ("methods", "contrasts", "clmm"):
        assert clean(here[key]) == clean(there[key])


def clean(told: Any) -> str:
    """Without what a seed draws."""
    return re.sub(r'"cluster_bootstrap95": \[[^]]*\]', "", json.dumps(told, sort_keys=True))


def test_changed_results_and_changed_tables_are_found_by_the_script(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "bundle", "discrimination")
    results = bundle / "analysis" / "results.json"
    sound = results.read_text("utf-8")
    found = json.loads(sound)
    found["methods"]["guided_backprop"]["accuracy"] += 0.01
    results.write_text(json.dumps(found))
    assert "results.json: guided_backprop: " in differing(bundle)
    results.write_text(sound)
    table = next((bundle / "data").glob("*judgments_data.csv"))
    judgments = pd.read_csv(table, dtype=str, keep_default_na=False)
    judgments["correct"] = judgments["correct"].map({"1": "0", "0": "1"})
    judgments.to_csv(table, index=False)
    assert "results.json: guided_backprop, right: " in differing(bundle)


@pytest.mark.parametrize(
    ("paradigm", "block"),
    [
        ("comparison", {}),
        ("comparison", {"ties": False}),
        ("ranking", {}),
        ("ranking", {"asks_for": "best"}),
        ("ranking", {"asks_for": "best_and_worst"}),
    ],
)
def test_worths_are_found_again(paradigm: str, block: dict[str, Any], tmp_path: Path) -> None:
    bundle = answered_bundle(paradigm, tmp_path / "bundle", **block)
    own = json.loads((bundle / "analysis" / "results.json").read_text("utf-8"))[paradigm]
    told = python(bundle / "analysis" / "reanalyse.py").stdout
    assert "everything is as in the results" in told
    effects = (own["tie"] is not None) + (own["side"] is not None)
    assert len(re.findall(r"  worth, ", told)) == len(own["worths"]) - 1 + effects
    assert "  worths, log-likelihood: " in told


def test_a_changed_worth_is_told(tmp_path: Path) -> None:
    bundle = answered_bundle("comparison", tmp_path / "bundle")
    path = bundle / "analysis" / "results.json"
    found = json.loads(path.read_text("utf-8"))
    own = found["comparison"]
    name = next(one for one in own["worths"] if one != own["reference"])
    own["worths"][name]["estimate"] += 1e-6
    path.write_text(json.dumps(found))
    assert f"results.json: worth, {name}: " in differing(bundle)


def test_regions_whose_maps_were_not_kept_are_no_difference(tmp_path: Path) -> None:
    study = answered_study("marking", with_explanation=True)
    lost = Explanation.objects.order_by("pk")[:6].values("pk")
    Explanation.objects.filter(pk__in=lost).update(map_file="")
    bundle = write_bundle(study, tmp_path / "bundle").path
    table = pd.read_csv(bundle / "analysis" / "table.csv")
    assert table["value"].isna().any()
    assert table["value"].notna().any()
    done = python(bundle / "analysis" / "reanalyse.py")
    assert "everything is as in the results" in done.stdout, done.stdout + done.stderr


def differing(bundle: Path) -> str:
    done = python(bundle / "analysis" / "reanalyse.py")
    assert done.returncode == 1
    return done.stdout


@cache
def r_lacks() -> str:
    """Why the R script can't be run here; empty if it can."""
    if shutil.which("Rscript") is None:
        return "R is missing: install r-cran-lme4, r-cran-ordinal and r-cran-sandwich"
    found = run("Rscript", "-e", "library(lme4); library(ordinal); library(sandwich)")
    return "" if found.returncode == 0 else "lme4, ordinal or sandwich is missing in R"


@pytest.mark.parametrize(
    ("paradigm", "models"),
    [
        ("trust", ["clmm ==", "clmm_side ==", "clmm_side_full =="]),
        ("discrimination", ["glmer ==", "glmer_full =="]),
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
    # Stan takes minutes to compile a model, so what it would be given is all that is tried here
    prepared = run("Rscript", bundle / "analysis" / "bayes.R", "data")
    assert prepared.returncode == 0, prepared.stderr
    assert "s:m + (1 | participant)" in prepared.stdout or "correct ~ m" in prepared.stdout
    assert "guided_grad_cam" in prepared.stdout


def test_the_bayesian_script_is_told_the_plans_smallest_effect(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "bundle", analysis={"smallest_effect": 0.25})
    script = (bundle / "analysis" / "bayes.R").read_text("utf-8")
    assert "smallest <- 0.25" in script
    assert "@" not in script.replace("@REFERENCE", "")


def test_r_names_standard_deviations_by_their_factors_where_people_are_as_many_as_photos(
    tmp_path: Path,
) -> None:
    if lacking := r_lacks():
        pytest.skip(lacking)
    (tmp_path / "analysis").mkdir()
    table = tmp_path / "analysis" / "table.csv"
    random = np.random.default_rng(5)
    people, photos = random.normal(0, 2.0, 12), random.normal(0, 0.5, 12)
    lines = ["participant,image,method,score"] + [
        f"p{one},i{other},a,"
        f"{int(np.clip(round(people[one] + photos[other] + random.normal()), -2, 2))}"
        for one in range(12)
        for other in range(12)
    ]
    table.write_text("\n".join(lines) + "\n")
    (tmp_path / "analysis" / "reanalyse.R").write_text(
        (SCRIPTS / "reanalyse.R").read_text("utf-8").replace("@REFERENCE@", "a")
    )
    done = run("Rscript", tmp_path / "analysis" / "reanalyse.R")
    clmm = done.stdout.split("clmm ==")[1].split("==")[0].splitlines()
    place = clmm.index("standard deviations")
    names = re.findall(r"1 [|] \w+", clmm[place + 1])
    told = dict(zip(names, map(float, clmm[place + 2].split()), strict=True))
    own = results(tidy_file(table))["clmm"]["sd"]
    assert own["participant"] > 2 * own["image"]
    for name in ("participant", "image"):
        assert told[f"1 | {name}"] == pytest.approx(own[name], rel=0.01)


def test_a_bundle_without_analysis_has_none(tmp_path: Path) -> None:
    study = open_small_study()
    call_command("export", study.slug, out=tmp_path / "b", without_analysis=True, verbosity=0)
    assert not (tmp_path / "b" / "analysis").exists()
