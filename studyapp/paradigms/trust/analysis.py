"""Trust between any two conditions, analysed: how often each side was preferred, and its worth.

Where one network of a pair is called the stronger one, the mean score says everything, and nothing
of this is told.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pandas as pd

from studyapp.paradigms.analysis import Analysis
from studyapp.paradigms.measures import Measured, StudyTables, by_outcome
from studyapp.paradigms.tabulation import Facts, Table
from studyapp.paradigms.worths import chances_table, told, worth_spread, worths_table
from studyapp.sections.meetings import SEPARATOR, members
from studyapp.shelf.formatting import interval, p_value, percent
from studyapp.statistics.holm import holm
from studyapp.statistics.robust import two_way_mean
from studyapp.statistics.worth import Compared, WorthError, compared_worths

Frame = pd.DataFrame
HALF = 0.5
AT_A = {"A": True, "B": False}
NOTE = (
    "of two conditions that stand side by side neither is called stronger: plus favours the one "
    "that is named first"
)
SEVERAL_WORDINGS = (
    "they were compared in different words or on different scales, whose answers are never put "
    "together"
)


def measure(tables: StudyTables, paradigm: str, main: Frame) -> Measured:
    """The scores; with a note where both sides are conditions of their own."""
    found = by_outcome(tables, paradigm, main)
    has_sides = found.frame["method"].astype(str).str.contains(SEPARATOR, regex=False).any()
    return replace(found, notes=(*found.notes, NOTE)) if has_sides else found


def results(frame: Frame, methods: list[str], seed: int) -> dict[str, Any]:
    """Of conditions that met: how often each side was preferred, and the worths of all against the
    first side of the first two in alphabetical order. Whatever was answered counts by its direction
    alone."""
    of = frame["condition" if "condition" in frame.columns else "method"].astype(str)
    # A column without rows has no type of its own
    is_between = pd.Series([len(members(name)) == 2 for name in of], frame.index, dtype=bool)
    own = frame.assign(condition=of)[is_between & frame["score"].notna()]
    if own.empty:
        return {}
    shown = [name for name in methods if name in set(own["method"])]
    preferred = {name: _preferred(own[own["method"] == name]) for name in shown}
    adjusted = holm([one["p"] for one in preferred.values()])
    for one, p_holm in zip(preferred.values(), adjusted, strict=True):
        one["p_holm"] = p_holm
    return {"preferred": preferred, **_worths(own, members(min(own["condition"]))[0])}


def _preferred(rows: Frame) -> dict[str, Any]:
    """The share of answers for the first of the two, an answer for both counting a half."""
    won = [_won(score) for score in rows["score"]]
    found = two_way_mean(
        won, rows["participant"].to_list(), rows["image"].to_list(), null=HALF
    )  # fmt: skip
    return {
        "first": won.count(1.0),
        "equal": won.count(HALF),
        "second": won.count(0.0),
        "share": found.estimate,
        "robust95": found.interval,
        "p": found.p,
        "df": found.df,
        "note": found.note,
    }


def _won(score: float) -> float:
    return HALF if score == 0 else float(score > 0)


def _worths(own: Frame, reference: str) -> dict[str, Any]:
    if "scale" in own.columns and own["scale"].nunique() > 1:
        return {"refused": SEVERAL_WORDINGS, "n": len(own)}
    columns = (own[name] for name in ("condition", "score", "participant", "image"))
    sides = own["stronger_side"] if "stronger_side" in own.columns else [None] * len(own)
    compared = [
        Compared(first, second, _won(score), person, image, AT_A.get(side))
        for condition, score, person, image, side in zip(*columns, sides, strict=True)
        for first, second in [members(condition)]
    ]
    try:
        return told(compared_worths(compared, reference))
    except WorthError as error:
        return {"refused": str(error), "n": len(compared)}


def tables(own: Facts) -> Iterator[Table]:
    rows = [
        [name, str(one["first"]), str(one["equal"]), str(one["second"]), percent(one["share"]),
         interval(one["robust95"], percent), p_value(one["p"]), p_value(one["p_holm"]),
         one["note"]]
        for name, one in own["preferred"].items()
    ]  # fmt: skip
    header = ["", "for the first", "equal", "for the second", "share of the first",
              "95 % interval", "p against ½", "p by Holm", ""]  # fmt: skip
    yield Table("Which side was preferred, an answer for both counting a half", header, rows)
    yield from worths_table(own)
    if "refused" not in own:
        yield chances_table(own, "P(row is preferred to the other), if not tied")


ANALYSIS = Analysis(
    measure=measure,
    schemas={"trust": None},
    results=results,
    tables=tables,
    spreads=worth_spread,
)
