"""How far the score falls when a patch is hidden (Zeiler and Fergus, section 4.2)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from explainer.errors import ExplainerError
from explainer.pictures.resizing import size_of

from .base import Method, Work
from .paths import Baseline, baseline_image


@dataclass(frozen=True)
class OcclusionSettings:
    """A square of `patch` pixels, moved by `stride`, filled with `fill`.

    `fill`: "zeros" after preprocessing, which is the grey of the mean photo for networks that
    normalise; or a "black" or "white" photo's pixels.
    """

    patch: int = 32
    stride: int = 16
    fill: Baseline = "zeros"

    def __post_init__(self) -> None:
        if self.patch < 1:
            raise ExplainerError(f"patch = {self.patch}", "use 1 or more pixels")
        if not 1 <= self.stride <= self.patch:
            raise ExplainerError(
                f"stride = {self.stride}", f"use 1 to patch = {self.patch}, or pixels are left out"
            )


def occlusion(work: Work, settings: OcclusionSettings, k: int) -> Tensor:
    """N×H×W: the mean of y(x) − y(x with the patch hidden) over the patches on each pixel.

    Patches start at the upper left; the last of each row and column ends at the border.
    """
    return work.once(("occlusion", settings), lambda: _falls(work, settings))[k]


class Patches:
    """The patches that cover a picture, row by row from the upper left."""

    def __init__(
        self, size: tuple[int, int], settings: OcclusionSettings, device: torch.device
    ) -> None:
        if settings.patch > min(size):
            raise ExplainerError(
                f"a patch of {settings.patch} pixels hides images of {size[0]}×{size[1]} wholly",
                'make it smaller: settings={"occlusion": {"patch": …, "stride": …}}',
            )
        self.rows, self.columns = (_windows(length, settings).to(device) for length in size)
        self.count = len(self.rows) * len(self.columns)

    def hidden(self, numbers: Tensor) -> Tensor:
        """P×H×W booleans: the pixels that each of the patches `numbers` hides."""
        rows = self.rows[numbers // len(self.columns)]
        columns = self.columns[numbers % len(self.columns)]
        return rows[:, :, None] & columns[:, None, :]

    def coverage(self) -> Tensor:
        """H×W: how many patches hide each pixel."""
        return self.rows.sum(0)[:, None] * self.columns.sum(0)


def _windows(length: int, settings: OcclusionSettings) -> Tensor:
    """Windows×length booleans along one side."""
    starts = torch.arange(0, length - settings.patch + settings.stride, settings.stride)
    places = torch.arange(length)
    return (places >= starts[:, None]) & (places < starts[:, None] + settings.patch)


def _falls(work: Work, settings: OcclusionSettings) -> list[Tensor]:
    images, count = work.inputs, work.targets.count
    patches = Patches(size_of(images), settings, images.device)
    fill = baseline_image(work, settings.fill)
    whole = work.precise_scores()
    sums = torch.zeros(count, len(images), *size_of(images), device=images.device)
    for chunk in work.chunks(patches.count):
        hidden = patches.hidden(chunk.variants)
        without = torch.where(hidden[:, None], fill, images[chunk.places])
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
