"""Who came, who stayed, and who is analysed."""

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from .sheet import FAINT, RULE, WIDTH, Data, canvas, sheet


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
