"""Items that belong to one scale, and the answers to them: a row a page, a column an item.

The items of a rating or questionnaire block are one scale, or several where its instrument is
published with several. A table from elsewhere names its items in a column.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from studyapp.paradigms import PARADIGMS
from studyapp.paradigms.items import numbered
from studyapp.paradigms.questionnaire.analysis import instrument_of, is_scored

from .tidy import ANALYSED, Tidy

WHO = ("participant", "image", "method")
# The items of an index bring about what it measures, so they need not go together
FORMATIVE: Mapping[str, str] = {
    "nasa_tlx": "the items of NASA-TLX are sources of load and not signs of one thing, so their "
    "consistency says nothing about the score"
}
OWN_SCALES = ("vas",)


@dataclass(frozen=True)
class ItemScale:
    """The items of one scale.

    name: as the results call it. items: the names of its questions. turned: those whose answers
    count the other way round. lowest, points: of each item's answers; None where nothing tells.
    instrument: empty where the items are the study's own. formative: why the items need not go
    together; empty where they should.
    """

    name: str
    block: str
    items: tuple[str, ...]
    turned: frozenset[str] = frozenset()
    lowest: int | None = None
    points: int | None = None
    instrument: str = ""
    formative: str = ""


def scale_kind(paradigm: str) -> str:
    """What the answers to a kind of question are steps of; empty for a table of no known kind."""
    return PARADIGMS[paradigm].scales if paradigm in PARADIGMS else ""


def item_scales(tidy: Tidy) -> list[ItemScale]:
    """Those of a rating or a questionnaire, also where a scale has one item; else none."""
    if scale_kind(tidy.paradigm) not in ("statements", "items"):
        return []
    if tidy.answers is not None:
        own = [one for one in tidy.definition["blocks"] if one["paradigm"] == tidy.paradigm]
        return [scale for one in own for scale in _of_block(one, is_alone=len(own) == 1)]
    if "item" not in tidy.frame.columns:
        return []
    return [ItemScale("the items", "", tuple(sorted(map(str, set(tidy.frame["item"].dropna())))))]


def _of_block(block: Mapping[str, Any], *, is_alone: bool) -> Iterator[ItemScale]:
    prefix, instrument = "" if is_alone else f"{block['name']}: ", instrument_of(block)
    lowest, points = 1, int(block.get("points", 0))
    if instrument is not None and instrument.is_fixed:
        lowest, points = instrument.first, instrument.points
    kind = str(block.get("instrument") or "")
    if instrument is not None and is_scored(block):
        for name, numbers in instrument.scales.items():
            yield ItemScale(
                f"{prefix}{name}", block["name"], _numbered(numbers),
                frozenset(_numbered(set(numbers) & set(instrument.reversed_items))),
                lowest, points, kind, FORMATIVE.get(kind, ""),
            )  # fmt: skip
    elif kind not in OWN_SCALES:
        items = numbered(block["items"], may_decline=bool(block.get("may_decline")))
        name = "the items" if is_alone else f"the items of {block['name']}"
        yield ItemScale(
            name, block["name"], tuple(items), frozenset(), lowest, points, kind,
            FORMATIVE.get(kind, ""),
        )  # fmt: skip


def _numbered(numbers: Sequence[int] | set[int]) -> tuple[str, ...]:
    return tuple(f"item_{number}" for number in sorted(numbers))


def item_table(tidy: Tidy, scale: ItemScale) -> pd.DataFrame:
    """Columns participant, image, method and the scale's items, turned where they count the other
    way round; a row a page, with NaN for what was declined."""
    items = list(scale.items)
    found = _pages(tidy, scale).reindex(columns=items)
    if scale.turned and scale.lowest is not None and scale.points is not None:
        turned = [item for item in items if item in scale.turned]
        found[turned] = 2 * scale.lowest + scale.points - 1 - found[turned]
    found = found.reset_index()
    return found[[*WHO, *items]]


def _pages(tidy: Tidy, scale: ItemScale) -> pd.DataFrame:
    """The answers by page and item; of several pages about one thing the first, second, …"""
    if tidy.answers is None:
        return _wide(tidy.frame.assign(question=tidy.frame["item"].astype(str)))
    rows = tidy.answers
    rows = rows[
        (rows["block"] == scale.block)
        & rows["stage"].isin(ANALYSED)
        & rows["question"].isin(scale.items)
    ]
    if not tidy.about_photos:
        arms = dict(zip(tidy.frame["participant"], tidy.frame["condition"], strict=True))
        # Nobody without a score on any scale is in the frame, which alone tells arms
        rows = rows.assign(method=rows["participant"].map(arms), image=rows["participant"])
        rows = rows[rows["method"].notna()]
    return _wide(rows)


def _wide(rows: pd.DataFrame) -> pd.DataFrame:
    page = rows.groupby([*WHO, "question"]).cumcount()
    found = rows.assign(page=page, value=rows["value"].astype(float))
    return found.pivot(index=[*WHO, "page"], columns="question", values="value")


def complete(table: pd.DataFrame, items: Sequence[str]) -> tuple[pd.DataFrame, int]:
    """The rows in which every item was answered, and how many others there are."""
    whole = table[list(items)].notna().all(axis=1).to_numpy(dtype=bool)
    return table[whole], int(np.count_nonzero(~whole))
