"""The cells of an exported CSV as Python values again."""

import csv
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from studyapp.analyses.tables import TABLES, Column
from studyapp.shelf.spreadsheets import read_back

Row = dict[str, Any]


def table_rows(folder: Path, name: str) -> Iterator[Row]:
    """The rows of the table called `name` in a bundle, one by one; missing cells are None. Of a
    column that was added later, rows of an earlier bundle have nothing.

    Raises ValueError for a file that is not there, has other columns, or a cell of another kind.
    """
    table = next(table for table in TABLES if table.name == name)
    files = list((folder / "data").glob(f"*_description-{name}_data.csv"))
    if len(files) != 1:
        raise ValueError(f"data/ holds {len(files)} tables “{name}”, not one")
    with files[0].open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        found = list(reader.fieldnames or [])
        columns = [one for one in table.columns if one.name in found or not one.was_added]
        if found != [one.name for one in columns]:
            raise ValueError(f"{files[0].name} has other columns than this version of Discern")
        for cells in reader:
            if None in cells or None in cells.values():
                raise ValueError(
                    f"{files[0].name}, line {reader.line_num}: not as many cells as the header has"
                )
            yield {column.name: _value(column, cells[column.name]) for column in columns}


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
