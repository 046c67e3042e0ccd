"""What a page tells of itself, read value by value: a browser may send anything."""

import json
import math
from collections.abc import Mapping
from typing import Any

MOST_CHARACTERS = 40_000
# Of a day; a page is not open for longer
LONGEST_MS = 86_400_000


class Unreadable(Exception):
    """Why a page's record can't be read: fixed words."""


def object_in(text: str) -> dict[str, Any]:
    if not text:
        raise Unreadable("missing")
    if len(text) > MOST_CHARACTERS:
        raise Unreadable("too long")
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable("not JSON") from error
    if not isinstance(told, dict):
        raise Unreadable("not an object")
    return told


def place_in(told: Any, places: Mapping[str, str]) -> dict[str, str]:
    place = told.get("place") if isinstance(told, dict) else None
    if not isinstance(place, str) or place not in places:
        raise Unreadable("place")
    return {"place": place, "role": places[place]}


def number_in(told: Any, name: str, least: float, most: float) -> float:
    value = told.get(name) if isinstance(told, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unreadable(name)
    # Compared first: a whole number of a thousand digits is no float
    if not least <= value <= most or not math.isfinite(value):
        raise Unreadable(name)
    return round(float(value), 1)


def count_in(told: dict[str, Any], name: str, most: int) -> int:
    value = told.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise Unreadable(name)
    return value


def flag_in(told: dict[str, Any], name: str) -> bool:
    value = told.get(name)
    if not isinstance(value, bool):
        raise Unreadable(name)
    return value


def list_in(told: dict[str, Any], name: str, most: int) -> list[Any]:
    value = told.get(name)
    if not isinstance(value, list) or len(value) > most:
        raise Unreadable(name)
    return value
