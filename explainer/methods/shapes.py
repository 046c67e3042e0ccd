"""Which methods explain what is no single picture, and how their maps are laid out back again."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import torch
from torch import Tensor

from explainer.errors import ExplainerError
from explainer.networks.folded import FoldedNetwork
from explainer.networks.network import Network
from explainer.passes.grids import Folded

from .base import Method, Work, names_layers

# Formulas of single values, or of sums over all places of a map, and occlusion, whose windows have
# as many sides as the input
ANY_SHAPE = frozenset(
    {
        *("gradient", "guided_backprop", "deconvnet", "smooth_grad", "integrated_gradients"),
        *("grad_cam", "counterfactual_grad_cam", "xgrad_cam", "layer_cam", "hires_cam"),
        *("grad_cam_pp", "occlusion"),
    }
)


Form = Literal["picture", "frames", "volume", "sound"]


def form_of_input(network: Network) -> Form:
    """What the network was asked about."""
    if not isinstance(network, FoldedNetwork):
        return "picture"
    if network.fold.frames:
        return "frames"
    return "sound" if len(network.fold.sizes) == 1 else "volume"


def refuse_other_shapes(
    network: Network, methods: Iterable[str], settings: Mapping[str, Any]
) -> None:
    """Refuse methods that enlarge a map, blur, or mask a picture, where there is no picture."""
    if not isinstance(network, FoldedNetwork):
        return
    what = "frames" if network.fold.frames else "sound and volumes"
    for name in methods:
        if name not in ANY_SHAPE:
            raise ExplainerError(
                f"{name} is for single pictures, not for {what}",
                f"use one of {', '.join(sorted(ANY_SHAPE))}",
            )
        if names_layers(settings[name]):
            raise ExplainerError(
                f"{name} joins several layers only for single pictures, not for {what}",
                "explain one layer at a time: layer=…",
            )


def by_case(work: Work, values: Tensor, *, checks: bool = False) -> Tensor:
    """Maps N×u×v of what was computed for each frame of a case, one below the other; of checks,
    those of its worst frame."""
    layout = work.graph.layouts.get(work.layer)
    if not isinstance(layout, Folded) or len(values) == len(work.images):
        return values
    if checks:
        return values.reshape(-1, layout.rows).amax(1)
    return layout.by_case(values)


def laid_out(network: Network, method: Method, maps: Tensor, layer: str, images: Tensor) -> Tensor:
    """The maps of a method in the shape of what the network was asked about."""
    if not isinstance(network, FoldedNetwork):
        return maps
    if method.shape == "input":
        return network.fold.unfolded(maps)
    if method.shape == "image":
        return network.fold.places(maps)
    return network.arrangement(layer, images).places(maps)


def extremes(method: Method, maps: Tensor) -> Tensor:
    """Each map's lowest and highest value, which are far quicker to find than every value is to
    test: 2×N, or 2×N×K."""
    own = {"layer": 2, "image": 2, "input": 3}[method.shape]
    flat = maps.flatten(maps.dim() - own)
    return torch.stack(torch.aminmax(flat, dim=-1))
