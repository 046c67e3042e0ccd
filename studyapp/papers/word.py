"""A document as a Word file, with citations by author and year."""

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import docx
from docx.document import Document as WordDocument
from docx.enum.text import WD_COLOR_INDEX
from docx.shared import Cm
from docx.text.paragraph import Paragraph as WordParagraph

from .bibliography import Work
from .document import (
    Block,
    Bullets,
    Cite,
    Code,
    Document,
    Gap,
    Grid,
    Heading,
    NamedFigure,
    NamedTable,
    Paragraph,
    Run,
    Runs,
    Symbol,
    spaced,
)

WIDTH_CM = 16.0
# Word stores when a file was made; the same study gives the same file
UNDATED = datetime(2000, 1, 1, tzinfo=UTC)
Works = Mapping[str, Work]


def write_word(document: Document, path: Path, references: Sequence[Work], figures: Path) -> None:
    """Write the file `path`. figures: the folder of its pictures, as PNG."""
    word, works = docx.Document(), {one.key: one for one in references}
    word.core_properties.title = _printable(document.title)
    word.core_properties.author = ""
    word.core_properties.comments = ""
    word.core_properties.created = word.core_properties.modified = UNDATED
    word.add_heading(_printable(document.title), 0)
    for mark in document.marks:
        word.add_paragraph().add_run(_printable(mark)).bold = True
    for block in document.blocks:
        _block(word, block, works, figures)
    if references:
        word.add_heading("References", 1)
        for work in references:
            word.add_paragraph(_printable(work.entry))
    word.save(str(path))


def _printable(text: str) -> str:
    """One line without control characters, which XML does not hold."""
    return "".join(
        one for one in " ".join(text.split()) if unicodedata.category(one) not in {"Cc", "Cs", "Cn"}
    )


def _block(word: WordDocument, block: Block, works: Works, figures: Path) -> None:
    if isinstance(block, Heading):
        word.add_heading(_printable(block.text), block.level)
    elif isinstance(block, Paragraph):
        _write(word.add_paragraph(), block.runs, works)
    elif isinstance(block, Bullets):
        for item in block.items:
            _write(word.add_paragraph(style="List Bullet"), item, works)
    elif isinstance(block, NamedTable):
        word.add_paragraph(style="Caption").add_run(_printable(f"{block.table.caption}."))
        rows = tuple(tuple((cell,) for cell in row) for row in block.table.rows)
        _grid(word, tuple(block.table.header), rows, works)
    elif isinstance(block, Grid):
        _grid(word, block.header, block.rows, works, block.widths)
    elif isinstance(block, NamedFigure):
        word.add_picture(str(figures / f"{block.name}.png"), width=Cm(WIDTH_CM * 0.85))
        word.add_paragraph(style="Caption").add_run(_printable(f"{block.caption}."))
    else:
        raise TypeError(f"Word has no form for {type(block).__name__}")


def _grid(
    word: WordDocument,
    header: Sequence[str],
    rows: Sequence[Sequence[Runs]],
    works: Works,
    widths: Sequence[float] = (),
) -> None:
    table = word.add_table(rows=1 + len(rows), cols=len(header))
    table.style = "Table Grid"
    for cell, text in zip(table.rows[0].cells, header, strict=True):
        cell.paragraphs[0].add_run(_printable(text)).bold = True
    for row, cells in zip(list(table.rows)[1:], rows, strict=True):
        for cell, runs in zip(row.cells, cells, strict=True):
            _write(cell.paragraphs[0], runs, works)
    for row in table.rows if widths else ():
        for cell, share in zip(row.cells, widths, strict=True):
            cell.width = Cm(WIDTH_CM * share)
    word.add_paragraph()


def _write(paragraph: WordParagraph, runs: Runs, works: Works) -> None:
    for run in runs:
        text, font = _told(run, works), paragraph.add_run()
        font.text = text
        font.italic = isinstance(run, Symbol) or None
        if isinstance(run, Code):
            font.font.name = "Consolas"
        if isinstance(run, Gap):
            font.font.highlight_color = WD_COLOR_INDEX.YELLOW


def _told(run: Run, works: Works) -> str:
    if isinstance(run, str):
        return spaced(run, _printable)
    if isinstance(run, Cite):
        return f"({'; '.join(works[key].label for key in run.keys)})"
    if isinstance(run, Gap):
        return f"[[{_printable(run.what)}]]"
    return _printable(run.text)
