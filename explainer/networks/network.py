"""A classifier with all that an explanation's provenance needs to say of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import torch
from PIL import Image
from torch import Tensor, nn

from explainer.devices import device_of, dtype_of, placed
from explainer.errors import ExplainerError
from explainer.footprint import Footprint, footprint
from explainer.layers import address_of, stages
from explainer.targets import class_scores, label_index

from .digests import digest_of_state
from .forms import refuse_form
from .preprocessing import Preprocessing, adapted
from .redrawn import redrawn


@dataclass(frozen=True, eq=False)
class Network:
    """An image classifier to explain. Only `module` is required.

    `layer`: address of the layer to explain (see `explainer.layers`) or one of the module's own
    submodules; without it the last convolution's map after its activation. `labels`: the class
    names in order. `preprocess`: how photos become its input; torchvision's `transforms()` will do.
    `weights_digest`: SHA-256 of the weights file; of the state dict where there is none, as it is
    now.
    """

    module: nn.Module
    layer: str | nn.Module | None = None
    labels: Sequence[str] = ()
    preprocess: Preprocessing | None = None
    name: str = field(default="", kw_only=True)
    weights_digest: str = field(default="", kw_only=True)
    _found: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.module, nn.Module):
            raise ExplainerError(f"{type(self.module).__name__} is no torch.nn.Module")
        refuse_form(self.module)
        if self.layer is not None:
            object.__setattr__(self, "layer", address_of(self.module, self.layer))
        if self.preprocess is not None:
            object.__setattr__(self, "preprocess", adapted(self.preprocess))
        object.__setattr__(self, "labels", tuple(self.labels or ()))
        object.__setattr__(self, "name", self.name or type(self.module).__name__)
        if not self.weights_digest:
            object.__setattr__(self, "weights_digest", digest_of_state(self.module))

    @property
    def device(self) -> torch.device:
        """Where it computes: where its weights lie now."""
        return device_of(self.module)

    @property
    def dtype(self) -> torch.dtype:
        return dtype_of(self.module)

    def stages(self, images: Tensor) -> tuple[str, ...]:
        """Addresses of the last map at each spatial size, found once for a size of images."""
        key = ("stages", images.shape[1:])
        if key not in self._found:
            self._found[key] = stages(self.module, images[:1].detach())
        return cast(tuple[str, ...], self._found[key])

    def footprint(self, images: Tensor) -> Footprint:
        """The memory that one of these images takes, measured once for a size of images."""
        key = ("footprint", images.shape[1:], images.dtype, images.device.type)
        if key not in self._found:
            self._found[key] = footprint(self.module, images[:1].detach())
        return cast(Footprint, self._found[key])

    def redrawn(self, seed: int) -> nn.Module:
        """A copy of the module with weights drawn from `seed`; the last one is kept."""
        weights = next(self.module.parameters(), torch.empty(0))
        wanted = (seed, weights.dtype, weights.device)  # the caller may have moved the module
        kept, module = self._found.get("redrawn", (None, None))
        if kept != wanted:
            module = redrawn(self.module, seed)
            self._found["redrawn"] = (wanted, module)
        return cast(nn.Module, module)

    def plain(self, images: Tensor, value: int) -> Tensor:
        """1×C×H×W: what the network sees of a photo whose every pixel is `value`, 0 to 255.

        A network without preprocessing is taken to see pixel values as they are, 0 to 1.
        """
        if self.preprocess is None:
            return torch.full_like(images[:1], value / 255)
        side = self.preprocess.size
        seen = self.preprocess.tensor(Image.new("RGB", (side, side), (value,) * 3))
        if seen.shape != images.shape[1:]:
            if not torch.equal(seen, seen[:, :1, :1].expand_as(seen)):
                raise ExplainerError(
                    f"images of {tuple(images.shape[2:])} pixels, preprocessing to {side}",
                    "give images of the size that the preprocessing makes",
                )
            seen = seen[:, :1, :1].expand(images.shape[1:])
        return seen[None].to(images)

    def at(self, layer: str | nn.Module) -> "Network":
        """The same network, explained at another layer; what was measured of it stays known."""
        other = replace(self, layer=layer)
        object.__setattr__(other, "_found", self._found)
        return other

    def layer_for(self, images: Tensor) -> str:
        """The address of the layer to explain: the network's own, or the last convolution's."""
        return cast("str | None", self.layer) or self.stages(images)[-1]

    def label_index(self, name: str) -> int:
        """The index of the class called `name`."""
        return label_index(name, self.labels)

    def prepare(self, photos: Sequence[Image.Image]) -> Tensor:
        """N×C×H×W input for these photos, of the network's type and on its device."""
        if self.preprocess is None:
            raise ExplainerError(f"{self.name} has no preprocessing", "give preprocess=…")
        if not photos:
            raise ExplainerError("no photos", "give at least one")
        steps = self.preprocess
        return self.batch([steps.tensor(steps.crop(photo)) for photo in photos])

    def batch(self, crops: Sequence[Tensor]) -> Tensor:
        """N×C×H×W of N preprocessed crops, of the network's type and on its device."""
        return self.placed(torch.stack(list(crops)).to(self.dtype))

    def placed(self, images: Tensor) -> Tensor:
        """Images from anywhere, on the network's device."""
        return placed(images, self.device)

    def predict(self, images: Tensor) -> Tensor:
        """Logits (float32, N×classes, in the host's memory) of N×C×H×W images, without a graph."""
        refuse_training(self.module)
        with torch.no_grad():
            return class_scores(self.module(self.placed(images))).float().cpu()


def refuse_training(module: nn.Module) -> None:
    """Dropout and batch statistics would make the explanation another network's."""
    trained = next((name for name, child in module.named_modules() if child.training), None)
    if trained is not None:
        where = f'its module "{trained}"' if trained else "the network"
        raise ExplainerError(f"{where} is in training mode", "call network.module.eval() first")
