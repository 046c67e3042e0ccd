"""dataset_description.json and one sidecar per table, as Psych-DS 1.5 defines them (JSON-LD).

A sidecar replaces the list that it would inherit, so each one lists all columns of its table.
"""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from studyapp.analyses.tables import Column, Table

from .codebook import KINDS
from .dataset import DataSet, people, schema_org

DESCRIPTION = "dataset_description.json"
IGNORED = ".psychdsignore"
# What a bundle has beside what Psych-DS knows; its validator warns of anything else
BESIDE = """\
.psychdsignore
*.parquet
*.cff
codebook.csv
croissant.json
datapackage.json
load.*
manifest.json
ro-crate-metadata.json
wide/
"""
FILE_NAME = re.compile(r"([a-z]+-[a-zA-Z0-9]+)(_[a-z]+-[a-zA-Z0-9]+)*_data\.csv")
REQUIRED = ("@context", "@type", "name", "description", "variableMeasured")


def dataset_description(data: DataSet, tables: Sequence[Table]) -> dict[str, Any]:
    """The whole data set: every column of every table once, by name."""
    columns = {column.name: column for table in reversed(tables) for column in table.columns}
    return {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "license": "see README.md",
        **schema_org(data),
        "schemaVersion": "Psych-DS 1.5.0",
        "identifier": data.digest,
        "author": people(data),
        "variableMeasured": variables(columns[name] for name in sorted(columns)),
    }


def sidecar(table: Table) -> dict[str, Any]:
    """One table: all of its columns."""
    return {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": table.name,
        "description": table.description,
        "variableMeasured": variables(table.columns),
    }


def variables(columns: Iterable[Column]) -> list[dict[str, Any]]:
    """schema.org PropertyValues: what is stored, what was shown, unit and levels."""
    found = []
    for column in columns:
        shown = f" Shown: {column.shown}" if column.shown else ""
        one = {
            "@type": "PropertyValue",
            "name": column.name,
            "description": f"{column.description}{shown} Stored as {KINDS[column.kind]}.",
            "unitText": column.unit,
            "valueReference": [
                {"@type": "PropertyValue", "value": value, "description": meaning}
                for value, meaning in column.levels.items()
            ],
        }
        found.append({key: value for key, value in one.items() if value})
    return found


def psych_ds_problems(folder: Path) -> Iterator[str]:
    """Where a data set folder breaks the rules of Psych-DS, a sentence each."""
    description = folder / DESCRIPTION
    if not description.is_file():
        yield f"{DESCRIPTION} is missing"
        return
    facts = json.loads(description.read_text(encoding="utf-8"))
    yield from (f"{DESCRIPTION} lacks “{key}”" for key in REQUIRED if key not in facts)
    files = sorted((folder / "data").rglob("*.csv"))
    if not files:
        yield "data/ holds no CSV file"
    for file in files:
        yield from _file_problems(file, facts)


def _file_problems(file: Path, inherited: dict[str, Any]) -> Iterator[str]:
    if FILE_NAME.fullmatch(file.name) is None:
        yield f"{file.name} is not named keyword-value_…_data.csv with alphanumeric values"
    beside = file.with_suffix(".json")
    facts = json.loads(beside.read_text(encoding="utf-8")) if beside.is_file() else inherited
    known = {variable["name"] for variable in facts.get("variableMeasured", [])}
    with file.open(encoding="utf-8", newline="") as stream:
        header = next(csv.reader(stream), [])
    yield from (
        f"{file.name}: column “{name}” is not described" for name in header if name not in known
    )
    if len(set(header)) < len(header):
        yield f"{file.name}: a column appears twice"
    if "row_id" in header:
        yield from _doubles(file, header.index("row_id"))


def _doubles(file: Path, place: int) -> Iterator[str]:
    """The first row_id that appears twice. Only hashes are kept, eight bytes per row."""
    hashes = np.fromiter((hash(name) for name in _cells(file, place)), dtype=np.int64)
    if len(np.unique(hashes)) == len(hashes):
        return
    seen: set[str] = set()
    for name in _cells(file, place):
        if name in seen:
            yield f"{file.name}: row_id {name} appears twice"
            return
        seen.add(name)


def _cells(file: Path, place: int) -> Iterator[str]:
    with file.open(encoding="utf-8", newline="") as stream:
        rows = csv.reader(stream)
        next(rows)
        yield from (row[place] for row in rows if row)
