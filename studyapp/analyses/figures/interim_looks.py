"""What could be said at every look, person after person."""

from collections.abc import Sequence
from datetime import datetime

from studyapp.shelf.formatting import number
from studyapp.statistics.sequential import Look

from .figure import Figure


def looks_figure(
    title: str, looks: Sequence[Look], moments: Sequence[datetime] | None, null: float | None
) -> Figure:
    """The mean so far with the interval that holds at all looks, against people and time.

    moments: when each person had finished, in the same order; None where it is not known.
    """
    last = looks[-1]
    alt = (
        f"{title}: after {last.n} people the mean is {number(last.mean)}, and the interval that "
        f"holds at every look is {number(last.low)} to {number(last.high)}."
    )
    data = {
        "kind": "looks",
        "title": title,
        "looks": [[look.n, look.mean, look.low, look.high] for look in looks],
        "null": null,
        "moments": [_moment(moments[0]), _moment(moments[-1])] if moments is not None else [],
    }
    return Figure(title, alt, data, _header(moments), _rows(looks, moments))


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M")


def _header(moments: Sequence[datetime] | None) -> list[str]:
    return ["people", *(["finished at (UTC)"] if moments is not None else []), "mean", "interval"]


def _rows(looks: Sequence[Look], moments: Sequence[datetime] | None) -> list[list[str]]:
    """Some twenty rows of the sequence, the last one among them."""
    step = -(-len(looks) // 20)
    chosen = [place for place in range(len(looks)) if (len(looks) - 1 - place) % step == 0]
    return [
        [
            str(looks[place].n),
            *([_moment(moments[place])] if moments is not None else []),
            number(looks[place].mean),
            f"{number(looks[place].low)} to {number(looks[place].high)}",
        ]
        for place in chosen
    ]
