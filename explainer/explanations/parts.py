"""What was found of some of the images, its joining with more, and its way to the host's memory."""

from collections.abc import Sequence
from dataclasses import replace
from math import isfinite
from typing import Any, NamedTuple

import torch
from torch import Tensor

from explainer.errors import ExplainerError
from explainer.methods import Layers, Work
from explainer.passes.devices import brought_back
from explainer.passes.outputs import detached
from explainer.passes.targets import Targets
from explainer.passes.targets import joined as joined_targets


class Part(NamedTuple):
    """What was found of some of the images; nothing of it holds their graph.

    `extremes`: each method's lowest and highest values (2×N, or 2×N×K).
    """

    maps: dict[str, Tensor]
    extremes: dict[str, Tensor]
    checks: dict[tuple[str, str], Tensor]
    outputs: Any
    targets: Targets
    layers: Layers
    beside: tuple[str, ...]


def by_target(found: list[Tensor], work: Work) -> Tensor:
    """N×…, or N×K×… where each image has K targets."""
    return torch.stack(found, 1) if work.targets.several else found[0]


def on_host(part: Part) -> Part:
    """The part in the host's memory, all its tensors by one copy."""
    indices, outputs = part.targets.indices, part.outputs
    if all(maps.device.type == "cpu" for maps in part.maps.values()):
        return part if isinstance(outputs, Tensor) else part._replace(outputs=detached(outputs))
    last = [each for each in (indices, outputs) if isinstance(each, Tensor)]
    dicts = (part.maps, part.extremes, part.checks)
    found = iter(brought_back([*(t for named in dicts for t in named.values()), *last]))
    return part._replace(
        maps={name: next(found) for name in part.maps},
        extremes={name: next(found) for name in part.extremes},
        checks={name: next(found) for name in part.checks},
        targets=replace(part.targets, indices=None if indices is None else next(found)),
        outputs=next(found) if isinstance(outputs, Tensor) else detached(outputs),
    )


def joined(parts: list[Part]) -> Part:
    first = parts[0]
    if len(parts) == 1:
        return first
    maps = {name: torch.cat([part.maps.pop(name) for part in parts]) for name in list(first.maps)}
    return first._replace(
        maps=maps,
        extremes={name: torch.cat([part.extremes[name] for part in parts], 1) for name in maps},
        checks={key: torch.cat([part.checks[key] for part in parts]) for key in first.checks},
        outputs=torch.cat([part.outputs for part in parts]),
        targets=joined_targets([part.targets for part in parts]),
    )


def with_maps(part: Part, more: Part, names: Sequence[str]) -> Part:
    """The part with the maps of another pass beside its own, in the order of `names`."""
    maps, extremes = {**part.maps, **more.maps}, {**part.extremes, **more.extremes}
    return part._replace(
        maps={name: maps[name] for name in names},
        extremes={name: extremes[name] for name in names},
        checks={**part.checks, **more.checks},
    )


def nothing_shown(name: str, extremes: Tensor, *, signed: bool) -> Tensor:
    """Per map: no positive value; where signed, nothing but zeros. Refuses what is not finite."""
    if not all(map(isfinite, extremes.flatten().tolist())):
        raise ExplainerError(
            f"{name} has values that are not finite",
            "look for infinite or missing values in the images and the weights",
        )
    low, high = extremes
    empty: Tensor = (low == 0) & (high == 0) if signed else high <= 0
    return empty
