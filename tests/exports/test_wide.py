"""A bundle in SPSS, jamovi, spreadsheets, R and pandas: typed, labelled, one row a person."""

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat
import pytest
from django.test import Client

from sandbox.builders import open_small_study, take_part
from sandbox.people import answer_all, due, make_profile
from studyapp.analyses.frames import read_frame, table_file
from studyapp.analyses.tables import TABLES
from studyapp.exports.bundle import write_bundle
from studyapp.exports.labelled import Variable, write_labelled
from studyapp.exports.privacy import found_identities
from studyapp.models import Exclusion, Participation, Study
from studyapp.studies.lifecycle import close_study
from tests.exports.test_analysis import r_lacks
from tests.running import python, run

pytestmark = pytest.mark.django_db

FIELDS = [
    {"name": "age", "question": "How old?", "kind": "number", "least": 18, "most": 99,
     "may_decline": True},
    {"name": "gender", "question": "Which gender?", "choices": ["woman", "man"],
     "may_decline": True},
    {"name": "seen", "question": "What did you see?", "kind": "several",
     "choices": ["wings", "paws"]},
    {"name": "work", "question": "Which occupation?", "kind": "line"},
]  # fmt: skip
# What each person answers about themselves
GIVEN = [
    {"age": "20", "gender": "0", "seen.0": "yes", "work": "a baker"},
    {"age": "30", "gender": "1", "seen.0": "yes", "seen.1": "yes", "work": "=1+1"},
    {"age.declined": "yes", "gender": "declined", "seen.1": "yes", "work": "none"},
    {"age": "50", "gender": "1", "seen.1": "yes", "work": "left out"},
]


@pytest.fixture
def study(db: None) -> Study:
    blocks = [
        {"name": "main", "paradigm": "trust", "trials": 4},
        {"name": "about_you", "paradigm": "custom", "trials": 1, "fields": FIELDS},
    ]
    plan = {"reference": "guided_grad_cam"}
    study = open_small_study(slug="small", blocks=blocks, people=8, stimuli=4, analysis=plan)
    for number, answers in enumerate(GIVEN):
        person = answer_all(take_part(study, str(number)), make_profile(seed=number), most=4)
        sent = {"trial": due(person).code, **answers}
        assert Client().post(f"/p/{person.code}/answer", sent).status_code == 303
    last = Participation.objects.latest("pk")
    Exclusion.objects.create(participation=last, rule="by hand")
    Participation.objects.update(publication_consent=True)
    return close_study(study)


def test_people_stand_in_one_row_each_with_labels_in_every_program(
    study: Study, tmp_path: Path
) -> None:
    folder = write_bundle(study, tmp_path / "out", public=True).path
    for check in (means, own_answers, together, labels, spreadsheet, columns, in_pandas, in_r):
        check(folder)


def means(folder: Path) -> None:
    wide = pd.read_csv(folder / "wide" / "trust.csv", index_col="participant_id")
    long = pd.read_csv(folder / "analysis" / "table-trust.csv")
    assert len(wide) == 3
    told = long.groupby(["participant", "method"])["score"].agg(["mean", "size"])
    for (person, method), row in told.iterrows():
        assert wide.loc[person, f"score_{method}"] == row["mean"]
        assert wide.loc[person, f"n_{method}"] == row["size"]


def own_answers(folder: Path) -> None:
    wide = pd.read_csv(folder / "wide" / "custom.csv")
    assert wide["about_you_age"].tolist()[:2] == [20, 30]
    assert wide["about_you_age"].isna().tolist() == [False, False, True]
    assert wide["about_you_seen_0"].tolist() == [1, 1, 0]
    assert wide["about_you_seen_1"].tolist() == [0, 1, 1]
    assert wide["about_you_work"].tolist() == [2, 1, 1]  # words, as in every public table


def together(folder: Path) -> None:
    """The columns of all kinds of questions, so that age can explain a score."""
    found = pd.read_csv(folder / "wide" / "people.csv")
    trust, own = (pd.read_csv(folder / "wide" / f"{name}.csv") for name in ("trust", "custom"))
    assert found["participant_id"].tolist() == trust["participant_id"].tolist()
    assert found["trust_n_guided_grad_cam"].equals(trust["n_guided_grad_cam"])
    assert found["custom_about_you_age"].equals(own["about_you_age"])
    frame, meta = pyreadstat.read_sav(folder / "wide" / "people.sav", user_missing=True)
    assert frame["custom_about_you_age"].tolist() == [20, 30, -99]
    assert meta.original_variable_types["trust_n_guided_grad_cam"] == "F8.0"


def labels(folder: Path) -> None:
    frame, meta = pyreadstat.read_sav(folder / "wide" / "custom.sav", user_missing=True)
    assert frame["about_you_age"].tolist() == [20, 30, -99]
    assert meta.missing_ranges["about_you_age"] == [{"lo": -99, "hi": -99}]
    assert meta.variable_value_labels["about_you_gender"] == {
        0: "woman", 1: "man", -99: "Prefer not to say"}  # fmt: skip
    assert meta.column_names_to_labels["about_you_seen_1"] == "What did you see? – paws"
    assert frame["participant_id"].str.startswith("p").all()
    plain, _ = pyreadstat.read_sav(folder / "wide" / "custom.sav")
    assert plain["about_you_age"].isna().tolist() == [False, False, True]


def spreadsheet(folder: Path) -> None:
    """Excel knows UTF-8 by its mark; no cell begins a formula and no id is a number."""
    for path in (folder / "wide").glob("*.csv"):
        content = path.read_bytes()
        assert content.startswith(b"\xef\xbb\xbf")
        cells = [cell for line in content.decode("utf-8-sig").splitlines()
                 for cell in line.split(",")]  # fmt: skip
        assert [cell for cell in cells if cell.startswith(("=", "+", "@"))] == []


def columns(folder: Path) -> None:
    told = pd.read_csv(folder / "wide" / "columns.csv")
    for path in (folder / "wide").glob("*.sav"):
        names = pyreadstat.read_sav(path, metadataonly=True)[1].column_names
        known = told.loc[told["file"] == path.with_suffix(".csv").name, "column"].tolist()
        assert names == ["participant_id", *known]


LOADED = """
import json, sys
import pandas as pd
sys.path.insert(0, sys.argv[1])
from load import analysed, load_bundle
d = load_bundle()
j = d["judgments"]
print(json.dumps({
    "rows": {name: len(rows) for name, rows in d.items()},
    "levels": {name: list(j[name].cat.categories) for name in ("condition", "stage", "paradigm")},
    "seed": int(d["trials"]["slot_seed"].iloc[0]),
    "score": [None if pd.isna(one) else float(one) for one in j["score"]],
    "excluded": [bool(one) for one in j["excluded"]],
    "after": float(j["answered_after_s"].sum()),
    "analysed": len(analysed(j)),
}))
"""


def in_pandas(folder: Path) -> None:
    done = python("-c", LOADED, folder)
    assert done.returncode == 0, done.stderr
    assert_loaded(folder, json.loads(done.stdout))


LOADED_R = """
folder <- commandArgs(TRUE)[1]
source(file.path(folder, "load.R"), chdir = TRUE)
d <- load_bundle(); j <- d$judgments
stopifnot(is.logical(j$excluded), is.integer(j$value), is.numeric(j$score), is.factor(j$status))
wide <- haven::read_sav(file.path(folder, "wide", "custom.sav"), user_na = TRUE)
stopifnot(is.na(wide$about_you_age[3]), "woman" %in% names(attr(wide$about_you_gender, "labels")))
cat(jsonlite::toJSON(list(
  rows = lapply(d, function(t) jsonlite::unbox(nrow(t))),
  levels = lapply(j[c("condition", "stage", "paradigm")], levels),
  seed = jsonlite::unbox(d$trials$slot_seed[1]),
  score = j$score, excluded = j$excluded,
  after = jsonlite::unbox(sum(j$answered_after_s)),
  analysed = jsonlite::unbox(nrow(analysed(j)))), digits = NA, na = "null"))
"""


def in_r(folder: Path) -> None:
    if r_lacks():
        return
    done = run("Rscript", "-e", LOADED_R, folder)
    assert done.returncode == 0, done.stderr
    assert_loaded(folder, json.loads(done.stdout))
    # The lines of the README, in their order
    code = re.findall(r"```r\n(.*?)```", (folder / "README.md").read_text("utf-8"), re.S)
    shown = 'cat("\\n", sprintf("%.10f", coef(m)), is.numeric(se))'
    done = run("Rscript", "-e", "\n".join([*code, shown]), cwd=folder)
    assert done.returncode == 0, done.stderr
    results = json.loads((folder / "analysis" / "results-trust.json").read_text("utf-8"))
    _, difference, is_number = done.stdout.splitlines()[-1].split()
    assert float(difference) == pytest.approx(results["contrasts"][0]["estimate"])
    assert is_number == "TRUE"


def assert_loaded(folder: Path, found: dict[str, Any]) -> None:
    """As the bundle's tables say, with the reference first and no number rounded."""
    raw = pd.read_csv(table_file(folder, TABLES[0]), dtype=str)
    assert found["rows"]["judgments"] == len(raw) == 20
    assert set(found["rows"]) == {table.name for table in TABLES if not table.is_private}
    assert found["levels"]["condition"] == ["guided_grad_cam", "guided_backprop"]
    assert found["levels"]["stage"][2:4] == ["main", "repeat"]
    assert found["levels"]["paradigm"] == ["trust", "custom"]
    trials = pd.read_csv(table_file(folder, TABLES[1]), dtype=str)
    assert str(found["seed"]) == trials["slot_seed"].iloc[0]
    assert [one is None for one in found["score"]] == raw["score"].isna().tolist()
    assert sum(filter(None, found["score"])) == raw["score"].astype(float).sum()
    assert found["excluded"] == (raw["excluded"] == "true").tolist()
    assert found["after"] == pytest.approx(raw["answered_after_s"].astype(float).sum())
    assert found["analysed"] == 15


def test_a_private_bundles_times_are_times(study: Study, tmp_path: Path) -> None:
    folder = write_bundle(study, tmp_path / "out", analysis=False).path
    told = "print(load_bundle()['judgments'].answered_at.max().isoformat())"
    code = f"import sys; sys.path.insert(0, {str(folder)!r}); from load import *; {told}"
    done = python("-c", code)
    assert done.returncode == 0, done.stderr
    known = read_frame(TABLES[0], table_file(folder, TABLES[0]))["answered_at"].max()
    assert pd.Timestamp(done.stdout.strip()) == known


def test_what_names_a_person_in_a_wide_table_is_not_published(study: Study, tmp_path: Path) -> None:
    (tmp_path / "wide").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "wide" / "trust.csv").write_text("participant_id,arm\np1,ada@example.org\n")
    found = list(found_identities(study, tmp_path))
    assert found == ["an e-mail address in trust.csv, line 2"]


def test_the_same_table_is_the_same_file_and_no_code_is_an_answer(tmp_path: Path) -> None:
    frame = pd.DataFrame({"participant_id": ["p1", "p2"], "x": [-500.0, None]})
    one = Variable("x", declined="no", decliners=("p2",))
    for name in ("a", "b"):
        write_labelled(frame, {"x": one}, tmp_path / f"{name}.sav")
    assert (tmp_path / "a.sav").read_bytes() == (tmp_path / "b.sav").read_bytes()
    found, meta = pyreadstat.read_sav(tmp_path / "a.sav", user_missing=True)
    assert found["x"].tolist() == [-500, -999]
    assert meta.creation_time.year == 1970
