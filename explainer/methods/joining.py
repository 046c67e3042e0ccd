"""Any CAM over several layers: each layer's map by itself, and their mean."""

import torch
from torch import Tensor

from explainer.errors import ExplainerError
from explainer.networks.network import Network
from explainer.passes.layers import address_of
from explainer.passes.targets import Wanted
from explainer.pictures.resizing import resize, size_of

from .base import CamSettings, Method, Work, names_layers
from .masks import minmax


def named_layers(
    network: Network, images: Tensor, wanted: Wanted, settings: CamSettings
) -> tuple[str, ...]:
    """The addresses whose maps are joined; none where the settings name none."""
    if settings.layers:
        return tuple(dict.fromkeys(address_of(network.module, name) for name in settings.layers))
    if not settings.stages:
        return ()
    stages = network.stages(images, wanted)
    if settings.stages > len(stages):
        sizes = f"{len(stages)} sizes" if len(stages) > 1 else "one size"
        raise ExplainerError(
            f"stages = {settings.stages}, and the network has maps of {sizes}",
            f"use 1 to {len(stages)}" if len(stages) > 1 else "use 1",
        )
    return stages[-settings.stages :]


def maps_of(method: Method, work: Work, settings: CamSettings, k: int) -> Tensor:
    """The method's maps; where its settings name layers, (1/|layers|) Σ_layers scaled(↑ map).

    Layers differ in the size of their values, so that each map is stretched to 0…1 first, as GAM
    does it; a signed one is divided by its largest magnitude, so that 0 stays 0.
    """
    if not names_layers(settings):
        return method.compute(work, settings, k)
    scaled = balanced if method.is_signed(settings) else minmax
    size = size_of(work.images)
    each = [
        scaled(resize(method.compute(work.at(layer), settings, k), size))
        for layer in work.layers.more[method.name]
    ]
    return torch.stack(each).mean(0)


def balanced(maps: Tensor) -> Tensor:
    """Each map of N×H×W divided by its largest magnitude; zeros stay zeros."""
    largest = maps.abs().amax((-2, -1), keepdim=True)
    return torch.where(largest == 0, torch.zeros_like(maps), maps / largest)


def checks_of(method: Method, work: Work, settings: CamSettings, k: int) -> dict[str, Tensor]:
    """The checks of the method's maps, N each; of several layers the worst is the highest."""
    if method.checks is None:
        return {}
    if not names_layers(settings):
        return method.checks(work, settings, k)
    each = [method.checks(work.at(layer), settings, k) for layer in work.layers.more[method.name]]
    return {name: torch.stack([found[name] for found in each]).amax(0) for name in each[0]}
