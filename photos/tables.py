"""Tables beside a study file: CSV as spreadsheets save it, with the line of each row."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .class_names import name_key

MOST_CELL = 131_072  # characters; Python's own limit, if nothing in this process has raised it


class TableError(ValueError):
    """A table that can't be used: one sentence with the fix."""


@dataclass(frozen=True)
class Row:
    """A row's cells without the spaces around them, and the line where it begins."""

    line: int
    cells: Sequence[str]

    @property
    def is_blank(self) -> bool:
        return not any(self.cells)


@dataclass(frozen=True)
class Record:
    """A row's cells by the names of their columns. `where`: file and line, for complaints."""

    where: str
    line: int
    cells: Mapping[str, str]


def table_of(path: Path, name: str) -> list[Row]:
    """The rows of the table that the study file calls `name`, its header first.

    Cells are separated by commas, semicolons or tabs, whichever the first line has most of.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise TableError(f"{name}: no such file; check its path") from error
    except (OSError, UnicodeDecodeError) as error:
        raise TableError(f"{name}: not text in UTF-8; save it as “CSV UTF-8”") from error
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    found, line = [], 1
    try:
        for cells in reader:
            if any(len(cell) > MOST_CELL for cell in cells):
                raise _long_cell(name, line)
            found.append(Row(line, tuple(map(str.strip, cells))))
            line = reader.line_num + 1
    except csv.Error as error:
        if "field limit" in str(error):
            raise _long_cell(name, line) from error
        raise TableError(f"{name}: not a table ({error}); save it as “CSV UTF-8”") from error
    return found


def _long_cell(name: str, line: int) -> TableError:
    return TableError(
        f"{name}, line {line}: a cell of more than {MOST_CELL:,} characters; shorten it"
    )


def records_of(
    path: Path, name: str, needed: Sequence[str], optional: Sequence[str] = ()
) -> list[Record]:
    """The rows below the header, each with a filled cell for every column that is `needed`.

    TableError names the line: of a header with other columns, or of a row that is not whole.
    """
    rows = table_of(path, name)
    if not any(not row.is_blank for row in rows):
        raise TableError(f"{name}: is empty; its first line must be {','.join(needed)}")
    header = [name_key(cell).replace(" ", "_") for cell in rows[0].cells]
    if {*needed} - {*header} or {*header} - {*needed, *optional} or len({*header}) < len(header):
        more = f", with or without {' and '.join(optional)}" if optional else ""
        raise TableError(
            f"{name}, line 1: the columns are {', '.join(rows[0].cells)}; they must be "
            f"{', '.join(needed)}{more}"
        )
    found = [_record(row, header, needed, name) for row in rows[1:] if not row.is_blank]
    if not found:
        raise TableError(f"{name}: has no row below its first line; add one for each photo")
    return found


def _record(row: Row, header: Sequence[str], needed: Sequence[str], name: str) -> Record:
    where = f"{name}, line {row.line}"
    if len(row.cells) != len(header):
        raise TableError(
            f"{where}: {len(row.cells)} cells instead of {len(header)}; put quotes around a cell "
            "with a comma"
        )
    cells = dict(zip(header, row.cells, strict=True))
    if empty := next((key for key in needed if not cells[key]), None):
        raise TableError(f"{where}: the cell {empty} is empty; fill it, or remove the row")
    if not all(map(is_plain, row.cells)):
        raise TableError(f"{where}: holds a character that can't be stored; type the cell again")
    return Record(where, row.line, cells)


def is_plain(text: str) -> bool:
    """Whether a database and a page can hold the text."""
    return "\x00" not in text and text.encode(errors="ignore").decode() == text
