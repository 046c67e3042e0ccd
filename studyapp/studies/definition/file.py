"""Study files (TOML), read and checked; complaints name file, line, key and fix."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from studyapp.paradigms import PARADIGMS, WITHOUT_MAP
from studyapp.paradigms.sections import block_schemas, unknown_key
from studyapp.shelf.likely_names import did_you_mean

from .blocks import Complaint
from .catalogue import FACTORY, NAME_IN_FAMILY, catalogue
from .complaints import in_words
from .contradictions import contradictions
from .named_files import leading_out, missing_photos, strange_names, unreadable_files
from .presets import expand_pairs
from .study import Definition
from .toml_causes import likely_cause
from .toml_lines import Path as KeyPath
from .toml_lines import key_lines, line_of, longest_key

# A study file of hundreds of stimuli has some 20 kB; what reads it takes seconds for a megabyte.
MOST_BYTES, MOST_DOTS = 200_000, 100
TOO_DEEP = "not TOML: nested too deeply; use fewer levels"
TOO_LONG = f"longer than {MOST_BYTES // 1000} kB; put long texts into files of their own"


class DefinitionError(ValueError):
    """A study file that can't be used: one line with file, line, key and the fix.

    `path`: of the key that it is about, where it is about one.
    """

    def __init__(self, sentence: str, path: KeyPath = ()) -> None:
        super().__init__(sentence)
        self.path = path


def read_definition(
    path: Path, *, is_upload: bool = False, with_photos: bool = False
) -> Definition:
    """The checked definition in the file at `path`; DefinitionError says what is wrong where.

    `is_upload`: all files that it names must lie in its own folder. `with_photos`: the folder of
    photos must exist.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise DefinitionError(f"{path}: {error.strerror}; name a study file") from error
    except UnicodeDecodeError as error:
        raise DefinitionError(f"{path}: not UTF-8; save it as UTF-8") from error
    definition = parse_definition(text, str(path), is_upload=is_upload)
    lines = key_lines(text)
    _refuse(unreadable_files(definition, path.parent), lines, str(path))
    if with_photos:
        _refuse(missing_photos(definition, path.parent), lines, str(path))
    return definition


def parse_definition(text: str, where: str, *, is_upload: bool = False) -> Definition:
    """The checked definition in `text`; complaints call it `where`. Files it names are not read.

    `is_upload`: it may name no file outside its folder.
    """
    raw = toml_of(text, where)
    lines = key_lines(text)
    try:
        definition = Definition.model_validate(expand_pairs(raw))
    except ValidationError as error:
        raise _first_complaint(error, raw, lines, where) from error
    _refuse(contradictions(definition), lines, where)
    _refuse(strange_names(definition), lines, where)
    if is_upload:
        _refuse(leading_out(definition), lines, where)
    return definition


def toml_of(text: str, where: str) -> dict[str, Any]:
    """What `text` holds as TOML; DefinitionError where it is none, or too long to be read."""
    if len(text) > MOST_BYTES:
        raise DefinitionError(f"{where}: {TOO_LONG}")
    if longest_key(text) > MOST_DOTS:
        raise DefinitionError(f"{where}: {TOO_DEEP}")
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise DefinitionError(f"{where}: {TOO_DEEP}") from error
    except ValueError as error:  # TOMLDecodeError is one, and so is a number of 5000 digits
        raise DefinitionError(f"{where}: not TOML: {likely_cause(text, str(error))}") from error


def json_schema() -> dict[str, Any]:
    """The JSON Schema of study files, with the names that the catalogue and the paradigms know."""
    schema = Definition.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "A study file of Discern"
    parts, names, kinds = schema["$defs"], catalogue(), block_schemas()
    parts |= kinds
    blocks = [name for name, kind in kinds.items() if "paradigm" in kind["properties"]]
    schema["properties"]["blocks"]["items"] = {
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in blocks]
    }
    pair = parts["PairSection"]
    del pair["required"]
    pair["anyOf"] = [{"required": ["stronger"]}, {"required": ["use"]}]
    builder = parts["NetworkSection"]["properties"]["builder"]
    builder["anyOf"] = [
        {"enum": list(names["networks"])},
        *({"pattern": f"^{prefix}{NAME_IN_FAMILY}$"} for prefix in names["families"]),
        {"pattern": f"^{FACTORY}$"},
    ]
    method = parts["ConditionSection"]["properties"]["method"]
    method["enum"] = [*names["methods"], *WITHOUT_MAP]
    parts["DisplaySection"]["properties"]["colour_map"]["enum"] = list(names["colour_maps"])
    return schema


def _refuse(complaints: Iterator[Complaint], lines: dict[KeyPath, int], where: str) -> None:
    for path, sentence in complaints:
        raise DefinitionError(f"{where}, line {line_of(lines, path)}: {sentence}", path)


def _first_complaint(
    error: ValidationError, raw: dict[str, Any], lines: dict[KeyPath, int], where: str
) -> DefinitionError:
    # A misspelt key is also a missing one: report the misspelling.
    order = ["extra_forbidden", "literal_error"]
    first = min(
        error.errors(include_url=False),
        key=lambda one: order.index(one["type"]) if one["type"] in order else len(order),
    )
    path = tuple(first["loc"])
    # pydantic marks that a key itself is wrong
    key = ".".join(str(part) for part in path if part != "[key]")
    if first["type"] == "unknown_paradigm":
        told = first["msg"]
    elif first["type"] != "extra_forbidden":
        told = f"`{key}`: {in_words(first, list(_node(path).get('enum', [])))}"
    elif (block := _block(raw, path)) is not None:
        told = f"`{key}`: {unknown_key(str(path[-1]), block)}"
    else:
        known = _node(path[:-1]).get("properties", {})
        told = f"`{key}`: unknown key; {did_you_mean(str(path[-1]), known)}"
    return DefinitionError(f"{where}, line {line_of(lines, path)}: {told}", path)


def _block(raw: dict[str, Any], path: KeyPath) -> str | None:
    """The paradigm of the block that has a key at `path`, where it is a key of a known one."""
    if len(path) != 3 or path[0] != "blocks":
        return None
    name = raw["blocks"][path[1]].get("paradigm")
    return name if isinstance(name, str) and name in PARADIGMS else None


def _node(path: KeyPath) -> dict[str, Any]:
    """The JSON Schema of what stands at `path`."""
    schema = json_schema()
    node = schema
    for part in path:
        node = _resolve(node, schema)
        if isinstance(part, int):
            node = node.get("items", {})
        else:
            patterns = iter(node.get("patternProperties", {}).values())
            keyed: Any
            keyed = node.get("additionalProperties") or next(patterns, {})
            node = node.get("properties", {}).get(part) or keyed
    return _resolve(node, schema)


def part_of(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """The definition that the `$ref` of `node` names."""
    return dict(schema["$defs"][node["$ref"].rsplit("/", 1)[1]])


def _resolve(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    for choice in node.get("anyOf", []):
        if "$ref" in choice:
            node = choice
    if "$ref" in node:
        return part_of(schema, node)
    kinds = [_resolve(kind, schema) for kind in node.get("oneOf", [])]
    keys = {name: one for kind in kinds for name, one in kind.get("properties", {}).items()}
    return {**node, "properties": keys} if kinds else node
