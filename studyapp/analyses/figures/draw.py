"""The figures of a report, drawn from their numbers: `python draw.py [FORMAT…]` (pdf svg png).

Needs matplotlib alone. The numbers lie beside this file, in figures.json; every figure becomes
files of its name in the same folder. Change sizes, colours and words here to suit your paper.
"""

import json
import math
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
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
# Without a date the same numbers give the same bytes.
DATELESS: Mapping[str, dict[str, Any]] = {
    "svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {},
}  # fmt: skip
DASHED: Any = (0, (4, 3))
DASHES: tuple[Any, ...] = ("-", (0, (7, 3)), (0, (2, 3)), (0, (8, 3, 2, 3)))
WRITTEN: Mapping[str, Callable[[float], str]] = {
    "percent": lambda value: f"{100 * value:.0f} %",
    "points": lambda value: f"{100 * value:.0f} pp",
    "plain": lambda value: f"{value:g}",
}


def drawn(data: Data) -> Figure:
    """The figure of `data`, whose `kind` says how it is drawn."""
    with rc_context(STYLE):
        return KINDS[data["kind"]](data)


def save(figure: Figure, file: Path | IO[Any], form: str) -> None:
    with rc_context(STYLE):
        figure.savefig(file, format=form, metadata=DATELESS[form])


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


def intervals(data: Data) -> Figure:
    """Points with their intervals, one row each, over one axis; what is drawn is told below it."""
    rows, row = data["rows"], 42
    keys = list(legend(data))
    height = row * len(rows) + 12
    figure = sheet(height + 26 + 16 * len(keys))
    ax = axes(figure, 22, 4, WIDTH - 44, height - 4)
    ax.set(xlim=(data["low"], data["high"]), ylim=((height - 4) / row, 0))
    for place, one in enumerate(rows):
        interval_row(ax, one, place, data)
    ax.spines["left"].set_visible(False)
    ax.set_yticks([])
    write_ticks(ax.xaxis, data["ticks"], 6)
    figure.legend(
        handles=keys, loc="lower left", bbox_to_anchor=(14 / WIDTH, 0), handlelength=1.6,
        labelspacing=0.35, borderpad=0, borderaxespad=0.2, labelcolor=FAINT,
    )  # fmt: skip
    return figure


def interval_row(ax: Axes, one: Data, place: int, data: Data) -> None:
    across = ax.get_yaxis_transform()
    wide = BOLD * len(one["label"]) + PLAIN * len(one["words"]) + 8
    size = STYLE["font.size"] * min(1, (WIDTH - 44) / wide)
    ax.text(0, place + 0.33, one["label"], transform=across, weight="bold", size=size)
    ax.text(1, place + 0.33, one["words"], transform=across, ha="right", size=size)
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


def legend(data: Data) -> Iterator[Line2D]:
    yield Line2D([], [], **{**ESTIMATE, "markersize": 8}, label="estimate with its 95 % interval")
    if any(one["other"] is not None for one in data["rows"]):
        yield Line2D([], [], **OTHER, label=data["other_words"])
    if data["null"] is not None:
        yield Line2D([], [], color=INK, lw=1, ls=DASHED, label=data["null_words"])
    if any(one["paper"] is not None for one in data["rows"]):
        yield Line2D([], [], **IN_PAPER, label=data["paper_words"])


def distribution(data: Data) -> Figure:
    """One bar a method: shares of −2…+2, those for the weaker network left of the middle."""
    row, counts = 44, data["counts"]
    height = row * len(counts)
    figure = sheet(height + 58)
    ax = axes(figure, 8, 0, WIDTH - 16, height)
    names = sorted(next(iter(counts.values()), LEVELS), key=float)
    shares = [
        [levels[name] / (sum(levels.values()) or 1) for name in names] for levels in counts.values()
    ]
    lefts = [
        sum(share * (float(name) < 0) + share / 2 * (float(name) == 0)
            for name, share in zip(names, one, strict=True))
        for one in shares
    ]  # fmt: skip
    colours = [shade(float(name)) for name in names]
    reach = max([*lefts, *(sum(one) - left for one, left in zip(shares, lefts, strict=True))]) or 1
    ax.set(xlim=(-reach, reach), ylim=(len(counts), 0))
    ax.set_axis_off()
    for place, (name, levels) in enumerate(counts.items()):
        across = ax.get_yaxis_transform()
        ax.text(0, place + 0.32, name, transform=across, weight="bold")
        words = f"n = {sum(levels.values())}"
        ax.text(1, place + 0.32, words, transform=across, ha="right")
        ax.plot([0, 0], [place + 0.36, place + 0.97], color=INK, lw=1, ls=DASHED, zorder=0)
        least = 24 / (WIDTH - 16) * 2 * reach
        told = [f"{100 * share:.0f} %" if share >= least else "" for share in shares[place]]
        bar(ax, shares[place], -lefts[place], place + 0.67, told, colours=colours)
    key = axes(figure, 8, height + 12, WIDTH - 16, 14)
    key.set(xlim=(0, 1), ylim=(1, 0))
    key.set_axis_off()
    plus = {name: "+" if float(name) > 0 else "" for name in names}
    signs = [f"{plus[name]}{float(name):.3g}".replace("-", "−") for name in names]
    bar(key, [1 / len(names)] * len(names), 0, 0.5, signs, colours=colours, height=1)
    low, high = data.get("ends", (ENDS[0], ENDS[-1]))
    ends = (low, ENDS[1], high)
    for words, at, side in zip(ends, (0, 0.5, 1), ("left", "center", "right"), strict=True):
        key.text(at, 2, words, color=FAINT, size=11, ha=side)
    return figure


ENDS = ("weaker network clearly", "equal", "stronger network clearly")


def bar(
    ax: Axes, shares: Sequence[float], start: float, y: float, words: Sequence[str],
    *, colours: Sequence[tuple[str, str]], height: float = 0.45,
) -> None:  # fmt: skip
    """The answers one after the other, with their words on them."""
    for share, told, (fill, ink) in zip(shares, words, colours, strict=True):
        if not share:
            continue
        ax.barh(y, share, height, left=start, color=fill, edgecolor="#3a3a3a", lw=0.6)
        ax.text(start + share / 2, y, told, color=ink, size=10.5, ha="center", va="center_baseline")
        start += share


def shade(score: float) -> tuple[str, str]:
    """The colour of a score and of the words on it: between those of the whole scores around it."""
    (fill, ink), (other, other_ink) = LEVELS[f"{math.floor(score)}"], LEVELS[f"{math.ceil(score)}"]
    way = score - math.floor(score)
    pairs = zip(to_rgb(fill), to_rgb(other), strict=True)
    red, green, blue = ((1 - way) * low + way * high for low, high in pairs)
    return to_hex((red, green, blue)), ink if way < 0.5 else other_ink


def flow(data: Data) -> Figure:
    """Boxes from entering to the analysis; what was lost on the way stands at the right.

    As Schulz, Altman and Moher, CONSORT 2010 statement, BMJ 340, c332, draw it.
    """
    box, line, middle = 26, 15, 79
    heights = [box + max(22, line * len(lost) + 14) for _, lost in data["steps"]]
    figure = sheet(sum(heights[:-1]) + box + 8)
    ax = canvas(figure)
    top = 4.0
    for place, (words, lost) in enumerate(data["steps"]):
        ax.add_patch(Rectangle((4, top), 150, box, fill=False, ec=FAINT))
        ax.text(middle, top + 17, words, ha="center", weight="bold")
        if place < len(heights) - 1:
            below = top + heights[place]
            arrow = {"arrowstyle": "->", "color": RULE, "shrinkA": 0, "shrinkB": 0}
            ax.annotate("", (middle, below), (middle, top + box), arrowprops=arrow)
        if lost:
            high = line * len(lost) + 6
            y = top + box + 4
            ax.plot([middle, 180], [y + high / 2] * 2, color=RULE, lw=1)
            ax.add_patch(Rectangle((180, y), WIDTH - 184, high, fill=False, ec=FAINT))
            for number, told in enumerate(lost):
                ax.text(188, y + 14 + line * number, told)
        top += heights[place]
    return figure


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
        ax.set_xlabel(data["axes"][0])
        write_ticks(ax.xaxis, "plain", 6)
        write_ticks(ax.yaxis, "plain", 5)
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


FORMS = ("pdf", "svg", "png")
KINDS: Mapping[str, Callable[[Data], Figure]] = {
    one.__name__: one
    for one in (intervals, distribution, flow, looks, power_curves, power_surface, scatter, heat)
}


def file_name(number: int, title: str) -> str:
    return f"{number:02}-" + re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60]


def write_files(figures: Sequence[Data], folder: Path, forms: Sequence[str]) -> None:
    for number, data in enumerate(figures, 1):
        figure = drawn(data)
        for form in forms:
            save(figure, folder / f"{file_name(number, data['title'])}.{form}", form)


if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    told = json.loads((here / "figures.json").read_text(encoding="utf-8"))
    write_files(told, here, sys.argv[1:] or FORMS)
