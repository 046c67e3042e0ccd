"""Maps of films, volumes and sound as one picture: frames or slices side by side, or a strip."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor
from torch.nn import functional

from explainer.errors import ExplainerError

from .render import Display, Values, render, sheet

MOST = 12  # slices or frames of one picture
COLUMNS = 4
LINE = 20  # of a label, in pixels
STRIP = (960, 120)
PAPER, INK = "white", "#202020"
Array = NDArray[np.float32]


def montage(
    map: Values,
    pictures: Sequence[Image.Image] | None = None,
    display: Display | None = None,
    *,
    name: str,
    signed: bool = False,
    together: Sequence[Values] = (),
) -> Image.Image:
    """A map S×u×v (or S×3×H×W, signed) over S slices or frames, `name`, each above its number.

    At most MOST of them are shown, evenly spaced from the first to the last. `pictures`: one for
    each slice of the input, between which a map of fewer slices is interpolated. `display.size`:
    the width of one. All share their colour range, with the maps of `together` too.
    """
    count = len(pictures) if pictures is not None else len(map)
    display = display or Display()
    if pictures is None:
        display = replace(display, show_photo=False)
    maps = [_of_slices(one, count) for one in (map, *together)]
    chosen = _spread(count)
    joint = [maps[0][n] for n in chosen] if not together else [s for one in maps[1:] for s in one]
    cells = [
        _labelled(
            render(
                maps[0][n],
                pictures[n] if pictures is not None else None,
                display,
                together=joint,
                signed=signed,
            ),
            f"{name} {n + 1} of {count}",
        )
        for n in chosen
    ]
    return sheet(cells, min(COLUMNS, len(cells)))


def strip(
    map: Values,
    sound: Array | None = None,
    display: Display | None = None,
    *,
    signed: bool = False,
    together: Sequence[Values] = (),
) -> Image.Image:
    """A map of l places, or C×L, over the wave of sound C×L (0 to 1), time from left to right.

    Where several samples share a column the strongest is shown. `display.size`: the width.
    """
    display = display or Display()
    width = display.size or STRIP[0]
    display = replace(display, size=None, show_photo=display.show_photo and sound is not None)
    maps = [_columns(_array(one), width) for one in (map, *together)]
    if maps[0].ndim == 1:
        rows = 1 if sound is None else len(sound)
        paper = Image.new("RGB", (width, STRIP[1] * rows), PAPER)
        for row in range(rows if sound is not None else 0):
            _draw_wave(paper, _array(sound)[row], row)
        joint = [one[None] for one in maps[1:]]
        return render(maps[0][None], paper, display, together=joint, signed=signed)
    paper = Image.new("RGB", (width, STRIP[1]), PAPER)
    joint = [one[None, None] for row in (maps[1:] or maps) for one in row]
    drawn = [render(one[None, None], paper, display, together=joint) for one in maps[0]]
    return sheet(drawn, 1)


def _of_slices(map: Values, count: int) -> Array:
    """The map with as many slices, between which it is interpolated."""
    values = _array(map)
    if values.ndim == 4 and values.shape[1] not in (1, 3):
        raise ExplainerError(
            f"a map of shape {values.shape}", "draw one channel, or three, of each slice"
        )
    if len(values) == count:
        return values
    flat = torch.from_numpy(values).reshape(len(values), -1).T[None]
    found = functional.interpolate(flat, size=count, mode="linear", align_corners=False)[0].T
    return found.reshape(count, *values.shape[1:]).numpy()


def _spread(count: int) -> list[int]:
    if count <= MOST:
        return list(range(count))
    return [int(n) for n in np.linspace(0, count - 1, MOST).round()]


def _labelled(picture: Image.Image, text: str) -> Image.Image:
    paper = Image.new("RGB", (picture.width, picture.height + LINE), PAPER)
    paper.paste(picture)
    font = ImageFont.load_default(12)
    ImageDraw.Draw(paper).text((2, picture.height + 2), text, fill=INK, font=font)
    return paper


def _columns(values: Array, width: int) -> Array:
    """…×L as at most `width` columns: of the samples that share one, that of largest magnitude."""
    length = values.shape[-1]
    if length <= width:
        return values
    edges = np.linspace(0, length, width + 1).round().astype(int)
    parts = [values[..., a:b] for a, b in pairwise(edges)]
    strongest = [
        np.take_along_axis(part, np.abs(part).argmax(-1)[..., None], -1)[..., 0] for part in parts
    ]
    found: Array = np.stack(strongest, -1)
    return found


def _draw_wave(paper: Image.Image, samples: Array, row: int) -> None:
    """The lowest to the highest sample of each column, as a line."""
    draw, width, (_, height) = ImageDraw.Draw(paper), paper.width, STRIP
    edges = np.linspace(0, len(samples), width + 1).round().astype(int)
    for column in range(width):
        part = samples[min(edges[column], len(samples) - 1) : max(edges[column + 1], 1)]
        if len(part):
            low, high = float(part.min()), float(part.max())
            top = row * height
            line = [(column, top + (1 - side) * (height - 1)) for side in (low, high)]
            draw.line([*line[0], *line[1]], fill=INK)


def _array(map: Any) -> Array:
    values = map.detach().cpu().float().numpy() if isinstance(map, Tensor) else map
    found: Array = np.asarray(values, dtype=np.float32)
    return found
