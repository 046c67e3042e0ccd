"""The verdicts of a bundle are found again by its own scripts, from its own judgments."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from sandbox.builders import open_small_study
from sandbox.people import send_people
from studyapp.analyses.hypotheses import verdicts
from studyapp.analyses.reports import analyse_study, study_report
from studyapp.analyses.reports.verdicts import EXPLORATORY, UNTIED
from studyapp.exports.bundle import write_bundle
from tests.exports.test_analysis import r_lacks
from tests.running import output_of, python, run

pytestmark = pytest.mark.django_db

TWO = ["guided_grad_cam", "guided_backprop"]
TRUST = {"name": "trust", "paradigm": "trust", "trials": 4}
RIGHT = {"name": "right", "paradigm": "discrimination", "trials": 4}
RATED = {"name": "rated", "paradigm": "rating", "trials": 4, "items": ["It is clear, I <think>."]}


def tied(paradigm: str, **changes: Any) -> dict[str, Any]:
    return {"text": f"On {paradigm}.", "contrast": TWO, "paradigm": paradigm,
            "direction": "greater", **changes}  # fmt: skip


PLAN = [
    tied("trust", smallest_effect=0.4),
    "In words.",
    tied("discrimination", contrast=TWO[:1], smallest_effect=0.1),
    tied("discrimination", model="glmer_full"),
    tied("rating", direction="different", smallest_effect=0.5),
    tied("trust", contrast=TWO[1:], direction="equivalent", smallest_effect=1.0),
]


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    study = open_small_study(
        blocks=[TRUST, RIGHT, RATED], people=8, stimuli=8, analysis={"hypotheses": PLAN}
    )
    send_people(study, 8)
    return write_bundle(study, tmp_path / "bundle").path


def test_pandas_and_r_find_every_verdict_again(bundle: Path) -> None:
    told = json.loads((bundle / "analysis" / "hypotheses.json").read_text("utf-8"))
    assert told[0]["sentence"].partition(": ")[2] in (
        bundle / "analysis" / "report.html"
    ).read_text("utf-8")
    assert [one["number"] for one in told] == [1, 3, 4, 5, 6]
    assert all(one["p"] is not None for one in told)
    done = python("-I", bundle / "analysis" / "reanalyse.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("hypothesis ") == 4 * len(told)
    changed = [{**told[0], "p_adjusted": told[0]["p_adjusted"] / 2}, *told[1:]]
    (bundle / "analysis" / "hypotheses.json").write_text(json.dumps(changed))
    assert "hypotheses.json: hypothesis 1, p_adjusted" in python(
        "-I", bundle / "analysis" / "reanalyse.py"
    ).stdout  # fmt: skip
    if lacking := r_lacks():
        pytest.skip(lacking)
    done = run("Rscript", bundle / "analysis" / "reanalyse.R", "robust")
    assert done.returncode == 0, done.stderr
    again = re.findall(r"hypothesis (\d+): (.+); adjusted p (.+)", done.stdout)
    keys = ("p_adjusted", "p_equivalence_adjusted", "p_at_least_adjusted")
    assert [(int(number), verdict) for number, verdict, _ in again] == [
        (one["number"], one["verdict"]) for one in told
    ]
    for one, (_, _, p_values) in zip(told, again, strict=True):
        found = [None if p == "NA" else float(p) for p in p_values.split(", ")]
        assert found == [one[key] and pytest.approx(one[key], rel=1e-8) for key in keys]


def test_the_report_and_the_terminal_answer_the_hypotheses_first() -> None:
    plan = {"hypotheses": PLAN[:3], "smallest_effect": 0.3}
    study = open_small_study(blocks=[TRUST, RIGHT], people=6, stimuli=8, analysis=plan)
    send_people(study, 6)
    found = list(analyse_study(study).values())
    told = [one["sentence"] for one in verdicts(found)]
    rest = [one.partition(": ")[2] for one in told]
    html = study_report(study).html
    short = html[html.index('id="short"') : html.index('id="people"')]
    places = [short.index(one) for one in (rest[0], UNTIED, rest[1], EXPLORATORY)]
    assert places == sorted(places)
    assert max(places) < short.index("Which network is more reasonable?")
    assert "hypothesis 1" in html[html.index("Differences between methods") :]
    assert "Differences against the smallest effect of interest (exploratory)" in html
    assert "could not be shown to be smaller" not in short
    lines = output_of("analyse", study.slug).splitlines()
    assert lines[:2] == ["hypothesis 1: On trust.", f"  {told[0]}"]
    alone = output_of("analyse", study.slug, "--paradigm", "trust").splitlines()
    assert alone[0].startswith("note: no verdict on the hypotheses: they are one family with those")
