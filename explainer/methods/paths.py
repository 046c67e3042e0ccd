"""Averages over many nearby inputs: Integrated Grad-CAM, integrated gradients, SmoothGrad."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor

from explainer.errors import ExplainerError
from explainer.passes.devices import like, placed

from .base import LATER, Chunk, Method, SignedCamSettings, Work
from .checks import relative
from .grad_cam import signed_grad_cam
from .joining import named_layers

Baseline = Literal["black", "white", "zeros"]
Points = Literal["left", "right", "middle", "trapezoid", "gauss_legendre"]
Statistic = Literal["mean", "square", "variance"]


@dataclass(frozen=True)
class PathSettings:
    """`steps`: points on the straight path from the baseline to the image.

    `baseline`: a "black" or "white" photo, as it comes out of the network's preprocessing, or
    "zeros" after it. `points`: where they lie, and how they count (see `sum_over`).
    """

    steps: int = 50
    baseline: Baseline = "black"
    points: Points = field(default="right", metadata=LATER)

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise ExplainerError(f"steps = {self.steps}", "use 1 or more")
        if self.points == "trapezoid" and self.steps < 2:
            raise ExplainerError(
                "a trapezoid has two ends, and there is 1 step",
                'use 2 steps or more, or other points, such as "middle"',
            )


@dataclass(frozen=True)
class GradCamPathSettings(SignedCamSettings, PathSettings):
    """Those of a path and of a CAM; the points lie as in Integrated Grad-CAM's paper by default."""

    points: Points = field(default="left", metadata=LATER)

    def __post_init__(self) -> None:
        SignedCamSettings.__post_init__(self)
        PathSettings.__post_init__(self)


class Sum(NamedTuple):
    """How an integral over 0…1 is taken: Σ weights · f(shares) / divisor, of m shares each."""

    shares: Tensor
    weights: Tensor
    divisor: float


def sum_over(points: Points, steps: int, device: torch.device) -> Sum:
    """The sum of `steps` points: the left ends, right ends or middles of as many equal parts;
    both ends of one part fewer; or the points of Gauss and Legendre."""
    numbers, equal = torch.arange(steps, device=device), torch.ones(steps, device=device)
    if points == "gauss_legendre":
        places, weights = np.polynomial.legendre.leggauss(steps)
        shares, own = (torch.from_numpy(half / 2).float() for half in (places + 1, weights))
        return Sum(placed(shares, device), placed(own, device), 1)
    if points == "trapezoid":
        equal[[0, -1]] = 0.5
        return Sum(numbers / (steps - 1), equal, steps - 1)
    moved = {"left": numbers, "right": numbers + 1, "middle": numbers + 0.5}[points]
    return Sum(moved / steps, equal, steps)


@dataclass(frozen=True)
class SmoothGradSettings:
    """`samples` noisy images, their noise's σ being `noise` × (max − min) of the image.

    `statistic`: of their gradients the "mean", the mean "square", or the "variance".
    """

    samples: int = 50
    noise: float = 0.15
    seed: int = 0
    statistic: Statistic = field(default="mean", metadata=LATER)

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


def integrated_grad_cam(work: Work, settings: GradCamPathSettings, k: int) -> Tensor:
    """(1/m) Σ_t ReLU(Σ_k mean g^k(γ_t) · A^k(γ_t)), γ_t = x' + (t/m)(x − x'), t = 0…m−1.

    As the authors' notebook has it: A(x') is not subtracted, and by default the image itself is no
    step.
    """
    whole, _ = _grad_cams(work, settings)[k]
    return whole


def integrated_grad_cam_checks(
    work: Work, settings: GradCamPathSettings, k: int
) -> dict[str, Tensor]:
    """`convergence_error`: Σ |L − L of half the steps| / Σ |L|, N.

    Told where every second step is such a sum: of an even number of steps at left or right ends.

    Its sum promises nothing: the gradient's mean and the ReLU are taken at each step.
    """
    if settings.steps % 2 or settings.points not in ("left", "right"):
        return {}
    whole, half = _grad_cams(work, settings)[k]
    off = (whole - half).abs().sum((1, 2))
    return {"convergence_error": relative(off, whole.abs().sum((1, 2)))}


def _grad_cams(work: Work, settings: GradCamPathSettings) -> list[tuple[Tensor, Tensor]]:
    """For each target: the mean over all steps, and over every second one."""
    return work.once(("integrated_grad_cam", settings), lambda: _over_steps(work, settings))


def _over_steps(work: Work, settings: GradCamPathSettings) -> list[tuple[Tensor, Tensor]]:
    start = baseline_image(work, settings.baseline)
    shares, weights, divisor = sum_over(settings.points, settings.steps, work.inputs.device)

    def at(chunk: Chunk) -> Tensor:
        return _between(work, start, shares[chunk.variants], chunk)

    empty = torch.zeros_like(work.activations()[:, 0])
    sums = [(empty.clone(), empty.clone()) for _ in range(work.targets.count)]
    for chunk in work.chunks(settings.steps, graph=True):
        counts = weights[chunk.variants, None, None]
        second = (chunk.variants % 2 == (settings.points == "right"))[:, None, None]
        for (total, half), found in zip(sums, work.walks_of(at(chunk), chunk.places), strict=True):
            maps = counts * settings.rectified(signed_grad_cam(*found))
            total.index_add_(0, chunk.places, maps)
            half.index_add_(0, chunk.places, maps * second)
    return [(total / divisor, half / weights[::2].sum()) for total, half in sums]


def _between(work: Work, start: Tensor, share: Tensor, chunk: Chunk) -> Tensor:
    share = share.to(work.inputs.dtype)[:, None, None, None]
    return start + share * (work.inputs[chunk.places] - start)


def integrated_gradients(work: Work, settings: PathSettings, k: int) -> Tensor:
    """(x − x') ⊙ (1/m) Σ_t ∂y/∂x(x' + (t/m)(x − x')), t = 1…m (equation 3)."""
    start = baseline_image(work, settings.baseline)
    parts = sum_over(settings.points, settings.steps, work.inputs.device)

    def at(chunk: Chunk) -> Tensor:
        return _between(work, start, parts.shares[chunk.variants], chunk)

    sums = work.once(
        ("integrated_gradients", settings), lambda: _gradients(work, at, parts, torch.float32)
    )
    return (work.inputs - start) * sums[k][0]


def integrated_gradients_checks(work: Work, settings: PathSettings, k: int) -> dict[str, Tensor]:
    """`completeness_error`: |Σ of the map − (y(x) − y(x'))| / |y(x) − y(x')|, N (proposition 1)."""
    whole = integrated_gradients(work, settings, k).float().sum((1, 2, 3))
    gained = work.precise_scores()[:, k] - _baseline_scores(work, settings.baseline)[:, k]
    return {"completeness_error": relative(whole - gained, gained)}


def _baseline_scores(work: Work, baseline: Baseline) -> Tensor:
    """y(x'): N×K."""

    def make() -> Tensor:
        start = baseline_image(work, baseline)
        found = [
            work.scores_of(start.expand(len(chunk.places), -1, -1, -1), chunk.places)
            for chunk in work.chunks(1)
        ]
        return torch.cat(found)

    return work.once(("baseline scores", baseline), make)


def smooth_grad(work: Work, settings: SmoothGradSettings, k: int) -> Tensor:
    """(1/n) Σ ∂y/∂x(x + ε), ε ~ N(0, σ²): the same noise for every image, drawn from the seed.

    Of "square" (1/n) Σ (∂y/∂x)² (Hooker et al., section 3), of "variance" that less the square of
    the mean (VarGrad, Adebayo et al.).
    """
    return work.once(("smooth_grad", settings), lambda: _smoothed(work, settings))[k]


def _smoothed(work: Work, settings: SmoothGradSettings) -> list[Tensor]:
    images = work.inputs
    generator = torch.Generator().manual_seed(settings.seed)
    shape = (settings.samples, *images.shape[1:])
    noise = like(torch.randn(shape, generator=generator), images)
    flat = images.flatten(1)
    sigma = settings.noise * (flat.amax(1) - flat.amin(1))[:, None, None, None]
    equal = sum_over("left", settings.samples, images.device)

    def at(chunk: Chunk) -> Tensor:
        return images[chunk.places] + sigma[chunk.places] * noise[chunk.variants]

    if settings.statistic == "mean":
        return [mean for (mean,) in _gradients(work, at, equal, torch.float32)]
    # The difference of two large numbers in float64, of which float32 would leave rounding
    moments = _gradients(work, at, equal, torch.float64, powers=(1, 2))
    if settings.statistic == "square":
        return [square for _, square in moments]
    return [(square - mean.square()).clamp(min=0) for mean, square in moments]


def _gradients(
    work: Work,
    at: Callable[[Chunk], Tensor],
    parts: Sum,
    dtype: torch.dtype,
    powers: tuple[int, ...] = (1,),
) -> list[list[Tensor]]:
    """For each target and power the mean of (∂y/∂x)^power over variants of each image."""
    sums = [
        [torch.zeros_like(work.inputs, dtype=dtype) for _ in powers]
        for _ in range(work.targets.count)
    ]
    for chunk in work.chunks(len(parts.weights), graph=True):
        counts = parts.weights[chunk.variants, None, None, None].to(dtype)
        walks = work.walks_of(at(chunk), chunk.places, pixels=True)
        for totals, (_, gradient) in zip(sums, walks, strict=True):
            for total, power in zip(totals, powers, strict=True):
                total.index_add_(0, chunk.places, counts * gradient.to(dtype) ** power)
    return [[total / parts.divisor for total in totals] for totals in sums]


INTEGRATED_GRAD_CAM = Method(
    name="integrated_grad_cam",
    family="cam",
    formula="L = (1/m) Σ_t ReLU(Σ_k mean g^k(γ_t) A^k(γ_t)), γ_t = x' + (t/m)(x − x'), t = 0…m−1",
    paper="Sattarzadeh et al., Integrated Grad-CAM, arXiv 2102.07805",
    cost="steps × (1 forward, 1 backward to the layer)",
    compute=integrated_grad_cam,
    layers=named_layers,
    checks=integrated_grad_cam_checks,
    settings=GradCamPathSettings,
)
INTEGRATED_GRADIENTS = Method(
    name="integrated_gradients",
    family="pixels",
    formula="(x − x') ⊙ (1/m) Σ_t ∂y/∂x(x' + (t/m)(x − x')), t = 1…m",
    paper="Sundararajan et al., Axiomatic Attribution for Deep Networks, arXiv 1703.01365",
    cost="steps × (1 forward, 1 backward to the input), 1 forward for its check",
    compute=integrated_gradients,
    checks=integrated_gradients_checks,
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
