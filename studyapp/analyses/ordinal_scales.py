"""Which answers of a Tidy are steps of a scale with 2 to 11 points, each scale by itself.

A rating has a scale for each statement, a questionnaire one for the items of a published scale or
of a block, trust and agreement one for each wording, a page of a researcher's own fields one for
each field.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from studyapp.studies.definition.asking import asked_questions
from studyapp.studies.definition.study import stored_definition

from .item_scales import WHO, ItemScale, item_scales, item_table, scale_kind
from .tidy import ANALYSED, Tidy
from .wordings import own_wordings

MOST_POINTS = 11
AS_NUMBERS = "its answers are no steps of a scale with 2 to 11 points, so they are numbers alone"
SIDES = {1: "B", 0: "A"}


@dataclass(frozen=True)
class OrdinalScale:
    """Answers on one scale.

    frame: participant, image, method and value; with item, what crosses people in the models is
    the item, and people are the only clusters; stronger_side as in a Tidy, where turning the scale
    means the same. levels: what can be answered, from the lowest; empty where `refused` says why
    there is nothing to analyse. is_fitted: whether its models stand here and not among the others.
    about: what the numbers are, in a sentence; empty where they are the answers.
    """

    name: str
    frame: pd.DataFrame
    levels: tuple[float, ...]
    is_fitted: bool = True
    about: str = ""
    refused: str = ""


def ordinal_scales(tidy: Tidy) -> list[OrdinalScale]:
    """Every such scale, in alphabetical order of their names where there are several."""
    return [one for one in _scales(tidy) if len(one.frame)]


def _scales(tidy: Tidy) -> Iterator[OrdinalScale]:
    if tidy.outcome == "score":
        yield from _scored(tidy)
        return
    kind = scale_kind(tidy.paradigm)
    if kind == "belief":
        yield from _believed(tidy)
    elif kind == "items" and tidy.answers is not None:
        yield from _of_items(tidy)
    elif kind == "fields" and tidy.answers is not None:
        yield from _of_fields(tidy)
    elif kind:
        yield from _rated(tidy)


def _parts(frame: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """The rows of each scale or item by its name; all under no name where there is one."""
    if frame.empty:
        return
    by = next((one for one in ("scale", "item") if one in frame.columns), None)
    if by is None or frame[by].nunique() < 2:
        yield "", frame
        return
    for name, rows in frame.groupby(by, sort=True):
        yield str(name), rows


def _scored(tidy: Tidy) -> Iterator[OrdinalScale]:
    """Trust: the scores of each wording. With one wording the models stand among the others."""
    for name, rows in _parts(tidy.frame):
        columns = [*_columns(rows), *(["stronger_side"] if "stronger_side" in rows else [])]
        frame = rows[columns].assign(value=rows["score"])
        levels = tidy.levels_of(str(rows["method"].iloc[0]))
        yield OrdinalScale(name, frame, tuple(sorted(levels)), is_fitted=len(tidy.scales) > 1)


def _believed(tidy: Tidy) -> Iterator[OrdinalScale]:
    """Agreement: how surely people were right, from surely wrong to surely right."""
    if not {"answer", "prediction_right"} <= set(tidy.frame.columns):
        return
    for name, rows in _parts(tidy.frame):
        rows = rows[rows["answer"].notna() & rows["prediction_right"].notna()]
        if rows.empty:
            continue
        points = int(rows["points"].iloc[0]) if "points" in rows else 4
        right = rows["prediction_right"].astype(int)
        answer = rows["answer"].astype(float)
        turned = answer.where(right == 1, points + 1 - answer) - (points + 1) / 2
        frame = rows[_columns(rows)].assign(value=turned, stronger_side=right.map(SIDES))
        levels = tuple(step - (points + 1) / 2 for step in range(1, points + 1))
        yield OrdinalScale(
            name, frame, levels, is_fitted=bool(own_wordings(tidy.definition, tidy.paradigm))
            if tidy.definition else False,
            about="how surely people were right: answers count from the middle of the scale, plus "
            "for the network's right predictions being believed and for wrong ones being doubted",
        )  # fmt: skip


def _rated(tidy: Tidy) -> Iterator[OrdinalScale]:
    for name, rows in _parts(tidy.frame):
        frame = rows[[*_columns(rows), "value"]]
        known = tidy.scales.get(name or _only_scale(tidy))
        levels = _levels(frame["value"], known.bounds if known is not None else None)
        yield OrdinalScale(name, frame, levels, refused="" if levels else AS_NUMBERS)


def _only_scale(tidy: Tidy) -> str:
    return next(iter(tidy.scales), "")


def _of_items(tidy: Tidy) -> Iterator[OrdinalScale]:
    for scale in item_scales(tidy):
        rows = _long(item_table(tidy, scale), scale)
        ends = None
        if scale.lowest is not None and scale.points is not None:
            ends = scale.lowest, scale.lowest + scale.points - 1
        levels = _levels(rows["value"], ends) if len(rows) else ()
        about = (
            ""
            if len(scale.items) == 1
            else (
                "the answers to single items, turned where they count the other way round; the "
                "models let items differ"
            )
        )
        yield OrdinalScale(
            scale.name, rows, levels, about=about, refused="" if levels else AS_NUMBERS
        )


def _long(table: pd.DataFrame, scale: ItemScale) -> pd.DataFrame:
    # The only item of a page is called value itself
    rows = table.melt(list(WHO), list(scale.items), "item", "answer")
    return rows[rows["answer"].notna()].rename(columns={"answer": "value"})


def _of_fields(tidy: Tidy) -> Iterator[OrdinalScale]:
    """Every field of a custom page with a scale that was shown under two conditions or more."""
    assert tidy.answers is not None
    rows = tidy.answers[tidy.answers["stage"].isin(ANALYSED)]
    for asked in asked_questions(stored_definition(tidy.definition)):
        if asked.block.paradigm != tidy.paradigm or not asked.question.is_scale:
            continue
        own = rows[(rows["block"] == asked.block.name) & (rows["question"] == asked.question.name)]
        own = own[own["value"].notna() & ~own["declined"].astype(bool)]
        levels = tuple(float(level) for level in asked.levels)
        if own["method"].nunique() < 2 or not 2 <= len(levels) <= MOST_POINTS:
            continue
        name = f"{asked.block.name}: {asked.question.name}"
        yield OrdinalScale(name, own[[*WHO, "value"]], tuple(sorted(levels)))


def _columns(rows: pd.DataFrame) -> list[str]:
    return [*WHO, *(["condition"] if "condition" in rows.columns else [])]


def _levels(values: "pd.Series[float]", ends: Sequence[float] | None) -> tuple[float, ...]:
    """Every step from end to end, or from the lowest answer to the highest one; none where they
    are no steps or too many."""
    low, high = ends if ends is not None else (float(values.min()), float(values.max()))
    whole = np.asarray(values, dtype=float)
    if high - low > MOST_POINTS - 1 or high <= low or (whole % 1).any() or low % 1:
        return ()
    return tuple(float(step) for step in range(int(low), int(high) + 1))


def words(level: float) -> str:
    """An answer as a key of the results: “3”, “-0.5”."""
    return f"{level:g}"


def counts(scale: OrdinalScale) -> Mapping[str, Mapping[str, int]]:
    """How often each level was answered under each method."""
    return {
        str(name): {words(level): int((own == level).sum()) for level in scale.levels}
        for name, own in scale.frame.groupby("method")["value"]
    }
