"""The rules of Psych-DS, each broken once; and Parquet beside CSV."""

import json
from pathlib import Path

import pandas as pd
import pytest

from sandbox.builders import open_small_study
from sandbox.people import send_people
from studyapp.analyses.frames import read_frame
from studyapp.analyses.tables import JUDGMENTS
from studyapp.exports.bundle import write_bundle
from studyapp.exports.description import psych_ds_problems

JUDGMENTS_FILE = "study-small_description-judgments_data.csv"


@pytest.fixture
def folder(db: None, tmp_path: Path) -> Path:
    study = open_small_study(slug="small")
    send_people(study, 1)
    return write_bundle(study, tmp_path / "out", analysis=False).path


def test_a_bundle_keeps_the_rules_of_psych_ds(folder: Path) -> None:
    assert list(psych_ds_problems(folder)) == []


def test_a_missing_description_is_told(folder: Path) -> None:
    (folder / "dataset_description.json").unlink()
    assert list(psych_ds_problems(folder)) == ["dataset_description.json is missing"]


def test_a_description_without_variables_is_told(folder: Path) -> None:
    path = folder / "dataset_description.json"
    facts = json.loads(path.read_text("utf-8"))
    del facts["variableMeasured"]
    path.write_text(json.dumps(facts))
    assert "lacks “variableMeasured”" in " ".join(psych_ds_problems(folder))


def test_a_wrong_file_name_is_told(folder: Path) -> None:
    (folder / "data" / JUDGMENTS_FILE).rename(folder / "data" / "judgments.csv")
    assert "judgments.csv is not named" in " ".join(psych_ds_problems(folder))


def test_a_column_that_nobody_described_is_told(folder: Path) -> None:
    path = folder / "data" / JUDGMENTS_FILE
    path.write_text(path.read_text("utf-8").replace("row_id,", "row_id2,", 1))
    assert "“row_id2” is not described" in " ".join(psych_ds_problems(folder))


def test_a_sidecar_replaces_the_inherited_list(folder: Path) -> None:
    path = (folder / "data" / JUDGMENTS_FILE).with_suffix(".json")
    path.write_text(json.dumps({"variableMeasured": []}))
    assert "“participant_id” is not described" in " ".join(psych_ds_problems(folder))


def test_a_row_id_that_stands_twice_is_told(folder: Path) -> None:
    path = folder / "data" / JUDGMENTS_FILE
    lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([*lines, lines[-1]]))
    assert "appears twice" in " ".join(psych_ds_problems(folder))


def test_parquet_says_what_the_csv_says_with_its_types(folder: Path) -> None:
    path = folder / "data" / JUDGMENTS_FILE
    typed = pd.read_parquet(path.with_suffix(".parquet"), dtype_backend="numpy_nullable")
    plain = read_frame(JUDGMENTS, path)
    assert list(typed.columns) == list(plain.columns)
    for name in ("row_id", "value", "excluded", "answered_at", "rt_ms"):
        assert typed[name].tolist() == plain[name].tolist()
    # Scales with other than five points score fractions
    assert str(typed["score"].dtype) == "Float64"
    assert "UTC" in str(typed["answered_at"].dtype)
