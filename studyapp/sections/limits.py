"""How long a text and how large a number of a study file may be.

A value that a column will hold may be as long as the column; any other, as long as a page can show.
Limits apply to new files alone: a study that was stored before there was one is still read.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from django.db.models import Model
from pydantic import BaseModel

Place = tuple[str | int, ...]
SHOWN = 40


@dataclass(frozen=True)
class Limit:
    """At most so many characters of a text, or so large a number."""

    most: int

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        found: dict[str, Any] = handler(schema)
        found["maxLength" if found.get("type") == "string" else "maximum"] = self.most
        return found

    def complaint(self, value: Any) -> str:
        """What is wrong with `value`; empty where it fits."""
        if isinstance(value, str):
            if len(value) <= self.most:
                return ""
            return f"has {len(value)} characters and at most {self.most} fit; shorten it"
        # A value of another type is another kind of a union.
        if not isinstance(value, int | float) or value <= self.most:
            return ""
        return f"is {value}; use {self.most} or less"


def column(model: type[Model], name: str) -> Limit:
    """As many characters as the column `name` of `model` holds."""
    most = model._meta.get_field(name).max_length  # type: ignore[union-attr]
    assert most is not None
    return Limit(most)


def beyond_limits(section: BaseModel, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """(place, sentence) of every text that is too long, number that is too large, and value that
    no database stores."""
    for name, field in type(section).model_fields.items():
        value, inside = getattr(section, name), (*place, name)
        yield from _limited(value, field.metadata, inside)
        yield from _beyond(value, field.annotation, inside)


def _beyond(value: Any, annotation: Any, place: Place) -> Iterator[tuple[Place, str]]:
    arguments = get_args(annotation)
    if isinstance(value, BaseModel):
        yield from beyond_limits(value, place)
    elif get_origin(annotation) is Annotated:
        yield from _limited(value, arguments[1:], place)
        yield from _beyond(value, arguments[0], place)
    elif get_origin(annotation) in (Union, UnionType):
        for kind in arguments if value is not None else ():
            yield from _beyond(value, kind, place)
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from _beyond(one, arguments[0] if arguments else Any, (*place, number))
    elif isinstance(value, dict):
        kinds = arguments or (Any, Any)
        for key, one in value.items():
            yield from _beyond(key, kinds[0], (*place, key))
            yield from _beyond(one, kinds[1], (*place, key))
    elif reason := _unstorable(value):
        yield place, _sentence(place, reason)


def _limited(value: Any, metadata: Any, place: Place) -> Iterator[tuple[Place, str]]:
    for limit in metadata:
        if isinstance(limit, Limit) and value is not None and (why := limit.complaint(value)):
            yield place, _sentence(place, why)


def _unstorable(value: Any) -> str:
    if isinstance(value, str) and "\x00" in value:
        return "contains a null character, which can't be stored; remove it"
    if isinstance(value, float) and not math.isfinite(value):
        return f"is {value}; use a finite number"
    return ""


def _sentence(place: Place, reason: str) -> str:
    name = ".".join(text if len(text) <= SHOWN else f"{text[:SHOWN]}…" for text in map(str, place))
    return f"`{name}` {reason}"
