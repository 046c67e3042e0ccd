"""What a kit says before it is written as Markdown, LaTeX or Word: runs of text, in blocks.

Texts of a study stand in runs as they are; each writer makes them harmless in its own form.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from studyapp.paradigms.tabulation import Table

# Letters that stand for a statistic, which journals print in italics, before its value
STATISTIC = re.compile(r"(?<![\w.])(SE|SD|OR|df|[MNndptzr])(?=\s*(?:[=<>≤≥]|\(\d))")
NAMED = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Cite:
    """Works by their keys in the bibliography."""

    keys: tuple[str, ...]


@dataclass(frozen=True)
class Gap:
    """What nobody but the authors can say."""

    what: str


@dataclass(frozen=True)
class Code:
    """A name, a setting or a digest, as it is spelt."""

    text: str


@dataclass(frozen=True)
class Symbol:
    """The letter of a statistic."""

    text: str


Run = str | Cite | Gap | Code | Symbol


def spaced(text: str, show: Callable[[str], str], *, is_first: bool = False) -> str:
    """A run of plain text as `show` writes it, with the one space that parts it from the runs
    around it; the first run of a line has none before it."""
    lead = " " if text[:1].isspace() and not is_first else ""
    tail = " " if text[-1:].isspace() and text.strip() else ""
    return f"{lead}{show(text)}{tail}"


Runs = tuple[Run, ...]


@dataclass(frozen=True)
class Heading:
    level: int
    text: str


@dataclass(frozen=True)
class Paragraph:
    runs: Runs


@dataclass(frozen=True)
class Bullets:
    items: tuple[Runs, ...]


@dataclass(frozen=True)
class NamedTable:
    """A table with the name of its files. Cells of a checklist may be runs."""

    name: str
    table: Table


@dataclass(frozen=True)
class Grid:
    """Rows of runs under a header, of which columns take `widths`, shares of the page's width."""

    header: tuple[str, ...]
    rows: tuple[tuple[Runs, ...], ...]
    widths: tuple[float, ...]


@dataclass(frozen=True)
class NamedFigure:
    """A figure with the stem of its files; `alt`: what it shows, in words."""

    name: str
    caption: str
    alt: str


Block = Heading | Paragraph | Bullets | NamedTable | NamedFigure | Grid


@dataclass(frozen=True)
class Document:
    """`marks`: warnings that stand before all else, such as that the people were simulated.
    `authors`: as they are spoken; none where they are a gap."""

    title: str
    marks: tuple[str, ...]
    blocks: tuple[Block, ...]
    authors: tuple[str, ...] = ()

    def cited(self) -> list[str]:
        """The keys of all works that are cited, each once, in order."""
        keys = (key for run in self.runs() if isinstance(run, Cite) for key in run.keys)
        return list(dict.fromkeys(keys))

    def gaps(self) -> list[str]:
        """What is to be filled in, each once, in order."""
        return list(dict.fromkeys(run.what for run in self.runs() if isinstance(run, Gap)))

    def runs(self) -> Iterator[Run]:
        for block in self.blocks:
            yield from _runs_of(block)


def _runs_of(block: Block) -> Iterator[Run]:
    if isinstance(block, Paragraph):
        yield from block.runs
    elif isinstance(block, Bullets):
        yield from (run for item in block.items for run in item)
    elif isinstance(block, Grid):
        yield from (run for row in block.rows for cell in row for run in cell)


def prose(template: str, **values: Run | Runs) -> Runs:
    """`template` with each {name} replaced by the run, or runs, of that name.

    Braces in values are text: only the program's own sentences are templates.
    """
    found: list[Run] = []
    for place, part in enumerate(NAMED.split(template)):
        if place % 2 == 0:
            found += [part] if part else []
        else:
            value = values[part]
            found += value if isinstance(value, tuple) else (value,)
    return tuple(found)


def joined(parts: Iterable[Runs], between: str = " ") -> Runs:
    """The runs of all `parts` one after the other."""
    found: list[Run] = []
    for part in filter(None, parts):
        found += [between, *part] if found else part
    return tuple(found)


def paragraph(*sentences: Runs) -> Paragraph:
    return Paragraph(joined(sentences))


def listed(words: Sequence[str]) -> str:
    """Words as a sentence lists them."""
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)


def with_symbols(text: str) -> Runs:
    """A sentence of statistics: letters of statistics apart from the rest."""
    parts = STATISTIC.split(text)
    return tuple(Symbol(part) if place % 2 else part for place, part in enumerate(parts) if part)
