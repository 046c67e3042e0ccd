"""Every work that can be cited is in the bibliography, and every one there can be cited."""

import re
import shutil
from pathlib import Path

import pytest

from studyapp.papers import procedure, sources
from studyapp.papers.bibliography import bib, works
from studyapp.paradigms.questionnaire.instruments import INSTRUMENTS
from studyapp.studies.definition.catalogue import catalogue
from tests.running import run
from tests.test_architecture import ROOT


def citable() -> set[str]:
    code = "".join(path.read_text("utf-8") for path in (ROOT / "studyapp" / "papers").glob("*.py"))
    return set(re.findall(r'"([a-z]+\d{4})"', code))


def test_what_is_cited_and_what_is_listed_are_the_same() -> None:
    assert citable() == set(works())


def test_every_method_and_instrument_has_its_source() -> None:
    assert set(sources.METHODS) == set(catalogue()["methods"])
    assert set(sources.INSTRUMENTS) == set(INSTRUMENTS)
    assert set(procedure.SOFTWARE.values()) <= set(works())


@pytest.mark.parametrize("name", sorted(sources.METHODS))
def test_a_methods_source_is_the_one_that_the_catalogue_names(name: str) -> None:
    told = catalogue()["methods"][name]["paper"]
    work = works()[sources.METHODS[name]]
    assert any(family.split()[-1][:9] in told for family in work.families)
    numbers = set(re.findall(r"\d{4}\.\d{4,5}|10\.\d{4,}/\S+", told))
    own = {work.fields.get("eprint"), work.fields.get("doi")} - {None}
    # The published version may have a DOI where the catalogue names the preprint
    assert numbers & own or "doi" in work.fields


def test_dois_and_arxiv_numbers_have_their_form() -> None:
    for work in works().values():
        assert re.fullmatch(r"10\.\d{4,9}/\S+", work.fields.get("doi", "10.1000/x")), work.key
        assert re.fullmatch(r"\d{4}\.\d{4,5}", work.fields.get("eprint", "1000.1000")), work.key
        assert work.key.endswith(work.year) or "eprint" in work.fields, work.key


@pytest.mark.skipif(not shutil.which("bibtex"), reason="BibTeX is missing: install texlive")
def test_bibtex_takes_every_entry_without_a_warning(tmp_path: Path) -> None:
    (tmp_path / "all.bib").write_text(bib(works().values()), encoding="utf-8")
    (tmp_path / "all.aux").write_text(
        "\\citation{*}\n\\bibstyle{plainnat}\n\\bibdata{all}\n", encoding="utf-8"
    )
    done = run("bibtex", "all", cwd=tmp_path)
    assert (done.returncode, "Warning" in done.stdout) == (0, False), done.stdout
