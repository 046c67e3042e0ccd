"""Tables of text as spreadsheets and R write them, read whole or refused with the line.

Commas, semicolons or tabs; UTF-8 or UTF-16, with or without a byte order mark; Excel's `sep=` line;
capitals and blanks in the header. Every row has as many cells as the header.
"""

import csv
import io
import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from photos.tables import MOST_CELL
from studyapp.shelf.formatting import counted

Cells = "pd.Series[Any]"
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs"}
MISSING = {"", "NA"}
TRUTHS = {"true": "1", "false": "0"}
BLANKS = " \t\r\n\v\f\u00a0\u200b\ufeff"
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
LARGEST = 1e12
WORKBOOK = b"PK\x03\x04"
BYTE_ORDER_MARKS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


class DelimitedError(ValueError):
    """A file that is no table: one sentence with the line and the fix."""


@dataclass(frozen=True)
class Delimited:
    """A table as it was read.

    frame: cells as text without blanks around them, columns in small letters, indexed by the
        line of the file. delimiter: between cells. notes: what a reader must know of it.
    """

    path: Path
    frame: pd.DataFrame
    delimiter: str
    notes: list[str] = field(default_factory=list)

    def numbers(self, name: str, levels: Sequence[float] | None = None) -> "pd.Series[Any]":
        """The column as numbers, each one of `levels` where there are any; NA and empty missing.

        TRUE and FALSE are 1 and 0 where these are the levels. A decimal comma is read where
        commas do not separate the cells. Raises DelimitedError with the line of any other cell.
        """
        cells = self.frame[name]
        commas = self.delimiter != "," and not cells.str.contains(".", regex=False).any()
        found = {
            line: self._number(line, name, cell, levels, commas) for line, cell in cells.items()
        }
        return pd.Series(found, index=cells.index, dtype=float, name=name)

    def _number(
        self, line: Any, name: str, cell: str, levels: Sequence[float] | None, commas: bool
    ) -> float:
        if cell in MISSING:
            return math.nan
        text = cell.replace("\u2212", "-")
        if commas and re.fullmatch(r"[^,]*,\d+", text):
            text = text.replace(",", ".")
        if levels is not None and set(levels) == {0, 1}:
            text = TRUTHS.get(text.lower(), text)
        number = float(text) if NUMBER.fullmatch(text) else math.nan
        if levels is not None and number not in levels:
            told = ", ".join(str(level) for level in levels)
            raise self.refusal(line, f"{name} {cell!r} is not one of {told}")
        if not abs(number) <= LARGEST:
            hint = "; write decimals with a point" if "," in text else ""
            raise self.refusal(line, f"{name} {cell!r} is not a number{hint}")
        return number

    def refusal(self, line: Any, sentence: str) -> DelimitedError:
        return DelimitedError(f"{self.path}, line {line}: {sentence}")


def read_delimited(path: Path) -> Delimited:
    """The table in the file at `path`; DelimitedError says what is wrong on which line."""
    text = _decoded(path)
    delimiter, skipped = _delimiter(path, text)
    lines = _lines(path, text, delimiter)
    for _ in range(skipped):
        next(lines, None)
    _, header = next(lines, (1, []))
    names = [_plain(name).lower() for name in header]
    if not any(names):
        raise DelimitedError(f"{path} can't be read as CSV: its first line names no columns")
    rows = list(lines)
    _refuse_uneven(path, names, rows)
    cells = [[_plain(cell) for cell in row] for _, row in rows]
    frame = pd.DataFrame(cells, columns=names, index=[line for line, _ in rows], dtype=object)
    return Delimited(path, frame, delimiter, list(_composed(rows)))


def _decoded(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DelimitedError(f"{path} can't be read as CSV: {error.strerror}") from error
    if content.startswith(WORKBOOK):
        raise DelimitedError(f"{path} is a spreadsheet, not CSV: save it as “CSV UTF-8”")
    encoding = next(
        (name for mark, name in BYTE_ORDER_MARKS.items() if content.startswith(mark)), "utf-8"
    )
    if b"\x00" in content[:200] and encoding == "utf-8":
        encoding = "utf-16-le" if content[1:2] == b"\x00" else "utf-16-be"
    try:
        text = content.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DelimitedError(
            f"{path}, line {line}: the text is not UTF-8; save the file as “CSV UTF-8”"
        ) from error
    if "\x00" in text:
        raise DelimitedError(f"{path} is not text: save the table as “CSV UTF-8”")
    return text


def _delimiter(path: Path, text: str) -> tuple[str, int]:
    """What stands between cells, and how many lines come before the header."""
    first = re.split("[\r\n]", text, maxsplit=1)[0]
    if told := re.fullmatch(r'"?sep=(.)"?', first, re.IGNORECASE):
        if told[1] not in DELIMITERS:
            raise DelimitedError(
                f"{path}, line 1: cells can't be separated by {told[1]}; use commas, semicolons "
                "or tabs"
            )
        return told[1], 1
    counts = {mark: _cells_in(path, first, mark) for mark in DELIMITERS}
    best = max(counts, key=lambda mark: counts[mark])
    if counts[best] == 1 and len(first.split()) > 1:
        raise DelimitedError(
            f"{path}, line 1: the header is one cell; separate columns with commas, semicolons or "
            "tabs (in R: write.csv(table, file, row.names = FALSE))"
        )
    return best, 0


def _cells_in(path: Path, header: str, delimiter: str) -> int:
    try:
        return len(_bounded(next(csv.reader([header], delimiter=delimiter), [])))
    except csv.Error as error:
        raise _unreadable(path, 1, error) from error


def _bounded(cells: list[str]) -> list[str]:
    """The cells, within one limit whatever part of this process has raised Python's own."""
    if any(len(cell) > MOST_CELL for cell in cells):
        raise csv.Error("field larger than field limit")
    return cells


def _unreadable(path: Path, line: int, error: csv.Error) -> DelimitedError:
    if "field limit" in str(error):
        return DelimitedError(
            f"{path}, line {line}: a cell of more than {MOST_CELL:,} characters; shorten it"
        )
    return DelimitedError(f"{path}, line {line}: can't be read as CSV: {error}")


def _lines(path: Path, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Every row that is not blank, with the line on which it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            row = _bounded(next(reader))
        except StopIteration:
            return
        except csv.Error as error:
            raise _unreadable(path, line, error) from error
        if row:
            yield line, row


def _refuse_uneven(path: Path, names: Sequence[str], rows: list[tuple[int, list[str]]]) -> None:
    uneven = [(line, len(row)) for line, row in rows if len(row) != len(names)]
    if not uneven:
        return
    line, count = uneven[0]
    many = f", and {len(uneven)} of {len(rows)} rows do not fit it" if len(uneven) > 1 else ""
    raise DelimitedError(
        f"{path}, line {line} has {counted(count, 'cell', 'cells')}, the header has {len(names)}"
        f"{many}. "
        "Remove the surplus cells (a comma at the end, or R's row names: row.names = FALSE), or "
        "put quotes around cells that hold the separator"
    )


def _plain(cell: str) -> str:
    """Without blanks around it, accents in composed form."""
    return unicodedata.normalize("NFC", cell.strip(BLANKS))


def _composed(rows: list[tuple[int, list[str]]]) -> Iterator[str]:
    count = sum(not unicodedata.is_normalized("NFC", cell) for _, row in rows for cell in row)
    if count:
        yield (
            f"{counted(count, 'cell', 'cells')} had accents written with two characters; they are "
            "read as the same name written with one"
        )
