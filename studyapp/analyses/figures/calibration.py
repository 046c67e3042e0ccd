"""How often people, or networks, are right at each step of confidence: a panel a method."""

from collections.abc import Mapping, Sequence
from typing import Any

from studyapp.shelf.formatting import interval, percent, short

from .figure import Figure

Steps = Sequence[Mapping[str, Any]]


def calibration_figure(
    title: str, panels: Mapping[str, Steps], axes: tuple[str, str], *, diagonal: bool
) -> Figure:
    """panels: steps with `x`, count, n, value and robust95, by method. axes: what x is, and what
    the share is of. diagonal: where x is a probability, the line on which it is kept."""
    drawn = [
        {
            "name": name,
            "points": [[one["x"], one["value"], one["robust95"]] for one in steps if one["n"]],
        }
        for name, steps in panels.items()
    ]
    data = {
        "kind": "calibration", "title": title, "axes": axes, "panels": drawn, "diagonal": diagonal
    }  # fmt: skip
    rows = [
        [name, short(one["x"]), f"{one['count']} of {one['n']}", percent(one["value"]),
         interval(one["robust95"], percent)]
        for name, steps in panels.items()
        for one in steps
    ]  # fmt: skip
    said = "; ".join(f"{row[0]} at {row[1]} {row[3]} ({row[2]})" for row in rows)
    line = " On the dashed line stated and observed shares are the same." if diagonal else ""
    alt = f"{title} ({axes[1]} by {axes[0]}): {said}.{line}"
    return Figure(
        title, alt, data, ["method", axes[0], "of how many", axes[1], "95 % interval"], rows
    )
