"""Eigen-CAM: what the layer's channels have in common, whichever class is asked about."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from explainer.passes.devices import in_full

from .base import Method, SignedCamSettings, Work
from .joining import named_layers


@dataclass(frozen=True)
class EigenCamSettings(SignedCamSettings):
    """`centred`: each channel less its mean over the map, so that the component is that of the
    channels' variance (as pytorch-grad-cam has it, and the paper has not)."""

    centred: bool = False


def eigen_cam(work: Work, settings: EigenCamSettings, k: int) -> Tensor:
    """ReLU(Σ_k v_k A^k), v the first right singular vector of the places × channels of A."""
    return settings.rectified(
        work.once(
            ("eigen_cam", settings.centred),
            lambda: first_component(work.activations(), centred=settings.centred),
        )
    )


def first_component(activations: Tensor, *, centred: bool) -> Tensor:
    """N×u×v: the map N×K×u×v along the direction of the channels in which it is largest.

    A direction has no sign of its own: the map's largest magnitude is positive, as in Seg-Eigen-CAM
    (Chung and Ying, doi 10.3390/app15137562, equation 13). Of a map without negative values and
    not centred, nothing is negative.
    """
    values = activations.flatten(2).double()
    if centred:
        values = values - values.mean(2, keepdim=True)
    finite = values.isfinite().all(2).all(1)
    known = torch.where(finite[:, None, None], values, torch.zeros_like(values))
    with in_full(values.device):
        along = (_direction(known)[:, None] @ known)[:, 0]
    furthest = along.gather(1, along.abs().argmax(1, keepdim=True))
    signed = (along * furthest.sign()).masked_fill(~finite[:, None], float("nan"))
    return signed.reshape(len(activations), *activations.shape[2:])


def _direction(values: Tensor) -> Tensor:
    """N×K: the first left singular vector of N×K×places, by the smaller of its two products."""
    channels, places = values.shape[1:]
    if channels <= places:
        return _last_eigenvector(values @ values.mT)
    across = _last_eigenvector(values.mT @ values)
    return functional.normalize((values @ across[..., None])[..., 0], dim=1)


def _last_eigenvector(products: Tensor) -> Tensor:
    vectors: Tensor = torch.linalg.eigh(products).eigenvectors
    return vectors[..., -1]


EIGEN_CAM = Method(
    name="eigen_cam",
    family="cam",
    formula="L = ReLU(Σ_k v_k A^k), v the first right singular vector of A as places × channels",
    paper="Muhammad and Yeasin, Eigen-CAM, arXiv 2008.00299",
    cost="1 forward, and the eigenvectors of a matrix with a row for each channel or place",
    compute=eigen_cam,
    layers=named_layers,
    depends_on=frozenset({"network", "photo"}),
    settings=EigenCamSettings,
)
