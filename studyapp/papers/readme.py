"""What is in a kit, and what it still lacks."""

from collections.abc import Mapping, Sequence

from .markdown import plain
from .material import Material, software

FILES = """\
| file | what it is |
|---|---|
| `paper.tex`, `paper.docx`, `paper.md` | Methods and Results (`latexmk -pdf paper.tex`) |
| `references.bib` | the works that `paper` cites |
| `tables/` | tables as LaTeX and CSV; `numbers.csv`: estimates with all digits |
| `figures/` | figures as PDF, SVG and PNG; `python -m drawing` there redraws them |
| `read_tables.py`, `read_tables.R` | read `tables/numbers.csv` in pandas and in R |
| `neurips`, `consort-spi`, `cherries` | checklists, answered as far as the study can |
| `screenshots.pdf` | every kind of page that people saw; photos on it keep their licences |
| `ethics-data-sheet` | for an ethics board: what is stored, how long, who sees it |

Every document is there as Markdown and as a Word file. `[[…]]` marks what only the authors can say.
"""


def readme(material: Material, gaps: Mapping[str, Sequence[str]]) -> str:
    """gaps: what is to be filled in, by the stem of the document."""
    facts = material.record.facts
    lines = [f"# Paper kit: {plain(facts['title'])}\n"]
    lines += [f"> **{plain(mark)}**\n" for mark in material.marks]
    lines += [
        f"Of the study `{facts['slug']}`, made by {software()}. The results have the SHA-256 "
        f"`{material.results_digest}`, as in the report.\n",
        FILES,
        "## What is still to be filled in\n",
    ]
    for stem, missing in gaps.items():
        lines += [f"`{stem}` ({len(missing)}):\n", *(f"- {plain(one)}" for one in missing), ""]
    return "\n".join(lines)
