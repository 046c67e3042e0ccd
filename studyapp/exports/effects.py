"""People's and photos' effects as tables of a bundle, from its results."""

from collections.abc import Iterator

import pandas as pd

from studyapp.paradigms.tabulation import Facts
from studyapp.shelf.spreadsheets import inert

TABLES = {"people_effects": "participant", "photo_effects": "image"}


def effects_tables(found: Facts) -> Iterator[tuple[str, pd.DataFrame]]:
    """The name of each table and its rows; none where no mixed model tells of any effects."""
    for key, who in TABLES.items():
        if found[key] is None:
            continue
        rows = [
            {
                who: inert(row[who]), "n": row["n"], "mean": row["mean"], "effect": row["effect"],
                "se": row["se"], "low95": (row["interval95"] or [None])[0],
                "high95": (row["interval95"] or [None])[-1],
            }
            for row in found[key]["rows"]
        ]  # fmt: skip
        yield key.replace("_", "-"), pd.DataFrame(rows)
