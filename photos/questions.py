"""What networks are asked beside photos: a table with a row for each question about a photo, or
COCO's captions."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from .captions import read_captions
from .class_names import name_key
from .files import is_litter
from .tables import Record, Row, TableError, is_plain, table_of

PHOTO, TEXT, JSON, ANSWER, SHOWN = "photo", "context", "context_json", "answer", "shown"
FURTHER, OTHERS = "further", "others"
COLUMNS = (PHOTO, TEXT, JSON, ANSWER, SHOWN, FURTHER, OTHERS)
# Answers that people choose between, beside the right one
OTHER_ANSWERS = 3
# Characters of a context as JSON: it is stored with each case, and stands in every bundle
MOST_CONTEXT = 4_000
# Further photos of a case: each is on the page, and goes through the network in every pass
MOST_FURTHER = 16


@dataclass(frozen=True)
class Question:
    """What a network is asked about a photo, from one line of a table, or from one caption.

    `context`: the value that the network gets; `text`: the same as JSON. `answers`: names of right
    ones, none where the table does not say. `shown`: what people read, None where it does not say.
    `further`: the paths of the photos that it gets as well, in their order. `others`: the answers
    beside the right one, between which people choose; none where it does not say.
    """

    photo: str
    context: Any
    text: str
    answers: tuple[str, ...]
    shown: str | None
    line: int
    further: tuple[str, ...] = ()
    kind: Literal["line", "caption"] = "line"
    others: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """Where it stands in its file, for complaints."""
        return f"{self.kind} {self.line}"


def context_text(context: Any) -> str:
    """A context as JSON, the same whoever writes it; empty for none (None)."""
    return "" if context is None else json.dumps(context, sort_keys=True, ensure_ascii=False)


def context_in(record: Record) -> str:
    """The context that a row of any table names, as JSON; empty where it names none."""
    told = {key: record.cells[key] for key in (TEXT, JSON) if record.cells.get(key)}
    if len(told) > 1:
        raise TableError(
            f"{record.where}: the cells {TEXT} and {JSON} are both filled; leave one of them empty"
        )
    return context_text(_json(told[JSON], record.where) if JSON in told else told.get(TEXT))


def read_questions(path: Path, name: str) -> dict[str, list[Question]]:
    """The questions of each photo, by its name, in the table's order.

    `name`: what the table is called in a TableError, which tells the line and the fix. Each of
    COCO's captions (.json) is a question whose context is the caption.
    """
    if path.suffix.lower() == ".json":
        return _captions(path, name)
    rows = table_of(path, name)
    if not rows:
        raise TableError(f"{name}: is empty; its first line must name the columns, such as photo")
    header = _header(rows[0], name)
    found: dict[str, list[Question]] = {}
    lines: dict[tuple[str, ...], int] = {}
    for row in rows[1:]:
        if row.is_blank:
            continue
        where = f"{name}, line {row.line}"
        question = _question(_cells(row, header, where), where, row.line)
        first = lines.setdefault((question.photo, question.text, *question.further), row.line)
        if first != row.line:
            beside = " with the same further photos" if question.further else ""
            raise TableError(
                f"{where}: the same photo and context as line {first}{beside}; remove one of the "
                "two"
            )
        found.setdefault(question.photo, []).append(question)
    if not found:
        raise TableError(f"{name}: has no row below its first line; add one for each photo")
    return found


def _captions(path: Path, name: str) -> dict[str, list[Question]]:
    found: dict[str, list[Question]] = {}
    for line, photo, words in read_captions(path, name):
        asked = Question(photo, words, context_text(words), (), None, line, kind="caption")
        found.setdefault(photo, []).append(asked)
    return found


def _header(row: Row, name: str) -> list[str]:
    header = [name_key(cell).replace(" ", "_") for cell in row.cells]
    strange = [cell for cell in header if cell not in COLUMNS]
    asked = [cell for cell in header if cell in (TEXT, JSON)]
    is_asked = len(asked) == 1 or (not asked and FURTHER in header)
    is_asked = is_asked and (OTHERS not in header or ANSWER in header)
    if strange or len(set(header)) < len(header) or PHOTO not in header or not is_asked:
        raise TableError(
            f"{name}, line 1: the columns are {', '.join(row.cells)}; they must be {PHOTO} and one "
            f"of {TEXT} (a text), {JSON} (any JSON value) and {FURTHER} (paths of further photos), "
            f"with or without {ANSWER}, {SHOWN} and, beside {ANSWER}, {OTHERS}"
        )
    return header


def _cells(row: Row, header: Sequence[str], where: str) -> dict[str, str]:
    if len(row.cells) != len(header):
        raise TableError(
            f"{where}: {len(row.cells)} cells instead of {len(header)}; put quotes around a cell "
            "with a comma"
        )
    cells = dict(zip(header, row.cells, strict=True))
    asked = [key for key in (TEXT, JSON, FURTHER) if key in cells]
    for needed in (PHOTO, asked[0]):
        # Of a photo that is given others with it, there may be nothing to say
        is_told = needed != PHOTO and any(cells[key] for key in asked)
        if not cells[needed] and not is_told:
            raise TableError(f"{where}: the cell {needed} is empty; fill it, or remove the row")
    if any(not is_plain(cell) for cell in cells.values()):
        raise TableError(f"{where}: holds a character that can't be stored; type the cell again")
    return cells


def _question(cells: Mapping[str, str], where: str, line: int) -> Question:
    context = _json(cells[JSON], where) if cells.get(JSON) else cells.get(TEXT) or None
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
    further, others = _further(cells, where), _others(cells, answers, where)
    return Question(
        cells[PHOTO], context, text, answers, cells.get(SHOWN), line, further, others=others
    )


def _others(cells: Mapping[str, str], answers: Sequence[str], where: str) -> tuple[str, ...]:
    """The other answers, none of which can be taken for the right one or for another."""
    if not cells.get(OTHERS):
        return ()
    others = tuple(map(str.strip, cells[OTHERS].split("|")))
    if len(others) != OTHER_ANSWERS or not all(others):
        raise TableError(
            f"{where}: the cell {OTHERS} must name {OTHER_ANSWERS} other answers, with | between "
            f"them; it has {len(list(filter(None, others)))}"
        )
    keys = [*map(name_key, others)]
    for place, other in enumerate(others):
        if keys[place] in keys[:place] or keys[place] in map(name_key, answers):
            raise TableError(
                f"{where}: the answer {other} is there twice; name answers that differ, because "
                "people choose between them"
            )
    return others


def _further(cells: Mapping[str, str], where: str) -> tuple[str, ...]:
    """The paths of further photos, none of which can be told from another by its place alone."""
    if not cells.get(FURTHER):
        return ()
    names = tuple(map(str.strip, cells[FURTHER].split("|")))
    if not all(names):
        raise TableError(
            f"{where}: the cell {FURTHER} names a photo without a name; write one path before and "
            "after each |"
        )
    if len(names) > MOST_FURTHER:
        raise TableError(
            f"{where}: {len(names)} further photos, and {MOST_FURTHER} is the limit; name fewer"
        )
    alone = [cells[PHOTO], *names]
    if doubled := [one for place, one in enumerate(alone) if one in alone[:place]]:
        raise TableError(
            f"{where}: {doubled[0]} is named twice in one case; name another photo, or remove it"
        )
    return names


def photo_below(folder: Path, name: str, where: str) -> Path:
    """The file of a further photo in `folder`; TableError where none is there, or it is elsewhere.

    `where`: the line that names it.
    """
    said = PurePosixPath(name)
    try:
        path = (folder / name).resolve()
        is_there = path.is_file() and not is_litter(name)
    except (OSError, RuntimeError):  # a name that is too long; links in a circle
        path, is_there = folder, False
    if said.as_posix() != name or said.is_absolute() or ".." in said.parts:
        raise TableError(
            f"{where}: {name[:80]} is not a path below the folder of photos; put the photo there, "
            "and write its path as in the column photo"
        )
    if not path.is_relative_to(folder.resolve()):
        raise TableError(
            f"{where}: {name[:80]} is a link that leads out of the folder of photos; put the photo "
            "itself there"
        )
    if not is_there:
        raise TableError(
            f"{where}: there is no photo {name[:80]}; write its path below the folder of photos"
        )
    return folder / name


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
    if not is_plain(context_text(value)) or "\\u0000" in cell:
        raise TableError(f"{where}: holds a character that can't be stored; type the cell again")
    return value


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"{number} is too large for a number of JSON")
    return value
