"""Likely mistakes in a table from elsewhere: copied rows, missing names, names that look alike.

Nothing is changed because of them; each is reported in one sentence with counts.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import pandas as pd

from photos.class_names import name_key

from .delimited import Delimited

# As other programs write a missing value; compared in capitals
MISSING_NAMES = {"NA", "N/A", "#N/A", "NAN", "NULL", "NONE", "NIL", "#NV", "."}
WHOLE_NUMBER = re.compile(r"0*(\d+)(\.0*)?")


def slips(table: Delimited, names: tuple[str, ...]) -> Iterator[str]:
    """A sentence for each. names: the columns that name people, photos and methods."""
    yield from table.notes
    copies = table.frame.index[table.frame.duplicated()]
    if len(copies):
        verb = "is" if len(copies) == 1 else "are"
        rows = f"{len(copies)} rows are exact copies" if len(copies) > 1 else "1 row is a copy"
        yield (
            f"{rows} of an earlier one (first: line {copies[0]}) and {verb} counted "
            "as judgments; remove them if nobody judged twice"
        )
    for name in names:
        yield from _missing(name, table.frame[name])
        yield from _alike(name, table.frame[name])


def _missing(column: str, cells: "pd.Series[Any]") -> Iterator[str]:
    counts = cells[cells.str.upper().isin(MISSING_NAMES)].value_counts().sort_index()
    for word, count in counts.items():
        yield f"{column} is “{word}” in {count} {'rows' if count > 1 else 'row'}: read as a name"


def _alike(column: str, cells: "pd.Series[Any]") -> Iterator[str]:
    names = pd.Series(sorted(set(cells)))
    keys = names.map(_as_read)
    alike = names[keys.duplicated(keep=False)]
    if len(alike):
        pair = alike[keys == keys[alike.index[0]]].map(_spelt_out).to_list()
        yield (
            f"{column} has {len(alike)} names that look alike, such as “{pair[0]}” and "
            f"“{pair[1]}”: they are treated as different"
        )


def _as_read(name: str) -> str:
    """Without what is easily overlooked: capitals, kinds of blanks, invisible marks, leading 0s."""
    key = name_key(name)
    number = WHOLE_NUMBER.fullmatch(key)
    return number[1] if number else key


def _spelt_out(name: str) -> str:
    """With codes for characters that are invisible or look like a blank."""
    return "".join(
        one
        if one == " " or unicodedata.category(one) not in {"Cf", "Zs", "Cc"}
        else f"\\u{ord(one):04x}"
        for one in name
    )
