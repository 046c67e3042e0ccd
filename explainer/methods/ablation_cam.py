"""Ablation-CAM: a channel weighs as much as the score falls without it."""

import torch
from torch import Tensor

from .base import Chunk, Method, SignedCamSettings, Work
from .grad_cam import weighted_sum
from .joining import named_layers


def ablation_cam(work: Work, settings: SignedCamSettings, k: int) -> Tensor:
    """L = ReLU(Σ_k w_k A^k), w_k = y − y(A^k = 0) (equations 4 and 5).

    The paper divides w by y, which is the same all over the map: left out, it leaves the signs
    right where the score is negative too.
    """
    activations, _ = work.precise_layer(k)
    falls = work.once("ablation_cam", lambda: _falls(work))[:, :, k]
    return settings.rectified(weighted_sum(falls[:, :, None, None], activations))


def _falls(work: Work) -> Tensor:
    """N×channels×K: how far each score falls without each channel."""
    channels = work.activations().shape[1]

    def without(chunk: Chunk) -> Tensor:
        def silenced(maps: Tensor) -> Tensor:
            rows = torch.arange(len(maps), device=maps.device)
            return maps.index_put((rows, chunk.variants), maps.new_zeros(()))

        return work.scores_with(chunk.places, silenced)

    table = torch.cat([without(chunk) for chunk in work.chunks(channels)])
    whole = work.precise_scores()
    return whole[:, None] - table.reshape(channels, *whole.shape).transpose(0, 1)


ABLATION_CAM = Method(
    name="ablation_cam",
    family="perturbation",
    formula="L = ReLU(Σ_k w_k A^k), w_k = y − y(A^k = 0)",
    paper="Desai and Ramaswamy, Ablation-CAM, WACV 2020, doi 10.1109/WACV45572.2020.9093360",
    cost="(channels + 1) forwards, 1 backward to the layer",
    compute=ablation_cam,
    layers=named_layers,
    settings=SignedCamSettings,
)
