"""A small bar chart, as the numbers that a template draws: no script, no inline style."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

WIDTH, HEIGHT = 480, 96


@dataclass(frozen=True)
class Bar:
    x: int
    y: int
    width: int
    height: int
    hour: datetime
    count: int


@dataclass(frozen=True)
class Chart:
    """Bars in a drawing of `width` × `height` units, and the greatest value."""

    bars: list[Bar]
    most: int
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def total(self) -> int:
        return sum(bar.count for bar in self.bars)


def bar_chart(counts: Sequence[tuple[datetime, int]]) -> Chart:
    most = max((count for _, count in counts), default=0)
    step = WIDTH // max(1, len(counts))
    bars = []
    for number, (hour, count) in enumerate(counts):
        # A bar that is not empty is seen, however small.
        height = max(2, round(HEIGHT * count / most)) if count else 0
        bars.append(Bar(number * step, HEIGHT - height, step - 3, height, hour, count))
    return Chart(bars, most)
