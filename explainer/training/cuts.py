"""A network cut before one of its modules: what comes before is run once for a photo, and kept."""

from typing import Any

import torch
from torch import Tensor, fx, nn

from explainer.errors import ExplainerError, did_you_mean
from explainer.networks import Network
from explainer.passes.state import passing, told


class _ReachedError(Exception):
    """The pass is at the cut; nothing behind it needs to run."""


def features_at(network: Network, address: str, image: Tensor) -> Tensor:
    """1×…: what the module at `address` is given when the network sees one image, 1×C×H×W."""
    kept: list[Tensor] = []

    def stop(module: nn.Module, given: tuple[Any, ...]) -> None:
        if len(given) != 1 or not isinstance(given[0], Tensor):
            raise ExplainerError(
                f"{address} is given {len(given)} values, not one tensor", "cut elsewhere"
            )
        kept.append(given[0].detach().clone())
        raise _ReachedError

    hook = network.module.get_submodule(address).register_forward_pre_hook(stop)
    try:
        with torch.no_grad(), passing(network.module), told():
            network.run(network.placed(image))
    except _ReachedError:
        return kept[0]
    finally:
        hook.remove()
    raise ExplainerError(f"{network.name} does not run {address}", "name a module that it runs")


def rest_of(network: Network, address: str, image: Tensor) -> nn.Module:
    """From the input of the module at `address` to the scores, with the network's own weights.

    `image`, 1×C×H×W, shows whether both halves together are the network. ExplainerError where they
    are not, or where the second half needs more of the first than that input.
    """
    names = dict(network.module.named_modules())
    if not address or address not in names:
        raise ExplainerError(
            f'{network.name} has no module "{address}"', did_you_mean(address, filter(None, names))
        )
    found = features_at(network, address, image)
    whole = network.predict(image)
    last = network.module.get_submodule(address)
    if isinstance(last, nn.Linear) and _gives(last, found, whole):
        return last
    rest = _traced(network, address)
    if _gives(rest, found, whole):
        return rest
    raise _not_cut(network, address)


def _not_cut(network: Network, address: str) -> ExplainerError:
    return ExplainerError(
        f"{network.name} can't be cut at {address}: its scores need more than what that module is "
        "given",
        "name a module that everything runs through, such as the last stage, or train the head",
    )


def _gives(rest: nn.Module, features: Tensor, whole: Tensor) -> bool:
    with torch.no_grad(), told():
        scores = rest(features)
    return (
        isinstance(scores, Tensor)
        and scores.shape == whole.shape
        and torch.allclose(scores.float().cpu(), whole, rtol=1e-3, atol=1e-4)
    )


class _Tracer(fx.Tracer):
    """Records a pass in which the module at `address` is one step."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address

    def is_leaf_module(self, module: nn.Module, name: str) -> bool:
        return name == self.address or super().is_leaf_module(module, name)


def _traced(network: Network, address: str) -> nn.Module:
    try:
        nodes = _Tracer(address).trace(network.module).nodes
    except Exception as error:  # whatever the module's own code does with a symbol
        said = " ".join(str(error).split())
        raise ExplainerError(
            f"{network.name} can't be cut at {address}: its pass can't be traced ({said})",
            "train the head",
        ) from error
    steps = [node for node in nodes if node.op == "call_module" and node.target == address]
    output = next(node for node in nodes if node.op == "output")
    if len(steps) != 1:
        raise ExplainerError(f"{address} runs {len(steps)} times", "name a module that runs once")
    graph = _behind(steps[0].args[0], output)
    if graph is None:
        raise _not_cut(network, address)
    return fx.GraphModule(network.module, graph)


def _behind(cut: Any, output: fx.Node) -> fx.Graph | None:
    """The steps from `cut` on that `output` needs; None where it needs more of the photo."""
    needed, waiting = {output}, [output]
    while waiting:
        for node in waiting.pop().all_input_nodes:
            if node is not cut and node not in needed:
                needed.add(node)
                waiting.append(node)
    if any(node.op == "placeholder" for node in needed):
        return None
    graph = fx.Graph()
    copies = {cut: graph.placeholder("features")}
    for node in output.graph.nodes:
        if node in needed:
            copies[node] = graph.node_copy(node, copies.__getitem__)
    return graph


def trained_keys(module: nn.Module, rest: nn.Module) -> set[str]:
    """The names, in the whole module's state, of what the rest holds."""
    own = {id(values) for values in _values(rest)}
    return {name for name, values in module.state_dict(keep_vars=True).items() if id(values) in own}


def _values(module: nn.Module) -> list[Tensor]:
    return [*module.parameters(), *module.buffers()]
