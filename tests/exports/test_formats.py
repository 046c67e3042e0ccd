"""The bundle as other programs read it: CITATION.cff, Croissant, Data Package, RO-Crate, Psych-DS.

The formats' own validators are asked by bench/formats.py; here stands what must not be lost.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.builders import ETHICS, open_small_study
from sandbox.people import send_people
from studyapp.analyses.tables import TABLES
from studyapp.exports.bundle import write_bundle
from studyapp.exports.folder import ExportError
from studyapp.models import Study
from studyapp.studies.lifecycle import close_study
from studyapp.studies.publication import give_publication
from tests.exports.test_publication import GIVEN

# schema.org 28: the properties that Psych-DS's validator looks up, of what a description holds
PROPERTIES = {
    "Dataset": {"name", "description", "license", "keywords", "url", "version", "datePublished",
                "funder", "citation", "subjectOf", "schemaVersion", "identifier", "author",
                "variableMeasured"},
    "Person": {"name", "givenName", "familyName", "affiliation"},
    "Organization": {"name", "url"},
    "CreativeWork": {"url"},
    "PropertyValue": {"name", "description", "unitText", "value", "valueReference"},
}  # fmt: skip


@pytest.fixture
def study(db: None) -> Study:
    study = open_small_study(slug="small", ethics=ETHICS)
    send_people(study, 2)
    give_publication(study, GIVEN, "")
    return close_study(study)


def read(folder: Path, name: str) -> dict[str, Any]:
    return json.loads((folder / name).read_text("utf-8"))


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in JSON, the outermost first."""
    if isinstance(value, dict):
        yield value
        for one in value.values():
            yield from objects(one)
    elif isinstance(value, list):
        for one in value:
            yield from objects(one)


def test_each_format_says_what_the_bundle_holds(study: Study, tmp_path: Path) -> None:
    folder = write_bundle(study, tmp_path / "out", analysis=False, public=True).path
    digests = read(folder, "manifest.json")["files"]
    for check in (citation, package, croissant, crate, psych_ds):
        check(folder, digests)


def citation(folder: Path, digests: dict[str, str]) -> None:
    facts = yaml.safe_load((folder / "CITATION.cff").read_text("utf-8"))
    assert facts["authors"][0]["orcid"] == "https://orcid.org/0000-0002-1825-0097"
    assert (facts["type"], facts["license"]) == ("dataset", "CC-BY-4.0")
    assert str(facts["date-released"]) == "2030-06-01"
    assert facts["references"][0]["authors"][0] == {
        "family-names": "Selvaraju", "given-names": "R. R."}  # fmt: skip


def package(folder: Path, digests: dict[str, str]) -> None:
    facts = read(folder, "datapackage.json")
    resources = {one["name"]: one for one in facts["resources"]}
    assert list(resources) == [table.name for table in TABLES if not table.is_private]
    for one in resources.values():
        header = (folder / one["path"]).read_text("utf-8").splitlines()[0].split(",")
        assert [field["name"] for field in one["schema"]["fields"]] == header
        assert one["hash"] == f"sha256:{digests[one['path']]}"
        for key in one["schema"].get("foreignKeys", []):
            assert resources[key["reference"]["resource"]]["schema"]["primaryKey"] in header
    stages = next(field for field in resources["judgments"]["schema"]["fields"]
                  if field["name"] == "stage")  # fmt: skip
    assert "main" in {one["value"] for one in stages["categories"]}
    assert facts["licenses"][0]["name"] == "CC-BY-4.0"
    assert facts["contributors"][0]["roles"] == ["software"]


def croissant(folder: Path, digests: dict[str, str]) -> None:
    facts = read(folder, "croissant.json")
    files = {one["@id"]: one for one in facts["distribution"]}
    assert all(digests[one["contentUrl"]] == one["sha256"] for one in files.values())
    for record in facts["recordSet"]:
        for field in record["field"]:
            source = files[field["source"]["fileObject"]["@id"]]
            header = (folder / source["contentUrl"]).read_text("utf-8").splitlines()[0].split(",")
            assert field["source"]["extract"]["column"] in header
    assert facts["citeAs"].startswith("Lovelace, A. A., & Suricata (2030).")


def crate(folder: Path, digests: dict[str, str]) -> None:
    graph = {one["@id"]: one for one in read(folder, "ro-crate-metadata.json")["@graph"]}
    for entity in graph.values():
        for one in list(objects(entity))[1:]:
            # Flat: what lies within an entity only names another one
            assert list(one) == ["@id"]
            assert one["@id"] in graph or one["@id"].startswith("https://w3id.org/ro/crate/1.2")
    parts = {one["@id"] for one in graph["./"]["hasPart"]}
    pictures = ("materials/overlays/", "materials/maps/")
    files = {name for name in digests if not name.startswith(pictures)}
    assert files | {"manifest.json"} == {one for one in parts if not one.endswith("/")} | {
        "ro-crate-metadata.json"}  # fmt: skip
    assert graph["materials/overlays/"]["license"]["@id"].endswith("CC-BY-2.0")
    assert graph["./"]["author"][0] == {"@id": "https://orcid.org/0000-0002-1825-0097"}


def psych_ds(folder: Path, digests: dict[str, str]) -> None:
    """No warning of its validator: terms that schema.org lacks, objects without a type, files
    that it doesn't know."""
    sidecars = [one for one in digests if one.startswith("data/") and one.endswith(".json")]
    for name in ["dataset_description.json", *sidecars]:
        for one in objects(read(folder, name)):
            assert set(one) - {"@context", "@id", "@type"} <= PROPERTIES[one["@type"]]
    ignored = (folder / ".psychdsignore").read_text("utf-8").splitlines()
    known = {"README.md", "CHANGES.md", "dataset_description.json"}
    for name in [*digests, "manifest.json"]:
        stands_in = name.partition("/")[0]
        if stands_in in ("data", "analysis", "materials"):
            assert Path(name).suffix in (".csv", ".json", ".parquet") or stands_in != "data"
        else:
            ends = any(Path(name).match(one.rstrip("/")) for one in ignored)
            assert ends or name in known or f"{stands_in}/" in ignored, name


def test_without_a_section_no_author_and_no_licence_is_invented(tmp_path: Path, db: None) -> None:
    study = open_small_study(slug="small")
    send_people(study, 1)
    folder = write_bundle(study, tmp_path / "out", analysis=False).path
    assert not (folder / "CITATION.cff").exists()
    assert not {"license", "creator", "citeAs"} & read(folder, "croissant.json").keys()
    assert not {"licenses", "contributors"} & read(folder, "datapackage.json").keys()
    graph = {one["@id"]: one for one in read(folder, "ro-crate-metadata.json")["@graph"]}
    assert graph["./"]["license"] == {"@id": "#no-licence"}
    assert "author" not in graph["./"]


def test_photos_that_must_not_be_published_are_not(study: Study, tmp_path: Path) -> None:
    give_publication(study, "[publication.photos]\npublish = false\n", "")
    folder = write_bundle(study, tmp_path / "out", public=True).path
    kept = {path.name for path in (folder / "materials").iterdir() if path.is_dir()}
    assert kept == {"texts"}
    assert "data:image" not in (folder / "analysis" / "report.html").read_text("utf-8")
    assert "a public bundle holds none" in (folder / "README.md").read_text("utf-8")
    with pytest.raises(ExportError, match="must not be published"):
        write_bundle(study, tmp_path / "photos", public=True, photos=True)
    assert (
        write_bundle(study, tmp_path / "mine", analysis=False).path / "materials" / "overlays"
    ).is_dir()
