"""ShapleyCAM: channels by their share of the score, to the second order."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from explainer.graphs.bending import bend

from .base import Method, SignedCamSettings, Work, full_precision
from .grad_cam import importances, weighted_sum
from .joining import named_layers

Utility = Literal["residual", "logit"]
KERNELS = threading.Lock()  # which kernel attention takes is one for the whole process


@dataclass(frozen=True)
class ShapleyCamSettings(SignedCamSettings):
    """`utility`: what is shared out: the paper's "residual" softmax target y + log p, whose second
    derivatives are not all 0 where the head is linear; or the "logit" y alone."""

    utility: Utility = "residual"


def shapley_cam(work: Work, settings: ShapleyCamSettings, k: int) -> Tensor:
    """L = ReLU(Σ_k α_k A^k), α = mean over places of g − ½ H·A (Shapley values of the score's
    second-order expansion); a callable target's score is shared out as it is."""
    key = ("shapley_cam", settings.utility)
    activations, weights = work.once(key, lambda: _weights(work, settings))[k]
    return settings.rectified(weighted_sum(weights, activations))


def _weights(work: Work, settings: ShapleyCamSettings) -> list[tuple[Tensor, Tensor]]:
    """For each target A and α: N×K×u×v and N×K×1×1."""
    found: list[list[tuple[Tensor, Tensor]]] = [[] for _ in range(work.targets.count)]
    for chunk in work.chunks(1, graph=True):
        asked, places = work.precise.of(chunk.places), chunk.places
        with _plain_attention():
            graph = asked.graph(work.inputs[places], [work.layer], work.targets.score)
        map, rows = graph.maps[work.layer], work.targets.rows(places, len(work.images))
        read = rows.residuals if settings.utility == "residual" else rows.scores
        for k, parts in enumerate(found):
            with torch.enable_grad():
                scores = read(graph.outputs, k)
            gradient, bent = bend(graph, scores, work.layer)
            alpha = importances(full_precision(gradient - bent / 2))
            parts.append((full_precision(map.detach()), alpha))
    columns = [zip(*parts, strict=True) for parts in found]
    return [(torch.cat(maps), torch.cat(alphas)) for maps, alphas in columns]


@contextmanager
def _plain_attention() -> Iterator[None]:
    """The kernel of attention that can be differentiated twice, as the fast ones can't."""
    with KERNELS, sdpa_kernel(SDPBackend.MATH):
        yield


SHAPLEY_CAM = Method(
    name="shapley_cam",
    family="cam",
    formula="L = ReLU(Σ_k α_k A^k), α_k = (1/Z) Σ_ij (g − ½ H·A)^k_ij, g and H of y + log p",
    paper="Cai, CAMs as Shapley Value-based Explainers, arXiv 2501.06261",
    cost="1 forward, 2 backwards to the layer, one of them of the gradient",
    compute=shapley_cam,
    layers=named_layers,
    may_refuse=True,
    settings=ShapleyCamSettings,
)
