"""Effects of single people or photos with their intervals, from the lowest to the highest."""

from matplotlib.figure import Figure

from .sheet import DASHED, FAINT, GROUND, INK, MARK, RULE, WIDTH, Data, axes, sheet, write_ticks

ROW = 7


def caterpillar(data: Data) -> Figure:
    """A thin row each, too thin for names: those are in the table of the same numbers."""
    rows = data["rows"]
    height = max(84, ROW * len(rows) + 8)
    figure = sheet(height + 48)
    ax = axes(figure, 30, 4, WIDTH - 42, height)
    places = range(1, len(rows) + 1)
    ax.set(ylim=(0, len(rows) + 1), xlabel=data["words"], ylabel=data["rows_words"])
    ax.axvline(0, color=INK, lw=1, ls=DASHED, zorder=1)
    lows, highs = ([one[end] for one in rows] for end in ("low", "high"))
    ax.hlines(places, lows, highs, color=RULE, lw=2, zorder=2)
    ax.plot(
        [one["effect"] for one in rows], places, lw=0, marker="o", markersize=5, color=MARK,
        markeredgecolor=GROUND, markeredgewidth=0.5, zorder=3,
    )  # fmt: skip
    ax.set_yticks([])
    ax.yaxis.label.set_color(FAINT)
    write_ticks(ax.xaxis, "plain", 6)
    return figure
