"""What could be said at every look, person after person."""

from collections.abc import Sequence
from datetime import datetime

from studyapp.analyses.numerals import number, short
from studyapp.statistics.sequential import Look

from .drawing import WIDTH, Drawing, Figure
from .scales import Scale, horizontal_axis, vertical_axis

LEFT, RIGHT, TOP, BOTTOM = 44, 10, 10, 170


def looks_figure(
    title: str, looks: Sequence[Look], moments: Sequence[datetime] | None, null: float | None
) -> Figure:
    """The mean so far with the interval that holds at all looks, against people and time.

    moments: when each person had finished, in the same order; None where it is not known.
    """
    drawing = Drawing(BOTTOM + 54)
    across = Scale(1, max(2, len(looks)), LEFT, WIDTH - RIGHT)
    values = [look.low for look in looks] + [look.high for look in looks]
    values += [null] if null is not None else []
    upward = Scale(min(values), max(values), BOTTOM, TOP)
    upper = [(across(look.n), upward(look.high)) for look in looks]
    lower = [(across(look.n), upward(look.low)) for look in reversed(looks)]
    drawing.path([*upper, *lower], "band", closed=True)
    if null is not None:
        drawing.line((LEFT, upward(null)), (WIDTH - RIGHT, upward(null)), "null")
    drawing.path([(across(look.n), upward(look.mean)) for look in looks], "curve")
    vertical_axis(drawing, upward, LEFT, short)
    horizontal_axis(drawing, across, BOTTOM, short)
    drawing.text((LEFT + WIDTH) / 2, BOTTOM + 30, "people who have finished", "faint", "middle")
    if moments is not None:
        drawing.text(LEFT, BOTTOM + 46, _moment(moments[0]), "faint")
        drawing.text(WIDTH - RIGHT, BOTTOM + 46, _moment(moments[-1]), "faint", "end")
    last = looks[-1]
    alt = (
        f"{title}: after {last.n} people the mean is {number(last.mean)}, and the interval that "
        f"holds at every look is {number(last.low)} to {number(last.high)}."
    )
    return Figure(title, alt, drawing.svg(alt), _header(moments), _rows(looks, moments))


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
