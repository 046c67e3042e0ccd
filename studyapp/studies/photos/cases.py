"""What networks are asked beside the photos: the table that `images.cases` names."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from photos.class_names import name_key
from studyapp.models import StudyImage, context_text
from studyapp.sections.limits import column

from .tables import Row, TableError, table_of

PHOTO, TEXT, JSON, ANSWER, SHOWN = "photo", "context", "context_json", "answer", "shown"
COLUMNS = (PHOTO, TEXT, JSON, ANSWER, SHOWN)
# Characters of a context as JSON: it is stored with each case, and stands in every bundle
MOST_CONTEXT = 4_000
SHOWN_TEXT = column(StudyImage, "shown")


@dataclass(frozen=True)
class Question:
    """What a network is asked about a photo. `context`: as `context_text` writes it. `answers`:
    names of right ones, none where the photo's own categories are. `shown`: what people read."""

    photo: str
    context: str
    answers: tuple[str, ...]
    shown: str
    line: int


def read_cases(path: Path, name: str) -> dict[str, list[Question]]:
    """The questions of each photo, by its name, in the table's order; TableError with the line."""
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
        first = lines.setdefault((question.photo, question.context), row.line)
        if first != row.line:
            raise TableError(
                f"{where}: the same photo and context as line {first}; remove one of the two"
            )
        found.setdefault(question.photo, []).append(question)
    if not found:
        raise TableError(f"{name}: has no row below its first line; add one for each photo")
    return found


def refuse_other_photos(
    cases: Mapping[str, Sequence[Question]], photos: Sequence[str], taken: Sequence[str], name: str
) -> None:
    """TableError where the table names a photo that is not there, or lacks one that is taken."""
    for photo, questions in cases.items():
        if photo not in set(photos):
            raise TableError(
                f"{name}, line {questions[0].line}: {photo} is not among the photos; write its "
                f"path in `images.folder`, such as {photos[0]}"
            )
    if missing := [photo for photo in taken if photo not in cases]:
        raise TableError(
            f"{name}: {_listed(missing)} {'has' if len(missing) == 1 else 'have'} no row; say what "
            "is asked about each photo, or take the others out of the folder"
        )


def _header(row: Row, name: str) -> list[str]:
    header = [name_key(cell).replace(" ", "_") for cell in row.cells]
    strange = [cell for cell in header if cell not in COLUMNS]
    asked = [cell for cell in header if cell in (TEXT, JSON)]
    if strange or len(set(header)) < len(header) or PHOTO not in header or len(asked) != 1:
        raise TableError(
            f"{name}, line 1: the columns are {', '.join(row.cells)}; they must be {PHOTO} and one "
            f"of {TEXT} (a text) and {JSON} (any JSON value), with or without {ANSWER} and {SHOWN}"
        )
    if JSON in header and SHOWN not in header:
        raise TableError(
            f"{name}, line 1: add a column {SHOWN} with what people read above the picture, empty "
            f"where that is nothing: what {JSON} holds is for the network alone"
        )
    return header


def _cells(row: Row, header: Sequence[str], where: str) -> dict[str, str]:
    if len(row.cells) != len(header):
        raise TableError(
            f"{where}: {len(row.cells)} cells in place of {len(header)}; put quotes around a cell "
            "with a comma"
        )
    cells = dict(zip(header, row.cells, strict=True))
    for needed in (PHOTO, *(key for key in (TEXT, JSON) if key in cells)):
        if not cells[needed]:
            raise TableError(f"{where}: the cell {needed} is empty; fill it, or remove the row")
    if any(not _is_plain(cell) for cell in cells.values()):
        raise TableError(f"{where}: holds a character that is no text; type the cell again")
    return cells


def _question(cells: Mapping[str, str], where: str, line: int) -> Question:
    value = _json(cells[JSON], where) if JSON in cells else cells[TEXT]
    context = context_text(value)
    if len(context) > MOST_CONTEXT:
        raise TableError(
            f"{where}: the context has {len(context)} characters as JSON, and {MOST_CONTEXT} is "
            "the limit; shorten it, or name a file that the network's function reads"
        )
    shown = cells[SHOWN] if SHOWN in cells else cells[TEXT]
    if why := SHOWN_TEXT.complaint(shown):
        fix = "" if SHOWN in cells else f"; say in a column {SHOWN} what people read instead"
        raise TableError(f"{where}: what people read {why}{fix}")
    answers = tuple(filter(None, map(str.strip, cells.get(ANSWER, "").split("|"))))
    if ANSWER in cells and not answers:
        raise TableError(
            f"{where}: the cell {ANSWER} is empty; write the right answer as the network names it, "
            "several with | between them"
        )
    return Question(cells[PHOTO], context, answers, shown, line)


def _json(cell: str, where: str) -> Any:
    try:
        value = json.loads(cell, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise TableError(
            f"{where}: {cell[:40]} is not JSON ({error}); write it as JSON, with doubled quotes in "
            f"a quoted cell, or rename the column to {TEXT} for plain text"
        ) from error
    if value in (None, "", [], {}):
        raise TableError(f"{where}: the context {cell} is empty; fill it, or remove the row")
    if not _is_plain(context_text(value)) or "\\u0000" in cell:
        raise TableError(f"{where}: holds a character that is no text; type the cell again")
    return value


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _is_plain(text: str) -> bool:
    """Whether a database and a page can hold the text."""
    return "\x00" not in text and text.encode(errors="ignore").decode() == text


def _listed(names: Sequence[str], most: int = 3) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"
