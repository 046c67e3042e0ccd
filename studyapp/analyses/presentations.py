"""How pictures were presented and looked at, as the pages themselves measured it: described, not
tested."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean, median
from typing import Any

import pandas as pd

from .answers import EVERYTHING

Record = Mapping[str, Any]
Rows = Sequence[tuple[str, str, Record]]
# What a record may list of looks, and what each was
KINDS = {"looks": "uncovered", "zooms": "enlarged"}


def presented_rows(judgments: pd.DataFrame) -> Rows:
    """(block, condition, record) of every answer whose page presented its pictures."""
    told = judgments[judgments["presentation"].notna()]
    conditions = told["condition"].fillna(EVERYTHING)
    columns = (told["block"], conditions, told["presentation"])
    return [
        (str(block), str(condition), json.loads(str(record)))
        for block, condition, record in zip(*columns, strict=True)
    ]


def presentations(rows: Rows) -> dict[str, Any] | None:
    """What is known of the pages' pictures; None where no page presented any.

    unreadable: answers of which nothing is known, by reason. interrupted: pages that were hidden
    meanwhile. again: pages that one browser showed more than once. measured_by: answers by what
    measured them. pictures: by block, condition and role, how long they were seen. looks: how
    often and how long people looked, zeros for those who did not. beyond: looks of which only their
    number and time in all are known, where there are any. films: how they were watched, where pages
    had some.
    """
    if not rows:
        return None
    known = [row for row in rows if "unreadable" not in row[2]]
    records = [record for _, _, record in known]
    told = {
        "n": len(rows),
        "unreadable": _counted(one[2]["unreadable"] for one in rows if "unreadable" in one[2]),
        "interrupted": sum(record["interrupted"] for record in records),
        "again": sum(record["presented"] > 1 for record in records),
        "measured_by": _counted(
            record["measured_by"] for record in records if "measured_by" in record
        ),
        "pictures": [
            {"block": block, "condition": condition, "role": role, **_exposures(seen)}
            for (block, condition, role), seen in _by_role(known, "pictures").items()
        ],
        "looks": [
            {"kind": words, "block": block, "condition": condition, "role": role, **_looked(looks)}
            for kind, words in KINDS.items()
            for (block, condition, role), looks in _by_role(known, kind).items()
        ],
    }
    films = [
        {"block": block, "condition": condition, "role": role, **_watched(films)}
        for (block, condition, role), films in _by_role(known, "films").items()
    ]
    return told | ({"films": films} if films else {}) | _beyond(records)


def _beyond(records: Sequence[Record]) -> dict[str, int]:
    more = sum(one["count"] for record in records for one in record.get("more", ()))
    return {"beyond": more} if more else {}


def _counted(names: Iterator[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))


def _by_role(rows: Rows, kind: str) -> dict[tuple[str, str, str], list[list[Record]]]:
    """What each answer's record lists of a role, empty where it was there and not looked at."""
    found: dict[tuple[str, str, str], list[list[Record]]] = {}
    for block, condition, record in rows:
        if kind not in record:
            continue
        is_seen = kind in ("pictures", "films")
        listed = record[kind] if is_seen else [*record[kind], *record.get("more", ())]
        for place in record[kind] if is_seen else record["places"]:
            own = [one for one in listed if one["place"] == place["place"]]
            found.setdefault((block, condition, place["role"]), []).append(own)
    return dict(sorted(found.items()))


def _exposures(answers: list[list[Record]]) -> dict[str, Any]:
    """Of pictures that vanish: the time asked for and seen, and by how much that may be wrong."""
    seen = [one for own in answers for one in own if one["shown_ms"] is not None]
    told: dict[str, Any] = {"n": len(answers)}
    if not seen:
        return told
    times = [one["shown_ms"] for one in seen]
    return told | {
        "asked_ms": seen[0]["asked_ms"],
        "mean_ms": fmean(times),
        "least_ms": min(times),
        "most_ms": max(times),
        "error_ms": max(one["error_ms"] for one in seen),
        "other": sum(abs(one["shown_ms"] - one["asked_ms"]) > one["error_ms"] for one in seen),
    }


def _watched(answers: list[list[Record]]) -> dict[str, Any]:
    """Of films: whether each was watched, how often, and how long until its first end."""
    films = [one for own in answers for one in own]
    times = [one["ended_ms"] - one["started_ms"] for one in films if one["ended_ms"] is not None]
    return {
        "n": len(films),
        "watched": len(times),
        "failed": sum(one["failed"] is not None for one in films),
        "mean_plays": fmean(one["plays"] for one in films),
        "mean_ms": fmean(times) if times else None,
        "stalled": sum(one["stalls"] > 0 for one in films),
    }


def _looked(answers: list[list[Record]]) -> dict[str, Any]:
    totals = [sum(one["ms"] for one in own) for own in answers]
    return {
        "n": len(answers),
        "looked": sum(bool(own) for own in answers),
        "mean_count": fmean(sum(one.get("count", 1) for one in own) for own in answers),
        "mean_ms": fmean(totals),
        "median_ms": median(totals),
    }
