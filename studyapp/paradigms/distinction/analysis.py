"""Distinction, analysed: which class is predicted and which is correct, two scores never merged."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pandas as pd

from studyapp.paradigms.analysis import BINARY, LIKERT, Analysis, InputSchema
from studyapp.paradigms.estimates import by_method, by_stratum, shares
from studyapp.paradigms.measures import NAMES, Measured, StudyTables, given, loaded
from studyapp.paradigms.tabulation import SHARE_HEADER, Facts, Table, share_row, strata_table
from studyapp.shelf.formatting import number
from studyapp.statistics.detection import type2_auroc

Frame = pd.DataFrame
CHANCE = 0.25
QUESTIONS = {"predicted": "Which class is predicted?", "truth": "Which class is correct?"}


def measure(tables: StudyTables, paradigm: str, main: Frame) -> Measured:
    """The network's own answer is the first class, so it is right where that is the correct one."""
    # Either question may have been declined
    answered = main[main["correct"].notna() | main["second_correct"].notna()]
    frame = answered[[*NAMES, "correct"]].rename(columns=NAMES).astype({"correct": "Int64"})
    frame["predicted_right"] = frame["correct"]
    frame["truth_right"] = main["second_correct"].astype("Int64")
    frame["prediction_right"] = (
        tables.facts(main, "correct").eq(tables.facts(main, "right")).astype("Int64")
    )
    further = main["further_answers"].map(loaded)
    for name, key in (("predicted", "confidence"), ("truth", "correct_confidence")):
        frame[f"{name}_confidence"] = further.map(partial(given, name=key)).astype("Int64")
    return Measured(frame, "correct", chance=CHANCE)


def results(frame: Frame, methods: list[str], seed: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for question in ("predicted", "truth"):
        column = f"{question}_right"
        answered = frame[frame[column].notna()]
        told = {"methods": shares(answered, methods, column)}
        if "prediction_right" in frame.columns:
            told["by_stratum"] = by_stratum(answered, methods, column)
        if f"{question}_confidence" in frame.columns:
            confidence = f"{question}_confidence"
            known = by_method(answered[answered[confidence].notna()], methods)
            told["type2_auroc"] = {
                name: type2_auroc(rows[column].to_list(), rows[confidence].to_list())
                for name, rows in known
            }
        found[question] = told
    return found


def tables(own: Facts) -> Iterator[Table]:
    for name, words in QUESTIONS.items():
        told: Facts = own[name]
        rows = [share_row(method, one) for method, one in told["methods"].items()]
        yield Table(words, SHARE_HEADER, rows)
        if "by_stratum" in told:
            yield strata_table(f"{words} By the network’s answer", told["by_stratum"])
        if "type2_auroc" in told:
            rows = [[method, number(value)] for method, value in told["type2_auroc"].items()]
            yield Table(f"{words} What confidence tells", ["method", "type-2 AUROC"], rows)


ANALYSIS = Analysis(
    measure=measure,
    schemas={
        "distinction": InputSchema(
            needed={"predicted_right": BINARY, "truth_right": BINARY},
            optional={
                "prediction_right": BINARY,
                "predicted_confidence": LIKERT,
                "truth_confidence": LIKERT,
            },
            outcome=lambda frame: frame["predicted_right"].astype(int),
            chance=CHANCE,
            outcome_of=("predicted_right",),
            answer="truth_right",
            counts_in="the results of the second question",
        )
    },
    results=results,
    tables=tables,
)
