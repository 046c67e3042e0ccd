"""Every ready study file is good, its design keeps what it must, and one file uses every key."""

import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from studyapp.management.verbs.checking import certificate_of
from studyapp.paradigms import PARADIGMS
from studyapp.studies.definition.file import json_schema, read_definition

FOLDER = Path(__file__).resolve().parents[3] / "fixtures" / "studies"
FILES = sorted(FOLDER.glob("*.toml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_ready_file_is_good_and_balanced(path: Path, tmp_path: Path) -> None:
    copied = shutil.copytree(FOLDER, tmp_path / "fixtures" / "studies")
    trained = tmp_path / "var" / "demo" / "transformers"  # what `make transformers` writes
    trained.mkdir(parents=True)
    for name in ("vit.pth", "resnet.pth", "classes.txt"):
        (trained / name).touch()
    definition = read_definition(copied / path.name)
    certificate = certificate_of(definition)
    assert certificate["problems"] == []
    assert certificate["slots"] == definition.design.people
    assert certificate["images_repeated"] == certificate["adjacent_checks"] == 0
    for block in certificate["blocks"]:
        assert block["ratings_per_cell"][0] == block["ratings_per_cell"][1]


def test_the_papers_numbers_are_kept() -> None:
    blocks = {
        name: certificate_of(read_definition(FOLDER / f"{name}.toml"))["blocks"]
        for name in ("paper-discrimination", "hive-agreement", "reliance")
    }
    paper = blocks["paper-discrimination"][0]
    assert (paper["stimuli"], paper["conditions"], paper["ratings_per_cell"]) == (90, 4, [9, 9])
    assert [block["ratings"] for block in blocks["hive-agreement"]] == [500, 500]
    assert [block["people"] for block in blocks["reliance"]] == [50, 50, 50]


def keys(schema: dict[str, Any], node: dict[str, Any], path: str = "") -> set[str]:
    """Every key of the schema as a dotted path; names that are free are called *."""
    if "$ref" in node:
        node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
    found: set[str] = set()
    for choice in [*node.get("anyOf", []), *node.get("oneOf", [])]:
        found |= keys(schema, choice, path)
    for name, inner in node.get("properties", {}).items():
        found |= {f"{path}{name}"} | keys(schema, inner, f"{path}{name}.")
    if isinstance(items := node.get("items"), dict):
        found |= keys(schema, items, path)
    free = node.get("additionalProperties")
    for inner in [free, *node.get("patternProperties", {}).values()]:
        if isinstance(inner, dict):
            found |= keys(schema, inner, f"{path}*.")
    return found


def used(node: Any, known: set[str], path: str = "") -> set[str]:
    if isinstance(node, list):
        return set().union(*(used(one, known, path) for one in node))
    if not isinstance(node, dict):
        return set()
    found: set[str] = set()
    for name, inner in node.items():
        own = f"{path}{name}" if f"{path}{name}" in known else f"{path}*"
        found |= {own} | used(inner, known, f"{own}.")
    return found


def test_one_file_uses_every_key_and_every_paradigm() -> None:
    path = FOLDER / "every-option.toml"
    schema = json_schema()
    known = keys(schema, schema)
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    # No classifier is asked with a context or looks at files with channels of their own: those
    # networks can't stand beside the others.
    assert sorted(known - used(raw, known)) == ["images.cases", "images.channels"]
    assert set(read_definition(path).paradigms()) == set(PARADIGMS)


def test_the_schema_names_what_may_be_chosen() -> None:
    parts = json_schema()["$defs"]
    kinds = [
        one["properties"]["paradigm"]["enum"]
        for one in parts.values()
        if "paradigm" in one["properties"]
    ]
    assert sorted(name for names in kinds for name in names) == sorted(PARADIGMS)
    assert "none" in parts["ConditionSection"]["properties"]["method"]["enum"]
