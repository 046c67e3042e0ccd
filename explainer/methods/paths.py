"""Averages over many nearby inputs: Integrated Grad-CAM, integrated gradients, SmoothGrad."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from explainer.errors import ExplainerError

from .base import Chunk, Method, Work
from .grad_cam import grad_cam_map

Baseline = Literal["black", "white", "zeros"]


@dataclass(frozen=True)
class PathSettings:
    """`steps`: points on the straight path from the baseline to the image.

    `baseline`: a "black" or "white" photo, as it comes out of the network's preprocessing, or
    "zeros" after it.
    """

    steps: int = 50
    baseline: Baseline = "black"

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise ExplainerError(f"steps = {self.steps}", "use 1 or more")


@dataclass(frozen=True)
class SmoothGradSettings:
    """`samples` noisy images, their noise's σ being `noise` × (max − min) of the image."""

    samples: int = 50
    noise: float = 0.15
    seed: int = 0

    def __post_init__(self) -> None:
        if self.samples < 1:
            raise ExplainerError(f"samples = {self.samples}", "use 1 or more")
        if not 0 <= self.noise < float("inf"):
            raise ExplainerError(f"noise = {self.noise}", "use 0 or more")


def baseline_image(work: Work, baseline: Baseline) -> Tensor:
    """x': 1×C×H×W."""
    if baseline == "zeros":
        return torch.zeros_like(work.inputs[:1])
    return work.network.plain(work.inputs, 0 if baseline == "black" else 255)


def integrated_grad_cam(work: Work, settings: PathSettings, k: int) -> Tensor:
    """(1/m) Σ_t ReLU(Σ_k mean g^k(γ_t) · A^k(γ_t)), γ_t = x' + (t/m)(x − x'), t = 0…m−1.

    As the authors' notebook has it: A(x') is not subtracted, and the image itself is no step.
    """
    return work.once(("integrated_grad_cam", settings), lambda: _grad_cams(work, settings))[k]


def _grad_cams(work: Work, settings: PathSettings) -> list[Tensor]:
    start = baseline_image(work, settings.baseline)

    def at(chunk: Chunk) -> Tensor:
        return _between(work, start, chunk.variants / settings.steps, chunk)

    sums = [torch.zeros_like(work.activations()[:, 0]) for _ in range(work.targets.count)]
    for chunk in work.chunks(settings.steps, graph=True):
        for total, found in zip(sums, work.walks_of(at(chunk), chunk.places), strict=True):
            total.index_add_(0, chunk.places, grad_cam_map(*found))
    return [total / settings.steps for total in sums]


def _between(work: Work, start: Tensor, share: Tensor, chunk: Chunk) -> Tensor:
    share = share.to(work.inputs.dtype)[:, None, None, None]
    return start + share * (work.inputs[chunk.places] - start)


def integrated_gradients(work: Work, settings: PathSettings, k: int) -> Tensor:
    """(x − x') ⊙ (1/m) Σ_t ∂y/∂x(x' + (t/m)(x − x')), t = 1…m (equation 3)."""
    start = baseline_image(work, settings.baseline)

    def at(chunk: Chunk) -> Tensor:
        return _between(work, start, (chunk.variants + 1) / settings.steps, chunk)

    means = work.once(
        ("integrated_gradients", settings), lambda: _mean_gradients(work, settings.steps, at)
    )
    return (work.inputs - start) * means[k]


def smooth_grad(work: Work, settings: SmoothGradSettings, k: int) -> Tensor:
    """(1/n) Σ ∂y/∂x(x + ε), ε ~ N(0, σ²): the same noise for every image, drawn from the seed."""
    return work.once(("smooth_grad", settings), lambda: _smoothed(work, settings))[k]


def _smoothed(work: Work, settings: SmoothGradSettings) -> list[Tensor]:
    images = work.inputs
    generator = torch.Generator().manual_seed(settings.seed)
    shape = (settings.samples, *images.shape[1:])
    noise = torch.randn(shape, generator=generator).to(images)
    flat = images.flatten(1)
    sigma = settings.noise * (flat.amax(1) - flat.amin(1))[:, None, None, None]
    return _mean_gradients(
        work,
        settings.samples,
        lambda chunk: images[chunk.places] + sigma[chunk.places] * noise[chunk.variants],
    )


def _mean_gradients(work: Work, count: int, at: Callable[[Chunk], Tensor]) -> list[Tensor]:
    """The mean ∂y/∂x over `count` variants of each image, for each target."""
    sums = [torch.zeros_like(work.inputs, dtype=torch.float32) for _ in range(work.targets.count)]
    for chunk in work.chunks(count, graph=True):
        walks = work.walks_of(at(chunk), chunk.places, pixels=True)
        for total, (_, gradient) in zip(sums, walks, strict=True):
            total.index_add_(0, chunk.places, gradient.float())
    return [total / count for total in sums]


INTEGRATED_GRAD_CAM = Method(
    name="integrated_grad_cam",
    family="cam",
    formula="L = (1/m) Σ_t ReLU(Σ_k mean g^k(γ_t) A^k(γ_t)), γ_t = x' + (t/m)(x − x'), t = 0…m−1",
    paper="Sattarzadeh et al., Integrated Grad-CAM, arXiv 2102.07805",
    cost="steps × (1 forward, 1 backward to the layer)",
    compute=integrated_grad_cam,
    settings=PathSettings,
)
INTEGRATED_GRADIENTS = Method(
    name="integrated_gradients",
    family="pixels",
    formula="(x − x') ⊙ (1/m) Σ_t ∂y/∂x(x' + (t/m)(x − x')), t = 1…m",
    paper="Sundararajan et al., Axiomatic Attribution for Deep Networks, arXiv 1703.01365",
    cost="steps × (1 forward, 1 backward to the input)",
    compute=integrated_gradients,
    shape="input",
    signed=True,
    layer="none",
    settings=PathSettings,
)
SMOOTH_GRAD = Method(
    name="smooth_grad",
    family="pixels",
    formula="(1/n) Σ ∂y/∂x(x + ε), ε ~ N(0, (noise × (max x − min x))²)",
    paper="Smilkov et al., SmoothGrad, arXiv 1706.03825",
    cost="samples × (1 forward, 1 backward to the input)",
    compute=smooth_grad,
    shape="input",
    signed=True,
    layer="none",
    settings=SmoothGradSettings,
)
