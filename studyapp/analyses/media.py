"""Whether the conditions that are compared differ in what their explanations are."""

from collections.abc import Collection, Iterator, Mapping
from itertools import combinations
from typing import Any

from studyapp.models import IMPORTED, Kind
from studyapp.paradigms import WITHOUT_MAP
from studyapp.sections.meetings import members


def media(definition: Mapping[str, Any]) -> dict[str, str]:
    """What the explanations of each condition are, by its name; those without any have none."""
    return {
        one["name"]: (one.get("kind") or Kind.MAP) if one["method"] == IMPORTED else Kind.MAP
        for one in definition.get("conditions", ())
        if one["method"] not in WITHOUT_MAP
    }


def medium_notes(definition: Mapping[str, Any], conditions: Collection[str]) -> Iterator[str]:
    """A sentence for each two of these conditions whose kinds differ."""
    known = media(definition)
    # Of two that meet on a page, each is in a medium of its own
    named = sorted({name for condition in conditions for name in members(condition)} & set(known))
    for one, other in combinations(named, 2):
        if known[one] != known[other]:
            yield (
                f"{one} shows {Kind(known[one]).noun}, {other} shows {Kind(known[other]).noun}: "
                "what differs between them is confounded with the medium"
            )
