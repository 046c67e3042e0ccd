"""A study file (TOML) as a checked, typed object; complaints name file, line, key and mend."""

import hashlib
import json
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from studyapp.models import Study

from .block_rules import Complaint
from .catalogue import catalogue, did_you_mean
from .contradictions import contradictions
from .paradigms import PARADIGMS, WITHOUT_MAP
from .ready_pairs import expand_pairs
from .sections import (
    AnalysisSection,
    ArmSection,
    BlockSection,
    ComprehensionSection,
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
    QuestionSection,
    Section,
    Slug,
    StoppingSection,
    Text,
)
from .toml_lines import Path as KeyPath
from .toml_lines import key_lines, line_of


class DefinitionError(ValueError):
    """A study file that can't be used: one line with file, line, key and the mend."""


class Definition(Section):
    """Everything that makes a study, with every default written out."""

    slug: Slug = Field(description="The study's name in addresses and commands.")
    title: Text = Field(description="As people see it.")
    language: Text = Field("en", description="Of the pages; consent is in your own words.")
    kind: Literal["real", "pilot"] = Field("real", description="A pilot needs no ethics section.")
    parent: Slug | None = Field(None, description="The study of which this is a new version.")
    demo: bool = Field(False, description="Its pages say that it is a demonstration.")
    texts: dict[str, Text] = Field(description="Markdown files, relative to the study file.")
    networks: dict[Name, NetworkSection] = Field(
        default_factory=dict, description="Networks by name."
    )
    pairs: dict[Name, PairSection] = Field(
        default_factory=dict, description="Which network is the stronger one."
    )
    images: ImagesSection = Field(description="The photos.")
    conditions: list[ConditionSection] = Field(min_length=1, description="What people compare.")
    arms: list[ArmSection] = Field(default_factory=list, description="One for all if left out.")
    screening: list[QuestionSection] = Field(
        default_factory=list, description="Asked before consent; answers are not stored."
    )
    comprehension: ComprehensionSection | None = Field(
        None, description="Asked after the instructions."
    )
    blocks: list[BlockSection] = Field(min_length=1, description="What is asked, in order.")
    design: DesignSection = Field(description="How it is drawn.")
    display: DisplaySection = Field(
        default_factory=lambda: DisplaySection.model_validate({}),
        description="How it looks: one way for everybody.",
    )
    panel: PanelSection = Field(
        default_factory=lambda: PanelSection.model_validate({}),
        description="Where people come from.",
    )
    ethics: EthicsSection | None = Field(None, description="Required to open unless a pilot.")
    pay: PaySection | None = Field(None, description="What people are paid.")
    exclusions: ExclusionsSection = Field(
        default_factory=lambda: ExclusionsSection.model_validate({}),
        description="Rules blind to the outcome.",
    )
    stopping: StoppingSection = Field(
        default_factory=lambda: StoppingSection.model_validate({}),
        description="When no more people are asked.",
    )
    analysis: AnalysisSection = Field(
        default_factory=lambda: AnalysisSection.model_validate({}),
        description="The plan of the analysis.",
    )

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

    def photo_paradigms(self) -> list[str]:
        """Those that ask about photos, each once, in order."""
        asking = (
            one.paradigm for one in self.blocks if PARADIGMS[one.paradigm].asks_about_photos(one)
        )
        return list(dict.fromkeys(asking))

    def block(self, name: str) -> BlockSection:
        """The block of that name; StopIteration if there is none."""
        return next(block for block in self.blocks if block.name == name)

    def shared_trials(self, paradigm: str, stage: str) -> int:
        """How many photos practice or learning of `paradigm` needs: the same for everybody."""
        return sum(
            block.trials
            for block in self.blocks
            if block.stage == stage and block.paradigm == paradigm
        )

    def practice_trials(self, paradigm: str) -> int:
        return self.shared_trials(paradigm, "practice")

    def conditions_of(self, paradigm: str) -> list[ConditionSection]:
        """The conditions under which any block asks `paradigm`, in the file's order."""
        asking = [
            block
            for block in self.blocks
            if block.paradigm == paradigm and PARADIGMS[paradigm].asks_about_photos(block)
        ]
        if any(block.conditions is None for block in asking):
            return list(self.conditions)
        names = {name for block in asking for name in block.conditions or []}
        return [condition for condition in self.conditions if condition.name in names]


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
        definition = Definition.model_validate(expand_pairs(raw))
    except ValidationError as error:
        raise DefinitionError(_first_complaint(error, lines, where)) from error
    _refuse(contradictions(definition), lines, where)
    return definition


def study_definition(study: Study) -> Definition:
    """The checked definition that a study was loaded with."""
    if study.definition_digest:
        return _frozen_definition(study.pk, study.definition_digest)
    return Definition.model_validate(study.definition)


@lru_cache(maxsize=200)
def _frozen_definition(study: int, digest: str) -> Definition:
    """Of a study that was opened: it never changes, and checking it takes a millisecond."""
    rows = Study.objects.filter(pk=study).values_list("definition", flat=True)
    return Definition.model_validate(rows.get())


def json_schema() -> dict[str, Any]:
    """The JSON Schema of study files, with the names that the catalogue and the paradigms know."""
    schema = Definition.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "A study file of Discern"
    parts = schema["$defs"]
    names = catalogue()
    pair = parts["PairSection"]
    del pair["required"]
    pair["anyOf"] = [{"required": ["stronger"]}, {"required": ["use"]}]
    parts["BlockSection"]["properties"]["paradigm"]["enum"] = list(PARADIGMS)
    parts["NetworkSection"]["properties"]["builder"]["enum"] = list(names["networks"])
    method = parts["ConditionSection"]["properties"]["method"]
    method["enum"] = [*names["methods"], *WITHOUT_MAP]
    parts["DisplaySection"]["properties"]["colour_map"]["enum"] = list(names["colour_maps"])
    return schema


def _refuse(complaints: Iterator[Complaint], lines: dict[KeyPath, int], where: str) -> None:
    for path, sentence in complaints:
        raise DefinitionError(f"{where}, line {line_of(lines, path)}: {sentence}")


def _first_complaint(error: ValidationError, lines: dict[KeyPath, int], where: str) -> str:
    # A key that is misspelt is also one that is missing: the misspelling is the one to tell.
    order = ["extra_forbidden", "literal_error"]
    first = min(
        error.errors(include_url=False),
        key=lambda one: order.index(one["type"]) if one["type"] in order else len(order),
    )
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
