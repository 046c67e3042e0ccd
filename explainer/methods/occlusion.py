"""How far the score falls when a patch is hidden (Zeiler and Fergus, section 4.2)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from PIL import ImageColor
from torch import Tensor

from explainer.errors import ExplainerError
from explainer.methods.masks import blur
from explainer.networks.folded import FoldedNetwork
from explainer.networks.preprocessing import Colour
from explainer.passes.devices import placed
from explainer.pictures.resizing import size_of

from .base import LATER, Method, Work
from .paths import baseline_image

Fill = Literal["black", "white", "zeros", "mean", "blur", "colour"]


@dataclass(frozen=True)
class OcclusionSettings:
    """A window of `patch` pixels, moved by `stride`, filled with `fill`.

    `width` and `stride_across`: of a window that is wider or narrower than high, or moves otherwise
    across than down; 0: as `patch` and `stride`.
    `fill`: "zeros" after preprocessing, which is the grey of the mean photo for networks that
    normalise; a "black" or "white" photo's pixels; the "mean" of each photo; the photo itself under
    a "blur" (51×51 pixels, σ 50); or a "colour", by its name or as #RRGGBB.
    """

    patch: int = 32
    stride: int = 16
    fill: Fill = "zeros"
    width: int = field(default=0, metadata=LATER)
    stride_across: int = field(default=0, metadata=LATER)
    colour: str = field(default="", metadata=LATER)

    def __post_init__(self) -> None:
        if self.patch < 1:
            raise ExplainerError(f"patch = {self.patch}", "use 1 or more pixels")
        if not 1 <= self.stride <= self.patch:
            raise ExplainerError(
                f"stride = {self.stride}", f"use 1 to patch = {self.patch}, or pixels are left out"
            )
        if self.width < 0:
            raise ExplainerError(f"width = {self.width}", "use 1 or more pixels, or 0 for a square")
        if not (1 <= self.across.stride <= self.across.length):
            raise ExplainerError(
                f"the window moves {self.across.stride} pixels across and is "
                f"{self.across.length} wide, so pixels are skipped",
                f"give stride_across = 1 to {self.across.length}",
            )
        self._refuse_colour()

    def _refuse_colour(self) -> None:
        if (self.fill == "colour") != bool(self.colour):
            raise ExplainerError(
                f'fill = "{self.fill}" with colour = "{self.colour}"',
                'give both, fill = "colour" and colour = "#808080", or leave colour out',
            )
        if self.colour:
            self.rgb  # noqa: B018  # refuses what is no colour

    @property
    def rgb(self) -> Colour:
        """Red, green and blue of `colour`."""
        fix = 'use a name, such as "grey", or #RRGGBB'
        try:
            found = ImageColor.getrgb(self.colour)
        except ValueError as error:
            raise ExplainerError(f'colour = "{self.colour}"', fix) from error
        if len(found) == 4:  # with an opacity, which a window can't have
            raise ExplainerError(f'colour = "{self.colour}"', fix)
        return found

    @property
    def down(self) -> "Side":
        return Side(self.patch, self.stride)

    @property
    def across(self) -> "Side":
        return Side(self.width or self.patch, self.stride_across or self.stride)


@dataclass(frozen=True)
class Side:
    """Along one side: the window's length, and how far it moves, in pixels."""

    length: int
    stride: int

    def windows(self, pixels: int) -> Tensor:
        """Windows×pixels booleans."""
        starts = torch.arange(0, pixels - self.length + self.stride, self.stride)
        places = torch.arange(pixels)
        return (places >= starts[:, None]) & (places < starts[:, None] + self.length)


def occlusion(work: Work, settings: OcclusionSettings, k: int) -> Tensor:
    """N×H×W: the mean of y(x) − y(x with the patch hidden) over the patches on each pixel.

    Patches start at the upper left; the last of each row and column ends at the border.
    """
    return work.once(("occlusion", settings), lambda: _falls(work, settings))[k]


class Patches:
    """The windows that cover a picture, row by row from the upper left.

    `sizes`: height and width; of a volume laid out as a picture depth too, and of frames, each
    hidden alone, their number. Of these a window has `patch` places, but one of frames.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        settings: OcclusionSettings,
        device: torch.device,
        *,
        frames: bool = False,
    ) -> None:
        *before, last = sizes
        sides = [settings.down] * len(before)
        if frames:
            sides[0] = Side(1, 1)
        self._refuse_whole([*sides, settings.across], sizes)
        rows = torch.ones(1, 1, dtype=torch.bool)
        for side, places in zip(sides, before, strict=True):
            rows = torch.kron(rows.int(), side.windows(places).int()).bool()
        self.rows = placed(rows, device)
        self.columns = placed(settings.across.windows(last), device)
        self.count = len(self.rows) * len(self.columns)

    def _refuse_whole(self, sides: Sequence[Side], sizes: Sequence[int]) -> None:
        if all(side.length <= places for side, places in zip(sides, sizes, strict=True)):
            return
        lengths = [str(side.length) for side in sides]
        patch = lengths[0] if len(set(lengths)) == 1 else "×".join(lengths)
        raise ExplainerError(
            f"a patch of {patch} pixels does not fit into images of {'×'.join(map(str, sizes))}",
            'make it smaller: settings={"occlusion": {"patch": …, "stride": …}}',
        )

    def hidden(self, numbers: Tensor) -> Tensor:
        """P×H×W booleans: the pixels that each of the patches `numbers` hides."""
        rows = self.rows[numbers // len(self.columns)]
        columns = self.columns[numbers % len(self.columns)]
        return rows[:, :, None] & columns[:, None, :]

    def coverage(self) -> Tensor:
        """H×W: how many patches hide each pixel."""
        return self.rows.sum(0)[:, None] * self.columns.sum(0)


def filling(work: Work, settings: OcclusionSettings) -> Tensor:
    """What hidden pixels show: 1×C×H×W of all images, or of each N×C×1×1 or N×C×H×W."""
    if settings.fill == "mean":
        return work.inputs.mean((2, 3), keepdim=True)
    if settings.fill == "blur":
        return blur(work.inputs)
    if settings.fill == "colour":
        return work.network.plain(work.inputs, settings.rgb)
    return baseline_image(work, settings.fill)


def _patches(work: Work, settings: OcclusionSettings) -> Patches:
    """Windows of as many sides as the input has; of frames, each one's own."""
    device, network = work.inputs.device, work.network
    if not isinstance(network, FoldedNetwork):
        return Patches(size_of(work.inputs), settings, device)
    if settings.fill == "blur":
        raise ExplainerError(
            "only pictures can be blurred", 'use fill = "zeros", "mean", "black" or "white"'
        )
    return Patches(network.fold.sizes, settings, device, frames=network.fold.frames)


def _falls(work: Work, settings: OcclusionSettings) -> list[Tensor]:
    images, count = work.inputs, work.targets.count
    patches = _patches(work, settings)
    fill = filling(work, settings)
    whole = work.precise_scores()
    sums = torch.zeros(count, len(images), *size_of(images), device=images.device)
    for chunk in work.chunks(patches.count):
        hidden = patches.hidden(chunk.variants)
        own = fill if len(fill) == 1 else fill[chunk.places]
        without = torch.where(hidden[:, None], own, images[chunk.places])
        falls = whole[chunk.places] - work.scores_of(without, chunk.places)
        for total, fall in zip(sums, falls.T, strict=True):
            total.index_add_(0, chunk.places, fall[:, None, None] * hidden)
    return list(sums / patches.coverage().to(sums))


OCCLUSION = Method(
    name="occlusion",
    family="perturbation",
    formula="mean over the patches on a pixel of y(x) − y(x without the patch)",
    paper="Zeiler and Fergus, Visualizing Convolutional Networks, arXiv 1311.2901, section 4.2",
    cost="(patches + 1) forwards",
    compute=occlusion,
    shape="image",
    layer="none",
    settings=OcclusionSettings,
)
