"""A document as Markdown, with citations as Pandoc takes them."""

import re
from collections.abc import Iterator, Sequence

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

SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$@^&!+-])")
# Only these, of those that mean something at the start of a line alone, are left as they are within
HARMLESS = {"-", "+", "!", "&"}


def write_markdown(document: Document, references: Sequence[Work]) -> str:
    """The text of a file; works that are cited stand at its end."""
    return "\n\n".join(_parts(document, references)) + "\n"


def _parts(document: Document, references: Sequence[Work]) -> Iterator[str]:
    yield f"# {plain(document.title)}"
    yield from (f"> **{plain(mark)}**" for mark in document.marks)
    for block in document.blocks:
        yield _block(block)
    if references:
        yield "## References"
        yield from (f"- {plain(work.entry)}" for work in references)


def plain(text: str) -> str:
    """`text` in one line, in which nothing means anything to Markdown."""
    line = " ".join(text.split())
    escaped = SPECIAL.sub(
        lambda found: found[0] if found[0] in HARMLESS and found.start() else f"\\{found[0]}", line
    )
    # “1.” at the start would begin a list
    return re.sub(r"^(\d+)([.)])(?=\s|$)", r"\1\\\2", escaped)


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        return f"{'#' * (block.level + 1)} {plain(block.text)}"
    if isinstance(block, Paragraph):
        return _runs(block.runs)
    if isinstance(block, Bullets):
        return "\n".join(f"- {_runs(item)}" for item in block.items)
    if isinstance(block, NamedTable):
        table = block.table
        rows = [[plain(cell) for cell in row] for row in table.rows]
        return f"**{plain(table.caption)}.**\n\n{_grid([plain(one) for one in table.header], rows)}"
    if isinstance(block, Grid):
        rows = [[_runs(cell) for cell in row] for row in block.rows]
        return _grid([plain(one) for one in block.header], rows)
    if isinstance(block, NamedFigure):
        return f"![{plain(block.alt)}](figures/{block.name}.png)\n\n*{plain(block.caption)}.*"
    raise TypeError(f"Markdown has no form for {type(block).__name__}")


def _grid(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _runs(runs: Runs) -> str:
    return "".join(_run(run, place == 0) for place, run in enumerate(runs))


def _run(run: Run, is_first: bool) -> str:
    if isinstance(run, str):
        return spaced(run, plain, is_first=is_first)
    if isinstance(run, Cite):
        return f"[{'; '.join(f'@{key}' for key in run.keys)}]"
    if isinstance(run, Gap):
        return f"**\\[\\[{plain(run.what)}\\]\\]**"
    if isinstance(run, Code):
        return f"`{run.text.replace('`', chr(39))}`"
    if isinstance(run, Symbol):
        return f"*{run.text}*"
    raise TypeError(f"Markdown has no form for {type(run).__name__}")
