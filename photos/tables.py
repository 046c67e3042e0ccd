"""Tables beside a study file: CSV as spreadsheets save it, with the line of each row."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


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
            found.append(Row(line, tuple(map(str.strip, cells))))
            line = reader.line_num + 1
    except csv.Error as error:
        raise TableError(f"{name}: not a table ({error}); save it as “CSV UTF-8”") from error
    return found
