"""Worths of competitors as results hold them, and their tables and figure in a report."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from studyapp.shelf.formatting import interval, number, p_value, percent, signed
from studyapp.statistics.holm import holm
from studyapp.statistics.reliability import Level, krippendorff
from studyapp.statistics.robust import Estimate
from studyapp.statistics.worth import Worth, chance_of_beating

from .tabulation import Facts, Spread, SpreadRow, Table

TITLE = "Worth, on the log scale"
AXIS = "log-worth, the reference at 0"


def told(found: Worth) -> dict[str, Any]:
    """What JSON can hold of a fit. Worths against the reference are the planned family; all pairs
    are another, in which every one is adjusted."""
    reference, *others = found.log_worths
    adjusted = dict(zip(others, holm([found.log_worths[name].p for name in others]), strict=True))
    names = list(found.log_worths)
    pairs = [(a, b) for place, a in enumerate(names) for b in names[place + 1 :]]
    all_adjusted = holm([found.contrasts[pair].p for pair in pairs])
    return {
        "reference": reference,
        "n": found.n,
        "loglik": found.loglik,
        "note": found.note,
        "worths": {
            name: {**_estimate(one), "p_holm": adjusted.get(name)}
            for name, one in found.log_worths.items()
        },
        "chances": [
            {"a": a, "b": b, **_estimate(chance_of_beating(found.contrasts[a, b])),
             "p_holm": p_holm}
            for (a, b), p_holm in zip(pairs, all_adjusted, strict=True)
        ],
        "tie": None if found.tie is None else _estimate(found.tie),
        "side": None if found.side is None else _estimate(found.side),
    }  # fmt: skip


def _estimate(one: Estimate) -> dict[str, Any]:
    facts = asdict(one)
    return {
        "robust95": one.interval,
        **{name: facts[name] for name in ("estimate", "se", "df", "p", "clusters", "note")},
    }


def agreement_of(
    frame: pd.DataFrame, values: str, units: Sequence[Any], pages: Sequence[Any]
) -> dict[str, Any]:
    """Ordinal α of what people said of each competitor, as results hold it.

    A page is about several competitors, and each of them is a unit: so it does not matter which is
    named first, and a liking of one competitor over all photos is agreement, as it is where
    methods are rated one by one. pages: what units are left out together for the interval.
    """
    level: Level = "ordinal"
    people = frame["participant"].to_list()
    found = krippendorff(frame[values].to_list(), units, people, level, pages)
    return {
        "value": found.value, "low": found.low, "high": found.high, "level": level,
        "note": found.note,
    }  # fmt: skip


def thing_of(frame: pd.DataFrame) -> "pd.Series[Any]":
    """What several people judge: a stimulus, or in a table from elsewhere a photo."""
    return frame["unit" if "unit" in frame.columns else "image"].astype(str)


def counted(counts: Mapping[str, Mapping[str, int]], names: Sequence[str]) -> Table:
    """How often each competitor was answered what."""
    rows = [[method, *(str(one[name]) for name in names)] for method, one in counts.items()]
    return Table("How often", ["", *names], rows)


def worths_table(own: Facts) -> Iterator[Table]:
    """The worths against the reference, the highest first; or why there are none."""
    if "refused" in own:
        yield Table(TITLE, [""], [[f"No worths: {own['refused']}."]])
        return
    ranked = sorted(own["worths"].items(), key=lambda item: -item[1]["estimate"])
    rows = [
        [name, signed(one["estimate"]), interval(one["robust95"], signed), p_value(one["p"]),
         p_value(one["p_holm"]), one["note"]]
        for name, one in ranked
    ]  # fmt: skip
    note = f". {own['note']}" if own["note"] else ""
    title = f"{TITLE}, against {own['reference']}, robust to people and photos{note}"
    yield Table(title, ["", "log-worth", "95 % interval", "p against 0", "p by Holm", ""], rows)


def chances_table(own: Facts, title: str) -> Table:
    rows = [
        [f"{one['a']} before {one['b']}", percent(one["estimate"]),
         interval(one["robust95"], percent), p_value(one["p"]), p_value(one["p_holm"]),
         one["note"]]
        for one in own["chances"]
    ]  # fmt: skip
    return Table(title, ["", "probability", "95 % interval", "p against ½", "p by Holm", ""], rows)


def worth_spread(own: Facts) -> Iterator[Spread]:
    """The worths with their intervals, the highest first."""
    if "refused" in own:
        return
    ranked = sorted(own["worths"].items(), key=lambda item: -item[1]["estimate"])
    rows = [SpreadRow(name, one["estimate"], one["robust95"]) for name, one in ranked]
    yield Spread(TITLE, rows, 0.0, f"the worth of {own['reference']}", number, AXIS)
