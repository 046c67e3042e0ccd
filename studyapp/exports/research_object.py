"""ro-crate-metadata.json: the bundle as an RO-Crate 1.2, a flat graph of linked data (JSON-LD)."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from studyapp.analyses.tables import Table
from studyapp.studies.references import Reference

from .dataset import DataSet, address_of, licence_address, people, schema_org
from .inventory import inventory, picture_folders

RO_CRATE = "ro-crate-metadata.json"
PROFILE = "https://w3id.org/ro/crate/1.2"
CODE = (".py", ".R")
NO_LICENCE = {
    "@id": "#no-licence",
    "@type": "CreativeWork",
    "name": "No licence",
    "description": "The bundle comes without a licence; its README says whom to ask.",
}
DESCRIPTIONS = {
    "README.md": "What the data are and how to read them.",
    "CHANGES.md": "What was changed after the study opened.",
    "CITATION.cff": "How to cite the data.",
    "codebook.csv": "What every column and every question means.",
    "croissant.json": "The tables, as programs for machine learning read them.",
    "datapackage.json": "The tables with types, keys and levels (Data Package).",
    "dataset_description.json": "The data set with every column (Psych-DS).",
    "manifest.json": "SHA-256 of every file, and what made them.",
    "analysis/report.html": "The report.",
    "analysis/reanalyse.py": "Computes results again from the tables.",
    "analysis/reanalyse.R": "Computes the primary analysis and mixed models in R.",
    "analysis/bayes.R": "Fits the mixed models with priors, in R with brms.",
    "materials/definition.toml": "The study file.",
    "materials/definition.json": "The study file as it was checked, every default written out.",
    "materials/study.json": "The study's row, networks, conditions and photos.",
    "materials/certificate.json": "What was verified of the design when the study opened.",
}
# What each folder of pictures holds
PICTURED = {
    "materials/overlays": "Explanations as they were shown, named by their SHA-256.",
    "materials/maps": "What explanations were made from, named by their SHA-256.",
    "materials/photos": "The photos, named by their SHA-256.",
    "materials/crops": "What people saw of the photos, named by their SHA-256.",
}


def research_object(
    data: DataSet, tables: Sequence[Table], folder: Path, later: Iterable[str], *, written_on: date
) -> dict[str, Any]:
    """The graph of what lies in `folder`. later: files that are written after this one."""
    graph: dict[str, dict[str, Any]] = {}
    root = {
        "@id": "./",
        "@type": "Dataset",
        **schema_org(data, written_on=written_on),
        "identifier": data.address or data.digest,
        "license": _licence(data.given.licence) if data.given.licence else NO_LICENCE,
        "author": people(data),
        "citation": [_work(one) for one in data.references if one.address],
        "funding": [
            {
                "@id": f"#grant-{number}",
                "@type": "Grant",
                "name": f"{one.funder}, {one.award}",
                "identifier": one.award,
            }
            for number, one in enumerate(data.given.funding)
            if one.award
        ],
        "hasPart": [*_files(data, tables, folder, later)],
    }
    _flatten(root, graph)
    about = {
        "@id": RO_CRATE,
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": {"@id": PROFILE},
    }
    return {"@context": f"{PROFILE}/context", "@graph": [about, *graph.values()]}


def _files(
    data: DataSet, tables: Sequence[Table], folder: Path, later: Iterable[str]
) -> Iterator[dict[str, Any]]:
    code, photos = _licence(data.given.code_licence), data.given.photos.licence
    described = {f"_description-{one.name}_data": one.description for one in tables}
    for one in inventory(folder):
        stem = one.name.rpartition(".")[0]
        of_table = next((words for end, words in described.items() if stem.endswith(end)), "")
        entity = {
            "@id": one.path,
            "@type": "File",
            "name": one.name,
            "description": of_table or DESCRIPTIONS.get(one.path),
            "encodingFormat": one.media_type,
            "contentSize": str(one.size),
        }
        yield entity | ({"license": code} if one.path.endswith(CODE) else {})
    for path in later:
        told = {"name": path, "description": DESCRIPTIONS[path]}
        yield {"@id": path, "@type": "File", **told, "encodingFormat": "application/json"}
    for path in picture_folders(folder):
        entity = {
            "@id": f"{path}/",
            "@type": "Dataset",
            "name": path.rsplit("/", 1)[-1],
            "description": PICTURED[path],
        }
        shows_photos = path != "materials/maps"
        yield entity | ({"license": _licence(photos)} if photos and shows_photos else {})


def _licence(name: str) -> dict[str, Any]:
    words = f"The licence that SPDX calls {name}."
    return {
        "@id": licence_address(name), "@type": "CreativeWork", "name": name, "description": words,
    }  # fmt: skip


def _work(one: Reference) -> dict[str, Any]:
    return {
        "@id": one.address,
        "@type": "ScholarlyArticle",
        "name": one.title,
        "description": one.sentence,
    }


def _flatten(entity: dict[str, Any], graph: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Put `entity` and everything within it into `graph`; what refers to it."""
    key = entity.get("@id") or _key_of(entity)
    flat = graph.setdefault(key, {"@id": key})
    for name, value in entity.items():
        if name == "@id" or not value:
            continue
        if isinstance(value, dict):
            flat[name] = _flatten(value, graph)
        elif isinstance(value, list):
            flat[name] = [_flatten(one, graph) if isinstance(one, dict) else one for one in value]
        else:
            flat[name] = value
    return {"@id": key}


def _key_of(entity: dict[str, Any]) -> str:
    """An address where there is one, else a name within the graph."""
    if address := entity.get("url"):
        return address_of(address)
    words = "".join(one if one.isalnum() else "-" for one in entity["name"].lower())
    return f"#{entity['@type'].lower()}-{words}"
