"""Every answer that people gave, counted, also what the outcome leaves out, such as confidence.

Which questions there are comes from the paradigms, not from a list kept here.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from studyapp.paradigms.confidence import type2_contrasts
from studyapp.paradigms.estimates import share
from studyapp.paradigms.questions import DECLINED, NOT_ASKED
from studyapp.paradigms.regions import KEYS, TICKED
from studyapp.statistics.metacognition import type2_estimate
from studyapp.statistics.robust import two_way_mean
from studyapp.studies.definition.asking import AskedQuestion, asked_questions
from studyapp.studies.definition.study import stored_definition

Frame = pd.DataFrame
EVERYTHING = "everything"
NOBODY = "everyone preferred not to say"
NO_MEAN = {"mean": None, "robust95": None, "note": "nobody was asked"}
# In the column “chosen”: the question was left out by the answers before it
NOT_THERE = (-1,)
COLUMNS = (
    "participant", "image", "method", "block", "stage", "question", "value", "by_keys", "declined",
    "chosen", "correct", "unit",
)  # fmt: skip


def answer_rows(judgments: Frame) -> Frame:
    """A row an answer, COLUMNS: of a text its number of words, of a place a missing value, of
    several choices which were chosen.

    judgments: rows of the judgments table. Answers about no photo have the person for an image.
    """
    rows = (row for judged in judgments.itertuples(index=False) for row in _rows(judged))
    return Frame(rows, columns=list(COLUMNS))


def _rows(judged: Any) -> Iterator[tuple[Any, ...]]:
    person = judged.participant_id
    image = judged.image_group if pd.notna(judged.image_group) else person
    method = judged.condition if pd.notna(judged.condition) else EVERYTHING
    given: dict[str, Any] = {} if pd.isna(judged.value) else {"value": int(judged.value)}
    if isinstance(judged.further_answers, str):
        given |= json.loads(judged.further_answers)
    right = float(judged.correct) if pd.notna(judged.correct) else np.nan
    for name, answer in given.items():
        where = person, image, method, judged.block, judged.stage, name
        chosen = tuple(answer) if isinstance(answer, list) else ()
        asked = NOT_THERE if answer == NOT_ASKED else chosen
        yield *where, *_number(answer), asked, right, judged.stimulus_id


def _number(answer: Any) -> tuple[float, bool, bool]:
    """The answer as a number where it is one; whether a place was chosen by keys; whether the
    person preferred not to say."""
    if isinstance(answer, dict):
        number = float(answer.get("words", np.nan))
        return number, answer.get("by") in (KEYS, TICKED), answer == DECLINED
    return float(answer) if isinstance(answer, (int, float)) else np.nan, False, False


def answers(rows: Frame, definition: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What was answered to each question, by method; first answers of two and answers to repeated
    trials apart.

    counts: of each answer, by its number as stored, where the page had a list of them. mean and
    robust95: of steps of a scale, of numbers, and of the number of words of a text. declined: how
    many of the n preferred not to say, who are in no count and no mean. not_asked: how many more
    pages left the question out. type2_auroc, type2_auroc95, calibration: whether
    confidence tells right from wrong, and how many are right at each of its steps, where answers
    are right or wrong.
    """
    known = {
        (asked.block.name, asked.question.name): asked
        for asked in asked_questions(stored_definition(definition))
    }
    places = {key: place for place, key in enumerate(known)}
    found = [
        _question(str(block), str(stage), known.get((str(block), str(name))), cells)
        for (block, stage, name), cells in rows.groupby(["block", "stage", "question"], sort=True)
    ]
    return sorted(found, key=lambda one: places.get((one["block"], one["question"]), len(places)))


def _question(block: str, stage: str, asked: AskedQuestion | None, rows: Frame) -> dict[str, Any]:
    """The answers to one question; where the study file does not ask it, only their number."""
    question = asked.question if asked is not None else None
    return {
        "block": block,
        "stage": stage,
        "question": str(rows["question"].iloc[0]),
        "kind": question.kind if question is not None else "unknown",
        "words": asked.words if asked is not None else "",
        "levels": asked.levels if asked is not None else {},
        "unit": question.unit if question is not None else "",
        "decline": question.decline if question is not None else "",
        "methods": {
            str(name): _answered(asked, own) for name, own in rows.groupby("method", sort=True)
        },
        **_certainty_contrasts(asked, rows),
    }


def _answered(asked: AskedQuestion | None, rows: Frame) -> dict[str, Any]:
    is_there = rows["chosen"].map(lambda one: one != NOT_THERE).astype(bool)
    left_out, rows = int((~is_there).sum()), rows[is_there]
    told: dict[str, Any] = {"n": len(rows)}
    if asked is None:
        return told
    if asked.question.only_if is not None:
        told["not_asked"] = left_out
    if asked.question.kind == "several":
        chosen = [value for one in rows["chosen"] for value in one]
        told["counts"] = {level: chosen.count(int(level)) for level in asked.levels}
    elif asked.levels:
        told["counts"] = {level: int((rows["value"] == int(level)).sum()) for level in asked.levels}
    if asked.question.kind in ("point", "region"):
        told["by_keys"] = int(rows["by_keys"].sum())
    elif asked.is_text or asked.question.is_scale or not asked.levels:
        told |= _mean(rows[~rows["declined"].astype(bool)]) if len(rows) else NO_MEAN
    if asked.question.decline:
        told["declined"] = int(rows["declined"].sum())
    known = rows[rows["correct"].notna() & rows["value"].notna()]
    if _is_confidence(asked) and len(known):
        told |= _certainty(asked, known)
    return told


def _is_confidence(asked: AskedQuestion) -> bool:
    return asked.question.name == "confidence" and asked.question.is_scale


def _certainty_contrasts(asked: AskedQuestion | None, rows: Frame) -> dict[str, Any]:
    """Type-2 AUROC of a minus that of b, of every two methods, adjusted by Holm over all; {} where
    the question is not how sure somebody is of what is right or wrong."""
    if asked is None or not _is_confidence(asked):
        return {}
    known = rows[rows["correct"].notna() & rows["value"].notna()]
    methods = sorted(map(str, set(known["method"])))
    return {"type2_contrasts": type2_contrasts(known, methods, "value")}


def _certainty(asked: AskedQuestion, rows: Frame) -> dict[str, Any]:
    """Whether confidence tells right answers from wrong ones, and how many are right at each of
    its steps."""
    right, stated = rows["correct"].to_list(), rows["value"].to_list()
    found = type2_estimate(right, stated, rows["participant"], rows["image"])
    steps = [int(level) for level in asked.levels]
    is_right = rows["correct"] == 1
    return {
        "type2_auroc": found.estimate,
        "type2_auroc95": found.interval,
        "calibration": [
            {"x": step, **share(rows, is_right, among=rows["value"] == step)} for step in steps
        ],
    }


def _mean(rows: Frame) -> dict[str, Any]:
    if rows.empty:
        return {"mean": None, "robust95": None, "note": NOBODY}
    found = two_way_mean(*(rows[name].to_list() for name in ("value", "participant", "image")))
    return {"mean": found.estimate, "robust95": found.interval, "note": found.note}
