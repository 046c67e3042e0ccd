"""Curves and surfaces: interim looks, and power."""

from typing import Any

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from .sheet import (
    BAND,
    DASHED,
    FAINT,
    INK,
    LEVELS,
    MARK,
    WIDTH,
    Data,
    axes,
    canvas,
    sheet,
    write_ticks,
)

DASHES: tuple[Any, ...] = ("-", (0, (7, 3)), (0, (2, 3)), (0, (8, 3, 2, 3)))


def looks(data: Data) -> Figure:
    """The mean so far with the interval that holds at all looks, against people and time."""
    figure = sheet(224)
    ax = axes(figure, 44, 10, WIDTH - 54, 160)
    people, means, lows, highs = zip(*data["looks"], strict=True)
    ax.fill_between(people, lows, highs, color=BAND, lw=0)
    ax.plot(people, means, color=MARK, lw=2)
    if data["null"] is not None:
        ax.axhline(data["null"], color=INK, lw=1, ls=DASHED)
    ax.set(xlim=(1, max(2, people[-1])), xlabel="people who have finished")
    ax.margins(y=0)
    write_ticks(ax.xaxis, "plain", 6)
    write_ticks(ax.yaxis, "plain", 5)
    below = canvas(figure)
    for moment, x, side in zip(data["moments"], (44, WIDTH - 10), ("left", "right"), strict=False):
        below.text(x, 218, moment, color=FAINT, size=11, ha=side)
    return figure


def power_curves(data: Data) -> Figure:
    """One curve a number of people: the power against the size of the effect."""
    figure = sheet(230)
    ax = axes(figure, 48, 10, WIDTH - 126, 180)
    for dash, points in zip(DASHES * len(data["curves"]), data["curves"].values(), strict=False):
        ax.plot(*zip(*points, strict=True), color=MARK, lw=2, ls=dash, clip_on=False)
    ax.axhline(0.8, color=INK, lw=1, ls=DASHED)
    effects = [effect for points in data["curves"].values() for effect, _ in points]
    ax.set(xlim=(min(effects), max(effects) or 1), ylim=(0, 1), xlabel=data["effect_words"])
    write_ticks(ax.xaxis, "plain", 6)
    write_ticks(ax.yaxis, "percent", 5)
    ends = sorted((points[-1][1], people) for people, points in data["curves"].items())
    last = -1.0
    for power, people in ends:
        # Pushed apart, so that no label covers another
        last = max(power, last + 13 / 180)
        ax.text(1.02, last, f"{people} people", transform=ax.transAxes, color=FAINT, size=11,
                va="center")  # fmt: skip
    return figure


def power_surface(data: Data) -> Figure:
    """The power for each number of photos (row) and people (column): darker is more."""
    cell, people, photos = 34, data["people"], data["photos"]
    figure = sheet(cell * len(photos) + 44)
    ax = axes(figure, 90, 0, WIDTH - 90, cell * len(photos))
    ax.set(xlim=(0, len(people)), ylim=(len(photos), 0), xlabel="people")
    for row, powers in enumerate(data["power"]):
        for column, power in enumerate(powers):
            fill, ink = LEVELS["2"]
            ax.add_patch(Rectangle((column, row), 1, 1, fc=fill, alpha=round(power, 2), lw=0))
            ax.text(column + 0.5, row + 0.5, f"{100 * power:.0f} %", ha="center",
                    va="center_baseline", color=ink if power > 0.55 else INK)  # fmt: skip
    ax.set_xticks([place + 0.5 for place in range(len(people))], [str(one) for one in people])
    ax.set_yticks(
        [place + 0.5 for place in range(len(photos))], [f"{one} photos" for one in photos]
    )
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return figure
