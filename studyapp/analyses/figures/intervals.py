"""Points with their intervals, one row each: accuracies, means and contrasts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from studyapp.analyses.numerals import MISSING

from .drawing import WIDTH, Drawing, Figure
from .scales import Scale, horizontal_axis

ROW, TOP, MARGIN = 42, 6, 22


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
    no line."""

    title: str
    low: float
    high: float
    null: float | None
    null_words: str
    show: Callable[[float | None], str]
    tick: Callable[[float], str]
    paper_words: str = ""
    other_words: str = ""


def interval_figure(points: Sequence[Point], frame: Frame) -> Figure:
    """The rows one below the other over one axis, with a legend of what is drawn."""
    legend = _legend(points, frame)
    bottom = TOP + ROW * len(points) + 8
    drawing = Drawing(bottom + 24 + 16 * len(legend))
    scale = Scale(frame.low, frame.high, MARGIN, WIDTH - MARGIN)
    for place, point in enumerate(points):
        _row(drawing, point, scale, TOP + ROW * place, frame)
    horizontal_axis(drawing, scale, bottom, frame.tick)
    for place, (kind, words) in enumerate(legend):
        _legend_line(drawing, kind, words, bottom + 34 + 16 * place)
    alt = _alt(points, frame)
    return Figure(frame.title, alt, drawing.svg(alt), _header(points, frame), _rows(points, frame))


def _row(drawing: Drawing, point: Point, scale: Scale, top: float, frame: Frame) -> None:
    drawing.text(MARGIN, top + 14, point.label, "label strong")
    right = ", ".join(filter(None, [frame.show(point.value), point.note]))
    drawing.text(WIDTH - MARGIN, top + 14, right, "label", "end")
    middle = top + 28
    if frame.null is not None:
        drawing.line((scale(frame.null), top + 19), (scale(frame.null), top + ROW), "null")
    if point.other is not None:
        _mark(drawing, scale, middle + 7, point.other_interval, "thin")
        drawing.add("circle", "hollow", cx=scale(point.other), cy=middle + 7, r=3.5)
    if point.value is not None:
        _mark(drawing, scale, middle, point.interval, "interval")
        drawing.add("circle", "dot", cx=scale(point.value), cy=middle, r=5)
    if point.paper is not None:
        drawing.diamond(scale(point.paper), middle, "paper")


def _mark(
    drawing: Drawing, scale: Scale, y: float, pair: Sequence[float] | None, kind: str
) -> None:
    if pair is not None:
        drawing.line((scale(pair[0]), y), (scale(pair[1]), y), kind)


def _legend(points: Sequence[Point], frame: Frame) -> list[tuple[str, str]]:
    lines = [("dot", "estimate with its 95 % interval")]
    if frame.null is not None:
        lines.append(("null", frame.null_words))
    if _have_others(points):
        lines.insert(1, ("hollow", frame.other_words))
    if _have_paper(points):
        lines.append(("paper", frame.paper_words))
    return lines


def _legend_line(drawing: Drawing, kind: str, words: str, y: float) -> None:
    x = MARGIN + 8
    if kind == "paper":
        drawing.diamond(x, y - 4, kind)
    elif kind == "null":
        drawing.line((x - 8, y - 4), (x + 8, y - 4), kind)
    else:
        drawing.line((x - 9, y - 4), (x + 9, y - 4), "interval" if kind == "dot" else "thin")
        drawing.add("circle", kind, cx=x, cy=y - 4, r=4)
    drawing.text(x + 16, y, words, "faint")


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
