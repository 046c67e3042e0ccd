"""How reliable the scales are that several items make up, from their complete pages.

Of a questionnaire a row is a person. Of a rating a row is a person's page about a photo under a
method: people and photos are clusters of its intervals, and the same coefficients are told within
people, since a person's leaning to high answers makes items go together that say nothing of the
explanations.
"""

from dataclasses import asdict
from typing import Any

import numpy as np

from studyapp.statistics.consistency import (
    Answered,
    answered,
    cronbach,
    item_rest,
    mcdonald,
    split_halves,
)

from .item_scales import ItemScale, complete, item_scales, item_table
from .tidy import Tidy

AGAINST = "run against the others; if they are worded the other way round, turn them before"
SHORT = {
    1: "a scale of one item has no consistency: nothing tells how reliable it is",
    2: "two items are too short for ω and for split halves, and α holds only if both measure "
    "equally well",
    3: "three items are too short to show that one factor does not fit, and for split halves",
}
# docs/statistics.md has how often intervals cover with so many
FEW_PEOPLE = 20


def scale_reliability(tidy: Tidy) -> list[dict[str, Any]] | None:
    """Each scale with its coefficients; None where the paradigm has no items."""
    return [_told(tidy, scale) for scale in item_scales(tidy)] or None


def _told(tidy: Tidy, scale: ItemScale) -> dict[str, Any]:
    items = list(scale.items)
    rows, incomplete = complete(item_table(tidy, scale), items)
    people = int(rows["participant"].nunique())
    told = {
        "scale": scale.name, "block": scale.block, "items": items, "n": len(rows), "people": people,
        "incomplete": incomplete, "unit": "person × photo" if tidy.about_photos else "person",
    }  # fmt: skip
    if scale.formative or len(items) < 2:
        return {**told, "alpha": None, "omega": None, "within_people": None, "split_half": None,
                "item_rest": {}, "without": {}, "note": scale.formative or SHORT[1]}  # fmt: skip
    values = rows[items].to_numpy(dtype=float)
    found = answered(values, rows["participant"].to_list(), rows["image"].to_list())
    halves, rest = split_halves(found), dict(zip(items, item_rest(found), strict=True))
    notes = [SHORT.get(len(items), "")]
    if against := [item for item, r in rest.items() if r is not None and r < 0]:
        notes.append(f"{' and '.join(against)} {AGAINST}")
    if people < FEW_PEOPLE:
        notes.append(f"with {people} people the intervals say little")
    return {
        **told,
        "alpha": asdict(cronbach(found)),
        "omega": asdict(mcdonald(found)),
        "within_people": _within(found) if tidy.about_photos and people > 1 else None,
        "split_half": asdict(halves) if halves is not None else None,
        "item_rest": rest,
        "without": _without(found, items),
        "note": "; ".join(filter(None, notes)),
    }


def _within(found: Answered) -> dict[str, Any]:
    own = found.without_levels()
    return {"alpha": asdict(cronbach(own)), "omega": asdict(mcdonald(own))}


def _without(found: Answered, items: list[str]) -> dict[str, float | None]:
    """α of the others, without one item after the other."""
    if len(items) < 3:
        return {}
    return {
        item: cronbach(Answered(np.delete(found.values, place, axis=1), found.clusters)).value
        for place, item in enumerate(items)
    }
