"""From values to places in a drawing, and round numbers to write along an axis."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from .drawing import Drawing


@dataclass(frozen=True)
class Scale:
    """Values `low`…`high` along `start`…`end` of the drawing."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The place of `value`, kept inside the drawing."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers from `low` to `high`, `most` at most, among them 0 where it lies between."""
    step = 10 ** math.floor(math.log10((high - low) / most))
    for factor in (1, 2, 2.5, 5, 10, 20):
        first, last = (
            math.ceil(low / (step * factor) - 1e-9),
            math.floor(high / (step * factor) + 1e-9),
        )
        if last - first < most:
            return [round(place * step * factor, 10) for place in range(first, last + 1)]
    raise AssertionError("a step of twenty is always long enough")


def around(values: list[float], *, least: float) -> tuple[float, float]:
    """A range with 0 in its middle that holds all values, at least ±`least`."""
    reach = max([least, *(abs(value) * 1.1 for value in values)])
    return -reach, reach


def horizontal_axis(
    drawing: Drawing, scale: Scale, y: float, words: Callable[[float], str]
) -> None:
    """An axis at height `y` with its numbers below it."""
    drawing.line((scale.start, y), (scale.end, y), "axis")
    for value in ticks(scale.low, scale.high):
        drawing.line((scale(value), y), (scale(value), y + 4), "axis")
        drawing.text(scale(value), y + 16, words(value), "faint", "middle")


def vertical_axis(drawing: Drawing, scale: Scale, x: float, words: Callable[[float], str]) -> None:
    """An axis at `x` with its numbers to the left."""
    drawing.line((x, scale.start), (x, scale.end), "axis")
    for value in ticks(scale.low, scale.high, 5):
        drawing.line((x - 4, scale(value)), (x, scale(value)), "axis")
        drawing.text(x - 7, scale(value) + 4, words(value), "faint", "end")
