"""What threads make of rows beside the passes: maps and pictures, drawn, encoded and stored.

Nothing here asks the database: the rows come with all that is needed, and the worker's own thread
writes down what became of them (`settling`).
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

import explainer
from explainer.pictures.render import encode
from studyapp import storage
from studyapp.models import IMPORTED, Crop, Explanation, Image, Kind, Network, Overlay, Work

from .films import drawn_film, film_side
from .networks import crop_beside_table
from .sheets import in_square
from .stored_files import open_image, photo_bytes, stored_map, stored_picture, stored_text

# A photo as people see it, so many pixels wide; and the values of an explanation that are drawn
Cut = Callable[[int | None], Any]
Values = Callable[[Explanation], Any]


class Made(NamedTuple):
    """A row whose file is stored, and what the row is to say of it; or why that failed."""

    row: Work
    values: Mapping[str, Any] = {}
    error: Exception | None = None


def map_stored(row: Explanation, array: Any, name: str, told: Mapping[str, Any]) -> Made:
    """A map stored under a name of its own, which holds the end of the claim's `name`."""
    file = f"maps/{row.settings_digest[:2]}/{row.pk}-{name[-8:]}.npz"
    try:
        digest = storage.keep(file, explainer.store.maps_bytes({"map": array}))
    except OSError as error:
        return Made(row, error=error)
    return Made(row, {"map_file": file, "map_digest": digest, **told})


def pictures_stored(
    rows: Iterable[Overlay | Crop], cut: Cut, values: Values, quality: int | None, name: str
) -> list[Made]:
    """The pictures of one photo by one network, which is cut and read once for all of them.

    `quality`: of WebP; None is lossless. `name`: the claim on the pictures, whose end their files'
    names hold as maps' do: a worker that has lost its claim replaces nobody's file.
    """
    cut, values = cache(cut), cache(values)
    return [_picture_stored(row, cut, values, quality, name) for row in rows]


def _picture_stored(
    row: Overlay | Crop, cut: Cut, values: Values, quality: int | None, name: str
) -> Made:
    try:
        content, ending, size = _drawn_file(row, cut, values, quality)
        file = f"pictures/{row.code[:2]}/{row.code}-{name[-8:]}.{ending}"
        digest = storage.keep(file, content)
    except (explainer.ExplainerError, OSError) as error:
        return Made(row, error=error)
    return Made(row, {"file": file, "digest": digest, **size})


def _drawn_file(
    row: Overlay | Crop, cut: Cut, values: Values, quality: int | None
) -> tuple[bytes, str, dict[str, int]]:
    """What people see, how its file's name ends, and its size in pixels."""
    kind = row.explanation.kind if isinstance(row, Overlay) else ""
    if isinstance(row, Overlay) and kind == Kind.TEXT:
        return stored_text(row.explanation), "txt", {}
    if isinstance(row, Overlay) and kind == Kind.FILM:
        side = film_side(row.display)
        return drawn_film(row.explanation, row.display), "mp4", {"width": side, "height": side}
    picture = _draw_overlay(row, cut, values) if isinstance(row, Overlay) else cut(row.size)
    size = {"width": picture.width, "height": picture.height}
    return encode(picture, "webp", quality=quality), "webp", size


def _draw_overlay(row: Overlay, cut: Cut, values: Values) -> Any:
    """The picture of an explanation whose digest is what was recorded: of a map, on what the
    network saw."""
    explanation = row.explanation
    if explanation.kind != Kind.MAP:
        return in_square(stored_picture(explanation), row.display)
    display = explainer.Display.from_settings(row.display)
    array, *together = map(values, (explanation, *row.normalised_with.all()))
    signed = bool(explanation.settings.get("signed", False))
    return explainer.render(
        array, cut(display.size), display, together=tuple(together), signed=signed
    )


def stored_values(explanation: Explanation, network: explainer.Network | None) -> Any:
    """The values of a stored map that are drawn; `network`: of what a worker computed."""
    array = stored_map(explanation)
    if explanation.method == IMPORTED or network is None:
        return array
    return explainer.drawn(array, explanation.method, network.shown)


def cut_of(image: Image, row: Network, network: explainer.Network | None) -> Cut:
    """The photo as the network of a row crops it; it is read where a picture first needs it."""
    if network is None:
        beside = crop_beside_table(row)
        return lambda size: beside.crop(explainer.open_photo(photo_bytes(image)), size)
    return lambda size: network.crop(open_image(image, network), size=size)
