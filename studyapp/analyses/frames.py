"""The tables as pandas frames, the same whether they come from the database or from a file."""

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import pandas as pd

from studyapp.models import Study

from .tables import Column, Table
from .tables.copying import write_csv

# The region of a large picture is one cell. Python's limit is everywhere the same: where people's
# own tables need a smaller one, they have it (see photos/tables.py).
csv.field_size_limit(2**26)
TYPES: Mapping[str, Any] = {
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


def people_frames(
    table: Table, study: Study, columns: Iterable[str], *, rows: int = 50_000
) -> Iterator[pd.DataFrame]:
    """The study's rows of `table` in frames of whole people, some `rows` each, so that memory does
    not grow with the study. The table stands person after person, with their `participant_id`.
    """
    chosen = _chosen(table, columns)
    with tempfile.TemporaryFile() as file:
        write_csv(table, study, file)
        file.seek(0)
        begun = None
        for part in pd.read_csv(file, chunksize=rows, **_reading(chosen)):
            frame = part if begun is None else pd.concat([begun, part], ignore_index=True)
            is_last = frame["participant_id"] == frame["participant_id"].iloc[-1]
            begun = frame[is_last]
            if not is_last.all():
                yield _typed_columns(frame[~is_last].copy(), chosen)
        if begun is not None:
            yield _typed_columns(begun.copy(), chosen)


def read_frame(
    table: Table, file: IO[bytes] | Path, columns: Iterable[str] | None = None
) -> pd.DataFrame:
    """A table's CSV as a frame: typed by the columns, times in UTC, missing as missing.

    Raises ValueError when the file lacks one of the columns.
    """
    chosen = _chosen(table, columns)
    return _typed_columns(pd.read_csv(file, **_reading(chosen)), chosen)


def _chosen(table: Table, names: Iterable[str] | None) -> list[Column]:
    names = [one.name for one in table.columns] if names is None else list(names)
    return [one for one in table.columns if one.name in names]


def _reading(chosen: list[Column]) -> dict[str, Any]:
    """How pandas reads our CSV."""
    return {
        "usecols": [column.name for column in chosen],
        "dtype": {column.name: TYPES[column.kind] for column in chosen},
        "true_values": ["true"],
        "false_values": ["false"],
        "keep_default_na": False,
        "na_values": [""],
    }


def _typed_columns(frame: pd.DataFrame, chosen: list[Column]) -> pd.DataFrame:
    for column in chosen:
        if column.kind == "text":
            frame[column.name] = frame[column.name].str.replace(r"^'", "", regex=True)
        elif column.kind == "datetime":
            frame[column.name] = pd.to_datetime(frame[column.name], format="ISO8601", utc=True)
    return frame[[column.name for column in chosen]]


def table_file(folder: Path, table: Table) -> Path:
    """The CSV file of a table in a bundle's folder; ValueError where there is not exactly one."""
    files = _table_files(folder, table)
    if len(files) != 1:
        raise ValueError(f"data/ has {len(files)} files for the table “{table.name}”, not one")
    return files[0]


def is_missing(folder: Path, table: Table) -> bool:
    """Whether a bundle is from before the table was added."""
    return table.was_added and not _table_files(folder, table)


def _table_files(folder: Path, table: Table) -> list[Path]:
    return list((folder / "data").glob(f"*_description-{table.name}_data.csv"))


def folder_frame(table: Table, folder: Path, columns: Iterable[str]) -> pd.DataFrame:
    """Some columns of a bundle's table, private or public.

    A public bundle counts seconds where a private one has a time; they come under the same name.
    Columns and tables that were added later than the bundle are empty. Raises ValueError when the
    bundle has no such table or column.
    """
    if is_missing(folder, table):
        return _typed_columns(pd.DataFrame(columns=list(columns)), _chosen(table, columns))
    file = table_file(folder, table)
    refuse_uneven_rows(file)
    cells = pd.read_csv(file, dtype=str, keep_default_na=False, na_values=[""])
    cells = cells.rename(columns=lambda name: str(name).replace("_after_s", "_at"))
    kinds = {column.name: column.kind for column in table.columns}
    for later in table.columns:
        if later.was_added and later.name not in cells.columns:
            cells[later.name] = pd.NA
    missing = [name for name in columns if name not in cells.columns]
    if missing:
        raise ValueError(f"{file.name} has no column “{missing[0]}”")
    frame = cells[list(columns)].copy()
    for name in columns:
        if kinds[name] == "boolean":
            frame[name] = _truths(frame[name], file)
        elif kinds[name] in {"integer", "number"}:
            frame[name] = pd.to_numeric(frame[name]).astype(TYPES[kinds[name]])
        elif kinds[name] == "text":
            frame[name] = frame[name].str.replace(r"^'", "", regex=True)
    return frame


def refuse_uneven_rows(path: Path) -> None:
    """ValueError for the first row with more or fewer cells than the header, whose columns pandas
    would silently shift or fill up."""
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.reader(stream, strict=True)
        try:
            header = next(reader, [])
            uneven = next((row for row in reader if row and len(row) != len(header)), None)
        except csv.Error as error:
            raise ValueError(f"{path.name}, line {reader.line_num}: {error}") from error
    if uneven is not None:
        raise ValueError(
            f"{path.name}, line {reader.line_num}, has {len(uneven)} cells, but the header has "
            f"{len(header)}; use the file as it was exported"
        )


def _truths(cells: "pd.Series[Any]", path: Path) -> "pd.Series[Any]":
    known = cells.map({"true": True, "false": False}).astype("boolean")
    wrong = cells[cells.notna() & known.isna()]
    if len(wrong):
        raise ValueError(
            f"{path.name}, row {int(wrong.index[0]) + 1}: {wrong.name} “{wrong.iloc[0]}” is "
            "neither true nor false; use the file as it was exported"
        )
    return known
