"""Points with their intervals, one row each: accuracies, means and contrasts."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from studyapp.shelf.formatting import interval

from .figure import Figure


@dataclass(frozen=True)
class Point:
    """One row: a value with its 95 % interval, and beside it other values of the same thing.

    note: shown at the right, such as k of n. paper: what a paper reports, without an interval.
    other: the same without exclusions, drawn hollow.
    """

    label: str
    value: float | None
    interval: Sequence[float] | None
    note: str = ""
    paper: float | None = None
    other: float | None = None
    other_interval: Sequence[float] | None = None


@dataclass(frozen=True)
class Frame:
    """What the rows share. null: a value marked by a dashed line, and the words for it; None for
    no line. ticks: how the axis writes its numbers, a key of `drawing.sheet.WRITTEN`. axis: its
    title, with the unit."""

    title: str
    low: float
    high: float
    null: float | None
    null_words: str
    show: Callable[[float | None], str]
    ticks: str
    axis: str
    paper_words: str = ""
    other_words: str = ""


def interval_figure(points: Sequence[Point], frame: Frame) -> Figure:
    """The rows one below the other over one axis, with a legend of what is drawn."""
    drawn = (
        "title",
        "low",
        "high",
        "null",
        "null_words",
        "ticks",
        "axis",
        "paper_words",
        "other_words",
    )
    data = {
        "kind": "intervals",
        **{name: getattr(frame, name) for name in drawn},
        "rows": [
            {**asdict(one), "words": ", ".join(filter(None, [frame.show(one.value), one.note]))}
            for one in points
        ],
    }
    said = "; ".join(f"{point.label} {_in_words(point, frame)}" for point in points)
    null = f" The dashed line is {frame.null_words}." if frame.null is not None else ""
    has_others = any(one.other is not None for one in points)
    has_paper = any(one.paper is not None for one in points)
    header = ["", "estimate", "95 % interval", ""]
    header += [frame.other_words, "95 % interval"] if has_others else []
    header += ["paper"] if has_paper else []
    rows = []
    for one in points:
        row = [one.label, frame.show(one.value), interval(one.interval, frame.show), one.note]
        if has_others:
            row += [frame.show(one.other), interval(one.other_interval, frame.show)]
        rows.append([*row, frame.show(one.paper)] if has_paper else row)
    return Figure(frame.title, f"{frame.title}: {said}.{null}", data, header, rows)


def _in_words(point: Point, frame: Frame) -> str:
    words = frame.show(point.value)
    if point.interval is not None:
        words += f", 95 % interval {interval(point.interval, frame.show)}"
    if point.paper is not None:
        words += f", in the paper {frame.show(point.paper)}"
    return words
