"""Reliance, analysed: advice followed when it is right, and resisted when it is wrong."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from studyapp.paradigms.analysis import BINARY, Analysis, InputSchema
from studyapp.paradigms.base import NO_ADVICE
from studyapp.paradigms.estimates import by_method, share
from studyapp.paradigms.measures import Measured, Scale, StudyTables, loaded, scored
from studyapp.paradigms.tabulation import SHARE_HEADER, Table, share_row
from studyapp.statistics.reliance import (
    Choice,
    Share,
    relative_ai_reliance,
    relative_self_reliance,
    switch_fraction,
)

Facts = Mapping[str, Any]
Frame = pd.DataFrame
# Two ways of asking, whose answers are never compared
ONE_STEP, TWO_STEPS = "one step", "two steps"
SHARES = {
    "rair": "wrong at first, right advice followed (RAIR)",
    "rsr": "right at first, wrong advice resisted (RSR)",
    "switch": "went over to advice that differed",
    "accept_wrong": "wrong answers accepted",
    "reject_right": "right answers rejected",
}


def measure(tables: StudyTables, paradigm: str, main: Frame) -> Measured:
    """Of two answers the final one, beside the first and the advice; of one, whether accepted.

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
        "reliance is asked in one step and in two: they are analysed separately, "
        "without a mixed model"
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
    first = tables.frames["judgments"][
        tables.frames["judgments"]["stage"] == "first"
    ].drop_duplicates(key)
    before = {
        (row.participant_id, row.stimulus_id): row.answer_name
        for row in first.itertuples(index=False)
    }
    pairs = zip(final["participant_id"], final["stimulus_id"], strict=True)
    frame["first"] = pd.Series([before.get(pair) for pair in pairs], final.index, dtype="object")
    frame["final"] = final["answer_name"]
    for name, fact in (("advice", "advice"), ("truth", "right")):
        frame[name] = _option_names(tables, final, fact)
    unadvised = frame["method"].isin(tables.conditions_with(NO_ADVICE))
    frame["advice"] = frame["advice"].where(~unadvised)
    return frame


def _option_names(tables: StudyTables, judgments: Frame, fact: str) -> "pd.Series[Any]":
    """The name of the option whose number the stimulus notes under `fact`.

    Other paradigms' stimuli have facts of the same names that number no options.
    """
    stimuli = tables.frames["stimuli"]
    asked = stimuli[stimuli["stimulus_id"].isin(judgments["stimulus_id"])]
    names = {
        row.stimulus_id: loaded(row.options)[loaded(row.facts)[fact]]
        for row in asked.itertuples(index=False)
    }
    return judgments["stimulus_id"].map(names)


def results(frame: Frame, methods: list[str], seed: int) -> dict[str, Any]:
    """The shares of each method, by the way in which it was asked."""
    if "accepted" not in frame.columns:
        return {"methods": two_step_shares(frame, methods)}
    is_one_step = frame["accepted"].notna()
    found: dict[str, Any] = {}
    for rows, shares in (
        (frame[~is_one_step], two_step_shares),
        (frame[is_one_step], one_step_shares),
    ):
        if len(rows):
            found |= shares(rows, [name for name in methods if (rows["method"] == name).any()])
    return {"methods": found} if found else {}


def two_step_shares(frame: Frame, methods: list[str]) -> dict[str, Any]:
    """RAIR, RSR and the switch fraction by method, each with its two-way robust interval.

    Cases without a first answer or without advice say nothing of reliance.
    """
    found = {}
    advised = frame[frame["first"].notna() & frame["advice"].notna()]
    for name, rows in by_method(advised, methods):
        cells = rows[["first", "advice", "final", "truth"]].itertuples(index=False, name=None)
        choices = [Choice(*cell) for cell in cells]
        is_first_right = rows["first"] == rows["truth"]
        is_advice_right = rows["advice"] == rows["truth"]
        followed, kept = rows["final"] == rows["advice"], rows["final"] == rows["first"]
        differs = rows["first"] != rows["advice"]
        found[name] = {
            "rair": share(
                relative_ai_reliance(choices), rows, ~is_first_right & is_advice_right, followed
            ),
            "rsr": share(
                relative_self_reliance(choices), rows, is_first_right & ~is_advice_right, kept
            ),
            "switch": share(switch_fraction(choices), rows, differs, followed),
        }
    return found


def one_step_shares(frame: Frame, methods: list[str]) -> dict[str, Any]:
    """P(accept | advice wrong) and P(reject | advice right): over- and under-reliance."""
    found = {}
    for name, rows in by_method(frame, methods):
        is_right, accepted = rows["ai_right"] == 1, rows["accepted"] == 1
        over = Share(int((accepted & ~is_right).sum()), int((~is_right).sum()))
        under = Share(int((~accepted & is_right).sum()), int(is_right.sum()))
        found[name] = {
            "accept_wrong": share(over, rows, ~is_right, accepted),
            "reject_right": share(under, rows, is_right, ~accepted),
        }
    return found


def tables(own: Facts) -> Iterator[Table]:
    rows = [
        share_row(f"{method}: {SHARES[name]}", one)
        for method, shares in own["methods"].items()
        for name, one in shares.items()
    ]
    yield Table("Reliance on advice, each with its own cases", SHARE_HEADER, rows)


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
