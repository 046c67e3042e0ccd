"""Over- and under-reliance as one question: does following advice depend on whether it is right?

followed ~ method × advice right: of two steps among first answers that differed from the advice, of
one step among all. Over-reliance is following wrong advice, under-reliance not following right
advice, discrimination what right advice is followed more than wrong advice. Sources: Schemmer et
al., IUI 2023; Guo, Wu, Hartline and Hullman, A decision theoretic framework for measuring AI
reliance, FAccT 2024, on why the two are told together.
"""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from studyapp.paradigms.estimates import share
from studyapp.paradigms.sensitivity import Measure, Said, sensitivity
from studyapp.paradigms.tabulation import Facts, Table
from studyapp.shelf.formatting import interval, number, p_value, percent, points, signed

WRONG, RIGHT = "wrong advice", "right advice"
MEASURES = {
    "over_reliance": Measure("over_reliance", (1, 0)),
    "under_reliance": Measure("under_reliance", (0, -1)),
    "discrimination": Measure("discrimination", (-1, 1)),
}
WORDS = {
    "over_reliance": "over-reliance (wrong advice followed)",
    "under_reliance": "under-reliance (right advice not followed)",
    "discrimination": "discrimination (right advice followed more than wrong advice)",
}


def following(rows: pd.DataFrame, methods: list[str]) -> dict[str, Any]:
    """rows: with followed and advice_right, 0 or 1. Each share has its own cases; differences of
    methods are in shares, those of the model in log-odds."""
    said = rows["followed"].to_numpy(dtype="int64"), rows["advice_right"].to_numpy(dtype="int64")
    there = [name for name in methods if (rows["method"] == name).any()]
    told = sensitivity(Said(rows, there, *said, "identity", (WRONG, RIGHT)), [*MEASURES.values()])
    followed, is_right = rows["followed"] == 1, rows["advice_right"] == 1
    for name, one in told["methods"].items():
        own = rows["method"] == name
        one["over_reliance"] = share(rows, followed, among=own & ~is_right)
        one["under_reliance"] = share(rows, ~followed, among=own & is_right)
    return told


def following_tables(way: str, own: Facts) -> Iterator[Table]:
    rows = [
        [f"{method}: {WORDS[name]}", *_row(one[name])]
        for method, one in own["methods"].items()
        for name in MEASURES
    ]
    yield Table(
        f"Over- and under-reliance, {way}", ["", "cases", "share", "95 % interval", ""], rows
    )
    if own["contrasts"]:
        yield contrasts_table(f"Differences in reliance, {way}", own, WORDS)


def _row(one: Facts) -> list[str]:
    """A share of its cases, or the difference of two shares."""
    if "count" in one:
        cases = f"{one['count']} of {one['n']}"
        return [cases, percent(one["value"]), interval(one["robust95"], percent), one["note"]]
    return ["", points(one["estimate"]), interval(one["robust95"], points), one["note"]]


def contrasts_table(title: str, own: Facts, words: dict[str, str]) -> Table:
    """a − b of each measure in percentage points, and the model's difference in log-odds."""
    rows = []
    for pair in own["contrasts"]:
        for name, said in words.items():
            one = pair[name]
            model = one["model"] or {"estimate": None, "interval95": None}
            rows.append(
                [f"{pair['a']} − {pair['b']}: {said}", points(one["estimate"]),
                 interval(one["robust95"], points), p_value(one["p"]), p_value(one["p_holm"]),
                 f"{signed(model['estimate'])} ({interval(model['interval95'], number)})",
                 one["note"]]
            )  # fmt: skip
    note = "" if own["model"]["converged"] else f" (no model: {own['model']['note']})"
    header = ["", "difference", "95 % interval", "p", "p by Holm", "mixed model, log-odds", ""]
    return Table(title + note, header, rows)
