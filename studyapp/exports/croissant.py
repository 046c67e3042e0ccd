"""croissant.json: the tables as Croissant 1.0 describes data for machine learning (JSON-LD)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from studyapp.analyses.tables import Column, Table

from .codebook import levels_text
from .data_package import KEYS
from .dataset import DataSet, people, schema_org

CROISSANT = "croissant.json"
TYPES = {
    "text": "sc:Text",
    "integer": "sc:Integer",
    "number": "sc:Float",
    "boolean": "sc:Boolean",
    "datetime": "sc:DateTime",
    "json": "sc:Text",
}
# As http://mlcommons.org/croissant/1.0 prescribes it
CONTEXT: Mapping[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def croissant(
    data: DataSet,
    tables: Sequence[Table],
    files: Mapping[str, tuple[str, str, int]],
    *,
    written_on: date,
) -> dict[str, Any]:
    """files: (path, SHA-256, bytes) of each table's CSV file, by the table's name."""
    said = schema_org(data, written_on=written_on)
    found = {
        "@context": dict(CONTEXT),
        "@type": "sc:Dataset",
        **said,
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "creator": people(data),
        "citeAs": data.citation,
        "distribution": [_file(name, *told) for name, told in files.items()],
        "recordSet": [_records(table, tables) for table in tables],
    }
    return {key: value for key, value in found.items() if value}


def _file(table: str, path: str, digest: str, size: int) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": f"{table}.csv",
        "name": f"{table}.csv",
        "contentUrl": path,
        "contentSize": f"{size} B",
        "encodingFormat": "text/csv",
        "sha256": digest,
    }


def _records(table: Table, tables: Sequence[Table]) -> dict[str, Any]:
    known = {one.name for one in tables}
    others = {key: name for name, key in KEYS.items() if name in known and name != table.name}
    found: dict[str, Any] = {
        "@type": "cr:RecordSet",
        "@id": table.name,
        "name": table.name,
        "description": table.description,
        "field": [_field(table, column, others.get(column.name)) for column in table.columns],
    }
    if table.name in KEYS:
        found["key"] = {"@id": f"{table.name}/{KEYS[table.name]}"}
    return found


def _field(table: Table, column: Column, named_by: str | None) -> dict[str, Any]:
    levels = f" Levels: {levels_text(column)}." if column.levels else ""
    unit = f" Unit: {column.unit}." if column.unit else ""
    field: dict[str, Any] = {
        "@type": "cr:Field",
        "@id": f"{table.name}/{column.name}",
        "name": column.name,
        "description": f"{column.description}{unit}{levels}",
        "dataType": TYPES[column.kind],
        "source": {
            "fileObject": {"@id": f"{table.name}.csv"},
            "extract": {"column": column.name},
        },
    }
    if named_by is not None:
        field["references"] = {"field": {"@id": f"{named_by}/{column.name}"}}
    return field
