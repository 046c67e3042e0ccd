"""People's or photos' effects from a mixed model, from the lowest to the highest."""

from collections.abc import Mapping, Sequence
from typing import Any

from studyapp.shelf.formatting import interval, number, signed

from .figure import Figure

# More rows than these are too many to see; those drawn are spread evenly over the ranks
MOST = 80


def caterpillar_figure(
    title: str, name: str, who: str, rows: Sequence[Mapping[str, Any]], *, words: str
) -> Figure:
    """`rows` with `effect` and `interval95`, called by their key `name`; `who`: “people”.

    words: the axis title, with its unit. Of many rows some are drawn, and the figure says how many.
    """
    ranked = sorted(rows, key=lambda row: (row["effect"], row[name]))
    drawn = [ranked[place] for place in _spread(len(ranked))]
    of = f"{len(ranked)} {who}"
    if len(drawn) < len(ranked):
        of = f"{len(drawn)} of {len(ranked)} {who}, evenly by rank"
    clear = sum(row["interval95"][0] > 0 or row["interval95"][1] < 0 for row in ranked)
    alt = (
        f"{title}: {of}, from {signed(ranked[0]['effect'])} to {signed(ranked[-1]['effect'])} "
        f"({words}). {clear} of {len(ranked)} intervals leave 0 out."
    )
    data = {
        "kind": "caterpillar", "title": title, "words": words, "rows_words": of,
        "rows": [
            {"effect": row["effect"], "low": row["interval95"][0], "high": row["interval95"][1]}
            for row in drawn
        ],
    }  # fmt: skip
    header = [name, "judgments", "mean", "effect", "95 % interval"]
    cells = [
        [row[name], str(row["n"]), number(row["mean"]), signed(row["effect"]),
         interval(row["interval95"], signed)]
        for row in drawn
    ]  # fmt: skip
    return Figure(title, alt, data, header, cells)


def _spread(count: int) -> list[int]:
    """The places that are drawn, the first and the last among them."""
    if count <= MOST:
        return list(range(count))
    return [round(place * (count - 1) / (MOST - 1)) for place in range(MOST)]
