"""People's judgments of a stimulus against a number that a machine gives it, per method."""

from collections.abc import Mapping, Sequence

from studyapp.analyses.numerals import number, short

from .drawing import WIDTH, Drawing, Figure
from .scales import Scale, horizontal_axis, vertical_axis

LEFT, RIGHT, PANEL, HEAD, FOOT = 44, 10, 130, 24, 42

Pairs = Sequence[tuple[float, float]]


def scatter_figure(
    title: str, panels: Mapping[str, Pairs], notes: Mapping[str, str], axes: tuple[str, str]
) -> Figure:
    """One panel a method: a point a stimulus. `axes` names the machine's number, then people's."""
    height = HEAD + PANEL + FOOT
    drawing = Drawing(height * len(panels))
    every = [pair for pairs in panels.values() for pair in pairs]
    sides = (_range([x for x, _ in every]), _range([y for _, y in every]))
    for place, (name, pairs) in enumerate(panels.items()):
        top = height * place
        drawing.text(LEFT, top + 14, name, "label strong")
        drawing.text(WIDTH - RIGHT, top + 14, notes[name], "faint", "end")
        _panel(drawing, pairs, sides, top + HEAD)
        drawing.text((LEFT + WIDTH) / 2, top + HEAD + PANEL + 32, axes[0], "faint", "middle")
    alt = f"{title} ({axes[1]} against {axes[0]}): " + "; ".join(
        f"{name}, {len(pairs)} stimuli, {notes[name]}" for name, pairs in panels.items()
    )
    rows = [[name, number(x), number(y)] for name, pairs in panels.items() for x, y in pairs]
    return Figure(title, alt, drawing.svg(alt), ["method", *axes], rows)


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values, default=0.0), max(values, default=1.0)
    margin = (high - low) * 0.05 or 0.5
    return low - margin, high + margin


def _panel(
    drawing: Drawing, pairs: Pairs, sides: tuple[tuple[float, float], ...], top: float
) -> None:
    across = Scale(*sides[0], LEFT, WIDTH - RIGHT)
    upward = Scale(*sides[1], top + PANEL, top)
    vertical_axis(drawing, upward, LEFT, short)
    horizontal_axis(drawing, across, top + PANEL, short)
    for x, y in pairs:
        drawing.add("circle", "dot", cx=across(x), cy=upward(y), r=4)
