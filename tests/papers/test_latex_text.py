"""Whatever a study's texts hold, LaTeX prints it and runs none of it."""

import re
import shutil
import tempfile
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studyapp.papers.document import Bullets, Document, Gap, Heading, NamedTable, paragraph
from studyapp.papers.latex import write_latex
from studyapp.papers.latex_text import ACCENTS, ESCAPED, GREEK, LETTERS, latex_text, unprintable
from studyapp.paradigms.tabulation import Table
from tests.running import run

from .texts import NASTY

needs_latex = pytest.mark.skipif(
    not (shutil.which("pdflatex") and shutil.which("pdftotext")),
    reason="pdfLaTeX or pdftotext is missing: install Debian's texlive and poppler-utils",
)
ASCII = "".join(map(chr, range(0x20, 0x7F)))
# What people read as the same, though the PDF tells it by another letter
ALIKE = str.maketrans({
    "‘": "'", "’": "'", "“": '"', "”": '"', "„": '"', "‚": ",", "˜": "~", "ˆ": "^", "−": "-",
    "–": "-", "—": "-", "∑": "Σ", "µ": "μ", "ϵ": "ε", "¨": '"', "·": ".", "⋅": ".", "ϱ": "ρ",
    "∆": "Δ", "Ω": "Ω", "`": "'", "|": "|",
})  # fmt: skip


def printed(texts: Sequence[str], folder: Path) -> str:
    """The text of the PDF in which each of `texts` is an item of a list."""
    items = tuple((f"<<{place:03d}>>{text}<<end>>",) for place, text in enumerate(texts))
    write_latex(Document("A title", (), (Bullets(items),)), folder, "texts", "")
    done = run("pdflatex", "-interaction=nonstopmode", "-halt-on-error", "texts.tex", cwd=folder)
    assert done.returncode == 0, done.stdout[-2000:]
    told = run("pdftotext", "-enc", "UTF-8", "-raw", "texts.pdf", "-", cwd=folder)
    return told.stdout


def letters(text: str) -> str:
    """What is compared: no blanks, compatible forms, signs that look alike as one."""
    plain = "".join(one for one in text if unicodedata.category(one) not in {"Cc", "Cf"})
    found = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", plain)).translate(ALIKE)
    # A combining mark may come before or after its letter
    return "".join(one for one in found if not one.isspace() and not unicodedata.combining(one))


@needs_latex
def test_every_nasty_text_is_printed_as_it_is(tmp_path: Path) -> None:
    pdf = letters(printed(NASTY, tmp_path))
    for place, text in enumerate(NASTY):
        assert letters(f"<<{place:03d}>>{text}<<end>>") in pdf


@needs_latex
@settings(max_examples=4, deadline=None)
@given(st.lists(st.text(ASCII + "".join(GREEK), min_size=1, max_size=25), min_size=40, max_size=60))
def test_any_ascii_and_greek_is_printed_as_it_is(texts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        pdf = letters(printed(texts, Path(name)))
    for place, text in enumerate(texts):
        assert letters(f"<<{place:03d}>>{text}<<end>>") in pdf


@needs_latex
def test_letters_that_its_fonts_lack_are_told_by_their_numbers(tmp_path: Path) -> None:
    assert unprintable(["日本 ü", "😀"]) == ["日", "本", "😀"]
    pdf = letters(printed(["日本", "😀"], tmp_path))
    assert "U+65E5U+672C" in pdf
    assert "U+1F600" in pdf


@given(st.text())
def test_no_text_leaves_a_brace_open_or_a_command_of_its_own(text: str) -> None:
    told = latex_text(text)
    depth = 0
    for token in re.findall(r"\\[A-Za-z]+|\\.|[{}]|[^\\{}]", told, flags=re.DOTALL):
        depth += {"{": 1, "}": -1}.get(token, 0)
        assert depth >= 0
    assert depth == 0
    own = set(re.findall(r"\\[A-Za-z]+", "".join([
        *ESCAPED.values(), *LETTERS.values(), *(f"\\{name}" for name in GREEK.values()),
        *(f"\\{name}" for name in ACCENTS.values()), r"\ensuremath \i \j",
    ])))  # fmt: skip
    assert set(re.findall(r"\\[A-Za-z]+", told)) <= own


@needs_latex
def test_every_place_of_a_document_takes_nasty_texts(tmp_path: Path) -> None:
    texts = " ".join(NASTY)
    table = Table(texts, ["", texts[:40]], [["[x]", one] for one in NASTY])
    blocks = (
        Heading(1, texts), paragraph((texts, Gap(texts))), NamedTable("nasty", table),
        NamedTable("long", Table("Long", ["a", "b"], [["*", str(one)] for one in range(60)])),
    )  # fmt: skip
    write_latex(Document(texts, (texts,), blocks), tmp_path, "all", "")
    done = run("pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex", cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-2000:]
