"""Questionnaires, analysed: each published scale of an instrument, else each item by itself."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from studyapp.paradigms.analysis import Analysis
from studyapp.paradigms.measures import Measured, StudyTables
from studyapp.paradigms.rating.analysis import ITEMS, items, rated, results, tables

from .instruments import INSTRUMENTS, Instrument, is_scored_as

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
            "condition": row.arm, "bounds": _bounds(blocks[str(row.block)]),
        }
        for index, row in zip(main.index, main.itertuples(index=False), strict=True)
        for scale, value in _scales(blocks, row).items()
    ]  # fmt: skip
    found = rated(rows, blocks)
    notes = (*found.notes, *_without_score(blocks))
    return replace(found, about_photos=False, notes=notes)


def instrument_of(block: Mapping[str, Any]) -> Instrument | None:
    return INSTRUMENTS.get(block.get("instrument") or "")


def is_scored(block: Mapping[str, Any]) -> bool:
    """Whether the block's published scales are reported: its items are the published ones."""
    found = instrument_of(block)
    if found is None or not found.scales:
        return False
    return is_scored_as(found, block["items"], block.get("translation"))


def _bounds(block: Mapping[str, Any]) -> tuple[float, float]:
    """The least and the greatest value of what is reported of a block."""
    found = instrument_of(block)
    if found is None or not found.is_fixed:
        return 1, int(block["points"])
    if found.is_percentage and is_scored(block):
        return 0, 100
    return found.first, found.last


def _without_score(blocks: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for name, block in blocks.items():
        found = instrument_of(block)
        if translation := block.get("translation"):
            yield (
                f"{name} is scored as {block['instrument']} with the items of a translation that "
                f"the study names ({translation}); nothing here has compared them with it"
            )
        elif found is not None and found.words and not is_scored(block):
            yield (
                f"the items of {name} are not worded as {block['instrument']} was published, so "
                "they are reported one by one, without its score"
            )


def _scales(blocks: Mapping[str, Mapping[str, Any]], row: Any) -> dict[str, float]:
    """The published scales of the block's instrument, else each item by itself."""
    block = blocks[str(row.block)]
    prefix = f"{row.block}: " if len(blocks) > 1 else ""
    answers: Mapping[str, float] = items(row)
    if is_scored(block):
        answers = instrument_scores(block["instrument"], items(row))
    return {f"{prefix}{scale or 'the item'}": float(value) for scale, value in answers.items()}


def instrument_scores(name: str, answers: Mapping[str, int]) -> dict[str, float]:
    """Each scale's score of one person's answers (`item_1`, …) to the instrument `name`: their
    mean, or how far it is from the lowest (0) to the highest answer (100).

    A scale of which an item was declined has no score.
    """
    instrument = INSTRUMENTS[name]
    found = {}
    for scale, numbers in instrument.scales.items():
        own = {f"item_{number}": answers.get(f"item_{number}") for number in numbers}
        known = {name: answer for name, answer in own.items() if answer is not None}
        if len(known) == len(own):
            mean = scale_mean(
                known, ends=instrument.first + instrument.last,
                reversed_items=instrument.reversed_items,
            )  # fmt: skip
            share = (mean - instrument.first) / (instrument.points - 1)
            found[scale] = 100 * share if instrument.is_percentage else mean
    return found


def scale_mean(answers: Mapping[str, int], *, ends: int, reversed_items: Sequence[int]) -> float:
    """The mean of the answers `item_1`, `item_2`, …; reversed items count `ends` − answer, the sum
    of the lowest and the highest answer less it."""
    values = [
        ends - value if int(name.removeprefix("item_")) in reversed_items else value
        for name, value in answers.items()
        if name.startswith("item_")
    ]
    return sum(values) / len(values)


ANALYSIS = Analysis(
    measure=measure, schemas={"questionnaire": ITEMS}, results=results, tables=tables
)
