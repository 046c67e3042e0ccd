"""The parts of a network that rules are limited to: which calls run inside them."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from torch import nn
from torch.autograd.graph import Node

from explainer.errors import ExplainerError
from explainer.passes.layers import tensors_in

from .ancestry import Place, made_of, place_of


class Parts:
    """What of one pass ran inside the modules at the addresses `names`, their submodules included.

    A part is also met where only its submodules run, as those of a slice of a `Sequential` do.
    """

    def __init__(self, names: Collection[str]) -> None:
        self.names = tuple(dict.fromkeys(names))
        self._running: list[str] = []
        self._entered: list[set[Place]] = []
        self._runs: list[tuple[str, set[Place], list[Place]]] = []

    def modules(self, module: nn.Module) -> dict[str, nn.Module]:
        """Those whose runs have to be met."""
        named = module.named_modules() if self.names else ()
        return {name: child for name, child in named if any(self._of(name, self.names))}

    def now(self) -> frozenset[str]:
        """The parts inside which the pass is at this moment."""
        return frozenset(part for name in self._running for part in self._of(name, self.names))

    def entering(self, name: str) -> Callable[..., None]:
        def hook(module: nn.Module, args: Any, kwargs: Mapping[str, Any]) -> None:
            given = tensors_in((*args, *kwargs.values()))
            self._running.append(name)
            self._entered.append({place for one in given if (place := place_of(one))})

        return hook

    def leaving(self, name: str) -> Callable[..., None]:
        def hook(module: nn.Module, args: Any, out: Any) -> None:
            given = out.values() if isinstance(out, Mapping) else (out,)
            tensors = list(tensors_in(given))
            if not tensors:
                raise ExplainerError(
                    f'"{name}" gives {type(out).__name__}, in which no tensors are found',
                    "limit rules to modules that give tensors",
                )
            made = [place for one in tensors if (place := place_of(one))]
            self._runs.append((name, self._entered.pop(), made))
            self._running.pop()

        return hook

    def nodes(self, within: Sequence[str]) -> set[Node]:
        """The calls that were made inside these parts."""
        return {
            node
            for name, entered, made in self._runs
            if any(self._of(name, within))
            for node, _ in made_of(made, entered)
        }

    def _of(self, name: str, parts: Sequence[str]) -> Iterator[str]:
        return (part for part in parts if name == part or name.startswith(f"{part}."))
