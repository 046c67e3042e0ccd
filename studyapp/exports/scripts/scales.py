"""Medians of response times and Cronbach's alphas, for reanalyse.py beside this file."""

import json
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd

instruments: Any = import_module("instruments")
Pair = tuple[str, Any, Any]


def recomputed(found: Any, rows: pd.DataFrame, definition: Any) -> Iterator[Pair]:
    """What the results say of times and of scales with several items, and the same from `rows`,
    the analysed judgments of one paradigm."""
    yield from medians(found.get("response_times") or {"methods": {}}, rows)
    blocks = {block["name"]: block for block in definition["blocks"]}
    for told in found.get("scale_reliability") or ():
        if told["alpha"] is not None and told["block"]:
            yield from alpha(told, rows[rows.block == told["block"]], blocks[told["block"]])


def medians(told: Any, rows: pd.DataFrame) -> Iterator[Pair]:
    """The median of each condition, in milliseconds."""
    times = rows.rt_ms.astype(float)
    is_shown = rows.image_group.notna() & (times > 0)
    for name, one in told["methods"].items():
        own = times[is_shown & (rows.condition == name)]
        yield f"{name}, times", one["n"], len(own)
        yield f"{name}, median ms", one["median"], own.median()


def alpha(told: Any, rows: pd.DataFrame, block: Any) -> Iterator[Pair]:
    """k / (k - 1) * (1 - the items' variances / the variance of their sum), complete pages only."""
    pages = [answers for row in rows.itertuples(index=False) if (answers := given(row, told))]
    values = np.array([[page[item] for item in told["items"]] for page in pages], dtype=float)
    instrument = instruments.instrument_of(block)
    for place, item in enumerate(told["items"]):
        if instrument and int(item.removeprefix("item_")) in instrument["reversed_items"]:
            values[:, place] = 2 * instrument["first"] + instrument["points"] - 1 - values[:, place]
    yield f"{told['scale']}, complete pages", told["n"], len(values)
    if told["alpha"]["value"] is not None:
        k, total = values.shape[1], values.sum(axis=1).var(ddof=1)
        shared = 1 - values.var(axis=0, ddof=1).sum() / total
        yield f"{told['scale']}, alpha", told["alpha"]["value"], k / (k - 1) * shared


def given(row: Any, told: Any) -> dict[str, Any] | None:
    """The answers to the items of a page; None where one is missing or declined."""
    text = row.further_answers
    answers: dict[str, Any] = json.loads(text) if isinstance(text, str) else {}
    whole = all(isinstance(answers.get(item), (int, float)) for item in told["items"])
    return answers if whole else None
