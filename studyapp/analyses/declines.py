"""Where people preferred not to say: answers to the main question that have no score.

They are in no mean, model or test. How many there are under each method is told, since what is
left is no random part of what was asked if people decline more under one method than another.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from studyapp.paradigms import PARADIGMS
from studyapp.paradigms.base import ITEM
from studyapp.paradigms.questions import DECLINED
from studyapp.studies.definition.asking import asked_questions
from studyapp.studies.definition.study import stored_definition

Frame = pd.DataFrame
# The main answers of a page, beside the items of a scale; `correct` is a second question
MAIN = ("value", "point", "region", "correct")


def is_main(paradigm: str, question: str) -> bool:
    """Whether an outcome comes from the answer to it: of a researcher's own fields, which may have
    any name, only from `value`."""
    if PARADIGMS[paradigm].has_own_fields:
        return question == "value"
    return question in MAIN or question.startswith(ITEM)


def declines(
    rows: Frame, definition: Mapping[str, Any], paradigm: str, stages: tuple[str, ...]
) -> dict[str, Any] | None:
    """How many main answers were declined, of how many, by how many people; by method and stimulus.

    rows: of `answer_rows`. None where no page of the paradigm offers it.
    """
    offering = {
        (asked.block.name, asked.question.name)
        for asked in asked_questions(stored_definition(definition))
        if asked.block.paradigm == paradigm
        and asked.question.decline
        and is_main(paradigm, asked.question.name)
    }
    if not offering:
        return None
    places = pd.Series(list(zip(rows["block"], rows["question"], strict=True)), rows.index)
    own = rows[places.isin(offering) & rows["stage"].isin(stages)]
    gone = own[own["declined"].astype(bool)]
    return {
        **_counted(own),
        "people": int(gone["participant"].nunique()),
        "methods": {str(name): _counted(one) for name, one in own.groupby("method", sort=True)},
        "stimuli": {str(unit): len(one) for unit, one in gone.groupby("unit", sort=True)},
    }


def _counted(rows: Frame) -> dict[str, int]:
    return {"asked": len(rows), "declined": int(rows["declined"].sum())}


def declines_note(told: Mapping[str, Any] | None) -> Iterator[str]:
    if told is not None and told["declined"]:
        yield (
            f"{told['declined']} of {told['asked']} answers are “Prefer not to say”, by "
            f"{told['people']} {'person' if told['people'] == 1 else 'people'}: they have no score "
            "and are in no mean, model or test"
        )


def declined_answers(judgments: Frame) -> int:
    """How many main answers were declined; a page may ask for several."""
    pages = judgments[["paradigm", "further_answers"]].itertuples(index=False, name=None)
    return sum(
        is_main(paradigm, name) and answer == DECLINED
        for paradigm, text in pages
        if isinstance(text, str)
        for name, answer in json.loads(text).items()
    )
