"""The two axioms of XGrad-CAM (Fu et al., arXiv 2008.02312) on the networks of the pair.

Behind the last convolution the pair has averages and one linear layer alone, where XGrad-CAM and
Grad-CAM are one map. So they are measured on the maps that the last convolution reads.
"""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from tqdm import tqdm

from explainer import Network
from explainer.networks.pooled import Pooled
from ready.maps_and_masks import Explained

Values = NDArray[np.float64]

BATCH = 64
METHODS = ("grad_cam", "xgrad_cam")


class Behind(nn.Module):
    """From the maps that the last convolution reads to the scores."""

    def __init__(self, whole: Pooled) -> None:
        super().__init__()
        self.place = last_convolution(whole.features)
        self.features, self.pool = whole.features[self.place :], whole.pool
        self.classifier = whole.classifier

    def forward(self, maps: Tensor) -> Tensor:
        scores: Tensor = self.classifier(self.pool(self.features(maps.clone())).flatten(1))
        return scores


def last_convolution(layers: nn.Sequential) -> int:
    return max(place for place, one in enumerate(layers) if isinstance(one, nn.Conv2d))


def axiom_errors(network: Network, seen: Explained) -> Mapping[str, Mapping[str, Values]]:
    """By axiom and method an error for each photo, 0 where the axiom holds.

    `conservation`: |y − Σ α A| / |y|. `sensitivity`: Σ_k |y − y(A^k = 0) − α_k Σ_ij A^k| /
    Σ_k |y − y(A^k = 0)| (equations 2 and 3, relative as in section 3).
    """
    whole = network.module
    assert isinstance(whole, Pooled)
    behind = Behind(whole)
    found: dict[str, dict[str, list[float]]] = {
        axiom: {name: [] for name in METHODS} for axiom in ("conservation", "sensitivity")
    }
    photos = zip(seen.images, seen.targets.tolist(), strict=True)
    for image, target in tqdm(photos, "Axioms", len(seen.images), disable=None):
        with torch.no_grad():
            maps = whole.features[: behind.place](image[None])
        score, shares = _shares(behind, maps, target)
        falls = score - _without_each(behind, maps, target)
        for name, own in shares.items():
            lost = (score - own.sum()).abs() / score.abs()
            found["conservation"][name].append(float(lost))
            apart = (falls - own).abs().sum() / falls.abs().sum()
            found["sensitivity"][name].append(float(apart))
    return {
        axiom: {name: np.asarray(values) for name, values in by_method.items()}
        for axiom, by_method in found.items()
    }


def _shares(behind: Behind, maps: Tensor, target: int) -> tuple[Tensor, Mapping[str, Tensor]]:
    """The score, and by method what each channel of its map adds up to: α_k Σ_ij A^k."""
    maps = maps.detach().requires_grad_(True)
    score = behind(maps)[0, target]
    (slope,) = torch.autograd.grad(score, maps)
    with torch.no_grad():
        grad = slope.mean((2, 3)) * maps.sum((2, 3))
        return score.detach(), {"grad_cam": grad[0], "xgrad_cam": (slope * maps).sum((2, 3))[0]}


@torch.no_grad()
def _without_each(behind: Behind, maps: Tensor, target: int) -> Tensor:
    """The score without each channel."""
    channels = maps.shape[1]
    scores = []
    for start in range(0, channels, BATCH):
        places = torch.arange(start, min(start + BATCH, channels))
        several = maps.repeat(len(places), 1, 1, 1)
        several[torch.arange(len(places)), places] = 0
        scores.append(behind(several)[:, target])
    return torch.cat(scores)
