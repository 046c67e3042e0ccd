"""Networks of sound, volumes or frames, asked about these laid out as pictures."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any, cast

import torch
from torch import Tensor, nn

from explainer.errors import ExplainerError
from explainer.graphs.axes import axes_at
from explainer.graphs.capture import Graph
from explainer.passes.folds import Fold, fold_of
from explainer.passes.grids import Folded
from explainer.passes.mixing import alone
from explainer.passes.state import told
from explainer.passes.targets import Wanted

from .network import Call, Network


@dataclass(frozen=True)
class Unfolding:
    """Calls a module with what was laid out as pictures, as it takes it."""

    fold: Fold
    own: Call | None

    def __call__(self, module: nn.Module, images: Tensor, context: tuple[Any, ...]) -> Any:
        whole = self.fold.unfolded(images)
        return module(whole) if self.own is None else self.own(module, whole, context)


@dataclass(frozen=True, eq=False)
class FoldedNetwork(Network):
    """A network with inputs of one shape (`fold`), given as pictures N×C×u×v."""

    fold: Fold = field(default=Fold(()), kw_only=True)

    def layer_for(self, images: Tensor, wanted: Wanted = None) -> str:
        if self.layer is None:
            raise ExplainerError(
                f"{self.name}: for sound, volumes and frames the layer has to be named",
                'name one that gives a map: layer="…"',
            )
        return cast(str, self.layer)

    def graph(
        self, images: Tensor, addresses: Sequence[str], wanted: Wanted = None, **how: Any
    ) -> Graph:
        self._refuse_shared_questions(images, wanted)
        known = {address: self.arrangement(address, images) for address in addresses}
        return Graph(self.module, images, addresses, layouts=known, run=self.run, **how)

    def arrangement(self, address: str, images: Tensor) -> Folded:
        """How the output of a layer is laid out, measured once for this shape of inputs."""
        key = ("axes", address, self._form)
        if key not in self._found:
            pair = _grain(images[:1].detach())
            with alone(images), told():
                self._found[key] = axes_at(
                    self.module,
                    address,
                    pair,
                    self.fold,
                    said=self.grid,
                    run=self.of([0, 0]).run,
                )
        return cast(Folded, self._found[key])


def folded(network: Network, images: Tensor) -> tuple[Network, Tensor]:
    """The network and the images as pictures; both as they are where these are pictures."""
    if isinstance(network, FoldedNetwork):
        return network, images
    fold = fold_of(images, network.frames, network.places)
    if fold is None:
        return network, images
    given = {one.name: getattr(network, one.name) for one in fields(Network) if one.init}
    given["call"] = Unfolding(fold, network.call)
    view = FoldedNetwork(**given, fold=fold)
    own = network._found.setdefault(("fold", fold), {})
    object.__setattr__(view, "_found", own)
    return view, fold.folded(images)


def _grain(one: Tensor) -> Tensor:
    """Two inputs of grain as strong as `one`: what is even everywhere leaves rectifiers shut."""
    drawn = torch.randn(2, *one.shape[1:], generator=torch.Generator().manual_seed(0))
    spread = one.std()
    return one.mean() + drawn.to(one) * torch.where(spread > 0, spread, torch.ones_like(spread))
