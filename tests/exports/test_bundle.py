"""An export as a stranger finds it: files, codebook, manifest, and what is left out."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from sandbox.builders import open_small_study
from sandbox.people import send_people
from studyapp.analyses.tables import TABLES
from studyapp.exports.bundle import write_bundle
from studyapp.exports.codebook import dictionary_markdown
from studyapp.exports.folder import whole_folder
from studyapp.models import Study, StudyKind
from studyapp.studies.copies import marked_copy
from tests.tables import read_rows, rows_of
from tests.test_architecture import ROOT


@pytest.fixture
def study(db: None) -> Study:
    study = open_small_study(slug="a-small-study")
    send_people(study, 2)
    return study


def test_every_table_is_a_file_named_as_psych_ds_wants(study: Study, tmp_path: Path) -> None:
    folder = write_bundle(study, tmp_path / "out", analysis=False).path
    names = sorted(path.name for path in (folder / "data").glob("*.csv"))
    assert len(names) == len(TABLES)
    rule = re.compile(r"([a-z]+-[a-zA-Z0-9]+)(_[a-z]+-[a-zA-Z0-9]+)*_data\.csv")
    assert [name for name in names if rule.fullmatch(name) is None] == []
    assert len(rows_of(folder, "judgments")) == 6


def test_the_codebook_speaks_of_every_column_and_of_no_other(study: Study, tmp_path: Path) -> None:
    folder = write_bundle(study, tmp_path / "out", analysis=False).path
    codebook = read_rows(folder / "codebook.csv")
    for table in TABLES:
        file = folder / "data" / f"study-asmallstudy_description-{table.name}_data.csv"
        header = file.read_text("utf-8").splitlines()[0].split(",")
        assert header == [row["column"] for row in codebook if row["table"] == table.name]
    assert [row["column"] for row in codebook if not row["description"]] == []


def test_the_manifest_has_the_digest_of_every_file(study: Study, tmp_path: Path) -> None:
    folder = write_bundle(study, tmp_path / "out").path
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    found = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert manifest["files"] == found
    assert manifest["design_digest"] == study.design_digest
    assert set(manifest["locks"]) == {"demo", "dev", "traces", "web", "worker"}
    assert len(manifest["weights"]) == 2
    report = (folder / "analysis" / "report.html").read_text("utf-8")
    assert manifest["preregistration"] in report


def test_a_second_export_of_the_same_data_has_the_same_files(study: Study, tmp_path: Path) -> None:
    first, second = (write_bundle(study, tmp_path / name).path for name in ("a", "b"))
    files = [json.loads((one / "manifest.json").read_text("utf-8")) for one in (first, second)]
    assert files[0]["files"] == files[1]["files"]


def test_a_folder_with_something_in_it_is_left_alone(study: Study, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(CommandError, match="name a new folder"):
        call_command("export", study.slug, out=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_export_that_fails_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with whole_folder(tmp_path / "out") as folder:
            (folder / "half.csv").write_text("half")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_simulated_people_are_left_out_unless_asked_for(study: Study, tmp_path: Path) -> None:
    copy = marked_copy(study, StudyKind.SIMULATED, seed=7)
    send_people(copy, 3, seed=2)
    call_command("export", study.slug, out=tmp_path / "real", without_analysis=True)
    assert len(rows_of(tmp_path / "real", "participations")) == 2
    with pytest.raises(CommandError, match="add --simulated"):
        call_command("export", copy.slug, out=tmp_path / "copy")
    options = {"simulated": True, "without_analysis": True}
    call_command("export", study.slug, out=tmp_path / "simulated", **options)
    names = {path.name for path in (tmp_path / "simulated" / "data").iterdir()}
    assert "study-asmallstudysimulated1_description-judgments_data.csv" in names


def test_an_unknown_study_is_told_in_one_sentence(db: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no study “nothing”"):
        call_command("export", "nothing", out=tmp_path / "out")


def test_the_data_dictionary_in_docs_is_the_one_written_from_the_tables() -> None:
    assert (ROOT / "docs" / "data-dictionary.md").read_text("utf-8") == dictionary_markdown()
