"""A network with a new last layer, for classes of one's own, on the weights of another."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn

from explainer.errors import ExplainerError
from explainer.networks import Network, load_asked
from explainer.networks.factories import is_factory
from explainer.passes.targets import Probabilities


def with_new_head(
    start: Network,
    name: str,
    options: Mapping[str, Any],
    classes: Sequence[str],
    probabilities: Probabilities,
) -> tuple[Network, str]:
    """The network `name` with `classes`, the weights of `start`, and a new last layer; and the
    address of that layer.

    ExplainerError where its architecture has no single linear layer of classes.
    """
    if is_factory(name):
        raise ExplainerError(
            f"{name} makes one network, whose classes can't be chosen",
            "train a network that `python -m explainer networks` lists by its name",
        )
    if "num_classes" in options:
        raise ExplainerError("num_classes is the number of classes in the photos", "leave it out")
    network = _drawn(name, options, classes, start, probabilities)
    own, state = network.module.state_dict(), start.module.state_dict()
    if _differing(own, state):
        other = state
    else:  # as many classes as before
        more = [*classes, f"not {classes[0]}"]
        other = _drawn(name, options, more, start, probabilities).module.state_dict()
    address = _head(name, network.module, _differing(own, other))
    fitting = {k: v for k, v in state.items() if not k.startswith(f"{address}.")}
    missing = own.keys() - fitting.keys() - {f"{address}.weight", f"{address}.bias"}
    if missing:
        raise ExplainerError(
            f"{name} has other layers for {len(classes)} classes ({min(missing)})",
            "train another network",
        )
    network.module.load_state_dict(fitting, strict=False)
    return network, address


def _drawn(
    name: str,
    options: Mapping[str, Any],
    classes: Sequence[str],
    start: Network,
    probabilities: Probabilities,
) -> Network:
    return load_asked(
        name,
        options,
        weights="random",
        labels=list(classes),
        probabilities=probabilities,
        device=start.device,
    )


def _differing(own: Mapping[str, Any], other: Mapping[str, Any]) -> set[str]:
    """The modules whose weights have another shape."""
    keys = own.keys() & other.keys()
    return {key.rpartition(".")[0] for key in keys if own[key].shape != other[key].shape}


def _head(name: str, module: nn.Module, differing: set[str]) -> str:
    """The address of the layer of classes."""
    if len(differing) == 1:
        (address,) = differing
        if isinstance(module.get_submodule(address), nn.Linear):
            return address
    raise ExplainerError(
        f"{name} does not end in one linear layer of classes "
        f"({', '.join(sorted(differing)) or 'none found'})",
        "train a network that does, such as resnet18",
    )
