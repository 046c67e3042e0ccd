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


def beyond_limits(section: BaseModel) -> Iterator[tuple[Place, str]]:
    """(place, sentence) of every text that is too long, number that is too large, and value that
    no database stores."""
    for place, value, marks in marked_values(section):
        whys = [mark.complaint(value) for mark in marks if isinstance(mark, Limit)]
        for why in filter(None, whys if marks else [_unstorable(value)]):
            yield place, _sentence(place, why)


def marked_values(section: BaseModel, place: Place = ()) -> Iterator[tuple[Place, Any, Any]]:
    """(place, value, what its annotation is marked with) of every value in `section`, from the
    outside in; one whose kind is a union comes once for each alternative."""
    for name, field in type(section).model_fields.items():
        yield from _marked(field.rebuild_annotation(), getattr(section, name), (*place, name))


def _marked(kind: Any, value: Any, place: Place) -> Iterator[tuple[Place, Any, Any]]:
    arguments = get_args(kind)
    if isinstance(value, BaseModel):
        yield from marked_values(value, place)
    elif get_origin(kind) is Annotated:
        yield place, value, arguments[1:]
        yield from _marked(arguments[0], value, place)
    elif get_origin(kind) in (Union, UnionType):
        for one in arguments if value is not None else ():
            yield from _marked(one, value, place)
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from _marked(arguments[0] if arguments else Any, one, (*place, number))
    elif isinstance(value, dict):
        kinds = arguments or (Any, Any)
        for key, one in value.items():
            yield from _marked(kinds[0], key, (*place, key))
            yield from _marked(kinds[1], one, (*place, key))
    else:
        yield place, value, ()


def _unstorable(value: Any) -> str:
    if isinstance(value, str) and "\x00" in value:
        return "contains a null character, which can't be stored; remove it"
    if isinstance(value, float) and not math.isfinite(value):
        return f"is {value}; use a finite number"
    return ""


def _sentence(place: Place, reason: str) -> str:
    name = ".".join(text if len(text) <= SHOWN else f"{text[:SHOWN]}…" for text in map(str, place))
    return f"`{name}` {reason}"
