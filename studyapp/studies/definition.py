"""A study file (TOML) as a checked, typed object; complaints name file, line, key and mend."""

import hashlib
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from studyapp.models import Study

from .catalogue import catalogue, did_you_mean
from .paradigms import PARADIGMS
from .sections import (
    AnalysisSection,
    ArmSection,
    BlockSection,
    ConditionSection,
    DesignSection,
    DisplaySection,
    EthicsSection,
    ExclusionsSection,
    ImagesSection,
    Name,
    NetworkSection,
    PairSection,
    PanelSection,
    PaySection,
    Section,
    Slug,
    StoppingSection,
    Text,
)
from .toml_lines import Path as KeyPath
from .toml_lines import key_lines, line_of

REQUIRED_TEXTS = ("consent", "instructions", "debrief")


class DefinitionError(ValueError):
    """A study file that can't be used: one line with file, line, key and the mend."""


class Definition(Section):
    """Everything that makes a study, with every default written out."""

    slug: Slug
    title: Text
    language: Text = "en"
    kind: Literal["real", "pilot"] = "real"
    demo: bool = Field(False, description="Its pages say that it is a demonstration.")
    texts: dict[str, Text] = Field(description="Markdown files, relative to the study file.")
    networks: dict[Name, NetworkSection] = Field(default_factory=dict)
    pairs: dict[Name, PairSection] = Field(default_factory=dict)
    images: ImagesSection
    conditions: list[ConditionSection] = Field(min_length=1)
    arms: list[ArmSection] = Field(default_factory=list)
    blocks: list[BlockSection] = Field(min_length=1)
    design: DesignSection
    display: DisplaySection = Field(default_factory=lambda: DisplaySection.model_validate({}))
    panel: PanelSection = Field(default_factory=lambda: PanelSection.model_validate({}))
    ethics: EthicsSection | None = None
    pay: PaySection | None = None
    exclusions: ExclusionsSection = Field(
        default_factory=lambda: ExclusionsSection.model_validate({})
    )
    stopping: StoppingSection = Field(default_factory=lambda: StoppingSection.model_validate({}))
    analysis: AnalysisSection = Field(default_factory=lambda: AnalysisSection.model_validate({}))

    def digest(self) -> str:
        """SHA-256 of the checked definition, the same for every spelling of the same file."""
        return hashlib.sha256(
            json.dumps(self.model_dump(mode="json"), sort_keys=True).encode()
        ).hexdigest()

    def arm_conditions(self) -> dict[str, list[str]]:
        """Each arm's conditions by name; one arm "everyone" has them all where none is declared."""
        if not self.arms:
            return {"everyone": [condition.name for condition in self.conditions]}
        return {arm.name: list(arm.conditions) for arm in self.arms}

    def pair_of(self, condition: ConditionSection) -> str:
        """The pair's name that a condition is about; the only pair where it names none."""
        return condition.pair if condition.pair is not None else next(iter(self.pairs))

    def paradigms(self) -> list[str]:
        """The paradigms of the blocks, each once, in order."""
        return list(dict.fromkeys(block.paradigm for block in self.blocks))

    def practice_trials(self, paradigm: str) -> int:
        return sum(
            block.trials
            for block in self.blocks
            if block.stage == "practice" and block.paradigm == paradigm
        )


def read_definition(path: Path) -> Definition:
    """The checked definition in the file at `path`; DefinitionError says what is wrong where."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise DefinitionError(f"{path}: {error.strerror}; name a study file") from error
    except UnicodeDecodeError as error:
        raise DefinitionError(f"{path}: not UTF-8; save it as UTF-8") from error
    definition = parse_definition(text, str(path))
    _refuse(_missing_texts(definition, path.parent), key_lines(text), str(path))
    return definition


def parse_definition(text: str, where: str) -> Definition:
    """The checked definition in `text`; complaints call it `where`. Files it names are not read."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DefinitionError(f"{where}: not TOML: {error}") from error
    lines = key_lines(text)
    try:
        definition = Definition.model_validate(raw)
    except ValidationError as error:
        raise DefinitionError(_first_complaint(error, lines, where)) from error
    _refuse(_contradictions(definition), lines, where)
    return definition


def study_definition(study: Study) -> Definition:
    """The checked definition that a study was loaded with."""
    return Definition.model_validate(study.definition)


Complaint = tuple[KeyPath, str]


def _refuse(complaints: Iterator[Complaint], lines: dict[KeyPath, int], where: str) -> None:
    for path, sentence in complaints:
        raise DefinitionError(f"{where}, line {line_of(lines, path)}: {sentence}")


def _first_complaint(error: ValidationError, lines: dict[KeyPath, int], where: str) -> str:
    # A key that is misspelt is also one that is missing: the misspelling is the one to tell.
    first = min(error.errors(include_url=False), key=lambda one: one["type"] != "extra_forbidden")
    path = tuple(first["loc"])
    key = ".".join(str(part) for part in path)
    return f"{where}, line {line_of(lines, path)}: `{key}`: {_sentence(first)}"


def _sentence(complaint: Any) -> str:
    path: KeyPath = tuple(complaint["loc"])
    if complaint["type"] == "extra_forbidden":
        known = _known_keys(path[:-1])
        return f"unknown key; {did_you_mean(str(path[-1]), known)}"
    if complaint["type"] == "missing":
        return "is missing; add it"
    given = complaint["input"]
    shown = f" (given: {given!r})" if isinstance(given, str | int | float) else ""
    return f"{complaint['msg'][0].lower()}{complaint['msg'][1:]}{shown}"


def _known_keys(path: KeyPath) -> list[str]:
    """The keys that the section at `path` may have."""
    schema = Definition.model_json_schema()
    node: dict[str, Any] = schema
    for part in path:
        node = _inside(_resolve(node, schema), part)
    return list(_resolve(node, schema).get("properties", {}))


def _inside(node: dict[str, Any], part: str | int) -> dict[str, Any]:
    if isinstance(part, int):
        return dict(node.get("items", {}))
    patterns: dict[str, Any] = node.get("patternProperties", {})
    keyed: Any
    keyed = node.get("additionalProperties") or next(iter(patterns.values()), {})
    return dict(node.get("properties", {}).get(part) or keyed or {})


def _resolve(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    for choice in node.get("anyOf", []):
        if "$ref" in choice:
            node = choice
    if "$ref" in node:
        return dict(schema["$defs"][node["$ref"].rsplit("/", 1)[1]])
    return node


def _missing_texts(definition: Definition, folder: Path) -> Iterator[Complaint]:
    for name, file in definition.texts.items():
        if not (folder / file).is_file():
            yield ("texts", name), f'`texts.{name} = "{file}"`: no such file beside the study file'


def _contradictions(definition: Definition) -> Iterator[Complaint]:
    """What is wrong between the sections, the first first."""
    yield from _text_complaints(definition)
    yield from _network_complaints(definition)
    yield from _condition_complaints(definition)
    yield from _block_complaints(definition)
    if definition.ethics is None and definition.kind == "real":
        yield ("ethics",), '`ethics` is missing; add the section, or say kind = "pilot"'
    colour_map = definition.display.colour_map
    if colour_map not in catalogue()["colour_maps"]:
        key = ("display", "colour_map")
        yield key, _unknown("display.colour_map", colour_map, catalogue()["colour_maps"])
    reference = definition.analysis.reference
    names = [condition.name for condition in definition.conditions]
    if reference is not None and reference not in names:
        yield ("analysis", "reference"), _unknown("analysis.reference", reference, names)


def _text_complaints(definition: Definition) -> Iterator[Complaint]:
    for name in REQUIRED_TEXTS:
        if name not in definition.texts:
            yield ("texts",), f"`texts.{name}` is missing; name a Markdown file"


def _network_complaints(definition: Definition) -> Iterator[Complaint]:
    networks = catalogue()["networks"]
    for name, network in definition.networks.items():
        if network.builder not in networks:
            key = ("networks", name, "builder")
            yield key, _unknown(f"networks.{name}.builder", network.builder, networks)
    for name, pair in definition.pairs.items():
        for role, network_name in (("stronger", pair.stronger), ("weaker", pair.weaker)):
            if network_name is not None and network_name not in definition.networks:
                key = ("pairs", name, role)
                yield key, _unknown(f"pairs.{name}.{role}", network_name, definition.networks)


def _condition_complaints(definition: Definition) -> Iterator[Complaint]:
    known = catalogue()["methods"]
    seen: set[str] = set()
    for number, condition in enumerate(definition.conditions):
        path: KeyPath = ("conditions", number)
        if condition.name in seen:
            yield (*path, "name"), f'`conditions.name = "{condition.name}"` stands twice'
        seen.add(condition.name)
        if condition.method not in known:
            yield (*path, "method"), _unknown("conditions.method", condition.method, known)
        elif extra := set(condition.settings) - set(known[condition.method]["settings"]):
            setting = sorted(extra)[0]
            allowed = known[condition.method]["settings"]
            yield (*path, "settings"), _unknown("conditions.settings", setting, allowed)
        if condition.pair is not None and condition.pair not in definition.pairs:
            yield (*path, "pair"), _unknown("conditions.pair", condition.pair, definition.pairs)
        if condition.pair is None and len(definition.pairs) != 1:
            yield path, f"`conditions` {condition.name} names no pair; add pair = …"


def _block_complaints(definition: Definition) -> Iterator[Complaint]:
    names = [condition.name for condition in definition.conditions]
    for number, arm in enumerate(definition.arms):
        for name in set(arm.conditions) - set(names):
            yield ("arms", number, "conditions"), _unknown("arms.conditions", name, names)
    for number, block in enumerate(definition.blocks):
        path: KeyPath = ("blocks", number)
        if block.paradigm not in PARADIGMS:
            yield (*path, "paradigm"), _unknown("blocks.paradigm", block.paradigm, PARADIGMS)
        for name in set(block.conditions or []) - set(names):
            yield (*path, "conditions"), _unknown("blocks.conditions", name, names)
        if block.stage == "main" and block.trials > definition.design.stimuli:
            sentence = (
                f"`blocks.trials = {block.trials}` is more than `design.stimuli = "
                f"{definition.design.stimuli}`; no photo is shown twice to one person"
            )
            yield (*path, "trials"), sentence


def _unknown(key: str, given: str, known: Any) -> str:
    return f'`{key} = "{given}"`: unknown; {did_you_mean(given, known)}'
