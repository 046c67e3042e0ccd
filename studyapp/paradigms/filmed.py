"""What a page tells of how its films were watched, checked as it is stored.

A page with films is answered only after each was watched to its end once, or could not be shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .told import (
    LONGEST_MS,
    Unreadable,
    count_in,
    flag_in,
    list_in,
    number_in,
    object_in,
    place_in,
)

# Why a browser could not show a film; it is stored, and the person may go on
FAILURES = ("network", "decode", "unsupported")
# Of a film's length, by the page's own clock
LEAST_SHARE = 0.9
MOST_COUNTED = 100_000


@dataclass(frozen=True)
class ShownFilm:
    """A film of a page: the role of what it explains, and how long it lasts."""

    role: str
    seconds: float


def read_films(text: str, films: Mapping[str, ShownFilm]) -> dict[str, Any]:
    """The record of a page as it is stored, or {"unreadable": why}. films: the page's, by place."""
    roles = {place: film.role for place, film in films.items()}
    try:
        told = object_in(text)
        watched = [_film(one, roles) for one in list_in(told, "films", len(films))]
        if {one["place"] for one in watched} != films.keys():
            raise Unreadable("films")
        return {
            "presented": count_in(told, "presented", 1000),
            "interrupted": flag_in(told, "interrupted"),
            "films": watched,
        }
    except Unreadable as error:
        return {"unreadable": str(error)}


def _film(told: Any, roles: Mapping[str, str]) -> dict[str, Any]:
    """One film: when it first began and was first watched to its end, in milliseconds from the
    page's first frame; None for what never came."""
    place = place_in(told, roles)
    started, ended = (
        None if told.get(key) is None else number_in(told, key, 0, LONGEST_MS)
        for key in ("started_ms", "ended_ms")
    )
    if ended is not None and (started is None or ended < started):
        raise Unreadable("ended_ms")
    failed = told.get("failed")
    if failed is not None and failed not in FAILURES:
        raise Unreadable("failed")
    counts = {
        key: count_in(told, key, MOST_COUNTED) for key in ("plays", "pauses", "stalls", "dropped")
    }
    return {**place, "started_ms": started, "ended_ms": ended, "failed": failed, **counts}


def are_watched(record: Mapping[str, Any], films: Mapping[str, ShownFilm]) -> bool:
    """Whether each of a page's films was watched to its end, or could not be shown."""
    told = {one["place"]: one for one in record.get("films", ())}
    return all(place in told and _is_watched(told[place], film) for place, film in films.items())


def _is_watched(told: Mapping[str, Any], film: ShownFilm) -> bool:
    if told["failed"] is not None:
        return True
    if told["started_ms"] is None or told["ended_ms"] is None:
        return False
    return bool(told["ended_ms"] - told["started_ms"] >= 1000 * LEAST_SHARE * film.seconds)
