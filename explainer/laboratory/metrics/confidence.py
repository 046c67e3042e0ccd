"""How sure a network stays when it sees only what a map lights up (Grad-CAM++, section 4.1)."""

import torch
from torch import Tensor

from explainer.errors import ExplainerError
from explainer.methods.masks import minmax
from explainer.networks.network import Network
from explainer.passes.targets import Wanted
from explainer.pictures.resizing import resize, size_of

from .base import Asked, Budget, Metric, one_value_per_pixel

PAPER = "Chattopadhyay et al., Grad-CAM++, arXiv 1710.11063, section 4.1"


def average_drop(
    network: Network,
    images: Tensor,
    maps: Tensor,
    targets: Wanted = None,
    *,
    budget: Budget | None = None,
) -> Tensor:
    """N shares, 0 to 1, of the class's probability that are lost: max(0, p(x) − p(x ⊙ M)) / p(x).

    M is the map scaled to 0…1 at its own size, then enlarged. Their mean is the paper's number.
    """
    whole, lit = _confidences(Asked(network, images, targets, budget), maps)
    if bool((whole <= 0).any()):
        raise ExplainerError("a score that is not positive can't drop by a share", "give classes")
    return torch.relu(whole - lit) / whole


def increase_in_confidence(
    network: Network,
    images: Tensor,
    maps: Tensor,
    targets: Wanted = None,
    *,
    budget: Budget | None = None,
) -> Tensor:
    """N ones and zeros: is p(x ⊙ M) above p(x)? M as of `average_drop`."""
    whole, lit = _confidences(Asked(network, images, targets, budget), maps)
    return (lit > whole).float()


def _confidences(asked: Asked, maps: Tensor) -> tuple[Tensor, Tensor]:
    images = asked.images
    coarse = one_value_per_pixel(maps, len(images)).to(images.device)
    mask = resize(minmax(coarse), size_of(images))
    lit = asked.changed(1, lambda rows, steps: images[rows] * mask[rows, None], "probability")
    return asked.own("probability"), lit[:, 0]


AVERAGE_DROP = Metric(
    name="average_drop",
    formula="mean of max(0, p(x) − p(x ⊙ ↑minmax(L))) / p(x)",
    paper=PAPER,
    needs="network",
    better="lower",
    compute=average_drop,
    cost="2 forwards",
)
INCREASE = Metric(
    name="increase_in_confidence",
    formula="share of images with p(x ⊙ ↑minmax(L)) > p(x)",
    paper=PAPER,
    needs="network",
    better="higher",
    compute=increase_in_confidence,
    cost="2 forwards",
)
