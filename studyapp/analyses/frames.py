"""The tables as pandas frames, the same whether they come from the database or from a file."""

import io
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import pandas as pd

from studyapp.models import Study

from .tables import Column, Table
from .tables.copying import write_csv

TYPES = {
    "text": "object",
    "json": "object",
    "integer": "Int64",
    "number": "Float64",
    "boolean": "boolean",
    "datetime": "object",
}


def study_frame(table: Table, study: Study, columns: Iterable[str] | None = None) -> pd.DataFrame:
    """The study's rows of `table`, in its order; `columns` keeps some of them only."""
    file = io.BytesIO()
    write_csv(table, study, file)
    file.seek(0)
    return read_frame(table, file, columns)


def read_frame(
    table: Table, file: IO[bytes] | Path, columns: Iterable[str] | None = None
) -> pd.DataFrame:
    """A table's CSV as a frame: typed by the columns, times in UTC, missing as missing.

    Raises ValueError when the file lacks one of the columns.
    """
    chosen = [one for one in table.columns if columns is None or one.name in set(columns)]
    frame = pd.read_csv(
        file,
        usecols=[column.name for column in chosen],
        dtype={column.name: TYPES[column.kind] for column in chosen},
        true_values=["true"],
        false_values=["false"],
        keep_default_na=False,
        na_values=[""],
    )
    for column in chosen:
        frame[column.name] = _typed(frame[column.name], column)
    return frame[[column.name for column in chosen]]


def _typed(cells: "pd.Series[Any]", column: Column) -> "pd.Series[Any]":
    if column.kind == "text":
        return cells.str.replace(r"^'", "", regex=True)
    if column.kind == "datetime":
        return pd.to_datetime(cells, format="ISO8601", utc=True)
    return cells
