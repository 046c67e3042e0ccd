"""What networks are asked beside photos: a table with a row for each question about a photo."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .class_names import name_key
from .tables import Row, TableError, table_of

PHOTO, TEXT, JSON, ANSWER, SHOWN = "photo", "context", "context_json", "answer", "shown"
COLUMNS = (PHOTO, TEXT, JSON, ANSWER, SHOWN)
# Characters of a context as JSON: it is stored with each case, and stands in every bundle
MOST_CONTEXT = 4_000


@dataclass(frozen=True)
class Question:
    """What a network is asked about a photo, from one line of a table.

    `context`: the value that the network gets; `text`: the same as JSON. `answers`: names of right
    ones, none where the table does not say. `shown`: what people read, None where it does not say.
    """

    photo: str
    context: Any
    text: str
    answers: tuple[str, ...]
    shown: str | None
    line: int


def context_text(context: Any) -> str:
    """A context as JSON, the same whoever writes it; empty for none (None)."""
    return "" if context is None else json.dumps(context, sort_keys=True, ensure_ascii=False)


def read_questions(path: Path, name: str) -> dict[str, list[Question]]:
    """The questions of each photo, by its name, in the table's order.

    `name`: what the table is called in a TableError, which tells the line and the fix.
    """
    rows = table_of(path, name)
    if not rows:
        raise TableError(f"{name}: is empty; its first line must name the columns, such as photo")
    header = _header(rows[0], name)
    found: dict[str, list[Question]] = {}
    lines: dict[tuple[str, str], int] = {}
    for row in rows[1:]:
        if row.is_blank:
            continue
        where = f"{name}, line {row.line}"
        question = _question(_cells(row, header, where), where, row.line)
        first = lines.setdefault((question.photo, question.text), row.line)
        if first != row.line:
            raise TableError(
                f"{where}: the same photo and context as line {first}; remove one of the two"
            )
        found.setdefault(question.photo, []).append(question)
    if not found:
        raise TableError(f"{name}: has no row below its first line; add one for each photo")
    return found


def _header(row: Row, name: str) -> list[str]:
    header = [name_key(cell).replace(" ", "_") for cell in row.cells]
    strange = [cell for cell in header if cell not in COLUMNS]
    asked = [cell for cell in header if cell in (TEXT, JSON)]
    if strange or len(set(header)) < len(header) or PHOTO not in header or len(asked) != 1:
        raise TableError(
            f"{name}, line 1: the columns are {', '.join(row.cells)}; they must be {PHOTO} and one "
            f"of {TEXT} (a text) and {JSON} (any JSON value), with or without {ANSWER} and {SHOWN}"
        )
    return header


def _cells(row: Row, header: Sequence[str], where: str) -> dict[str, str]:
    if len(row.cells) != len(header):
        raise TableError(
            f"{where}: {len(row.cells)} cells instead of {len(header)}; put quotes around a cell "
            "with a comma"
        )
    cells = dict(zip(header, row.cells, strict=True))
    for needed in (PHOTO, *(key for key in (TEXT, JSON) if key in cells)):
        if not cells[needed]:
            raise TableError(f"{where}: the cell {needed} is empty; fill it, or remove the row")
    if any(not _is_plain(cell) for cell in cells.values()):
        raise TableError(f"{where}: holds a character that can't be stored; type the cell again")
    return cells


def _question(cells: Mapping[str, str], where: str, line: int) -> Question:
    context = _json(cells[JSON], where) if JSON in cells else cells[TEXT]
    text = context_text(context)
    if len(text) > MOST_CONTEXT:
        raise TableError(
            f"{where}: the context has {len(text)} characters as JSON, and {MOST_CONTEXT} is "
            "the limit; shorten it, or name a file that the network's function reads"
        )
    answers = tuple(filter(None, map(str.strip, cells.get(ANSWER, "").split("|"))))
    if ANSWER in cells and not answers:
        raise TableError(
            f"{where}: the cell {ANSWER} is empty; write the right answer as the network names it, "
            "several with | between them"
        )
    return Question(cells[PHOTO], context, text, answers, cells.get(SHOWN), line)


def _json(cell: str, where: str) -> Any:
    try:
        value = json.loads(cell, parse_constant=_no_number, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise TableError(
            f"{where}: {cell[:40]} is not JSON ({error}); write it as JSON, with doubled quotes in "
            f"a quoted cell, or rename the column to {TEXT} for plain text"
        ) from error
    if value in (None, "", [], {}):
        raise TableError(f"{where}: the context {cell} is empty; fill it, or remove the row")
    if not _is_plain(context_text(value)) or "\\u0000" in cell:
        raise TableError(f"{where}: holds a character that can't be stored; type the cell again")
    return value


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"{number} is too large for a number of JSON")
    return value


def _is_plain(text: str) -> bool:
    """Whether a database and a page can hold the text."""
    return "\x00" not in text and text.encode(errors="ignore").decode() == text
