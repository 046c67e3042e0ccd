"""Markdown and Word hold a study's texts as they are, and nothing that they could do."""

import tempfile
import unicodedata
from pathlib import Path

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html
from markdown_it import MarkdownIt

from studyapp.papers.document import (
    Block,
    Bullets,
    Cite,
    Code,
    Document,
    Gap,
    Grid,
    Heading,
    NamedTable,
    Symbol,
    paragraph,
    prose,
    with_symbols,
)
from studyapp.papers.markdown import write_markdown
from studyapp.papers.word import write_word
from studyapp.paradigms.tabulation import Table

from .texts import NASTY

READER = MarkdownIt("commonmark").enable("table")


def rendered(markdown: str) -> html.HtmlElement:
    return html.document_fromstring(READER.render(markdown))


def one_line(text: str) -> str:
    return " ".join(text.split())


def document_of(text: str) -> Document:
    table = Table(text, ["x", text], [["y", text]])
    blocks: tuple[Block, ...] = (
        Heading(1, text), paragraph((text,)), Bullets(((text,),)), NamedTable("one", table),
        Grid(("x",), (((text,),),), (1.0,)),
    )  # fmt: skip
    return Document(text, (text,), blocks)


@pytest.mark.parametrize("text", NASTY)
def test_markdown_shows_a_nasty_text_in_every_place(text: str) -> None:
    page = rendered(write_markdown(document_of(text), []))
    assert page.xpath("//a | //img | //script | //code | //ol | //hr") == []
    assert len(page.xpath("//li")) == 1
    for place in ("//h1", "//h2", "//blockquote//strong", "//li", "//td[2]", "//th[2]"):
        assert one_line(page.xpath(place)[0].text_content()) == one_line(text), place


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1))
def test_markdown_shows_any_text(text: str) -> None:
    if not text.strip():
        return
    page = rendered(write_markdown(Document("t", (), (paragraph((text,)),)), []))
    assert one_line(page.xpath("//p")[0].text_content()) == one_line(text)


@settings(max_examples=10, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_word_opens_again_with_any_text(text: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "any.docx"
        write_word(document_of(text), path, [], Path(name))
        word = docx.Document(str(path))
    kept = "".join(
        one for one in one_line(text) if unicodedata.category(one) not in {"Cc", "Cs", "Cn"}
    )
    assert word.paragraphs[0].text == kept
    assert one_line(word.tables[0].rows[1].cells[1].text) == one_line(kept)


def test_runs_keep_what_they_are(tmp_path: Path) -> None:
    runs = prose("See {cite}: {code} {gap}, {p} < .05", cite=Cite(("kim2022",)),
                 code=Code("a_b"), gap=Gap("what"), p=Symbol("p"))  # fmt: skip
    told = write_markdown(Document("t", (), (paragraph(runs),)), [])
    assert "See [@kim2022]: `a_b` **\\[\\[what\\]\\]**, *p* \\< .05" in told


def test_braces_in_a_value_are_text() -> None:
    assert prose("{a}", a="{b} {a}") == ("{b} {a}",)


def test_only_letters_before_a_value_are_statistics() -> None:
    runs = with_symbols("Plan p: M = 0.3, t(12) = 2, p < .001, “p”")
    assert [run.text for run in runs if isinstance(run, Symbol)] == ["M", "t", "p"]
