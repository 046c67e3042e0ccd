"""A classifier with all that an explanation's provenance needs to say of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import torch
from PIL import Image
from torch import Tensor, nn

from explainer.errors import ExplainerError
from explainer.layers import address_of, stages
from explainer.targets import class_scores, label_index

from .preprocessing import Preprocessing
from .weights import digest_of_state


@dataclass(frozen=True, eq=False)
class Network:
    """An image classifier to explain. Only `module` is required.

    `layer`: address of the layer to explain (see `explainer.layers`) or one of the module's own
    submodules; without it the last convolution's map after its activation. `labels`: the class
    names in order. `preprocess`: how photos become its input. `weights_digest`: SHA-256 of the
    weights file; of the state dict where there is none, taken now and only now.
    """

    module: nn.Module
    layer: str | nn.Module | None = None
    labels: Sequence[str] = ()
    preprocess: Preprocessing | None = None
    name: str = field(default="", kw_only=True)
    weights_digest: str = field(default="", kw_only=True)
    _stages: dict[str, tuple[str, ...]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.module, nn.Module):
            raise ExplainerError(f"{type(self.module).__name__} is no torch.nn.Module")
        if self.layer is not None:
            object.__setattr__(self, "layer", address_of(self.module, self.layer))
        object.__setattr__(self, "labels", tuple(self.labels or ()))
        object.__setattr__(self, "name", self.name or type(self.module).__name__)
        if not self.weights_digest:
            object.__setattr__(self, "weights_digest", digest_of_state(self.module))

    def stages(self, images: Tensor) -> tuple[str, ...]:
        """Addresses of the last map at each spatial size, found with the first image, then kept."""
        if "all" not in self._stages:
            self._stages["all"] = stages(self.module, images[:1].detach())
        return self._stages["all"]

    def layer_for(self, images: Tensor, layer: str | nn.Module | None = None) -> str:
        """The address of the layer to explain: as given, as the network's own, or the last."""
        if layer is not None:
            return address_of(self.module, layer)
        return cast("str | None", self.layer) or self.stages(images)[-1]

    def label_index(self, name: str) -> int:
        """The index of the class called `name`."""
        return label_index(name, self.labels)

    def prepare(self, photos: Sequence[Image.Image]) -> Tensor:
        """N×C×H×W input for these photos."""
        if self.preprocess is None:
            raise ExplainerError(f"{self.name} has no preprocessing", "give preprocess=…")
        if not photos:
            raise ExplainerError("no photos", "give at least one")
        steps = self.preprocess
        return torch.stack([steps.tensor(steps.crop(photo)) for photo in photos])

    def predict(self, images: Tensor) -> Tensor:
        """Logits (float32, N×classes) of N×C×H×W images, without a graph."""
        refuse_training(self.module)
        with torch.no_grad():
            return class_scores(self.module(images)).float()


def refuse_training(module: nn.Module) -> None:
    """Dropout and batch statistics would make the explanation another network's."""
    trained = next((name for name, child in module.named_modules() if child.training), None)
    if trained is not None:
        where = f'its module "{trained}"' if trained else "the network"
        raise ExplainerError(f"{where} is in training mode", "call network.module.eval() first")
