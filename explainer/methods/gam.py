"""Gradient activation maps over several layers."""

from dataclasses import dataclass

import torch
from torch import Tensor

from explainer.errors import ExplainerError
from explainer.methods.masks import minmax
from explainer.networks.network import Network
from explainer.passes.layers import address_of
from explainer.passes.targets import Wanted
from explainer.pictures.resizing import resize, size_of

from .base import Method, Work
from .weighted_cams import layer_cam_map


@dataclass(frozen=True)
class GamSettings:
    """`layers`: addresses; where none is named, the last maps of the last `stages` sizes."""

    stages: int = 3
    layers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.stages < 1:
            raise ExplainerError(f"stages = {self.stages}", "use 1 or more")


def gam_layers(
    network: Network, images: Tensor, wanted: Wanted, settings: GamSettings
) -> tuple[str, ...]:
    """The addresses whose maps are joined."""
    if settings.layers:
        return tuple(dict.fromkeys(address_of(network.module, name) for name in settings.layers))
    return network.stages(images, wanted)[-settings.stages :]


def gam(work: Work, settings: GamSettings, k: int) -> Tensor:
    """(1/|layers|) Σ_layers minmax(↑ Σ_k ReLU(g^k) ⊙ A^k): N×H×W.

    The score is a class's logit, or with `targets=similarity_to(embeddings)` the cosine to second
    images' embeddings. The paper describes the maps in words; that each layer's is stretched to
    0…1 and their mean taken is our own reading. One layer of it is LayerCAM, so stretched.
    """
    size = size_of(work.images)
    maps = [
        minmax(resize(layer_cam_map(work.activations(name), work.layer_gradient(k, name)), size))
        for name in work.layers.more["gam"]
    ]
    return torch.stack(maps).mean(0)


GAM = Method(
    name="gam",
    family="cam",
    formula="L = (1/|layers|) Σ_layers minmax(↑ Σ_k ReLU(g^k) ⊙ A^k)",
    paper="Barkan et al., GAM: Explainable Visual Similarity and Classification via Gradient "
    "Activation Maps, arXiv 2109.00951",
    cost="1 forward, 1 backward to the first of the layers",
    compute=gam,
    version="2",
    shape="image",
    layer="maps",
    layers=gam_layers,
    settings=GamSettings,
)
