"""What a metric says of itself, and how it asks a network about changed images."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor
from tqdm import tqdm

from explainer.errors import ExplainerError
from explainer.methods.base import full_precision
from explainer.networks.contexts import refuse_other_length
from explainer.networks.forms import refuse_other_type, refuse_training
from explainer.networks.network import Network, in_float32
from explainer.networks.sought import sought
from explainer.passes.devices import memory_for
from explainer.passes.named import Target, named
from explainer.passes.state import passing
from explainer.passes.targets import Read, Wanted, refuse_other_rows, scores_in
from explainer.pictures.resizing import resize, size_of

Needs = Literal["network", "boxes", "method"]
Scale = Literal["score", "probability"]


@dataclass(frozen=True)
class Metric:
    """One way to judge maps. `compute` gives one number per image; its arguments are by `needs`.

    "network": compute(network, images, maps, targets); "boxes": compute(maps, boxes, size);
    "method": compute(network, images, targets, method). `better`: which numbers are.
    """

    name: str
    formula: str
    paper: str
    needs: Needs
    better: Literal["higher", "lower"]
    compute: Callable[..., Tensor]
    cost: str


@dataclass(frozen=True)
class Budget:
    """How a metric may work: bytes of activations at once (`devices.memory_for` by default), and
    whether a bar shows progress."""

    memory: int | None = None
    progress: bool = False

    def __post_init__(self) -> None:
        if self.memory is not None and self.memory < 1:
            raise ExplainerError(f"memory={self.memory}", "use a number of bytes above 0")


def refuse_other_inputs(network: Network) -> None:
    """Metrics mask single pictures, and take a map's third axis for its channels."""
    if (network.frames, network.places) != (None, 2):
        raise ExplainerError(
            "metrics work on single pictures only, not on films, volumes or sound",
            "measure a network of pictures",
        )


class Asked:
    """A network, images and one target each, to be asked again about changed images.

    `images` are on its device; `outputs`: what the network gives for them. Scores come back into
    the host's memory, once for all changed images.
    """

    def __init__(
        self, network: Network, images: Tensor, targets: Wanted, budget: Budget | None = None
    ) -> None:
        refuse_other_inputs(network)
        if not isinstance(images, Tensor) or images.dim() != 4 or not len(images):
            raise ExplainerError("images are not a batch", "give a float tensor N×C×H×W, N above 0")
        refuse_training(network.module)
        refuse_other_type(network.module.parameters(), images, network.device)
        # Half precision would lose the differences that metrics are made of.
        network = in_float32(network)
        images = full_precision(network.placed(images))
        if network.context:
            refuse_other_length(network.context, len(images))
        targets = sought(network, named(targets, len(images)), images)
        self.named = targets if isinstance(targets, Target) else None
        self.network, self.images, self.budget = network, images, budget or Budget()
        memory = self.budget.memory or memory_for(images.device)
        most = network.footprint(images, targets).images_within(memory, graph=False)
        # A callable may know the images by their order, so it meets whole batches of them.
        count = len(images)
        self.size = max(1, most // count) * count if callable(targets) else most
        self.read: Read | None = None if callable(targets) else network.scores
        rows = torch.arange(count, device=images.device)
        self.outputs = torch.cat(
            [self._outputs(images[part].clone(), part) for part in torch.split(rows, self.size)]
        )
        # What `_outputs` gives are the scores already, unless a callable reads the whole output.
        read = network if callable(targets) else replace(network, scores=scores_in)
        wanted = (lambda scores: scores) if self.named else targets
        self.targets = read.targets(wanted, self.outputs, count)
        if self.targets.several:
            raise ExplainerError("several targets per image", "measure one class at a time")

    def own(self, scale: Scale) -> Tensor:
        """N: the scores of the images themselves."""
        rows = torch.arange(len(self.images), device=self.images.device)
        return self._scores(self.outputs, rows, scale).cpu()

    def changed(
        self, count: int, change: Callable[[Tensor, Tensor], Tensor], scale: Scale
    ) -> Tensor:
        """N×count scores of `count` changed versions of each image.

        `change(rows, steps)` makes a batch of them: version steps[i] of image rows[i].
        """
        images = len(self.images)
        found = torch.empty(count * images, device=self.images.device)
        bar = tqdm(total=len(found), unit="image", disable=not self.budget.progress, leave=False)
        with bar:
            every = torch.arange(len(found), device=self.images.device)
            for number in torch.split(every, self.size):
                rows = number % images
                outputs = self._outputs(change(rows, number // images), rows)
                found[number] = self._scores(outputs, rows, scale)
                bar.update(len(number))
        return found.cpu().reshape(count, images).T

    def _outputs(self, images: Tensor, rows: Tensor) -> Tensor:
        with torch.no_grad(), passing(self.network.module):
            outputs = self.network.of(rows).run(images)
        outputs = self.read(outputs) if self.read else outputs
        outputs = self.named.at(rows.tolist())(outputs) if self.named else outputs
        if not isinstance(outputs, Tensor):
            raise ExplainerError(
                f"the network's output is {type(outputs).__name__}, not a tensor",
                "wrap it in a module that returns one",
            )
        refuse_other_rows(outputs, len(images))
        return outputs

    def _scores(self, outputs: Tensor, rows: Tensor, scale: Scale) -> Tensor:
        targets = self.targets.rows(rows, len(self.images))
        found = targets.scores if scale == "score" else targets.probabilities
        return found(outputs, 0).float()


def one_value_per_pixel(maps: Tensor, images: int | None = None) -> Tensor:
    """N×u×v as they are; N×C×H×W (signed) as the sum of the magnitudes of the channels."""
    if not isinstance(maps, Tensor) or maps.dim() not in (3, 4) or not len(maps):
        shape = tuple(maps.shape) if isinstance(maps, Tensor) else type(maps).__name__
        raise ExplainerError(f"the maps are {shape}", "give N×u×v, or N×C×H×W for signed maps")
    if images is not None and len(maps) != images:
        raise ExplainerError(f"{len(maps)} maps for {images} images", "give one per image")
    if not bool(torch.isfinite(maps).all()):
        raise ExplainerError("the maps have values that are not finite", "make them again")
    maps = maps.detach().float()
    return maps.abs().sum(1) if maps.dim() == 4 else maps


def importance(maps: Tensor, images: Tensor) -> Tensor:
    """N×H×W on the images' device: the maps' values at each of their pixels."""
    return resize(one_value_per_pixel(maps, len(images)).to(images.device), size_of(images))


def rank_correlation(one: Tensor, other: Tensor) -> Tensor:
    """Spearman's ρ of each row (ties share their mean rank); NaN where a row is constant."""
    from scipy.stats import rankdata  # half a second, which most commands and workers never need

    ranks = [torch.from_numpy(rankdata(rows.numpy(), axis=1)) for rows in (one, other)]
    a, b = (rank - rank.mean(1, keepdim=True) for rank in ranks)
    return ((a * b).sum(1) / ((a * a).sum(1) * (b * b).sum(1)).sqrt()).float()
