"""A kit: everything that a study gives its paper, as a folder that appears whole or not at all."""

import csv
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from studyapp.analyses.figures.drawing import FORMS
from studyapp.analyses.figures.files import write_figures
from studyapp.exports.folder import whole_folder
from studyapp.shelf.spreadsheets import inert

from .bibliography import Work, bib, works
from .checklists import CHECKLISTS, checklist_document
from .document import Document, NamedTable
from .ethics_sheet import ethics_sheet
from .findings import named_figures
from .latex import write_latex
from .markdown import write_markdown
from .material import Material, software
from .paper import paper
from .readme import readme
from .screenshots import MISSING, ScreenshotError
from .word import write_word

Photograph = Callable[[Path, Sequence[str]], None]
SCRIPTS = Path(__file__).with_name("scripts")
SNIPPETS = ("read_tables.py", "read_tables.R")
BIBLIOGRAPHY = "references"
NUMBERS = ("paradigm", "kind", "name", "n", "estimate", "low95", "high95", "p", "p_holm", "planned")


def write_kit(
    material: Material, target: Path, photograph: Photograph | None = None
) -> dict[str, list[str]]:
    """Write the kit to `target`, a new folder; what is still to be filled in, by document.

    photograph: (folder, marks) writes the screenshots there; without it they are a gap.

    Raises ExportError if the folder holds anything.
    """
    with whole_folder(target) as folder:
        written = paper(material)
        write_figures([one for _, one in named_figures(material)], folder / "figures", FORMS)
        cited = cited_works(written)
        (folder / f"{BIBLIOGRAPHY}.bib").write_text(bib(cited), encoding="utf-8")
        write_latex(written, folder, "paper", BIBLIOGRAPHY)
        write_document(written, folder, "paper", cited)
        _write_tables(written, material, folder / "tables")
        for name in SNIPPETS:
            shutil.copyfile(SCRIPTS / name, folder / name)
        further = dict(further_documents(material))
        for stem, document in further.items():
            write_document(document, folder, stem, cited_works(document))
        gaps = {stem: one.gaps() for stem, one in {"paper": written, **further}.items()}
        gaps["screenshots"] = _photographed(photograph, folder, material)
        (folder / "README.md").write_text(readme(material, gaps), encoding="utf-8")
    return gaps


def _photographed(photograph: Photograph | None, folder: Path, material: Material) -> list[str]:
    """What is missing; empty where the pictures were taken."""
    if photograph is None:
        return [MISSING]
    try:
        photograph(folder, material.marks)
    except ScreenshotError as error:
        return [str(error)]
    return []


def further_documents(material: Material) -> Iterator[tuple[str, Document]]:
    """The checklists and the data sheet, with the stems of their files."""
    for one in CHECKLISTS:
        yield one.stem, checklist_document(one, material)
    yield "ethics-data-sheet", ethics_sheet(material)


def write_document(document: Document, folder: Path, stem: str, cited: list[Work]) -> None:
    """As Markdown and as a Word file."""
    (folder / f"{stem}.md").write_text(write_markdown(document, cited), encoding="utf-8")
    write_word(document, folder / f"{stem}.docx", cited, folder / "figures")


def cited_works(document: Document) -> list[Work]:
    """The works that the document cites, by the first author. KeyError for one that is not in the
    bibliography."""
    known = {**works(), "discern": _discern()}
    return sorted((known[key] for key in document.cited()), key=lambda one: (one.label, one.key))


def _discern() -> Work:
    note = software().removeprefix("Discern ")
    return Work("discern", "misc", ("{Discern developers}",),
                "Discern: human studies of visual explanations", "n.d.",
                {"note": f"Version {note}"})  # fmt: skip


def _write_tables(document: Document, material: Material, folder: Path) -> None:
    """Every table of the paper as CSV beside its LaTeX, and the numbers behind them."""
    for block in document.blocks:
        if isinstance(block, NamedTable):
            rows = [block.table.header, *block.table.rows]
            told = ([inert(cell) for cell in row] for row in rows)
            _write_csv(folder / f"{block.name}.csv", material.label, told)
    numbers = (row for found in material.founds for row in _numbers(found))
    _write_csv(folder / "numbers.csv", material.label, [NUMBERS, *numbers])


def _write_csv(path: Path, label: str, rows: Iterable[Sequence[Any]]) -> None:
    """With a column that says what the data are, if not those of a study."""
    last = [["data"]] if label else [[]]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for row in rows:
            writer.writerow([*row, *last[-1]])
            last = [[label]] if label else [[]]


def _numbers(found: Any) -> Iterator[list[Any]]:
    """Methods and contrasts with all digits; what can't be said is empty."""
    value = "accuracy" if found["outcome"] == "correct" else "mean"
    for name, one in found["methods"].items():
        test, (low, high) = found["tests"][name], one["robust95"] or (None, None)
        yield [found["paradigm"], "method", inert(name), one["n"], one[value], low, high,
               test["p"], test["p_holm"], None]  # fmt: skip
    for one in found["contrasts"]:
        low, high = one["robust95"] or (None, None)
        yield [found["paradigm"], "contrast", inert(f"{one['a']} − {one['b']}"), None,
               one["estimate"], low, high, one["p"], one["p_holm"], one["planned"]]  # fmt: skip
