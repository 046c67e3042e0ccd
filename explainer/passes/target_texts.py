"""Named targets read from text: strictly, so that what is stored is what was asked."""

import json
import math
from collections.abc import Sequence
from dataclasses import MISSING, fields
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from explainer.errors import ExplainerError, did_you_mean

from .named import Channel, Chosen, Difference, Neuron, Words
from .regions import Detected, PredictedRegion, Segmented, SurestBox
from .target import VERSION, Target

KINDS: dict[str, type[Target]] = {
    kind.__name__: kind
    for kind in (Chosen, Difference, Neuron, Channel, Words, Segmented, Detected,
                 PredictedRegion, SurestBox)
}  # fmt: skip
EXAMPLE = '{"target": "PredictedRegion", "version": 1, "class_": 12}'


def read_target(text: str) -> Target:
    """The named target that `Target.text` wrote, or that was written by hand as JSON.

    ExplainerError for what is no JSON or no target, unknown, missing and repeated fields, numbers
    that are not finite, and a class by itself, which is named by its index.
    """
    try:
        told = json.loads(text, parse_constant=_no_number, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise ExplainerError(
            f"the target {_short(text)} is not JSON ({error})", f"write {EXAMPLE}"
        ) from error
    try:
        found = _target(told)
    except RecursionError as error:
        reason = f"the target {_short(text)} has too many targets within each other"
        raise ExplainerError(reason, "use a difference of two") from error
    if isinstance(found, Chosen):
        raise ExplainerError(
            "“Chosen” is a class and nothing else", "name the class by itself, without a target"
        )
    return found


def _target(told: Any) -> Target:
    if not isinstance(told, dict) or "target" not in told:
        raise ExplainerError(f"{_short(told)} names no target", f"write {EXAMPLE}")
    name = told["target"]
    if not isinstance(name, str) or name not in KINDS:
        raise ExplainerError(f"no target {_short(name)}", did_you_mean(str(name), KINDS))
    if told.get("version") != VERSION or type(told["version"]) is not int:
        given = _short(told["version"]) if "version" in told else "no version"
        raise ExplainerError(
            f"{name} of {given}, and this is version {VERSION}",
            f'write "version": {VERSION}, or read it where it was written',
        )
    kind, values = KINDS[name], {k: v for k, v in told.items() if k not in ("target", "version")}
    known = get_type_hints(kind)
    own = {one.name: known[one.name] for one in fields(kind)}
    needed = [one.name for one in fields(kind) if one.default is MISSING]
    for key in values:
        if key not in own:
            raise ExplainerError(f'{name} has no field "{key}"', did_you_mean(key, own))
    if missing := [key for key in needed if key not in values]:
        raise ExplainerError(f"{name} lacks {' and '.join(missing)}", f"write {_form(kind)}")
    return kind(**{key: _value(value, own[key], (name, key)) for key, value in values.items()})


def _value(value: Any, kind: Any, where: Sequence[str]) -> Any:
    """A field's value of this kind: an index from 0, a number, several of them, or a target."""
    if isinstance(kind, UnionType):  # a target or a class
        return _target(value) if isinstance(value, dict) else _value(value, int, where)
    if get_origin(kind) is tuple:
        parts = get_args(kind)
        if isinstance(value, list):
            kinds = [parts[0]] * len(value) if parts[1:] == (...,) else parts
            if len(kinds) == len(value):
                return tuple(_value(v, k, where) for v, k in zip(value, kinds, strict=True))
    elif _is_number(value, kind):
        return value
    raise ExplainerError(
        f"{_short(value)} can't be {'.'.join(where)}",
        "indices are whole numbers from 0, and boxes four numbers: left, top, right, bottom",
    )


def _is_number(value: Any, kind: Any) -> bool:
    if kind is int:
        return type(value) is int and value >= 0
    return kind is float and type(value) in (int, float) and math.isfinite(value)


def _form(kind: type[Target]) -> str:
    told = {"target": kind.__name__, "version": VERSION}
    return json.dumps({**told, **{one.name: "…" for one in fields(kind)}}, ensure_ascii=False)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a field is given twice")
    return found


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def _short(value: Any) -> str:
    said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return said if len(said) <= 60 else f"{said[:59]}…"
