"""Panels, one a method or a photo: points of two numbers, and where people marked."""

import math

from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from .sheet import DASHED, ESTIMATE, FAINT, LEVELS, WIDTH, Data, axes, canvas, sheet, write_ticks


def scatter(data: Data) -> Figure:
    """One panel a method: a point a stimulus, all over the same ranges."""
    panel = 196
    figure = sheet(panel * len(data["panels"]))
    every = [pair for one in data["panels"] for pair in one["points"]]
    for place, one in enumerate(data["panels"]):
        ax = axes(figure, 44, panel * place + 24, WIDTH - 54, 130)
        ax.plot([x for x, _ in one["points"]], [y for _, y in one["points"]], clip_on=False,
                **{**ESTIMATE, "lw": 0, "markersize": 8})  # fmt: skip
        ax.update_datalim(every or [(0, 0), (1, 1)])
        ax.autoscale_view()
        ax.set_title(one["name"], loc="left", size=12, weight="bold")
        ax.set_title(one["note"], loc="right", size=11, color=FAINT)
        ax.set(xlabel=data["axes"][0], ylabel=data["axes"][1])
        write_ticks(ax.xaxis, "plain", 6)
        write_ticks(ax.yaxis, "plain", 5)
    return figure


def calibration(data: Data) -> Figure:
    """One panel a method: the share at each step with its interval, all from 0 to 100 %."""
    panel = 196
    figure = sheet(panel * len(data["panels"]))
    steps = [point[0] for one in data["panels"] for point in one["points"]] or [0, 1]
    low, high = (0, 1) if data["diagonal"] else (min(steps) - 0.5, max(steps) + 0.5)
    for place, one in enumerate(data["panels"]):
        ax = axes(figure, 56, panel * place + 24, WIDTH - 66, 130)
        if data["diagonal"]:
            ax.plot([0, 1], [0, 1], color=FAINT, lw=1, ls=DASHED)
        for x, value, interval in one["points"]:
            if interval is not None:
                ax.plot([x, x], interval, **{**ESTIMATE, "marker": None})
            ax.plot([x], [value], clip_on=False, **{**ESTIMATE, "lw": 0, "markersize": 8})
        ax.set_title(one["name"], loc="left", size=12, weight="bold")
        ax.set(xlabel=data["axes"][0], ylabel=data["axes"][1], xlim=(low, high), ylim=(0, 1))
        if not data["diagonal"]:
            ax.set_xticks(sorted(set(steps)))
        write_ticks(ax.yaxis, "percent", 5)
    return figure


def heat(data: Data) -> Figure:
    """One square a photo: the darker, the more people marked the place."""
    across, panel = 3, 138
    figure = sheet(panel * math.ceil(len(data["panels"]) / across) + 22)
    colours = LinearSegmentedColormap.from_list("marked", ["#f4f4f4", LEVELS["2"][0]])
    for place, one in enumerate(data["panels"]):
        row, column = divmod(place, across)
        ax = axes(figure, 8 + 132 * column, panel * row + 22, 108, 108)
        shares = [[int(share) for share in line.split()] for line in one["shares"]]
        ax.imshow(shares, cmap=colours, vmin=0, vmax=100, interpolation="nearest")
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(True)
        ax.set_title(one["name"], loc="left", size=9)
        ax.set_title(one["note"], loc="right", size=9, color=FAINT)
    words = "from light (nobody marked the place) to dark (everybody did)"
    canvas(figure).text(8, 72 * figure.get_figheight() - 6, words, color=FAINT, size=11)
    return figure
