"""The raw data of each method, around its estimate: a dot a person, and a dot a photo."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from studyapp.shelf.formatting import counted, interval

from .figure import Figure
from .intervals import Frame, Point

KINDS = {"people": ("person", "people"), "photos": ("photo", "photos")}


@dataclass(frozen=True)
class Cloud:
    """A method's estimate, and the means of its people and photos from the least to the
    greatest, by the names of KINDS."""

    point: Point
    means: Mapping[str, Sequence[float]]


def raw_data_figure(clouds: Sequence[Cloud], frame: Frame) -> Figure:
    """The methods one below the other: dots of people above the estimate, of photos below it."""
    rows = [
        {
            "label": one.point.label,
            "words": ", ".join(_count(kind, means) for kind, means in one.means.items()),
            "value": one.point.value,
            "interval": one.point.interval,
            "means": {kind: list(means) for kind, means in one.means.items()},
        }
        for one in clouds
    ]
    drawn = ("title", "low", "high", "null", "null_words", "ticks", "axis")
    data = {"kind": "raw_data", **{name: getattr(frame, name) for name in drawn}, "rows": rows}
    told = [
        (one.point.label, kind, means)
        for one in clouds
        for kind, means in one.means.items()
        if means
    ]
    said = "; ".join(
        f"{label}, {_count(kind, means)} with means from {frame.show(means[0])} to "
        f"{frame.show(means[-1])}, half of them above {frame.show(median(means))}"
        for label, kind, means in told
    )
    header = ["", "means of", "number", "least", "median", "greatest", "estimate", "95 % interval"]
    points = {one.point.label: one.point for one in clouds}
    table = [
        [
            label, kind, str(len(means)), frame.show(means[0]), frame.show(median(means)),
            frame.show(means[-1]), frame.show(points[label].value),
            interval(points[label].interval, frame.show),
        ]
        for label, kind, means in told
    ]  # fmt: skip
    return Figure(frame.title, f"{frame.title}: {said}.", data, header, table)


def _count(kind: str, means: Sequence[float]) -> str:
    return counted(len(means), *KINDS[kind])
