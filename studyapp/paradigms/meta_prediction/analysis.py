"""Meta-prediction, analysed: how useful an explanation is beside having none (Utility-K)."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pandas as pd

from studyapp.paradigms.analysis import BINARY, Analysis, InputSchema
from studyapp.paradigms.base import NO_EXPLANATION
from studyapp.paradigms.estimates import by_method
from studyapp.paradigms.measures import Measured, StudyTables, scored
from studyapp.paradigms.tabulation import Facts, Table
from studyapp.shelf.formatting import interval, number
from studyapp.statistics.utility import Tallies, utility

Frame = pd.DataFrame


def measure(tables: StudyTables, paradigm: str, main: Frame) -> Measured:
    """The baseline is the condition without explanation, where there is one."""
    frame = scored(main, "correct")
    sessions = {
        name: block.get("session") or 1 for name, block in tables.blocks("meta_prediction").items()
    }
    frame["session"] = main["block"].map(sessions).astype(str)
    baseline = next(iter(tables.conditions_with(NO_EXPLANATION)), None)
    return Measured(frame, "correct", reference=baseline)


def results(frame: Frame, methods: list[str], seed: int) -> dict[str, Any]:
    """Utility-K and Utility of every method against the baseline: the first method, which is the
    reference, or of several wordings each one's own first."""
    if not methods:
        return {"baseline": None, "utility": {}}
    tallies = {name: _tallies(rows) for name, rows in by_method(frame, methods)}
    words = _wordings(frame)
    firsts: dict[str, str] = {}
    for name in methods:
        firsts.setdefault(words.get(name, ""), name)
    told = {
        name: asdict(utility(tallies[name], tallies[firsts[words.get(name, "")]], seed=seed))
        for name in methods
        if name not in firsts.values()
    }
    return {"baseline": " and ".join(firsts.values()), "utility": told}


def _wordings(frame: Frame) -> dict[str, str]:
    """The words in which a method was asked, where blocks differ in theirs."""
    if "scale" not in frame.columns:
        return {}
    return dict(zip(frame["method"], frame["scale"], strict=True))


def _tallies(rows: Frame) -> Tallies:
    """Right answers and answers by person and session."""
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for (person, session), cells in rows.groupby(["participant", "session"], sort=False):
        tally = int(cells["correct"].sum()), len(cells)
        found.setdefault(str(person), {})[str(session)] = tally
    return found


def tables(own: Facts) -> Iterator[Table]:
    """Utility-K by session, then over all sessions."""
    rows = []
    for method, one in own["utility"].items():
        sessions = one["by_session"].items()
        rows += [[method, f"session {key}", number(k), "–", ""] for key, k in sessions]
        pair = interval(None if one["low"] is None else (one["low"], one["high"]))
        rows.append([method, "all sessions", number(one["value"]), pair, one["note"]])
    title = f"Utility-K: accuracy against that of {own['baseline']}"
    yield Table(title, ["method", "", "Utility", "95 % interval", ""], rows)


ANALYSIS = Analysis(
    measure=measure,
    schemas={
        "meta_prediction": InputSchema(
            needed={"session": (), "correct": BINARY},
            outcome=lambda frame: frame["correct"].astype(int),
        )
    },
    results=results,
    tables=tables,
)
