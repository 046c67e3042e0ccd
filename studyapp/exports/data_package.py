"""datapackage.json: the tables as a Data Package 2.0 (Frictionless): types, keys and levels."""

from collections.abc import Mapping, Sequence
from typing import Any

from studyapp.analyses.tables import Column, Table

from .dataset import DataSet

DATA_PACKAGE = "datapackage.json"
PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
TYPES = {
    "text": "string",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "datetime": "datetime",
    "json": "string",
}
# The column by which other tables name a row
KEYS: Mapping[str, str] = {
    "judgments": "row_id",
    "trials": "trial_id",
    "participations": "participant_id",
    "stimuli": "stimulus_id",
    "networks": "network_id",
}


def data_package(
    data: DataSet, tables: Sequence[Table], files: Mapping[str, tuple[str, str, int]]
) -> dict[str, Any]:
    """files: (path, SHA-256, bytes) of each table's CSV file, by the table's name."""
    given = data.given
    licence = {"name": given.licence, "path": data.licence_address}
    found = {
        "$schema": PROFILE,
        "name": data.slug,
        "id": given.doi and f"https://doi.org/{given.doi}",
        "title": data.title,
        "description": data.description,
        "homepage": given.url,
        "version": given.version,
        "keywords": list(data.keywords),
        "licenses": [licence] if given.licence else None,
        "contributors": _contributors(data),
        "sources": [_source(one.sentence, one.address) for one in data.references],
        "resources": [_resource(one, tables, *files[one.name]) for one in tables],
    }
    return {key: value for key, value in found.items() if value}


def is_enumeration(column: Column) -> bool:
    """Whether its levels are all the values that a cell may hold, each written as a cell."""
    if column.kind not in ("text", "integer") or not column.levels:
        return False
    return column.kind == "text" or all(_is_integer(value) for value in column.levels)


def _resource(
    table: Table, tables: Sequence[Table], path: str, digest: str, size: int
) -> dict[str, Any]:
    names = {column.name for column in table.columns}
    known = {one.name for one in tables}
    schema: dict[str, Any] = {
        "fields": [_field(column) for column in table.columns],
        "missingValues": [""],
    }
    if table.name in KEYS:
        schema["primaryKey"] = KEYS[table.name]
    foreign = [
        {"fields": [key], "reference": {"resource": other, "fields": [key]}}
        for other, key in KEYS.items()
        if other in known and other != table.name and key in names
    ]
    if foreign:
        schema["foreignKeys"] = foreign
    return {
        "name": table.name,
        "path": path,
        "description": table.description,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": size,
        "hash": f"sha256:{digest}",
        "profile": "tabular-data-resource",
        "schema": schema,
    }


def _field(column: Column) -> dict[str, Any]:
    field: dict[str, Any] = {
        "name": column.name,
        "type": TYPES[column.kind],
        "description": column.description,
        "unit": column.unit,
    }
    if is_enumeration(column):
        whole = column.kind == "integer"
        field["categories"] = [
            {"value": int(value) if whole else value, "label": label}
            for value, label in column.levels.items()
        ]
    return {key: value for key, value in field.items() if value}


def _is_integer(value: str) -> bool:
    return value.removeprefix("-").isdecimal()


def _contributors(data: DataSet) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {
            "title": one.name,
            "givenName": one.given_names,
            "familyName": one.family_names,
            "path": f"https://orcid.org/{one.orcid}" if one.orcid else None,
            "organization": one.affiliation,
            "roles": list(one.roles) or None,
        }
        for one in data.given.people
    ]
    if not found:
        found = [{"title": one} for one in data.controllers]
    found += [{"title": one.funder, "roles": ["funder"]} for one in data.given.funding]
    return [{key: value for key, value in one.items() if value} for one in found]


def _source(title: str, path: str) -> dict[str, str]:
    return {"title": title, "path": path} if path else {"title": title}
