"""The answers to a trust question, as bars to both sides of the middle."""

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

from .sheet import DASHED, FAINT, INK, LEVELS, WIDTH, Data, axes, sheet


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
