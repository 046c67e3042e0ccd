"""The cells of an exported CSV as Python values again."""

import csv
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from studyapp.analyses.frames import is_missing, table_file
from studyapp.analyses.tables import TABLES, Column
from studyapp.shelf.spreadsheets import read_back

Row = dict[str, Any]


def table_rows(folder: Path, name: str) -> Iterator[Row]:
    """The rows of the table called `name` in a bundle, one by one; missing cells are None.

    An earlier bundle lacks the tables and columns that were added later. Raises ValueError for a
    missing file, other columns, or a cell of another kind.
    """
    table = next(table for table in TABLES if table.name == name)
    if is_missing(folder, table):
        return
    file = table_file(folder, table)
    with file.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        found = list(reader.fieldnames or [])
        columns = [one for one in table.columns if one.name in found or not one.was_added]
        if found != [one.name for one in columns]:
            raise ValueError(f"{file.name} has other columns than this version of Discern")
        for cells in reader:
            if None in cells or None in cells.values():
                raise ValueError(
                    f"{file.name}, line {reader.line_num}, has more or fewer cells than the header"
                )
            yield {column.name: _value(column, cells[column.name]) for column in columns}


def only(names: Iterable[str], row: Row) -> Row:
    """What a bundle says of these fields; it sets no others."""
    return {name: row[name] for name in names}


def _value(column: Column, cell: str) -> Any:
    if cell == "":
        return None
    match column.kind:
        case "text":
            return read_back(cell)
        case "integer":
            return int(cell)
        case "number":
            return float(cell)
        case "boolean":
            return {"true": True, "false": False}[cell]
        case "datetime":
            return datetime.fromisoformat(cell)
        case "json":
            return json.loads(cell)
