"""Points with their intervals, one row each: accuracies, means and contrasts."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from studyapp.shelf.formatting import MISSING

from .figure import Figure


@dataclass(frozen=True)
class Point:
    """One row: a value with its 95 % interval, and beside it other values of the same thing.

    note: printed at the right, such as k of n. paper: what a paper printed, without an interval.
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
    no line. ticks: how the axis writes its numbers, a key of `draw.WRITTEN`."""

    title: str
    low: float
    high: float
    null: float | None
    null_words: str
    show: Callable[[float | None], str]
    ticks: str
    paper_words: str = ""
    other_words: str = ""


def interval_figure(points: Sequence[Point], frame: Frame) -> Figure:
    """The rows one below the other over one axis, with a legend of what is drawn."""
    drawn = ("title", "low", "high", "null", "null_words", "ticks", "paper_words", "other_words")
    data = {
        "kind": "intervals",
        **{name: getattr(frame, name) for name in drawn},
        "rows": [
            {**asdict(one), "words": ", ".join(filter(None, [frame.show(one.value), one.note]))}
            for one in points
        ],
    }
    alt = _alt(points, frame)
    return Figure(frame.title, alt, data, _header(points, frame), _rows(points, frame))


def _alt(points: Sequence[Point], frame: Frame) -> str:
    said = [f"{point.label} {_in_words(point, frame)}" for point in points]
    null = f" The dashed line is {frame.null_words}." if frame.null is not None else ""
    return f"{frame.title}: {'; '.join(said)}.{null}"


def _in_words(point: Point, frame: Frame) -> str:
    words = frame.show(point.value)
    if point.interval is not None:
        words += f", 95 % interval {_pair(point.interval, frame)}"
    if point.paper is not None:
        words += f", in the paper {frame.show(point.paper)}"
    return words


def _pair(pair: Sequence[float] | None, frame: Frame) -> str:
    return MISSING if pair is None else f"{frame.show(pair[0])} to {frame.show(pair[1])}"


def _header(points: Sequence[Point], frame: Frame) -> list[str]:
    other = [frame.other_words, "95 % interval"] if _have_others(points) else []
    return [
        "",
        "estimate",
        "95 % interval",
        "",
        *other,
        *(["paper"] if _have_paper(points) else []),
    ]


def _rows(points: Sequence[Point], frame: Frame) -> list[list[str]]:
    rows = []
    for one in points:
        row = [one.label, frame.show(one.value), _pair(one.interval, frame), one.note]
        if _have_others(points):
            row += [frame.show(one.other), _pair(one.other_interval, frame)]
        rows.append(row + ([frame.show(one.paper)] if _have_paper(points) else []))
    return rows


def _have_others(points: Sequence[Point]) -> bool:
    return any(point.other is not None for point in points)


def _have_paper(points: Sequence[Point]) -> bool:
    return any(point.paper is not None for point in points)
