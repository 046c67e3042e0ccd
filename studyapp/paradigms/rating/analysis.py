"""Rating, analysed: each statement of each block by itself, each on its own scale."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from studyapp.paradigms.analysis import Analysis, InputSchema
from studyapp.paradigms.estimates import by_method, mean
from studyapp.paradigms.measures import NAMES, Measured, Scale, StudyTables, loaded
from studyapp.paradigms.tabulation import Facts, Table, mean_row

Frame = pd.DataFrame
ITEMS = InputSchema(
    needed={"value": None},
    optional={"item": ()},
    outcome=lambda frame: frame["value"],
    is_share=False,
)


def measure(tables: StudyTables, paradigm: str, main: Frame) -> Measured:
    """Each statement of each block apart: what people agree to in one is not in another."""
    blocks = tables.blocks(paradigm)
    rows = [
        {
            **{NAMES[key]: getattr(row, key) for key in NAMES},
            "at": index, "scale": scale, "value": float(value),
            "method": f"{row.condition}, {scale}" if scale else row.condition,
            "condition": row.condition, "bounds": (1, int(blocks[str(row.block)]["points"])),
        }
        for index, row in zip(main.index, main.itertuples(index=False), strict=True)
        for scale, value in _statements(blocks, row).items()
    ]  # fmt: skip
    return rated(rows, blocks)


def _statements(blocks: Mapping[str, Any], row: Any) -> dict[str, int]:
    """The answers of a page by statement, its block in front where there are several."""
    block = str(row.block) if len(blocks) > 1 else ""
    return {": ".join(filter(None, [block, item])): value for item, value in items(row).items()}


def rated(rows: list[dict[str, Any]], blocks: Mapping[str, Mapping[str, Any]]) -> Measured:
    """Rows of answers within their own `bounds`, a scale each."""
    names = ["at", *NAMES.values(), "scale", "value", "condition", "bounds"]
    frame = Frame(rows, columns=names).set_index("at")
    bounds = dict(zip(frame["scale"], frame["bounds"], strict=True))
    ends = list(zip(*bounds.values(), strict=True))
    # An instrument that brings its scale has no points
    points = max((int(one.get("points", 0)) for one in blocks.values()), default=0)
    return Measured(
        frame.drop(columns="bounds"),
        "value",
        null=None,
        bounds=(min(ends[0]), max(*ends[1], points)) if ends else (1, points or 7),
        notes=tuple(_wordings(blocks)),
        scales={scale: Scale(pair) for scale, pair in bounds.items()},
    )


def items(row: Any) -> dict[str, int]:
    """The numbered answers of a page; the only one of a page has no number."""
    if pd.notna(row.value):
        return {"": int(row.value)}
    further = loaded(row.further_answers)
    return {
        key: int(value)
        for key, value in further.items()
        if key.startswith("item_") and not isinstance(value, dict)
    }


def _wordings(blocks: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """The words of items without a published instrument, where there are several."""
    for name, block in blocks.items():
        if block.get("instrument") or len(block["items"]) + len(blocks) <= 2:
            continue
        for number, words in enumerate(block["items"], 1):
            is_numbered = len(block["items"]) > 1 or block.get("may_decline")
            item = f"item_{number}" if is_numbered else "the item"
            yield f"{item} of {name}: “{words}”, 1 to {block['points']}"


def results(frame: Frame, methods: list[str], seed: int) -> dict[str, Any]:
    """The mean of every item by method, where the table has a column for items."""
    if "item" not in frame.columns:
        return {}
    return {
        "items": {
            str(item): {name: mean(own, "value") for name, own in by_method(rows, methods)}
            for item, rows in frame.groupby("item")
        }
    }


def tables(own: Facts) -> Iterator[Table]:
    if "items" not in own:
        return
    rows = [
        mean_row(f"{item}, {method}", one)
        for item, methods in own["items"].items()
        for method, one in methods.items()
    ]
    yield Table("Each item", ["", "answers", "mean", "95 % interval", ""], rows)


ANALYSIS = Analysis(measure=measure, schemas={"rating": ITEMS}, results=results, tables=tables)
