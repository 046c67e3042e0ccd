"""Pointing, analysed: how the map of the shown condition ranks the place of the click."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from studyapp.paradigms.analysis import Analysis, InputSchema
from studyapp.paradigms.drawn_maps import SIDE, drawn_map
from studyapp.paradigms.estimates import by_method, mean
from studyapp.paradigms.measures import NAMES, Measured, StudyTables, Values, given, loaded
from studyapp.paradigms.tabulation import Facts, Table, mean_row

Frame = pd.DataFrame
# A spot like any other
NULL = 50.0
PERCENTILES = (0, 100)


def point_scores(values: Values, point: Mapping[str, float]) -> tuple[float, float]:
    """(percentile, NSS) of a map at `point` (fractions of width and height).

    values: u×v, or C×H×W signed, whose magnitude counts. It is drawn at 224 pixels a side,
    bilinearly. The percentile is the share of places with a lower value plus half of those with
    the same, times 100; NSS (Peters et al., Vision Research 2005) the value in standard
    deviations from the map's mean. A constant map has NSS 0.
    """
    drawn = drawn_map(values)
    row = min(int(point["y"] * SIDE), SIDE - 1)
    column = min(int(point["x"] * SIDE), SIDE - 1)
    there = drawn[row, column]
    percentile = 100 * float((drawn < there).mean() + (drawn == there).mean() / 2)
    spread = float(drawn.std())
    return percentile, float((there - drawn.mean()) / spread) if spread > 0 else 0.0


def measure(tables: StudyTables, paradigm: str, main: Frame) -> Measured:
    """Percentile and NSS of the shown condition's map at each click."""
    digests = {
        (row.stimulus_id, row.condition): row.map_sha256
        for row in tables.frames["explanations"].itertuples(index=False)
        if row.role == "stronger" and isinstance(row.map_sha256, str)
    }
    maps: dict[str, Values | None] = {}
    scores: list[tuple[float | None, float | None]] = []
    for row in main.itertuples(index=False):
        digest = digests.get((row.stimulus_id, row.condition), "")
        if digest not in maps:
            maps[digest] = tables.stored_map(digest) if digest else None
        values, point = maps[digest], given(loaded(row.further_answers), "point")
        if values is None or point is None:
            scores.append((None, None))
        else:
            scores.append(point_scores(values, point))
    frame = main[list(NAMES)].rename(columns=NAMES)
    frame[["percentile", "nss"]] = pd.DataFrame(
        scores, index=frame.index, columns=["percentile", "nss"], dtype=float
    )
    frame["value"] = frame["percentile"]
    clicked = main["further_answers"].map(lambda cell: given(loaded(cell), "point") is not None)
    lost = int(frame["value"].isna()[clicked.astype(bool)].sum())
    notes = (f"{lost} clicks are left out because their maps were not kept",) if lost else ()
    return Measured(
        frame[frame["value"].notna()], "value", null=NULL, bounds=PERCENTILES, notes=notes
    )


def results(frame: Frame, methods: list[str], seed: int) -> dict[str, Any]:
    """NSS by method, where the table has it; percentiles are the results themselves."""
    if "nss" not in frame.columns:
        return {}
    known = frame[frame["nss"].notna()]
    return {"nss": {name: mean(rows, "nss") for name, rows in by_method(known, methods)}}


def tables(own: Facts) -> Iterator[Table]:
    if "nss" not in own:
        return
    rows = [mean_row(method, one) for method, one in own["nss"].items()]
    header = ["method", "clicks", "mean NSS", "95 % interval", ""]
    yield Table("Normalised scanpath saliency of the map at the click", header, rows)


ANALYSIS = Analysis(
    measure=measure,
    schemas={
        "pointing": InputSchema(
            needed={"percentile": None},
            optional={"nss": None},
            outcome=lambda frame: frame["percentile"],
            is_share=False,
            null=NULL,
            bounds=PERCENTILES,
        )
    },
    results=results,
    tables=tables,
    words="mean percentile",
)
