"""A document as LaTeX that pdfLaTeX and LuaLaTeX compile, with its tables as files of their own."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from studyapp.paradigms.tabulation import Table

from .document import (
    Bullets,
    Cite,
    Code,
    Document,
    Gap,
    Heading,
    NamedFigure,
    NamedTable,
    Paragraph,
    Run,
    Runs,
    Symbol,
    spaced,
)
from .latex_text import declarations, latex_text, unprintable

PREAMBLE = r"""\documentclass[11pt,a4paper]{article}
\usepackage{iftex}
\ifPDFTeX
  \usepackage[T1]{fontenc}
  \usepackage[utf8]{inputenc}
  \usepackage{lmodern}
\else
  \usepackage{fontspec}
\fi
\usepackage{textcomp}
\usepackage[margin=2.5cm]{geometry}
\usepackage{array}
\usepackage{booktabs}
\usepackage{longtable}
\usepackage{graphicx}
\usepackage[round]{natbib}
\usepackage[hidelinks]{hyperref}
\setlength{\emergencystretch}{3em}
\setlength{\belowcaptionskip}{6pt}
\newcommand{\gap}[1]{\textbf{[[#1]]}}
"""
LEVELS = {1: "section", 2: "subsection", 3: "paragraph"}
# More rows than fit on a page go over several
MOST_ROWS = 25
# Of a table: letters on a line, those that a cell asks for at most, and what parts two columns
LINE_LETTERS, MOST_LETTERS, PADDING = 92, 40, 3
# How many letters of a long name or digest stand between two places where a line may break
LETTERS, BREAK = 8, r"\allowbreak{}"


def write_latex(document: Document, folder: Path, stem: str, bibliography: str) -> None:
    """Write `stem`.tex into `folder`, beside its tables in `folder`/tables, which it reads.

    bibliography: the name of the .bib file without its ending; empty where nothing is cited.
    """
    for block in document.blocks:
        if isinstance(block, NamedTable):
            (folder / "tables").mkdir(exist_ok=True)
            path = folder / "tables" / f"{block.name}.tex"
            path.write_text(table_latex(block.table, block.name), encoding="utf-8")
    text = "\n".join(_lines(document, bibliography))
    (folder / f"{stem}.tex").write_text(f"{text}\n", encoding="utf-8")


def _lines(document: Document, bibliography: str) -> Iterator[str]:
    yield PREAMBLE + declarations(unprintable(_texts(document)))
    yield rf"\title{{{latex_text(document.title)}}}"
    authors = r" \and ".join(map(latex_text, document.authors)) or r"\gap{authors}"
    yield f"\\author{{{authors}}}"
    yield "\\date{}\n\\begin{document}\n\\maketitle"
    for mark in document.marks:
        boxed = rf"\parbox{{0.95\linewidth}}{{\textbf{{{latex_text(mark)}}}}}"
        yield f"\\noindent\\fbox{{{boxed}}}\n"
    for block in document.blocks:
        yield _block(block)
    if bibliography and document.cited():
        yield f"\\bibliographystyle{{plainnat}}\n\\bibliography{{{bibliography}}}"
    yield r"\end{document}"


def _texts(document: Document) -> Iterator[str]:
    """Every text that the document prints."""
    yield from (document.title, *document.marks, *document.authors)
    for run in document.runs():
        if isinstance(run, (str, Gap, Code)):
            yield run if isinstance(run, str) else run.what if isinstance(run, Gap) else run.text
    for block in document.blocks:
        if isinstance(block, Heading):
            yield block.text
        elif isinstance(block, NamedFigure):
            yield f"{block.caption} {block.alt}"
        elif isinstance(block, NamedTable):
            yield block.table.caption
            yield from (cell for row in (block.table.header, *block.table.rows) for cell in row)


def _block(block: object) -> str:
    if isinstance(block, Heading):
        return rf"\{LEVELS[block.level]}{{{latex_text(block.text)}}}"
    if isinstance(block, Paragraph):
        return f"{_runs(block.runs)}\n"
    if isinstance(block, Bullets):
        items = "\n".join(rf"  \item {_runs(item)}" for item in block.items)
        return f"\\begin{{itemize}}\n{items}\n\\end{{itemize}}"
    if isinstance(block, NamedTable):
        return rf"\input{{tables/{block.name}}}"
    if isinstance(block, NamedFigure):
        return (
            "\\begin{figure}[htbp]\n  \\centering\n"
            f"  \\includegraphics[width=0.8\\linewidth]{{figures/{block.name}}}\n"
            f"  \\caption{{{latex_text(block.caption)}.}}\n"
            f"  \\label{{fig:{block.name}}}\n\\end{{figure}}"
        )
    raise TypeError(f"LaTeX has no form for {type(block).__name__}")


def _runs(runs: Runs) -> str:
    return "".join(_run(run) for run in runs)


def _run(run: Run) -> str:
    if isinstance(run, str):
        return spaced(run, latex_text)
    if isinstance(run, Cite):
        return rf"\citep{{{','.join(run.keys)}}}"
    if isinstance(run, Gap):
        return rf"\gap{{{latex_text(run.what)}}}"
    if isinstance(run, Code):
        parts = [run.text[place : place + LETTERS] for place in range(0, len(run.text), LETTERS)]
        return rf"\texttt{{{BREAK.join(latex_text(part) for part in parts)}}}"
    if isinstance(run, Symbol):
        return rf"\textit{{{run.text}}}"
    raise TypeError(f"LaTeX has no form for {type(run).__name__}")


def table_latex(table: Table, name: str) -> str:
    """The table with booktabs' rules; a long one goes over several pages."""
    widths = column_shares([table.header, *table.rows])
    columns = "".join(
        rf">{{\raggedright\arraybackslash}}p{{\dimexpr {share:.3f}\linewidth-2\tabcolsep}}"
        for share in widths
    )
    head = f"\\toprule\n{_row(table.header)}\n\\midrule"
    rows = "\n".join(_row(row) for row in table.rows)
    caption = f"\\caption{{{latex_text(table.caption)}.}}\n\\label{{tab:{name}}}"
    if len(table.rows) > MOST_ROWS:
        return (
            "{\\small\n"
            f"\\begin{{longtable}}{{@{{}}{columns}@{{}}}}\n{caption}\\\\\n{head}\n\\endhead\n"
            f"{rows}\n\\bottomrule\n\\end{{longtable}}\n}}\n"
        )
    return (
        f"\\begin{{table}}[htbp]\n\\small\n{caption}\n"
        f"\\begin{{tabular}}{{@{{}}{columns}@{{}}}}\n{head}\n{rows}\n\\bottomrule\n"
        "\\end{tabular}\n\\end{table}\n"
    )


def _row(cells: Sequence[str]) -> str:
    return " & ".join(latex_text(cell) for cell in cells) + r" \\"


def column_shares(rows: Sequence[Sequence[str]]) -> list[float]:
    """How much of the width each column takes: room for its longest word, which is not broken, and
    of what is left as much as its longest cell asks."""
    columns = list(zip(*rows, strict=True))
    words = [max(_longest_word(cell) for cell in column) + PADDING for column in columns]
    wishes = [min(MOST_LETTERS, max(map(len, column))) for column in columns]
    more = [max(1, wish - word) for wish, word in zip(wishes, words, strict=True)]
    left = max(0, LINE_LETTERS - sum(words))
    taken = [word + left * one / sum(more) for word, one in zip(words, more, strict=True)]
    return [one / sum(taken) for one in taken]


def _longest_word(cell: str) -> int:
    return max((len(word) for word in re.split(r"[\s_]", cell)), default=0)
