"""People's judgments of stimuli against a metric's values, per method."""

from collections.abc import Mapping, Sequence

from studyapp.shelf.formatting import number

from .figure import Figure

Pairs = Sequence[tuple[float, float]]


def scatter_figure(
    title: str, panels: Mapping[str, Pairs], notes: Mapping[str, str], axes: tuple[str, str]
) -> Figure:
    """One panel a method: a point a stimulus. `axes` names the machine's number, then people's."""
    alt = f"{title} ({axes[1]} against {axes[0]}): " + "; ".join(
        f"{name}, {len(pairs)} stimuli, {notes[name]}" for name, pairs in panels.items()
    )
    rows = [[name, number(x), number(y)] for name, pairs in panels.items() for x, y in pairs]
    drawn = [{"name": name, "note": notes[name], "points": pairs} for name, pairs in panels.items()]
    data = {"kind": "scatter", "title": title, "axes": axes, "panels": drawn}
    return Figure(title, alt, data, ["method", *axes], rows)
