"""Questionnaires, analysed: each published scale of an instrument, else each item by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from studyapp.paradigms.analysis import Analysis
from studyapp.paradigms.measures import Measured, StudyTables
from studyapp.paradigms.rating.analysis import ITEMS, items, rated, results, tables

from .question import INSTRUMENTS

Frame = pd.DataFrame


def measure(tables: StudyTables, paradigm: str, main: Frame) -> Measured:
    """A value a person and scale. People answer about the whole: they are the only clusters."""
    blocks = tables.blocks(paradigm)
    arms = tables.definition["arms"]
    rows = [
        {
            "at": index, "participant": row.participant_id, "image": row.participant_id,
            "method": f"{scale}, {row.arm}" if len(arms) > 1 else scale,
            "unit": row.participant_id, "order": row.trial_position,
            "scale": scale, "value": value,
            "condition": row.arm, "points": int(blocks[str(row.block)]["points"]),
        }
        for index, row in zip(main.index, main.itertuples(index=False), strict=True)
        for scale, value in _scales(blocks, row).items()
    ]  # fmt: skip
    return replace(rated(rows, blocks), about_photos=False)


def _scales(blocks: Mapping[str, Mapping[str, Any]], row: Any) -> dict[str, float]:
    """The published scales of the block's instrument, else each item by itself."""
    block = blocks[str(row.block)]
    prefix = f"{row.block}: " if len(blocks) > 1 else ""
    answers: Mapping[str, float] = items(row)
    if block.get("instrument") in INSTRUMENTS:
        answers = instrument_scores(block["instrument"], items(row))
    return {f"{prefix}{scale or 'the item'}": float(value) for scale, value in answers.items()}


def instrument_scores(name: str, answers: Mapping[str, int]) -> dict[str, float]:
    """Each scale's mean of one person's answers (`item_1`, …) to the instrument `name`."""
    instrument = INSTRUMENTS[name]
    return {
        scale: scale_mean(
            {f"item_{number}": answers[f"item_{number}"] for number in items},
            points=instrument.points,
            reversed_items=instrument.reversed_items,
        )
        for scale, items in instrument.scales.items()
    }


def scale_mean(answers: Mapping[str, int], *, points: int, reversed_items: Sequence[int]) -> float:
    """The mean of the answers `item_1`, `item_2`, …; reversed items count points + 1 − answer."""
    values = [
        points + 1 - value if int(name.removeprefix("item_")) in reversed_items else value
        for name, value in answers.items()
        if name.startswith("item_")
    ]
    return sum(values) / len(values)


ANALYSIS = Analysis(
    measure=measure, schemas={"questionnaire": ITEMS}, results=results, tables=tables
)
