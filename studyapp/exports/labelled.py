"""A table as an SPSS file (.sav), which SPSS, jamovi, PSPP, JASP, Stata and R read with its labels.

What somebody preferred not to say is a number of its own, declared to be a missing value.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat

# Bytes that the format holds of a variable's words, and of a value's
WORDS, LEVEL = 255, 120
# How whole numbers are shown
WHOLE = "F8.0"
# Where the file's head has the day and time of writing: without them, the same table is the same
# file
MADE_AT, MADE = 92, b"01 Jan 7000:00:00"


@dataclass(frozen=True)
class Variable:
    """What a column means. levels: the words of each number. declined: the words of the button
    with which people preferred not to say, and `decliners`, who pressed it."""

    label: str
    levels: Mapping[int, str] = field(default_factory=dict)
    declined: str = ""
    decliners: tuple[str, ...] = ()


def write_labelled(frame: pd.DataFrame, variables: Mapping[str, Variable], path: Path) -> None:
    """Write `frame`, whose column participant_id names its rows, with the words of `variables`."""
    table, texts = frame.copy(), set()
    formats: dict[str, str] = {}
    levels: dict[str, dict[int | float, str]] = {}
    missing: dict[str, list[Any]] = {}
    for name, one in variables.items():
        words: dict[int | float, str] = {
            float(value): _short(told, LEVEL) for value, told in one.levels.items()
        }
        if one.declined:
            code = _unused_code(table[name], one.levels)
            table.loc[table["participant_id"].isin(one.decliners), name] = code
            words[code] = _short(one.declined, LEVEL)
            missing[name] = [code]
        if words:
            levels[name] = words
        if pd.api.types.is_numeric_dtype(table[name]):
            if pd.api.types.is_integer_dtype(table[name]):
                formats[name] = WHOLE
            table[name] = table[name].to_numpy(float, na_value=float("nan"))
        else:
            table[name] = table[name].fillna("").astype(str)
            texts.add(name)
    pyreadstat.write_sav(
        table,
        str(path),
        column_labels={name: _short(one.label, WORDS) for name, one in variables.items()},
        variable_value_labels=levels,
        missing_ranges=missing,
        variable_format=formats,
        variable_measure={
            name: "nominal" if name in texts or name in levels else "scale" for name in variables
        },
    )
    with path.open("r+b") as file:
        file.seek(MADE_AT)
        file.write(MADE)


def _unused_code(cells: "pd.Series[float]", levels: Mapping[int, str]) -> float:
    """-99, or with as many nines as lie below every answer."""
    least = min([0.0, *map(float, levels), *cells.dropna().astype(float)])
    code = -99.0
    while code >= least:
        code = code * 10 - 9
    return code


def _short(words: str, most: int) -> str:
    """As much of the words as fits into so many bytes."""
    return words.encode()[:most].decode(errors="ignore")
