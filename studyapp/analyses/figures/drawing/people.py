"""Who came, who stayed, and who is analysed.

As Schulz, Altman and Moher, CONSORT 2010 statement, BMJ 340, c332, draw it; arms go on sideways, so
that any number of them is readable on a phone.
"""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from .sheet import FAINT, PLAIN, RULE, WIDTH, Data, canvas, sheet

BOX, LINE = 26, 15
WIDE, BESIDE = 150, 180
# Of an arm: the width of a box, and the way to the next one
NARROW, GAP = 106, 24
# The line from which arms branch off, and where their boxes begin
SPINE, INDENT = 10, 28
ARROW = {"arrowstyle": "->", "color": RULE, "shrinkA": 0, "shrinkB": 0}


def flow(data: Data) -> Figure:
    """Boxes from entering to the analysis; what was lost on the way stands at the right. Of
    several arms each has a row of boxes, and its losses below them."""
    steps, arms = data["steps"], data["arms"]
    heights = [BOX + max(22, LINE * len(beside) + 14) for _, beside in steps]
    if not arms:
        heights[-1] = max(BOX, LINE * len(steps[-1][1]) + 6)
    tall = [_height(boxes) for _, boxes in arms]
    figure = sheet(sum(heights) + sum(tall) + LINE * len(data["notes"]) + 12)
    ax = canvas(figure)
    top = 4.0
    for place, (words, beside) in enumerate(steps):
        is_last = place == len(steps) - 1
        _box(ax, 4, top, WIDE, words)
        if not is_last:
            below = top + heights[place]
            ax.annotate("", (4 + WIDE / 2, below), (4 + WIDE / 2, top + BOX), arrowprops=ARROW)
        if beside:
            at_end = is_last and not arms
            _beside(ax, top if at_end else top + BOX + 4, beside, 4 + WIDE / (1 if at_end else 2))
        top += heights[place]
    if arms:
        ends = [top - heights[-1] + BOX, top + sum(tall[:-1]) + LINE + 4 + BOX / 2]
        ax.plot([SPINE, SPINE], ends, color=RULE, lw=1)
    for (name, boxes), height in zip(arms, tall, strict=True):
        _arm(ax, top, name, boxes)
        top += height
    for number, words in enumerate(data["notes"]):
        ax.text(4, top + 14 + LINE * number, words)
    return figure


def _box(ax: Axes, left: float, top: float, width: float, words: str) -> None:
    ax.add_patch(Rectangle((left, top), width, BOX, fill=False, ec=FAINT))
    size = 12 * min(1, (width - 8) / (PLAIN * 1.12 * len(words)))
    ax.text(left + width / 2, top + 17, words, ha="center", weight="bold", size=size)


def _beside(ax: Axes, top: float, lines: Sequence[str], start: float) -> None:
    high = LINE * len(lines) + 6
    ax.plot([start, BESIDE], [top + high / 2] * 2, color=RULE, lw=1, zorder=0)
    ax.add_patch(Rectangle((BESIDE, top), WIDTH - BESIDE - 4, high, fill=False, ec=FAINT))
    size = 12 * min(1, (WIDTH - BESIDE - 14) / (PLAIN * max(map(len, lines))))
    for number, words in enumerate(lines):
        ax.text(BESIDE + 8, top + 14 + LINE * number, words, size=size)


def _height(boxes: Sequence[Any]) -> float:
    return LINE + BOX + LINE * sum(len(beside) for _, beside in boxes) + 20


def _arm(ax: Axes, top: float, name: str, boxes: Sequence[Any]) -> None:
    ax.text(INDENT, top + 13, name, weight="bold", color=FAINT)
    y = top + LINE + 4
    ax.annotate("", (INDENT, y + BOX / 2), (SPINE, y + BOX / 2), arrowprops=ARROW)
    for place, (words, _) in enumerate(boxes):
        left = INDENT + place * (NARROW + GAP)
        _box(ax, left, y, NARROW, words)
        if place:
            middle = y + BOX / 2
            ax.annotate("", (left, middle), (left - GAP, middle), arrowprops=ARROW)
    lines = [words for _, beside in boxes for words in beside]
    for number, words in enumerate(lines):
        ax.text(INDENT + 8, y + BOX + 15 + LINE * number, words, size=11)
