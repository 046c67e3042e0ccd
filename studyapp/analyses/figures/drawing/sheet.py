"""What all drawings share: sizes, colours, letters and marks, and places on a sheet in points."""

from collections.abc import Callable, Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

Data = Mapping[str, Any]

# In points, of which an inch has 72. Labels stand above their rows, so that a drawing is as
# readable on a phone as in a column of a paper.
WIDTH = 400
# Every colour here has one meaning, by which a page puts others in their place for a dark screen.
INK, FAINT, RULE, GROUND = "#1b1b1b", "#5f5f5f", "#b9b9b9", "#ffffff"
MARK, BAND, PAPER = "#0b4f8a", "#cfe0ee", "#a6480a"
# Five answers from one end to the other, the same on every ground, each with the ink read on it
LEVELS = {
    "-2": ("#a6480b", "#fffffe"), "-1": ("#f2b881", "#1b1b1c"), "0": ("#ececed", "#1b1b1c"),
    "1": ("#9ec9e8", "#1b1b1c"), "2": ("#0b4f8b", "#fffffe"),
}  # fmt: skip
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans", "font.size": 12, "text.color": INK, "axes.edgecolor": RULE,
    "axes.labelcolor": FAINT, "axes.labelsize": 11, "axes.spines.top": False,
    "axes.spines.right": False, "xtick.color": RULE, "ytick.color": RULE, "xtick.labelcolor": FAINT,
    "ytick.labelcolor": FAINT, "xtick.labelsize": 11, "ytick.labelsize": 11, "legend.fontsize": 11,
    "legend.frameon": False, "svg.fonttype": "none", "svg.hashsalt": "figure", "pdf.fonttype": 42,
    "figure.facecolor": "none", "axes.facecolor": "none", "savefig.dpi": 300,
    # A name with two dollars is no formula.
    "text.parse_math": False,
}  # fmt: skip
# How wide a letter of that size is, so that a long name never lies over the sign of a number
BOLD, PLAIN = 7.8, 6.8
DASHED: Any = (0, (4, 3))
WRITTEN: Mapping[str, Callable[[float], str]] = {
    "percent": lambda value: f"{100 * value:.0f} %",
    "points": lambda value: f"{100 * value:.0f} pp",
    "plain": lambda value: f"{value:g}",
}
ESTIMATE: dict[str, Any] = {
    "color": MARK, "lw": 3, "solid_capstyle": "round", "marker": "o", "markersize": 10,
    "markeredgecolor": GROUND, "markeredgewidth": 1, "zorder": 3,
}  # fmt: skip
OTHER: dict[str, Any] = {
    "color": FAINT, "lw": 2, "ls": (0, (0.5, 2)), "dash_capstyle": "round", "marker": "o",
    "markersize": 7, "markerfacecolor": GROUND, "markeredgewidth": 2, "zorder": 3,
}  # fmt: skip
IN_PAPER: dict[str, Any] = {
    "color": PAPER, "lw": 0, "marker": "D", "markersize": 7, "markerfacecolor": GROUND,
    "markeredgewidth": 2, "zorder": 4,
}  # fmt: skip


def sheet(height: float) -> Figure:
    return Figure(figsize=(WIDTH / 72, height / 72))


def axes(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes at a place of the sheet, in points from its upper left corner."""
    whole = 72 * figure.get_figheight()
    return figure.add_axes(
        (left / WIDTH, 1 - (top + height) / whole, width / WIDTH, height / whole)
    )


def canvas(figure: Figure) -> Axes:
    """The whole sheet in points, from its upper left corner, without axes."""
    whole = axes(figure, 0, 0, WIDTH, 72 * figure.get_figheight())
    whole.set(xlim=(0, WIDTH), ylim=(72 * figure.get_figheight(), 0))
    whole.set_axis_off()
    return whole


def write_ticks(axis: Any, kind: str, most: int) -> None:
    axis.set_major_locator(MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]))
    show = WRITTEN[kind]
    axis.set_major_formatter(FuncFormatter(lambda value, _: show(value).replace("-", "−")))
