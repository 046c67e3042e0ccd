"""Every work that can be cited is in the bibliography, and every one there can be cited."""

import re
import shutil
from pathlib import Path

import pytest

from studyapp.papers import sources
from studyapp.papers.bibliography import bib, works
from studyapp.studies.definition.catalogue import catalogue
from studyapp.studies.references import method_work, reference_table
from tests.running import run
from tests.test_architecture import ROOT


def citable() -> set[str]:
    code = "".join(path.read_text("utf-8") for path in (ROOT / "studyapp" / "papers").rglob("*.py"))
    return set(re.findall(r'"([a-z]+\d{4})"', code))


def test_what_is_cited_and_what_is_listed_are_the_same() -> None:
    """The works of a study's own data have names without a year, and their own tests."""
    assert citable() == set(works()) - set(reference_table()["works"])


def test_every_method_question_and_network_that_has_a_source_is_in_the_bibliography() -> None:
    table = reference_table()
    named = {method_work(name) for name in catalogue()["methods"]}
    for kind in ("paradigms", "instruments", "networks"):
        named |= {name for names in table[kind].values() for name in names}
    named |= {sources.IN_ONE_STEP, sources.IN_TWO_STEPS, *sources.READERS.values()}
    assert named <= set(works())


def test_a_journal_is_told_from_its_volume_and_pages() -> None:
    work = works()["bradley_terry"]
    assert (work.fields["journal"], work.fields["volume"]) == ("Biometrika", "39")
    assert "--" in work.fields["pages"]


def test_dois_and_arxiv_numbers_have_their_form() -> None:
    for work in works().values():
        assert re.fullmatch(r"10\.\d{4,9}/\S+", work.fields.get("doi", "10.1000/x")), work.key
        assert re.fullmatch(r"\d{4}\.\d{4,5}", work.fields.get("eprint", "1000.1000")), work.key


@pytest.mark.skipif(not shutil.which("bibtex"), reason="BibTeX is missing: install texlive")
def test_bibtex_takes_every_entry_without_a_warning(tmp_path: Path) -> None:
    (tmp_path / "all.bib").write_text(bib(works().values()), encoding="utf-8")
    (tmp_path / "all.aux").write_text(
        "\\citation{*}\n\\bibstyle{plainnat}\n\\bibdata{all}\n", encoding="utf-8"
    )
    done = run("bibtex", "all", cwd=tmp_path)
    assert (done.returncode, "Warning" in done.stdout) == (0, False), done.stdout
