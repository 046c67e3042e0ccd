"""The figures of a report, drawn from their numbers, which lie beside this folder in figures.json.

`python -m drawing [FORMAT…]` (pdf svg png) in the folder of figures.json draws every figure anew,
as files of its name. It needs matplotlib alone: change sizes, colours and words here to suit your
paper.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from matplotlib import rc_context
from matplotlib.figure import Figure

from .answers import distribution
from .caterpillar import caterpillar
from .curves import looks, power_curves, power_surface
from .panels import calibration, heat, scatter
from .people import flow
from .raw_data import raw_data
from .rows import intervals
from .sheet import STYLE, Data

FORMS = ("pdf", "svg", "png")
# Without a date the same numbers give the same bytes.
DATELESS: Mapping[str, dict[str, Any]] = {
    "svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {},
}  # fmt: skip
KINDS: Mapping[str, Callable[[Data], Figure]] = {
    one.__name__: one
    for one in (
        intervals,
        raw_data,
        caterpillar,
        distribution,
        flow,
        looks,
        power_curves,
        power_surface,
        scatter,
        calibration,
        heat,
    )
}


def drawn(data: Data) -> Figure:
    """The figure of `data`, whose `kind` says how it is drawn."""
    with rc_context(STYLE):
        return KINDS[data["kind"]](data)


def save(figure: Figure, file: Path | IO[Any], form: str) -> None:
    with rc_context(STYLE):
        figure.savefig(file, format=form, metadata=DATELESS[form])


def file_name(number: int, title: str) -> str:
    return f"{number:02}-" + re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60]


def write_files(figures: Sequence[Data], folder: Path, forms: Sequence[str]) -> None:
    for number, data in enumerate(figures, 1):
        figure = drawn(data)
        for form in forms:
            save(figure, folder / f"{file_name(number, data['title'])}.{form}", form)
