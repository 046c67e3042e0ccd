"""From raw maps to the pictures that people see.

Maps stay float32 until the last step, and the photo's brightness never depends on the map: the
colours are laid over it with an opacity, and nothing is divided by a maximum of the mixture. The
same map, photo and display give the same bytes.
"""

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_type_hints

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from explainer.errors import ExplainerError, did_you_mean

from .colours import DEFAULT, colour, table, two_sided
from .resizing import resize

# Of zlib. The usual 6 takes four times as long, and most of a picture's making, for a tenth less.
PNG_LEVEL = 3

Values = Tensor | NDArray[np.float32]
Pixels = NDArray[np.float32]


@dataclass(frozen=True)
class Display:
    """How a map becomes a picture; part of the experiment, so one for every arm of a study.

    `opacity`: of the colours over the photo, 0 to 1. `opacity_by`: "constant", or "value" for an
    opacity that grows with the map's value from 0. `size`: width of the picture in pixels (the
    photo's own where None). `percentile`: of the magnitudes of a signed picture, stretched to
    black and white. `show_photo`: False shows the colours alone.
    """

    colour_map: str = DEFAULT
    opacity: float = 0.5
    opacity_by: Literal["constant", "value"] = "constant"
    size: int | None = None
    percentile: float = 99.5
    show_photo: bool = True

    def __post_init__(self) -> None:
        table(self.colour_map)
        if not 0 <= self.opacity <= 1:
            raise ExplainerError(f"opacity={self.opacity}", "use 0 to 1")
        if self.opacity_by not in ("constant", "value"):
            raise ExplainerError(f'opacity_by="{self.opacity_by}"', 'use "constant" or "value"')
        if not 0 < self.percentile <= 100:
            raise ExplainerError(f"percentile={self.percentile}", "use above 0 to 100")
        if self.size is not None and self.size < 1:
            raise ExplainerError(f"size={self.size}", "use a number of pixels above 0")

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> "Display":
        """The display that a definition names; an unknown setting is refused."""
        known = get_type_hints(cls)
        for key in settings:
            if key not in known:
                raise ExplainerError(f'no display setting "{key}"', did_you_mean(key, known))
        return cls(**settings)

    def digest(self) -> str:
        """SHA-256 (hex) of the settings."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


def render(
    map: Values,
    photo: Image.Image | None = None,
    display: Display | None = None,
    *,
    together: Sequence[Values] = (),
    signed: bool = False,
) -> Image.Image:
    """The picture of one map: u×v or H×W over the photo, or C×H×W (signed) on mid-grey.

    `signed`: u×v or H×W has evidence for and against, which become two colours with light grey
    between, the same distance on both sides of 0 as far from it (`colour_map` has no part in it).
    `photo`: the crop that the network saw, at any size; the map is resized to the picture.
    `together`: the maps, this one among them, whose common maximum is the hottest colour (or whose
    common percentile is black and white, or largest magnitude either end): only maps of one
    network, for two networks' scores have different scales and brightness would tell which is
    which. Without it the map stands alone.
    """
    display = display or Display()
    values = _values(map)
    joint = [_values(other) for other in together] or [values]
    if values.ndim == 3:
        return _picture(_signed(values, _magnitude(joint, display.percentile), display, photo))
    if signed:
        top = max(float(np.abs(other).max()) for other in joint)
        return _picture(_sides(values, top, display, photo))
    top = max(float(other.max()) for other in joint)
    return _picture(_heat(values, top, display, photo))


def sheet(pictures: Sequence[Image.Image], columns: int, gap: int = 8) -> Image.Image:
    """Pictures of one size side by side on white, `columns` in a row."""
    if not pictures or columns < 1:
        raise ExplainerError("a sheet needs pictures and columns", "give at least one of each")
    width, height = pictures[0].size
    other = next((picture.size for picture in pictures if picture.size != (width, height)), None)
    if other is not None:
        raise ExplainerError(
            f"one sheet can't hold pictures of {width}×{height} and {other[0]}×{other[1]} pixels",
            "draw them with one display size",
        )
    rows = -(-len(pictures) // columns)
    size = (columns * (width + gap) - gap, rows * (height + gap) - gap)
    paper = Image.new("RGB", size, "white")
    for place, picture in enumerate(pictures):
        row, column = divmod(place, columns)
        paper.paste(picture, (column * (width + gap), row * (height + gap)))
    return paper


def encode(picture: Image.Image, format: str = "png", *, quality: int | None = None) -> bytes:
    """The picture as PNG or WebP, without any metadata; lossless unless WebP has a `quality`."""
    bare = Image.fromarray(np.asarray(picture.convert("RGB")))
    out = io.BytesIO()
    if format == "png":
        bare.save(out, format="PNG", compress_level=PNG_LEVEL)
    elif format == "webp" and quality is None:
        bare.save(out, format="WEBP", lossless=True, quality=60, method=4)
    elif format == "webp":
        bare.save(out, format="WEBP", quality=quality, method=4, use_sharp_yuv=True)
    else:
        raise ExplainerError(f'no picture format "{format}"', "use png or webp")
    return out.getvalue()


def _values(map: Values) -> Pixels:
    values = map.detach().cpu().float().numpy() if isinstance(map, Tensor) else map
    values = np.asarray(values, dtype=np.float32)
    if (
        values.ndim not in (2, 3)
        or not values.size
        or (values.ndim == 3 and len(values) not in (1, 3))
    ):
        raise ExplainerError(
            f"a map of shape {values.shape}", "give u×v, or 3×H×W for a signed picture"
        )
    if not np.isfinite(values).all():
        raise ExplainerError("the map has values that are not finite", "make it again")
    return values


def _resized(values: Pixels, size: tuple[int, int]) -> Pixels:
    """…×u×v to …×height×width, on one thread or many the same."""
    flat = torch.from_numpy(np.ascontiguousarray(values)).reshape(-1, *values.shape[-2:])
    return resize(flat, size).reshape(*values.shape[:-2], *size).numpy()


def _size(values: Pixels, display: Display, photo: Image.Image | None) -> tuple[int, int]:
    """Height and width of the picture: the photo's form at the display's width."""
    width, height = photo.size if photo is not None else values.shape[:-3:-1]
    if display.size is None:
        return height, width
    return max(1, round(height * display.size / width)), display.size


def _heat(values: Pixels, top: float, display: Display, photo: Image.Image | None) -> Pixels:
    share = _share(values, top, display, photo, 0)
    return _laid_over(photo, colour(share, display.colour_map), share, display)


def _sides(values: Pixels, top: float, display: Display, photo: Image.Image | None) -> Pixels:
    share = _share(values, top, display, photo, -1)
    return _laid_over(photo, two_sided(share), np.abs(share), display)


def _share(
    values: Pixels, top: float, display: Display, photo: Image.Image | None, least: int
) -> Pixels:
    """The map at the picture's size as shares of `top`, from `least` to 1."""
    size = _size(values, display, photo)
    if top <= 0:
        return np.zeros(size, np.float32)
    share: Pixels = np.clip(_resized(values, size) / np.float32(top), least, 1)
    return share.astype(np.float32)


def _laid_over(
    photo: Image.Image | None, colours: Pixels, share: Pixels, display: Display
) -> Pixels:
    """The colours over the photo; `share`: 0 to 1, by which the opacity may grow."""
    if not display.show_photo:
        return colours
    if photo is None:
        raise ExplainerError("no photo to lay the colours over", "give one, or show_photo=False")
    opacity = np.float32(display.opacity)
    cover = opacity * share[..., None] if display.opacity_by == "value" else opacity
    return _photo(photo, (share.shape[0], share.shape[1])) * (1 - cover) + colours * cover


def _photo(photo: Image.Image, size: tuple[int, int]) -> Pixels:
    rgb = photo.convert("RGB")
    if rgb.size != size[::-1]:
        rgb = rgb.resize(size[::-1], Image.Resampling.BICUBIC)
    return np.asarray(rgb, dtype=np.float32)


def _magnitude(joint: Sequence[Pixels], percentile: float) -> float:
    magnitudes = np.concatenate([np.abs(values).ravel() for values in joint])
    # A picture with few coloured pixels has a percentile of 0: then the largest one counts.
    return float(np.percentile(magnitudes, percentile)) or float(magnitudes.max())


def _signed(
    values: Pixels, magnitude: float, display: Display, photo: Image.Image | None
) -> Pixels:
    share = _resized(values, _size(values, display, photo)) / np.float32(magnitude or 1)
    grey = 128 + 127 * np.clip(share, -1, 1)
    channels: Pixels = np.moveaxis(np.broadcast_to(grey, (3, *grey.shape[1:])), 0, -1)
    return channels


def _picture(colours: Pixels) -> Image.Image:
    return Image.fromarray(np.floor(colours + np.float32(0.5)).astype(np.uint8))
