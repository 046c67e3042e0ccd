"""The reference of the study file, written from what checks it: its keys, and what fits what."""

from collections.abc import Iterator
from typing import Any

from studyapp.paradigms import PARADIGMS, WITHOUT_MAP

from .blocks import shows_differences
from .catalogue import catalogue
from .file import json_schema, part_of

TYPES = {
    "string": "text", "integer": "whole number", "number": "number", "boolean": "true or false",
    "array": "list", "object": "table",
}  # fmt: skip


def reference() -> list[str]:
    """Markdown lines: one table a section, one row a key with its kind, default and meaning."""
    schema = json_schema()
    lines = ["| key | takes | default | says |", "|---|---|---|---|"]
    for path, node, required in _keys(schema, schema, ""):
        kind, says = _kind(schema, node), node.get("description", "")
        default = "required" if required else _default(node)
        lines.append(f"| `{path}` | {kind} | {default} | {says} |")
    return lines


def fit_table() -> list[str]:
    """Markdown lines: which controls and conditions without a map fit which paradigm."""
    controls = [name for name, one in catalogue()["methods"].items() if one["control"]]
    columns = [*controls, *WITHOUT_MAP]
    lines = ["| paradigm | " + " | ".join(f"`{name}`" for name in columns) + " |"]
    lines.append("|---" * (len(columns) + 1) + "|")
    for name, paradigm in PARADIGMS.items():
        if paradigm.candidates is not None:
            fits = [shows_differences(paradigm, one) for one in controls]
            fits += [one in paradigm.without_map for one in WITHOUT_MAP]
            lines.append(f"| {name} | " + " | ".join("yes" if one else "–" for one in fits) + " |")
    return lines


def _keys(
    schema: dict[str, Any], node: dict[str, Any], path: str
) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """(dotted path, property, whether it is required) of every key, sections in their order."""
    for name, inner in node.get("properties", {}).items():
        yield f"{path}{name}", inner, name in node.get("required", [])
        section, suffix = _section(schema, inner)
        if section is not None:
            yield from _keys(schema, section, f"{path}{name}{suffix}.")


def _section(schema: dict[str, Any], node: dict[str, Any]) -> tuple[dict[str, Any] | None, str]:
    """The section that a key holds, if it holds one: `[]` marks a list, `.NAME` free names."""
    free = [*node.get("patternProperties", {}).values(), node.get("additionalProperties")]
    choices = [
        (node, ""),
        *((one, "") for one in node.get("anyOf", [])),
        (node.get("items"), "[]"),
        *((one, "[]") for one in _alternatives(node)),
        *((one, ".NAME") for one in free),
    ]
    for inner, suffix in choices:
        if isinstance(inner, dict) and "$ref" in inner:
            return part_of(schema, inner), suffix
        if isinstance(inner, dict) and "oneOf" in inner:
            return _every_kind([part_of(schema, kind) for kind in inner["oneOf"]]), suffix
    return None, ""


def _alternatives(node: dict[str, Any]) -> list[dict[str, Any]]:
    """What the entries of a list may be, where they are of several kinds."""
    found: list[dict[str, Any]] = node.get("items", {}).get("anyOf", [])
    return found


def _every_kind(kinds: list[dict[str, Any]]) -> dict[str, Any]:
    """One section of all kinds of blocks: a key says which paradigms alone read it."""
    found: dict[str, Any] = {}
    names = [name for kind in kinds for name in kind["properties"]["paradigm"]["enum"]]
    for kind in kinds:
        for key, inner in kind["properties"].items():
            readers = [
                name
                for one in kinds
                if key in one["properties"]
                for name in one["properties"]["paradigm"]["enum"]
            ]
            listed = " and ".join(filter(None, [", ".join(readers[:-1]), readers[-1]]))
            only = "" if readers == names else f" Only in {listed}."
            known = {"enum": names} if key == "paradigm" else {}
            found.setdefault(key, {**inner, **known, "description": inner["description"] + only})
    return {**kinds[0], "properties": found}


def _kind(schema: dict[str, Any], node: dict[str, Any]) -> str:
    section, suffix = _section(schema, node)
    if section is not None and _alternatives(node):
        return "list of texts or sections"
    if section is not None:
        return {"": "section", "[]": "list of sections", ".NAME": "sections by name"}[suffix]
    union = [one for one in node.get("anyOf", []) if one.get("type") not in (None, "null")]
    if len(union) > 1:
        return " or ".join(map(_type, union))
    for choice in [node, *node.get("anyOf", [])]:
        if "enum" in choice and len(choice["enum"]) <= 6:
            return " or ".join(f"`{one}`" for one in choice["enum"])
        if "enum" in choice:
            return "name, see below"
        if "const" in choice:
            return f"`{choice['const']}`"
        if choice.get("type") not in (None, "null"):
            return _type(choice)
    return "anything"


def _type(node: dict[str, Any]) -> str:
    kind = TYPES[str(node["type"])]
    low = node.get("minimum", node.get("exclusiveMinimum"))
    high = node.get("maximum", node.get("exclusiveMaximum"))
    if low is None:
        return kind
    return f"{kind} from {low}" if high is None else f"{kind}, {low} to {high}"


def _default(node: dict[str, Any]) -> str:
    value = node.get("default")
    if value is None:
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if value != "" else ""
