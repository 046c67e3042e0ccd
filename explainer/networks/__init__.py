"""Networks by name, each with its weights, labels, preprocessing and layer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from inspect import signature
from pathlib import Path
from typing import Any

import torch
from torch import nn

from explainer.errors import ExplainerError, did_you_mean
from explainer.passes.devices import AUTO, device_named
from explainer.passes.targets import Probabilities

from . import efficientnet_lite, factories, pooled, timm_networks, torchvision_classifiers
from .arrays import Arrays
from .declared import declared_in
from .labels import IMAGENET, read_labels
from .network import Network
from .options import refuse_value
from .preprocessing import Preprocess, Preprocessing
from .weights import load_weights

Builder = Callable[..., Network]

BUILDERS: dict[str, Builder] = {
    "efficientnet_lite0": efficientnet_lite.build,
    "efficientnet_lite2": efficientnet_lite.build,
    **dict.fromkeys(pooled.TRUNKS, pooled.build),
    **dict.fromkeys(torchvision_classifiers.names(), torchvision_classifiers.build),
}
RANDOM = "random"
TIMM = timm_networks.PREFIX
allowed_factories = factories.allowed


def load_network(
    name: str,
    *,
    weights: str | Path | None,
    sha256: str | None = None,
    labels: Sequence[str] | str | Path | None = None,
    layer: str | nn.Module | None = None,
    grid: Sequence[int] | None = None,
    probabilities: Probabilities | None = None,
    seed: int | None = None,
    device: str | torch.device = AUTO,
    **options: Any,
) -> Network:
    """The network `name` in evaluation mode, ready to explain.

    `name`: one of `BUILDERS`, `timm:NAME`, or a factory `package.module:function` that is allowed
    here. `weights`: a torchvision weights name ("IMAGENET1K_V1", downloaded and cached by
    torchvision), "package" (EfficientNet-Lite, factories), "pretrained" (timm's own, which it
    downloads), a local checkpoint (PyTorch or safetensors), or None or "random" for weights drawn
    from `seed`, 0 by default (None of a factory: its own). `sha256`: digest that the file must
    have. `labels`: names, a text file with one a line, or "imagenet". `grid` and
    `probabilities`: see `Network`; None of a factory: its own.
    `device`: where it computes, "auto" for a card where there is one. `options` are the builder's
    own (see `OPTIONS` there). Weights that `training` wrote say what they are for: other options
    or probabilities are refused.
    """
    builder = builder_of(name)
    _check_options(name, options)
    declared = declared_in(weights)
    if declared is not None:
        declared.refuse_others(name, options, probabilities)
        probabilities = declared.probabilities
    if seed is not None and (type(seed) is not int or not 0 <= seed < 2**63):
        raise ExplainerError(f"seed={seed!r}", "use a whole number, 0 or more")
    place = device_named(device)
    drawn = weights is None or weights == RANDOM
    if weights == RANDOM and RANDOM not in weights_of(name):
        raise ExplainerError(
            f"the weights of {name} are what its function makes them",
            f"name a file, or write {factories.PACKAGE} where it brings its own",
        )
    if drawn and sha256 is not None:
        raise ExplainerError("random weights have no file to check", "leave sha256 out")
    network = builder(
        name,
        weights=None if drawn else str(weights),
        sha256=sha256,
        seed=seed if factories.is_factory(name) else seed or 0,
        labels=read_labels(labels),
        **options,
    )
    network.module.to(place)
    if layer is not None:
        network = replace(network, layer=layer)
    if probabilities is not None:
        network = replace(network, probabilities=probabilities)
    return network if grid is None else replace(network, grid=grid)


def load_trunk(
    name: str, weights: str, options: Mapping[str, Any], *, device: str | torch.device = AUTO
) -> Network:
    """The network `name` of `pooled.TRUNKS` with ImageNet's convolutions and a head of zeros, which
    is there to be trained; see `pooled.trunk`."""
    _check_options(name, dict(options))
    network = pooled.trunk(name, weights, **options)
    network.module.to(device_named(device))
    return network


def load_asked(name: str, options: Mapping[str, Any], **arguments: Any) -> Network:
    """`load_network` with options as a file or a command line names them, which may not be named
    like its own arguments."""
    own = signature(load_network).parameters.keys() - {"options", "seed"}
    for key in options:
        if key in own:
            raise ExplainerError(
                f'"{key}" can\'t be an option of {name}, because it is a setting of every network',
                f"set it outside the options, or rename that argument of {name}",
            )
    return load_network(name, **arguments, **options)


def builder_of(name: str) -> Builder:
    """What makes the network called `name`; ExplainerError where nothing does."""
    if name.startswith(timm_networks.PREFIX):
        return timm_networks.build
    if factories.is_factory(name):
        factories.refuse_not_allowed(name)
        return factories.build
    if name not in BUILDERS:
        raise ExplainerError(f'no network "{name}"', did_you_mean(name, BUILDERS))
    return BUILDERS[name]


def options_of(name: str) -> dict[str, Any]:
    """The options of a network's builder, with their defaults."""
    options: dict[str, Any] = _source(name).OPTIONS
    return options


def weights_of(name: str) -> list[str]:
    """The names that `weights` may be beside a file."""
    builder_of(name)
    named = _source(name).weight_names(name)
    return named if factories.is_factory(name) else [*named, RANDOM]


def _source(name: str) -> Any:
    """The module with the builder of a network, its `OPTIONS` and `weight_names`."""
    if name.startswith(timm_networks.PREFIX):
        return timm_networks
    if factories.is_factory(name):
        return factories
    if name in pooled.TRUNKS:
        return pooled
    return efficientnet_lite if name in efficientnet_lite.PACKAGED else torchvision_classifiers


def _check_options(name: str, options: dict[str, Any]) -> None:
    if factories.is_factory(name):  # its function takes what it takes
        return
    known = options_of(name)
    for key, value in options.items():
        if key not in known:
            raise ExplainerError(f'{name} has no option "{key}"', did_you_mean(key, known))
        refuse_value(key, value)


__all__ = [
    "BUILDERS",
    "IMAGENET",
    "RANDOM",
    "TIMM",
    "Arrays",
    "Network",
    "Preprocess",
    "Preprocessing",
    "allowed_factories",
    "builder_of",
    "load_asked",
    "load_network",
    "load_trunk",
    "load_weights",
    "pooled",
    "weights_of",
]
