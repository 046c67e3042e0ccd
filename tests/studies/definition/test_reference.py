"""The page for researchers says of the study file what the code says."""

from pathlib import Path

from studyapp.studies.definition.reference import fit_table, reference

PAGE = Path(__file__).resolve().parents[3] / "docs" / "running-a-study.md"


def test_the_page_has_every_key_as_the_schema_has_it() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [line for line in reference() if line not in text] == []
    assert text.rstrip().endswith("\n".join(reference()))


def test_the_page_says_what_fits_which_question() -> None:
    assert "\n".join(fit_table()) in PAGE.read_text(encoding="utf-8")


def test_every_key_says_what_it_is_for() -> None:
    assert [line for line in reference() if line.endswith("|  |")] == []
