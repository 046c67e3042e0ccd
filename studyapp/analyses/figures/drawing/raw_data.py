"""Every person's and every photo's mean around an estimate."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from .rows import finish_rows, head_row
from .sheet import (
    DASHED,
    ESTIMATE,
    INK,
    MARK,
    PAPER,
    WIDTH,
    Data,
    axes,
    sheet,
)

ROW = 92
# Where the middle of each cloud lies in its row, and how far it may spread, in shares of the row
CLOUDS = {"people": (0.44, 0.17), "photos": (0.88, 0.17)}
DOTS: dict[str, dict[str, Any]] = {
    "people": {"marker": "o", "markersize": 4, "markerfacecolor": MARK},
    "photos": {"marker": "D", "markersize": 4, "markerfacecolor": PAPER},
}
WORDS = {"people": "the mean of one person", "photos": "the mean of one photo"}
# How many columns of dots stand beside each other before they are told apart by height alone
COLUMNS = 80


def raw_data(data: Data) -> Figure:
    """A row a method: its people's means, its estimate with the interval, its photos' means."""
    rows = data["rows"]
    height = ROW * len(rows) + 8
    keys = legend(data)
    figure = sheet(height + 46 + 16 * len(keys))
    ax = axes(figure, 22, 4, WIDTH - 44, height)
    ax.set(xlim=(data["low"], data["high"]), ylim=(height / ROW, 0))
    for place, one in enumerate(rows):
        _row(ax, one, place, data)
    finish_rows(figure, ax, data, keys)
    return figure


def legend(data: Data) -> list[Line2D]:
    shown = [kind for kind in DOTS if any(kind in one["means"] for one in data["rows"])]
    null = [Line2D([], [], color=INK, lw=1, ls=DASHED, label=data["null_words"])]
    return [
        Line2D([], [], **{**ESTIMATE, "markersize": 8}, label="estimate with its 95 % interval"),
        *(Line2D([], [], lw=0, mew=0, **DOTS[kind], label=WORDS[kind]) for kind in shown),
        *(null if data["null"] is not None else []),
    ]


def _row(ax: Axes, one: Data, place: int, data: Data) -> None:
    head_row(ax, one, place + 0.17)
    if data["null"] is not None:
        ax.plot([data["null"]] * 2, [place + 0.24, place + 1.06], color=INK, lw=1, ls=DASHED)
    for kind, means in one["means"].items():
        middle, reach = CLOUDS[kind]
        heights = swarm(means, (data["low"], data["high"]), reach)
        ax.plot(
            means, [place + middle + high for high in heights], lw=0, mew=0, alpha=0.55,
            clip_on=False, **DOTS[kind],
        )  # fmt: skip
    if one["value"] is not None:
        y = place + 0.66
        if one["interval"] is not None:
            ax.plot(one["interval"], [y, y], **{**ESTIMATE, "marker": ""}, clip_on=False)
        ax.plot([one["value"]], [y], **{**ESTIMATE, "lw": 0, "markersize": 8}, clip_on=False)


def swarm(values: Sequence[float], ends: tuple[float, float], reach: float) -> list[float]:
    """Heights around 0 that keep near values apart, within ±reach: alternately up and down."""
    low, high = ends
    columns = [round(COLUMNS * (value - low) / (high - low)) for value in values]
    counts = {column: columns.count(column) for column in set(columns)}
    step = min(0.055, *(2 * reach / max(1, count) for count in counts.values()), 1)
    met: dict[int, int] = {}
    heights = []
    for column in columns:
        number = met.get(column, 0)
        met[column] = number + 1
        heights.append((number + 1) // 2 * step * (1 if number % 2 else -1))
    return heights
