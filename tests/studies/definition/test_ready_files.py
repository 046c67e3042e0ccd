"""Every ready study file is good, its design keeps what it must, and one file uses every key."""

import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from ready import catalogue
from ready.catalogue import READY, needed_by, ready_files, with_factories
from studyapp.management.verbs.checking import certificate_of
from studyapp.paradigms import PARADIGMS
from studyapp.studies import ready_files as desk
from studyapp.studies.definition.file import json_schema, parse_definition, read_definition
from studyapp.studies.definition.named_files import named_files

FOLDER = Path(__file__).resolve().parents[3] / "fixtures" / "studies"
FILES = sorted(FOLDER.glob("*.toml"))


@pytest.fixture(autouse=True)
def _allowed(settings: Settings) -> None:
    """As in the demo."""
    settings.NETWORK_FACTORIES = with_factories("").split(",")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_ready_file_is_good_and_balanced(path: Path, tmp_path: Path) -> None:
    copied = shutil.copytree(FOLDER, tmp_path / "fixtures" / "studies")
    for made in re.findall(r'"\.\./\.\./(var/demo/[^"]+\.\w+)"', path.read_text("utf-8")):
        (tmp_path / made).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / made).touch()  # as `python -m ready make` writes it
    definition = read_definition(copied / path.name)
    certificate = certificate_of(definition)
    assert certificate["problems"] == []
    assert certificate["slots"] == definition.design.people
    assert certificate["images_repeated"] == certificate["adjacent_checks"] == 0
    for block in certificate["blocks"]:
        assert block["ratings_per_cell"][0] == block["ratings_per_cell"][1]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_people_are_told_in_the_end_what_this_study_did(path: Path) -> None:
    study = tomllib.loads(path.read_text("utf-8"))
    debrief = (FOLDER / study["texts"]["debrief"]).read_text("utf-8")
    methods = {condition.get("method") for condition in study["conditions"]}
    told = re.search(r"\bof \*\*another|\bfor \*\*another|the map of another", debrief)
    assert bool(told) == ("other_image" in methods)
    if path.stem in READY:  # it is neither one of the demo's own studies nor a draft of yours
        assert study["texts"]["consent"] != "texts/consent.md"
        assert study["texts"]["debrief"] not in ("texts/debrief.md", "texts/demo-debrief.md")


def test_what_several_studies_tell_before_consent_is_true_of_each() -> None:
    facts: dict[str, set[tuple[int, int, int]]] = {}
    for path in FILES:
        study = tomllib.loads(path.read_text("utf-8"))
        asked = [one for one in study["blocks"] if one.get("stage") == "practice"]
        practised = sum(one.get("trials", 0) for one in asked)
        checks = sum(one.get("checks", 0) for one in study["blocks"])
        minutes = study.get("ethics", {}).get("minutes", 0)
        facts.setdefault(study["texts"]["consent"], set()).add((practised, checks, minutes))
    assert max(map(len, facts.values())) > 1
    for text, studies in facts.items():
        told = (FOLDER / text).read_text("utf-8")
        numbers = (
            r"practi[sc]e (once|twice)|twenty questions|two of which|(about|takes) \w+ minutes"
        )
        assert len(studies) == 1 or not re.search(numbers, told)


@pytest.mark.parametrize("path", ready_files().values(), ids=lambda path: path.stem)
def test_what_the_demo_opens_can_be_made_and_is_listed_with_a_line(path: Path) -> None:
    assert set(needed_by(path)) <= set(READY)
    definition = parse_definition(path.read_text("utf-8"), path.name)
    assert definition.slug == path.stem
    assert definition.demo
    assert definition.summary


def test_the_site_and_the_workers_mean_the_same_by_what_is_made() -> None:
    assert desk.MADE == catalogue.MADE
    assert [one.name for one in desk.made_studies()] == list(ready_files())


def test_the_desk_can_load_every_study_that_a_worker_makes(settings: Settings) -> None:
    settings.NETWORK_FACTORIES = with_factories("").split(",")
    for one in desk.made_studies():
        toml = desk.toml_called(one.name, "mine")
        assert desk.MADE not in toml
        assert parse_definition(toml, one.name, is_upload=True).slug == "mine"


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
    # No classifier is asked with a context, looks at files with channels of their own or has
    # regions: those networks can't stand beside the others. Nor can one of which there are only
    # predictions. The photos of one set don't come in another set's layout.
    assert sorted(known - used(raw, known)) == [
        "conditions.files", "conditions.kind", "images.boxes", "images.cases", "images.channels",
        "images.ignore", "images.split", "images.synsets", "images.truth",
        "networks.*.predictions", "networks.*.target",
        # Its published questionnaires are in English alone.
        "translations", "translations.*.names", "translations.*.words"]  # fmt: skip
    assert set(read_definition(path).paradigms()) == set(PARADIGMS)


def test_files_are_named_only_where_the_editor_knows_them() -> None:
    named = named_files(read_definition(FOLDER / "every-option.toml"))
    assert {path[0] for path, _ in named} == {"texts", "images", "networks"}


def test_the_schema_names_what_may_be_chosen() -> None:
    parts = json_schema()["$defs"]
    kinds = [
        one["properties"]["paradigm"]["enum"]
        for one in parts.values()
        if "enum" in one["properties"].get("paradigm", {})
    ]
    assert sorted(name for names in kinds for name in names) == sorted(PARADIGMS)
    assert "none" in parts["ConditionSection"]["properties"]["method"]["enum"]
