"""Values with their intervals, a row each."""

from collections.abc import Iterator, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from .sheet import (
    BOLD,
    DASHED,
    ESTIMATE,
    FAINT,
    IN_PAPER,
    INK,
    OTHER,
    PLAIN,
    STYLE,
    WIDTH,
    Data,
    axes,
    sheet,
    write_ticks,
)


def intervals(data: Data) -> Figure:
    """Points with their intervals, one row each, over one axis; what is drawn is told below it."""
    rows, row = data["rows"], 42
    keys = list(legend(data))
    height = row * len(rows) + 12
    # Room for the axis's title too
    figure = sheet(height + 42 + 16 * len(keys))
    ax = axes(figure, 22, 4, WIDTH - 44, height - 4)
    ax.set(xlim=(data["low"], data["high"]), ylim=((height - 4) / row, 0))
    for place, one in enumerate(rows):
        interval_row(ax, one, place, data)
    finish_rows(figure, ax, data, keys)
    return figure


def finish_rows(figure: Figure, ax: Axes, data: Data, keys: Sequence[Line2D]) -> None:
    """The one axis of all rows, with its title, and below it what is drawn."""
    ax.spines["left"].set_visible(False)
    ax.set_yticks([])
    ax.set_xlabel(data["axis"])
    write_ticks(ax.xaxis, data["ticks"], 6)
    figure.legend(
        handles=keys, loc="lower left", bbox_to_anchor=(14 / WIDTH, 0), handlelength=1.6,
        labelspacing=0.35, borderpad=0, borderaxespad=0.2, labelcolor=FAINT,
    )  # fmt: skip


def head_row(ax: Axes, one: Data, y: float) -> None:
    """A row's name and number, both smaller where they would meet."""
    across = ax.get_yaxis_transform()
    wide = BOLD * len(one["label"]) + PLAIN * len(one["words"]) + 8
    size = STYLE["font.size"] * min(1, (WIDTH - 44) / wide)
    ax.text(0, y, one["label"], transform=across, weight="bold", size=size)
    ax.text(1, y, one["words"], transform=across, ha="right", size=size)


def interval_row(ax: Axes, one: Data, place: int, data: Data) -> None:
    head_row(ax, one, place + 0.33)
    low, high = data["low"], data["high"]

    def inside(value: float) -> float:
        return float(min(max(value, low), high))

    if data["null"] is not None:
        ax.plot([data["null"]] * 2, [place + 0.45, place + 1], color=INK, lw=1, ls=DASHED)
    for key, style, y in (("other", OTHER, 0.83), ("", ESTIMATE, 0.67)):
        value, pair = one[key or "value"], one[f"{key}_interval" if key else "interval"]
        if value is not None and pair is not None:
            ends = [inside(end) for end in pair]
            ax.plot(ends, [place + y] * 2, **{**style, "marker": ""}, clip_on=False)
        if value is not None:
            mark = {**style, "lw": 0}
            ax.plot([inside(value)], [place + y], **mark, clip_on=False)
    if one["paper"] is not None:
        ax.plot([inside(one["paper"])], [place + 0.67], **IN_PAPER, clip_on=False)


def legend(data: Data) -> Iterator[Line2D]:
    yield Line2D([], [], **{**ESTIMATE, "markersize": 8}, label="estimate with its 95 % interval")
    if any(one["other"] is not None for one in data["rows"]):
        yield Line2D([], [], **OTHER, label=data["other_words"])
    if data["null"] is not None:
        yield Line2D([], [], color=INK, lw=1, ls=DASHED, label=data["null_words"])
    if any(one["paper"] is not None for one in data["rows"]):
        yield Line2D([], [], **IN_PAPER, label=data["paper_words"])
