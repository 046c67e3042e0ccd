"""How fast a class goes when what a map calls important is taken away, and comes when it is put in.

Petsiuk et al., RISE, arXiv 1806.07421, by Group-CAM's protocol (Zhang et al., arXiv 2103.13859).
"""

from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor

from explainer.errors import ExplainerError
from explainer.methods.masks import blur
from explainer.networks.network import Network
from explainer.passes.targets import Wanted

from .base import Asked, Budget, Metric, importance

PAPER = "Petsiuk et al., RISE, arXiv 1806.07421; Zhang et al., Group-CAM, arXiv 2103.13859"
STEPS_AT_224 = 112

Kind = Literal["deletion", "insertion"]


def curve(
    kind: Kind,
    network: Network,
    images: Tensor,
    maps: Tensor,
    targets: Wanted = None,
    *,
    step: int | None = None,
    budget: Budget | None = None,
) -> tuple[Tensor, Tensor]:
    """N×(steps+1) probabilities of the class, and the share of pixels changed at each step.

    By deletion the most important pixels become zero, the mean colour of a normalised image; by
    insertion a blurred image (51×51, σ 50) gets them. `maps`: N×u×v, or signed N×C×H×W. `step`:
    pixels a step, 448 at 224² (in proportion at another size). Pixels of equal value go in reading
    order.
    """
    asked = Asked(network, images, targets, budget)
    images = asked.images
    deleted = (images, torch.zeros_like(images))
    before, after = deleted if kind == "deletion" else (blur(images), images)
    values = importance(maps, images)
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


deletion_curve, insertion_curve = partial(curve, "deletion"), partial(curve, "insertion")


def deletion_auc(*args: Any, **settings: Any) -> Tensor:
    """N areas under the curve of deletion. Arguments as of `curve`, without its kind."""
    return torch.trapezoid(*deletion_curve(*args, **settings))


def insertion_auc(*args: Any, **settings: Any) -> Tensor:
    """N areas under the curve of insertion. Arguments as of `curve`, without its kind."""
    return torch.trapezoid(*insertion_curve(*args, **settings))


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
