"""Grad-CAM and its counterfactual (Selvaraju et al., arXiv 1610.02391)."""

import torch
from torch import Tensor

from .base import CamSettings, Method, SignedCamSettings, Work
from .joining import named_layers

PAPER = "Selvaraju et al., Grad-CAM, arXiv 1610.02391"


def importances(gradient: Tensor) -> Tensor:
    """α_k = (1/Z) Σ_ij ∂y/∂A^k_ij (equation 1): N×K×u×v → N×K×1×1."""
    return gradient.mean((2, 3), keepdim=True)


def weighted_sum(weights: Tensor, activations: Tensor) -> Tensor:
    """Σ_k w_k A^k, before any ReLU: N×K×u×v twice (or N×K×1×1 weights) → N×u×v."""
    return (weights * activations).sum(1)


def signed_grad_cam(activations: Tensor, gradient: Tensor) -> Tensor:
    """Σ_k α_k A^k: N×K×u×v twice → N×u×v."""
    return weighted_sum(importances(gradient), activations)


def grad_cam_map(activations: Tensor, gradient: Tensor) -> Tensor:
    """ReLU(Σ_k α_k A^k) (equation 2): N×K×u×v twice → N×u×v."""
    return torch.relu(signed_grad_cam(activations, gradient))


def grad_cam(work: Work, settings: SignedCamSettings, k: int) -> Tensor:
    """Grad-CAM at the explained layer."""
    return settings.rectified(signed_grad_cam(work.activations(), work.layer_gradient(k)))


def counterfactual(work: Work, settings: CamSettings, k: int) -> Tensor:
    """ReLU(Σ_k −α_k A^k) (section 3.3): where the class would gain if the region went."""
    return torch.relu(-signed_grad_cam(work.activations(), work.layer_gradient(k)))


GRAD_CAM = Method(
    name="grad_cam",
    family="cam",
    formula="L = ReLU(Σ_k α_k A^k), α_k = (1/Z) Σ_ij ∂y/∂A^k_ij",
    paper=f"{PAPER}, section 3",
    cost="1 forward, 1 backward to the layer",
    compute=grad_cam,
    layers=named_layers,
    settings=SignedCamSettings,
)
COUNTERFACTUAL = Method(
    name="counterfactual_grad_cam",
    family="cam",
    formula="L = ReLU(−Σ_k α_k A^k)",
    paper=f"{PAPER}, section 3.3",
    cost="nothing in addition to grad_cam",
    compute=counterfactual,
    layers=named_layers,
    settings=CamSettings,
)
