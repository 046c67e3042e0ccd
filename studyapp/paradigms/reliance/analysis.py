"""Reliance, analysed: advice followed when it is right, and resisted when it is wrong.

RAIR = first wrong, advice right, final is the advice ÷ first wrong, advice right.
RSR = first right, advice wrong, final is the first ÷ first right, advice wrong.
Source: Schemmer et al., Appropriate reliance on AI advice, IUI 2023.
"""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from studyapp.paradigms.analysis import BINARY, Analysis, InputSchema
from studyapp.paradigms.base import NO_ADVICE
from studyapp.paradigms.estimates import by_method, share
from studyapp.paradigms.measures import Measured, Scale, StudyTables, loaded, scored
from studyapp.paradigms.tabulation import SHARE_HEADER, Facts, Table, share_row

from .following import following, following_tables

Frame = pd.DataFrame
# Two ways of asking, whose answers are never compared
ONE_STEP, TWO_STEPS = "one step", "two steps"
SHARES = {
    "rair": "wrong at first, right advice followed (RAIR)",
    "rsr": "right at first, wrong advice resisted (RSR)",
    "switch": "switched to advice that differed",
    "accept_wrong": "wrong answers accepted",
    "reject_right": "right answers rejected",
}


def measure(tables: StudyTables, paradigm: str, main: Frame) -> Measured:
    """Of two answers the final one, with the first and the advice; of one, whether it accepts.

    Where a study asks in both ways, each is a scale by itself.
    """
    is_final = main["stage"] == "final"
    if not is_final.any():
        return Measured(_one_step(tables, main), "correct")
    two = _two_steps(tables, main[is_final])
    if is_final.all():
        return Measured(two, "correct", chance=0.25)
    parts = {ONE_STEP: _one_step(tables, main[~is_final]), TWO_STEPS: two}
    for name, part in parts.items():
        part["scale"] = name
        part["method"] += f", {name}"
    note = (
        "reliance is asked both in one step and in two; the two are analysed separately, without "
        "a mixed model"
    )
    return Measured(
        pd.concat(parts.values()).sort_index(),
        "correct",
        notes=(note,),
        scales={ONE_STEP: Scale((0, 1), 0.5), TWO_STEPS: Scale((0, 1), 0.25)},
    )


def _one_step(tables: StudyTables, main: Frame) -> Frame:
    frame = scored(main, "correct")
    frame["accepted"] = main["value"]
    frame["ai_right"] = tables.facts(main, "accept").astype("Int64")
    return frame


def _two_steps(tables: StudyTables, final: Frame) -> Frame:
    frame = scored(final, "correct")
    key = ["participant_id", "stimulus_id"]
    judgments = tables.frames["judgments"]
    first = judgments[judgments["stage"] == "first"].drop_duplicates(key)
    before = {
        (row.participant_id, row.stimulus_id): row.answer_name
        for row in first.itertuples(index=False)
    }
    pairs = zip(final["participant_id"], final["stimulus_id"], strict=True)
    frame["first"] = pd.Series([before.get(pair) for pair in pairs], final.index, dtype="object")
    frame["final"] = final["answer_name"]
    stimuli = tables.frames["stimuli"]
    # Other paradigms' stimuli have facts of the same names that number no options.
    asked = stimuli[stimuli["stimulus_id"].isin(final["stimulus_id"])]
    for name, fact in (("advice", "advice"), ("truth", "right")):
        options = {
            row.stimulus_id: loaded(row.options)[loaded(row.facts)[fact]]
            for row in asked.itertuples(index=False)
        }
        frame[name] = final["stimulus_id"].map(options)
    unadvised = frame["method"].isin(tables.conditions_with(NO_ADVICE))
    frame["advice"] = frame["advice"].where(~unadvised)
    return frame


def results(frame: Frame, methods: list[str], seed: int) -> dict[str, Any]:
    """The shares of each method, by the way in which it was asked."""
    is_one_step = pd.Series(False, frame.index)
    if "accepted" in frame.columns:
        is_one_step = frame["accepted"].notna()
    ways = (
        (TWO_STEPS, frame[~is_one_step], two_step_shares),
        (ONE_STEP, frame[is_one_step], one_step_shares),
    )
    found: dict[str, Any] = {}
    followed: dict[str, Any] = {}
    for way, rows, shares in ways:
        if len(rows):
            there = [name for name in methods if (rows["method"] == name).any()]
            found |= shares(rows, there)
            followed[way] = following(advised(rows), there)
    return {"methods": found, "following": followed} if found else {}


def advised(frame: Frame) -> Frame:
    """The rows that tell whether advice was followed: in two steps those whose first answer
    differed from it. followed, advice_right: 0 or 1."""
    if "accepted" in frame.columns and frame["accepted"].notna().all():
        return frame.assign(followed=frame["accepted"], advice_right=frame["ai_right"])
    is_told = frame["first"].notna() & frame["advice"].notna() & (frame["first"] != frame["advice"])
    rows = frame[is_told]
    return rows.assign(
        followed=(rows["final"] == rows["advice"]).astype(int),
        advice_right=(rows["advice"] == rows["truth"]).astype(int),
    )


def two_step_shares(frame: Frame, methods: list[str]) -> dict[str, Any]:
    """RAIR, RSR and the switch fraction by method, each with its two-way robust interval.

    Cases without a first answer or without advice say nothing about reliance.
    """
    found = {}
    advised = frame[frame["first"].notna() & frame["advice"].notna()]
    for name, rows in by_method(advised, methods):
        is_first_right = rows["first"] == rows["truth"]
        is_advice_right = rows["advice"] == rows["truth"]
        followed, kept = rows["final"] == rows["advice"], rows["final"] == rows["first"]
        found[name] = {
            "rair": share(rows, followed, among=~is_first_right & is_advice_right),
            "rsr": share(rows, kept, among=is_first_right & ~is_advice_right),
            "switch": share(rows, followed, among=rows["first"] != rows["advice"]),
        }
    return found


def one_step_shares(frame: Frame, methods: list[str]) -> dict[str, Any]:
    """P(accept | advice wrong) and P(reject | advice right): over- and under-reliance."""
    found = {}
    for name, rows in by_method(frame, methods):
        is_right, accepted = rows["ai_right"] == 1, rows["accepted"] == 1
        found[name] = {
            "accept_wrong": share(rows, accepted, among=~is_right),
            "reject_right": share(rows, ~accepted, among=is_right),
        }
    return found


def tables(own: Facts) -> Iterator[Table]:
    rows = [
        share_row(f"{method}: {SHARES[name]}", one)
        for method, shares in own["methods"].items()
        for name, one in shares.items()
    ]
    yield Table("Reliance on advice, each share of its own cases", SHARE_HEADER, rows)
    for way, one in own.get("following", {}).items():
        yield from following_tables(way, one)


ANALYSIS = Analysis(
    measure=measure,
    schemas={
        "reliance": InputSchema(
            needed={"first": (), "advice": (), "final": (), "truth": ()},
            outcome=lambda frame: frame["final"].eq(frame["truth"]).astype(int),
        ),
        "one_step_reliance": InputSchema(
            needed={"accepted": BINARY, "ai_right": BINARY},
            outcome=lambda frame: frame["accepted"].eq(frame["ai_right"]).astype(int),
        ),
    },
    results=results,
    tables=tables,
)
