"""Paired comparisons, analysed: how much each condition is worth, and what it wins."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from studyapp.paradigms.analysis import SIDES, Analysis, InputSchema
from studyapp.paradigms.measures import Measured, StudyTables
from studyapp.paradigms.tabulation import Facts, Table
from studyapp.paradigms.worths import (
    agreement_of,
    chances_table,
    counted,
    thing_of,
    told,
    worth_spread,
    worths_table,
)
from studyapp.sections.meetings import members
from studyapp.shelf.formatting import interval, p_value, signed
from studyapp.statistics.worth import Compared, WorthError, compared_worths

from .question import TIE, A

Frame = pd.DataFrame
COLUMNS = ["at", "participant", "image", "method", "against", "side", "unit", "page", "value"]
NOTE = (
    "each comparison counts once for each of the two that it compares; the mean is the share of "
    "comparisons won, a tie counting half"
)
HALF = 0.5


def measure(tables: StudyTables, paradigm: str, main: Frame) -> Measured:
    """Two rows of each comparison, one for each of the two."""
    rows = [
        row for index, one in main[main["value"].notna()].iterrows() for row in _both(index, one)
    ]
    frame = Frame(rows, columns=COLUMNS).set_index("at")
    return Measured(frame, "value", null=HALF, bounds=(0, 1), notes=(NOTE,))


def _both(index: Any, one: "pd.Series[Any]") -> Iterator[tuple[Any, ...]]:
    """The two that met; the first of the condition's name stands at `stronger_side`."""
    first, second = members(str(one["condition"]))
    at_a, at_b = (first, second) if one["stronger_side"] == "A" else (second, first)
    value = int(one["value"])
    won = HALF if value == TIE else float(value == A)
    page = f"{one['participant_id']}/{one['trial_position']}"
    person, image, unit = one["participant_id"], one["image_group"], one["stimulus_id"]
    yield index, person, image, at_a, at_b, "A", unit, page, won
    yield index, person, image, at_b, at_a, "B", unit, page, 1 - won


def mirrored(frame: Frame) -> Frame:
    """A table from elsewhere with a row for each of the two, whichever of them it has.

    A page is one person's. What names none is a page of its own; of the two rows of one
    comparison the second is left out, and no other row.
    """
    own = frame.copy()
    rows = pd.Series([f"row {number}" for number in range(len(own))], index=own.index)
    pages = own["page"].where(own["page"].notna(), rows) if "page" in own.columns else rows
    own["page"] = own["participant"] + "/" + pages
    is_turned = own["method"] > own["against"]
    own = own[
        ~pd.DataFrame(
            {
                "page": own["page"],
                "first": own["method"].where(~is_turned, own["against"]),
                "second": own["against"].where(~is_turned, own["method"]),
                "value": own["value"].where(~is_turned, 1 - own["value"]),
            }
        ).duplicated()
    ]
    other = own.rename(columns={"method": "against", "against": "method"})[own.columns].copy()
    other["value"] = 1 - other["value"]
    if "side" in own.columns:
        other["side"] = other["side"].map({"A": "B", "B": "A"})
    return pd.concat([own, other], ignore_index=True)


def wins(frame: Frame) -> "pd.Series[Any]":
    return frame["value"]


def results(frame: Frame, methods: list[str], seed: int) -> dict[str, Any]:
    """Worths against the first of `methods`, and how often each won, tied and lost."""
    if frame.empty:
        return {}
    counts = {name: _counts(frame[frame["method"] == name]) for name in methods}
    own = frame.drop_duplicates("page")
    sides = own["side"] if "side" in own.columns else [None] * len(own)
    columns = (own[name] for name in ("method", "against", "value", "participant", "image"))
    compared = [
        Compared(a, b, value, person, image, {"A": True, "B": False}.get(side))
        for a, b, value, person, image, side in zip(*columns, sides, strict=True)
    ]
    try:
        _refuse_pages(frame)
        found = compared_worths(compared, methods[0])
    except WorthError as error:
        return {"counts": counts, "refused": str(error), "n": len(compared)}
    return {"counts": counts, **told(found)}


def agreement(frame: Frame) -> dict[str, Any] | None:
    """α of winning, tying and losing against the same other one on the same photo."""
    if frame.empty:
        return None
    rows = list(zip(thing_of(frame), frame["method"], frame["against"], strict=True))
    pages = [(thing, *sorted((one, other))) for thing, one, other in rows]
    return agreement_of(frame, "value", rows, pages)


def _refuse_pages(frame: Frame) -> None:
    """WorthError for a page of a table from elsewhere on which more than two met."""
    sizes = frame.groupby("page", sort=False).size()
    if (several := sizes.index[sizes > 2]).size:
        raise WorthError(
            f"page {several[0]} has several comparisons; give each comparison a page of its own"
        )


def _counts(rows: Frame) -> dict[str, int]:
    values = rows["value"]
    return {
        "won": int((values == 1).sum()),
        "tied": int((values == HALF).sum()),
        "lost": int((values == 0).sum()),
    }


def tables(own: Facts) -> Iterator[Table]:
    yield counted(own["counts"], ("won", "tied", "lost"))
    yield from worths_table(own)
    if "refused" in own:
        return
    yield chances_table(own, "P(row is preferred to the other), if not tied")
    parameters = {
        "ties (log ν)": own["tie"],
        "pull to the first side (log γ)": own["side"],
    }
    rows = [
        [name, signed(one["estimate"]), interval(one["robust95"], signed), p_value(one["p"]),
         one["note"]]
        for name, one in parameters.items()
        if one is not None
    ]  # fmt: skip
    if rows:
        yield Table("Ties and sides", ["", "estimate", "95 % interval", "p", ""], rows)


ANALYSIS = Analysis(
    measure=measure,
    schemas={
        "comparison": InputSchema(
            needed={"value": (0, 0.5, 1), "against": ()},
            optional={"side": SIDES, "page": ()},
            outcome=wins,
            is_share=False,
            null=HALF,
            bounds=(0, 1),
            rows=mirrored,
        )
    },
    results=results,
    tables=tables,
    spreads=worth_spread,
    agreement=agreement,
    words="share won",
)
