"""Study files (TOML), read and checked; complaints name file, line, key and fix."""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from studyapp.models import IMPORTED
from studyapp.paradigms import PARADIGMS, WITHOUT_MAP
from studyapp.paradigms.sections import block_schemas, unknown_key
from studyapp.sections.evidence import NOT_AUTOMATION
from studyapp.sections.limits import beyond_limits
from studyapp.sections.publication import PublicationSection
from studyapp.shelf.likely_names import did_you_mean

from .catalogue import FACTORY, NAME_IN_FAMILY, catalogue
from .complaints import in_words
from .contradictions import contradictions
from .named_files import file_rules, leading_out, missing_photos, upload_rules
from .presets import expand_pairs
from .rules import Complaint, Rule, rule
from .study import Definition
from .toml_causes import likely_cause
from .toml_lines import Path as KeyPath
from .toml_lines import key_lines, line_of, longest_key

# A study file of hundreds of stimuli has some 20 kB; what reads it takes seconds for a megabyte.
MOST_BYTES, MOST_DOTS = 200_000, 100
TOO_DEEP = "not TOML: nested too deeply; use fewer levels"
TOO_LONG = f"longer than {MOST_BYTES // 1000} kB; put long texts into files of their own"
MOST_COMPLAINTS = 40
NAMED_LINE = re.compile(r"\bline (\d+)")


class DefinitionError(ValueError):
    """A study file that can't be used: for each mistake a line with file, line, key and the fix.

    `complaints`: the same, each with the path of the key that it is about, where it is about one.
    """

    def __init__(self, *complaints: Complaint) -> None:
        super().__init__("\n".join(sentence for _, sentence in complaints))
        self.complaints = complaints


class Told(NamedTuple):
    """What is wrong at a line (from 1), or with the whole file (line 0)."""

    line: int
    sentence: str


def check_text(
    text: str, further: Callable[[Definition], Iterable[Rule]] = lambda definition: ()
) -> tuple[Definition | None, list[Told]]:
    """The checked definition, or None and what is wrong with `text`, by line.

    `further`: what is asked of a definition beside its own rules. What can't be seen before
    something else is right is told next time.
    """
    try:
        raw = toml_of(text, "")
    except DefinitionError as error:
        sentence = str(error).removeprefix(": ")
        named = NAMED_LINE.search(sentence)
        return None, [Told(int(named[1]) if named else 0, sentence)]
    definition, complaints = _checked(raw, further)
    lines = key_lines(text)
    found = {Told(line_of(lines, path), sentence) for path, sentence in complaints}
    told = sorted(found)[:MOST_COMPLAINTS]
    if len(found) > len(told):
        told.append(Told(0, _and_more(len(found))))
    return (None if told else definition), told


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
        why = f"{path}: {error.strerror}; name a study file"
        raise DefinitionError(((), why)) from error
    except UnicodeDecodeError as error:
        raise DefinitionError(((), f"{path}: not UTF-8; save it as UTF-8")) from error

    def files(definition: Definition) -> Iterator[Rule]:
        out = list(leading_out(definition)) if is_upload else []
        yield rule(out)
        # A whole path would be found from any folder: nothing is looked for before it is refused
        if not out:
            yield from file_rules(definition, path.parent)
        if with_photos:
            yield rule(missing_photos(definition, path.parent))

    return _parsed(text, str(path), files)


def parse_definition(text: str, where: str, *, is_upload: bool = False) -> Definition:
    """The checked definition in `text`; complaints call it `where`. Files it names are not read.

    `is_upload`: it may name no file outside its folder.
    """
    return _parsed(text, where, upload_rules if is_upload else lambda definition: ())


def parse_publication(text: str, where: str) -> PublicationSection:
    """The checked section [publication] in `text`, which may be a whole study file."""
    raw = toml_of(text, where)
    if not isinstance(raw.get("publication"), dict):
        why = f"{where}: there is no section [publication]; add it"
        raise DefinitionError(((), why))
    try:
        section = PublicationSection.model_validate(raw["publication"])
        complaints = [(("publication", *path), why) for path, why in beyond_limits(section)]
    except ValidationError as error:
        complaints = list(_complaints(error, raw, ("publication",)))
    if not complaints:
        return section
    lines = key_lines(text)
    raise DefinitionError(
        *((path, f"{where}, line {line_of(lines, path)}: {why}") for path, why in complaints)
    )


def _parsed(text: str, where: str, further: Callable[[Definition], Iterable[Rule]]) -> Definition:
    raw = toml_of(text, where)
    definition, complaints = _checked(raw, further)
    if definition is not None and not complaints:
        return definition
    lines = key_lines(text)
    found = sorted({(line_of(lines, path), path, sentence) for path, sentence in complaints},
                   key=itemgetter(0))  # fmt: skip
    told = [(path, f"{where}, line {line}: {sentence}") for line, path, sentence in found]
    more = [((), f"{where}: {_and_more(len(told))}")] if len(told) > MOST_COMPLAINTS else []
    raise DefinitionError(*told[:MOST_COMPLAINTS], *more)


def _and_more(count: int) -> str:
    return f"{count - MOST_COMPLAINTS} more mistakes are not listed; correct these first"


def _checked(
    raw: dict[str, Any], further: Callable[[Definition], Iterable[Rule]]
) -> tuple[Definition | None, list[Complaint]]:
    """The definition, as far as there is one, and all that can be seen to be wrong with it."""
    given = expand_pairs(raw)
    complaints: list[Complaint] = []
    wrong: list[KeyPath] = []
    try:
        definition = Definition.model_validate(given)
    except ValidationError as error:
        complaints = list(_complaints(error, raw))
        # An unknown key may have been meant as any other of its section
        kinds = {tuple(one["loc"]): one["type"] for one in error.errors(include_url=False)}
        wrong = [path[:-1] if kinds[path] == "extra_forbidden" else path for path, _ in complaints]
        try:
            definition = Definition.model_validate(_without(given, list(kinds)))
        except (ValidationError, LookupError, TypeError):
            return None, complaints
    found = contradictions(definition, wrong, further(definition))
    return definition, [*complaints, *found]


def _without(given: dict[str, Any], paths: list[KeyPath]) -> dict[str, Any]:
    """A copy without some keys; LookupError or TypeError where a path is not that of a key."""
    copy = dict(given)
    for path in sorted(paths, key=len, reverse=True):
        section: Any = copy
        for part in path[:-1]:
            inner = section[part]
            section[part] = dict(inner) if isinstance(inner, dict) else list(inner)
            section = section[part]
        if not isinstance(section, dict):
            raise LookupError(path)  # numbers of what follows in a list would change
        section.pop(path[-1], None)
    return copy


def toml_of(text: str, where: str) -> dict[str, Any]:
    """What `text` holds as TOML; DefinitionError where it is none, or too long to be read."""
    if len(text) > MOST_BYTES:
        raise DefinitionError(((), f"{where}: {TOO_LONG}"))
    if longest_key(text) > MOST_DOTS:
        raise DefinitionError(((), f"{where}: {TOO_DEEP}"))
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise DefinitionError(((), f"{where}: {TOO_DEEP}")) from error
    except ValueError as error:  # TOMLDecodeError is one, and so is a number of 5000 digits
        why = f"{where}: not TOML: {likely_cause(text, str(error))}"
        raise DefinitionError(((), why)) from error


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
    network = parts["NetworkSection"]
    network["anyOf"] = [{"required": ["builder", "weights"]}, {"required": ["predictions"]}]
    builder = network["properties"]["builder"]
    builder["anyOf"] = [
        {"enum": list(names["networks"])},
        *({"pattern": f"^{prefix}{NAME_IN_FAMILY}$"} for prefix in names["families"]),
        {"pattern": f"^{FACTORY}$"},
    ]
    method = parts["ConditionSection"]["properties"]["method"]
    method["enum"] = [*names["methods"], IMPORTED, *WITHOUT_MAP]
    parts["DisplaySection"]["properties"]["colour_map"]["enum"] = list(names["colour_maps"])
    return schema


def _complaints(
    error: ValidationError, raw: dict[str, Any], within: KeyPath = ()
) -> Iterator[Complaint]:
    """Each once, by its place; a misspelt key is also a missing one, so misspellings come first,
    and nothing is called missing beside one. `within`: where what was checked stands."""
    order = ["extra_forbidden", "literal_error"]
    ordered = sorted(
        error.errors(include_url=False),
        key=lambda one: order.index(one["type"]) if one["type"] in order else len(order),
    )
    seen: set[KeyPath] = set()
    misspelt: set[KeyPath] = set()
    for one in ordered:
        path = (*within, *one["loc"])
        if one["type"] == "extra_forbidden":
            misspelt.add(path[:-1])
        elif path in seen or (one["type"] == "missing" and path[:-1] in misspelt):
            continue
        seen.add(path)
        yield path, _sentence(one, path, raw)


def _sentence(one: Any, path: KeyPath, raw: dict[str, Any]) -> str:
    # pydantic marks that a key itself is wrong
    key = ".".join(str(part) for part in path if part != "[key]")
    if one["type"] == "unknown_paradigm":
        return str(one["msg"])
    if one["type"] != "extra_forbidden":
        return f"`{key}`: {in_words(one, list(_node(path).get('enum', [])))}"
    if (block := _block(raw, path)) is not None:
        return f"`{key}`: {unknown_key(str(path[-1]), block)}"
    if path[:-1] == ("evidence", "rule") and (why := NOT_AUTOMATION.get(str(path[-1]))):
        return f"`{key}`: {why}; it is reported, but no rule may flag people by it: remove it"
    known = _node(path[:-1]).get("properties", {})
    return f"`{key}`: unknown key; {did_you_mean(str(path[-1]), known)}"


def _block(raw: dict[str, Any], path: KeyPath) -> str | None:
    """The paradigm of the block that has a key at `path`, where it is a key of a known one."""
    if len(path) != 3 or path[0] != "blocks":
        return None
    name = raw["blocks"][path[1]].get("paradigm")
    return name if isinstance(name, str) and name in PARADIGMS else None


@cache
def _schema() -> dict[str, Any]:
    """The same each time, and only read: a file may have many complaints."""
    return json_schema()


def _node(path: KeyPath) -> dict[str, Any]:
    """The JSON Schema of what stands at `path`."""
    node = schema = _schema()
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
