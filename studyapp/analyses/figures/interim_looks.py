"""What could be said at every look, person after person."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from studyapp.shelf.formatting import interval, number

from .figure import Figure


def looks_figure(title: str, looks: Sequence[Mapping[str, Any]], null: float | None) -> Figure:
    """The mean so far with the interval that holds at all looks, against people and time.

    looks: n, mean, low, high and `at`, ISO 8601 in UTC; `at` is None of all where times are not
    known.
    """
    moments = [
        f"{datetime.fromisoformat(one['at']):%Y-%m-%d %H:%M}"
        for one in looks
        if one["at"] is not None
    ]
    last = looks[-1]
    alt = (
        f"{title}: after {last['n']} people the mean is {number(last['mean'])}, and the interval "
        f"that holds at every look is {interval((last['low'], last['high']))}."
    )
    data = {
        "kind": "looks",
        "title": title,
        "looks": [[one["n"], one["mean"], one["low"], one["high"]] for one in looks],
        "null": null,
        "moments": [moments[0], moments[-1]] if moments else [],
    }
    # Some twenty rows, the last one among them
    step = -(-len(looks) // 20)
    rows = []
    for place in range((len(looks) - 1) % step, len(looks), step):
        one, when = looks[place], moments[place : place + 1]
        rows.append(
            [str(one["n"]), *when, number(one["mean"]), interval((one["low"], one["high"]))]
        )
    header = ["people", *(["finished at (UTC)"] if moments else []), "mean", "interval"]
    return Figure(title, alt, data, header, rows)
