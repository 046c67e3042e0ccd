"""How fast a class goes when what a map calls important is taken away, and comes when it is put in.

Petsiuk et al., RISE, arXiv 1806.07421, by Group-CAM's protocol (Zhang et al., arXiv 2103.13859).
"""

import torch
from torch import Tensor

from explainer.errors import ExplainerError
from explainer.methods.masks import blur
from explainer.networks.network import Network
from explainer.passes.targets import Wanted

from .base import Asked, Budget, Metric, importance

PAPER = "Petsiuk et al., RISE, arXiv 1806.07421; Zhang et al., Group-CAM, arXiv 2103.13859"
STEPS_AT_224 = 112


def deletion_auc(
    network: Network,
    images: Tensor,
    maps: Tensor,
    targets: Wanted = None,
    *,
    step: int | None = None,
    budget: Budget | None = None,
) -> Tensor:
    """N areas under the class's probability while the most important pixels become zero.

    `maps`: N×u×v, or signed N×C×H×W. `step`: pixels a step, 448 at 224² (in proportion at another
    size). Zero is the mean colour of a normalised image. Pixels of equal value go in reading order.
    """
    curve, shares = deletion_curve(network, images, maps, targets, step=step, budget=budget)
    return torch.trapezoid(curve, shares)


def insertion_auc(
    network: Network,
    images: Tensor,
    maps: Tensor,
    targets: Wanted = None,
    *,
    step: int | None = None,
    budget: Budget | None = None,
) -> Tensor:
    """N areas under the class's probability while a blurred image (51×51, σ 50) gets its pixels.

    Arguments as of `deletion_auc`.
    """
    curve, shares = insertion_curve(network, images, maps, targets, step=step, budget=budget)
    return torch.trapezoid(curve, shares)


def deletion_curve(
    network: Network,
    images: Tensor,
    maps: Tensor,
    targets: Wanted = None,
    *,
    step: int | None = None,
    budget: Budget | None = None,
) -> tuple[Tensor, Tensor]:
    """N×(steps+1) probabilities, and the share of pixels taken away at each."""
    asked = Asked(network, images, targets, budget)
    images = asked.images
    return _curve(asked, importance(maps, images), (images, torch.zeros_like(images)), step)


def insertion_curve(
    network: Network,
    images: Tensor,
    maps: Tensor,
    targets: Wanted = None,
    *,
    step: int | None = None,
    budget: Budget | None = None,
) -> tuple[Tensor, Tensor]:
    """N×(steps+1) probabilities, and the share of pixels put in at each."""
    asked = Asked(network, images, targets, budget)
    images = asked.images
    return _curve(asked, importance(maps, images), (blur(images), images), step)


def _curve(
    asked: Asked, values: Tensor, ends: tuple[Tensor, Tensor], step: int | None
) -> tuple[Tensor, Tensor]:
    before, after = ends
    pixels = values[0].numel()
    whole = _counts(pixels, step)
    counts = whole.to(before.device)
    order = values.flatten(1).argsort(dim=1, descending=True, stable=True)
    ranks = torch.empty_like(order)
    ranks.scatter_(1, order, torch.arange(pixels, device=order.device).expand_as(order))
    ranks = ranks.reshape(values.shape)[:, None]

    def change(rows: Tensor, steps: Tensor) -> Tensor:
        reached = ranks[rows] < counts[steps][:, None, None, None]
        return torch.where(reached, after[rows], before[rows])

    return asked.changed(len(counts), change, "probability"), whole / pixels


def _counts(pixels: int, step: int | None) -> Tensor:
    """How many pixels are changed at each step: from none to all."""
    step = max(1, round(pixels / STEPS_AT_224)) if step is None else step
    if step < 1:
        raise ExplainerError(f"step={step}", "use a number of pixels above 0")
    return torch.tensor([*range(0, pixels, step), pixels])


DELETION = Metric(
    name="deletion_auc",
    formula="∫ p(x without the share s of most important pixels) ds, 448 pixels a step at 224²",
    paper=PAPER,
    needs="network",
    better="lower",
    compute=deletion_auc,
    cost="113 forwards",
)
INSERTION = Metric(
    name="insertion_auc",
    formula="∫ p(blur of x with the share s of most important pixels put in) ds",
    paper=PAPER,
    needs="network",
    better="higher",
    compute=insertion_auc,
    cost="113 forwards",
)
