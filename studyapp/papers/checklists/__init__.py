"""Checklists that journals and conferences ask for, answered as far as the study can."""

from collections.abc import Sequence

from studyapp.papers.document import Cite, Document, Grid, Heading, Run, Runs, paragraph, prose
from studyapp.papers.material import Material

from .cherries import CHERRIES
from .consort import CONSORT_SPI
from .items import Checklist, Item
from .neurips import NEURIPS

CHECKLISTS: tuple[Checklist, ...] = (NEURIPS, CONSORT_SPI, CHERRIES)
WIDTHS = (0.08, 0.37, 0.55)


def checklist_document(checklist: Checklist, material: Material) -> Document:
    """Every item with its answer, or with a gap where only the authors can answer."""
    source: Run = Cite((checklist.source,)) if checklist.source else checklist.name
    told = prose("Study: {title}. The items are abbreviated; {source} has their full wording. "
                 "Check every answer before you send it.", title=material.record.facts["title"],
                 source=source)  # fmt: skip
    grid = Grid(("item", "what is asked", "answer"), _rows(checklist.items, material), WIDTHS)
    blocks = (paragraph(told), Heading(1, "Answers"), grid)
    return Document(checklist.name, material.marks, blocks)


def _rows(items: Sequence[Item], material: Material) -> tuple[tuple[Runs, ...], ...]:
    return tuple(((one.number,), (one.asks,), one.answer(material)) for one in items)
