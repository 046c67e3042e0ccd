"""Pictures that look like explanations and explain nothing: what a study compares with.

Adebayo et al., Sanity Checks for Saliency Maps, arXiv 1810.03292.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import functional

from explainer.errors import ExplainerError
from explainer.graphs.capture import Graph
from explainer.networks.sought import found_in_images
from explainer.passes.devices import in_full, like, placed
from explainer.passes.named import Each, looked_for_as
from explainer.passes.targets import class_scores
from explainer.pictures.resizing import resize, size_of

from .base import LATER, Method, Work, full_precision
from .grad_cam import grad_cam_map
from .weighted_cams import layer_cam_map

PAPER = "Adebayo et al., Sanity Checks for Saliency Maps, arXiv 1810.03292"
Of = Literal["grad_cam", "layer_cam"]


@dataclass(frozen=True)
class EdgesSettings:
    """`grid`: cells a side over which edges are averaged, to look as coarse as a CAM; 0: none."""

    grid: int = 0

    def __post_init__(self) -> None:
        if self.grid < 0:
            raise ExplainerError(f"grid = {self.grid}", "use 0 or more cells")


@dataclass(frozen=True)
class CentreSettings:
    """`spread`: σ as a share of the image's height and width."""

    spread: float = 0.25

    def __post_init__(self) -> None:
        if not 0 < self.spread < float("inf"):
            raise ExplainerError(f"spread = {self.spread}", "use a number above 0")


@dataclass(frozen=True)
class RandomWeightsSettings:
    """`seed` of the weights, which networks of one architecture draw each for itself."""

    seed: int = 0


@dataclass(frozen=True)
class OtherImageSettings:
    """`photo`: a photo file; where none is named, the next different image of the batch. `of`: the
    method whose map of it is taken."""

    photo: str = ""
    of: Of = field(default="grad_cam", metadata=LATER)

    def map(self, activations: Tensor, gradient: Tensor) -> Tensor:
        """N×u×v of N×C×u×v."""
        made = grad_cam_map if self.of == "grad_cam" else layer_cam_map
        return made(activations, gradient)


def edges(work: Work, settings: EdgesSettings, k: int) -> Tensor:
    """N×H×W: the length of the Sobel gradient of the channels' mean."""
    grey = work.images.float().mean(1, keepdim=True)
    across = like(torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]), grey)
    kernels = torch.stack([across, across.T])[:, None]
    with in_full(grey.device):
        slopes = functional.conv2d(functional.pad(grey, (1, 1, 1, 1), mode="replicate"), kernels)
    lengths = slopes.square().sum(1).sqrt()
    if not settings.grid:
        return lengths
    coarse = functional.adaptive_avg_pool2d(lengths[:, None], settings.grid)[:, 0]
    return resize(coarse, size_of(work.images))


def centre_prior(work: Work, settings: CentreSettings, k: int) -> Tensor:
    """N×H×W: a Gaussian at the centre, the same for every image."""
    sides = []
    for length in size_of(work.images):
        places = torch.arange(length, device=work.images.device) - (length - 1) / 2
        sides.append(torch.exp(-(places**2) / (2 * (settings.spread * length) ** 2)))
    down, across = sides
    return (down[:, None] * across).expand(len(work.images), -1, -1)


def random_weights(work: Work, settings: RandomWeightsSettings, k: int) -> Tensor:
    """N×H×W: ↑Grad-CAM, of the same class, of the network with weights drawn anew."""
    return work.once(("random_weights", settings), lambda: _unlearnt(work, settings.seed))[k]


def _unlearnt(work: Work, seed: int) -> list[Tensor]:
    twin = work.network.redrawn(seed)
    run = partial(work.network.run, module=twin)
    graph = Graph(twin, work.images, [work.layer], layouts=work.graph.layouts, run=run)
    found = []
    for k in range(work.targets.count):
        with torch.enable_grad():
            scores = work.targets.scores(graph.outputs, k)
        found.append(_enlarged(work, graph, scores, grad_cam_map))
    return found


def _enlarged(
    work: Work, graph: Graph, scores: Tensor, made: Callable[[Tensor, Tensor], Tensor]
) -> Tensor:
    map = graph.maps[work.layer]
    (gradient,) = graph.gradients(scores, [map], "gradient")
    found = made(full_precision(map.detach()), full_precision(gradient))
    return resize(found, size_of(work.images))


def other_image(work: Work, settings: OtherImageSettings, k: int) -> Tensor:
    """N×H×W: ↑Grad-CAM, or LayerCAM, that belongs to another photo.

    Without `photo` it is the batch's next image that differs, explained for its own target; with
    it that photo, explained for the class predicted there: over its own region or in its own box
    where the images are explained so.
    """
    if settings.photo:
        return work.once(("other_image", settings), lambda: _of_photo(work, settings))
    coarse = settings.map(work.activations(), work.layer_gradient(k))
    others = work.once(("others",), lambda: _others(work.images))
    return resize(coarse[others], size_of(work.images))


def _others(images: Tensor) -> Tensor:
    """For each image the place of the next one, round the batch, that is not the same."""
    count, found = len(images), []
    differs = torch.stack([(images != image).flatten(1).any(1) for image in images]).tolist()
    for place in range(count):
        following = ((place + step) % count for step in range(1, count))
        other = next((n for n in following if differs[place][n]), None)
        if other is None:
            raise ExplainerError(
                "other_image has no other image in the batch",
                'explain two or more together, or name one: {"other_image": {"photo": …}}',
            )
        found.append(other)
    return placed(torch.tensor(found), images.device)


def _of_photo(work: Work, settings: OtherImageSettings) -> Tensor:
    image = work.network.prepare([work.network.open(settings.photo)]).to(work.images)
    if work.network.context:  # the photo, asked with what each image is asked with
        image = image.expand_as(work.images)
    graph = work.network.graph(image, [work.layer])
    with torch.enable_grad():
        scores = _first_answers(work, graph.outputs, image)
    return _enlarged(work, graph, scores, settings.map).expand(len(work.images), -1, -1)


def _first_answers(work: Work, output: Any, images: Tensor) -> Tensor:
    """The score of each image's first answer, in what is explained of the batch."""
    scores = class_scores(work.network.scores(output), len(images))
    kind = looked_for_as(work.targets.score)
    if kind is None:
        return scores.amax(1)
    wanted = Each(tuple(map(kind, scores.argmax(1).tolist())))
    try:
        return found_in_images(work.network, wanted, images)(output)
    except ExplainerError as error:
        raise ExplainerError(
            f"the photo of other_image: {error.reason}",
            'name one in which the network sees something: {"other_image": {"photo": …}}',
        ) from error


EDGES = Method(
    name="edges",
    family="control",
    formula="√(Sobel_x² + Sobel_y²) of the image",
    paper=PAPER,
    cost="nothing",
    compute=edges,
    shape="image",
    layer="none",
    depends_on=frozenset({"photo"}),
    lines=True,
    settings=EdgesSettings,
)
CENTRE_PRIOR = Method(
    name="centre_prior",
    family="control",
    formula="exp(−(Δi²/H² + Δj²/W²) / (2 spread²))",
    paper=PAPER,
    cost="nothing",
    compute=centre_prior,
    shape="image",
    layer="none",
    depends_on=frozenset(),
    settings=CentreSettings,
)
RANDOM_WEIGHTS = Method(
    name="random_weights",
    family="control",
    formula="↑grad_cam of the network with re-drawn weights",
    paper=PAPER,
    cost="1 forward, 1 backward to the layer; a second copy of the weights",
    compute=random_weights,
    version="2",
    shape="image",
    settings=RandomWeightsSettings,
)
OTHER_IMAGE = Method(
    name="other_image",
    family="control",
    formula="↑grad_cam, or layer_cam, of another photo",
    paper=PAPER,
    cost="nothing in addition to grad_cam; with a photo of its own 1 forward, 1 backward to the "
    "layer",
    compute=other_image,
    shape="image",
    whole_batch=True,
    depends_on=frozenset({"network"}),  # a named photo's map, of the class predicted there
    settings=OtherImageSettings,
)
