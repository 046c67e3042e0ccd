"""Names for a layer's units, and what they say for and against a class (Grad-CAM, section 7).

Bau et al., Network Dissection, arXiv 1704.05796.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from tqdm import tqdm

from explainer.errors import ExplainerError
from explainer.explanations.batches import all_or_none, in_batches
from explainer.methods.base import full_precision
from explainer.methods.grad_cam import importances
from explainer.networks.contexts import refuse_context
from explainer.networks.forms import refuse_training
from explainer.networks.network import Network
from explainer.passes.targets import Wanted, checked_scores
from explainer.pictures.resizing import resize

from .segmentations import LabelledPhoto

QUANTILE = 0.005
THRESHOLD = 0.05
BATCH = 8
# Units whose enlarged maps are compared with the masks at a time: memory, not speed.
UNITS = 128


@dataclass(frozen=True)
class Unit:
    """A unit (channel) of the layer, and the concept it detects with what overlap."""

    index: int
    name: str
    iou: float


@dataclass(frozen=True)
class Dissection:
    """The units of a layer and what they detect.

    `overlaps`: units×concepts intersections over union; `named`: those that reach the threshold,
    by index.
    """

    layer: str
    concepts: tuple[str, ...]
    overlaps: Tensor
    named: dict[int, Unit]


@dataclass(frozen=True)
class Voice:
    """A named unit with its importance α for one image and class."""

    unit: Unit
    alpha: float


@dataclass(frozen=True)
class Words:
    """One image's textual explanation: named units, the strongest first, for and against."""

    positive: tuple[Voice, ...]
    negative: tuple[Voice, ...]


def dissect(
    network: Network,
    photos: Sequence[LabelledPhoto],
    layer: str | nn.Module | None = None,
    *,
    quantile: float = QUANTILE,
    threshold: float = THRESHOLD,
    progress: bool = False,
) -> Dissection:
    """Name the units of `layer`, the explained one by default.

    A unit's mask is where its map, enlarged to the input, is at least T: T is such that the share
    `quantile` of its values on all places of all photos reach it. Where T is the unit's lowest
    value (most often 0), only what is above it counts. Its name is the concept with the highest
    Σ|mask ∩ concept| / Σ|mask ∪ concept| over all photos, if that is `threshold` or more. Photos
    without an outline are left out, and so are VOC's void pixels. The photos are passed through the
    network twice, which needs no memory for their maps.
    """
    photos = _checked(network, photos, (quantile, threshold))
    network = network if layer is None else network.at(layer)
    first = network.asking([photos[0].context])
    address = first.layer_for(network.prepare([network.open(photos[0].path)]))
    bar = tqdm(total=2 * len(photos), unit="photo", disable=not progress, leave=False)
    with bar:
        levels = _levels(network, photos, quantile, bar)
        concepts, overlaps = _overlaps(network, photos, levels, bar)
    best, place = overlaps.max(1)
    named = {
        unit: Unit(unit, concepts[int(place[unit])], float(best[unit]))
        for unit in range(len(best))
        if float(best[unit]) >= threshold
    }
    return Dissection(address, concepts, overlaps, named)


def explain_in_words(
    network: Network,
    images: Tensor,
    targets: Wanted,
    dissection: Dissection,
    *,
    count: int = 5,
) -> list[Words]:
    """For each image the `count` most positive and most negative named units, with their α.

    α_k = (1/Z) Σ_ij ∂y/∂A^k_ij at the dissected layer, y the target's score (one per image).
    Fewer are given where fewer named units have that sign.
    """
    alphas = unit_importances(network.at(dissection.layer), images, targets)
    words = []
    for row in alphas:
        voices = [Voice(unit, float(row[index])) for index, unit in dissection.named.items()]
        voices.sort(key=lambda voice: -voice.alpha)
        positive = tuple(voice for voice in voices[:count] if voice.alpha > 0)
        negative = tuple(voice for voice in voices[::-1][:count] if voice.alpha < 0)
        words.append(Words(positive, negative))
    return words


def unit_importances(network: Network, images: Tensor, targets: Wanted = None) -> Tensor:
    """α of every unit of the explained layer: N×K (Grad-CAM, equation 1), in the host's memory."""
    refuse_training(network.module)
    with torch.inference_mode(False), torch.no_grad():
        images = network.placed(images.detach())
        address = network.layer_for(images, targets)
        graph = network.graph(images.clone(), [address], targets)
        found = network.targets(targets, graph.outputs, len(images))
        if found.several:
            raise ExplainerError("several targets per image", "ask for one class at a time")
        with torch.enable_grad():
            scores = checked_scores(found.scores(graph.outputs, 0), len(images))
            graph.refuse_parallel_runs(lambda: scores)
        (gradient,) = graph.gradients(scores, [graph.maps[address]], "gradient")
    return importances(full_precision(gradient))[..., 0, 0].cpu()


def _checked(
    network: Network, photos: Sequence[LabelledPhoto], shares: tuple[float, float]
) -> list[LabelledPhoto]:
    refuse_training(network.module)
    refuse_context(network.name, network.context)
    _ = network.steps  # refuses one without
    for name, share in zip(("quantile", "threshold"), shares, strict=True):
        if not 0 < share < 1:
            raise ExplainerError(f"{name}={share}", "use a share between 0 and 1")
    labelled = [photo for photo in photos if photo.concepts]
    if not labelled:
        raise ExplainerError("no photo has an outlined object", "give photos with outlines")
    for photo in labelled:
        photo.refuse_bare_boxes()
    return labelled


def _maps(
    network: Network, photos: Sequence[LabelledPhoto], bar: Any
) -> Iterator[tuple[Sequence[LabelledPhoto], Tensor]]:
    """Batches of photos with the layer's maps of them: N×K×u×v."""

    def seen(photo: LabelledPhoto) -> tuple[Tensor, Any]:
        return network.seen(network.open(photo.path)), photo.context

    def maps(read: Sequence[tuple[Tensor, Any]]) -> Tensor:
        images = network.batch([image for image, _ in read])
        asked = network.asking([context for _, context in read])
        with torch.inference_mode(False), torch.no_grad():
            address = asked.layer_for(images)
            graph = asked.graph(images, [address])
        return full_precision(graph.maps[address].detach())

    for batch, found in all_or_none(in_batches(photos, seen, maps, size=BATCH)):
        yield batch, found
        bar.update(len(batch))


def _levels(
    network: Network, photos: Sequence[LabelledPhoto], quantile: float, bar: Any
) -> tuple[Tensor, Tensor]:
    """K values T that the share `quantile` of each unit's values reaches, and each unit's least."""
    highest: Tensor | None = None
    least: Tensor | None = None
    for batch, maps in _maps(network, photos, bar):
        values = maps.transpose(0, 1).flatten(1)
        kept = math.ceil(quantile * len(photos) * values.shape[1] / len(batch))
        low = values.amin(1)
        highest = values if highest is None else torch.cat([highest, values], 1)
        highest = highest.topk(min(kept, highest.shape[1]), 1).values
        least = low if least is None else torch.minimum(least, low)
    assert highest is not None
    assert least is not None
    return highest[:, -1], least


def _overlaps(
    network: Network,
    photos: Sequence[LabelledPhoto],
    levels: tuple[Tensor, Tensor],
    bar: Any,
) -> tuple[tuple[str, ...], Tensor]:
    """The concepts' names, and units×concepts intersections over union."""
    names = sorted({concept.name for photo in photos for concept in photo.concepts})
    units, device, side = len(levels[0]), network.device, network.steps.size
    both, mine = torch.zeros(units, len(names), device=device), torch.zeros(units, device=device)
    theirs = torch.zeros(len(names), device=device)
    for batch, maps in _maps(network, photos, bar):
        for photo, map in zip(batch, maps, strict=True):
            masks = torch.zeros(len(names), side, side)  # in the network's frame: ones and zeros
            for concept in photo.concepts:
                seen = torch.from_numpy(photo.seen_mask(concept, network.steps).copy())
                masks[names.index(concept.name)] = seen.float()
            masks = masks.to(device)
            void = photo.seen_void(network.steps)
            counts = None if void is None else torch.from_numpy(~void).to(device)
            masks = masks if counts is None else masks * counts
            theirs += masks.sum((1, 2))
            for start in range(0, units, UNITS):
                part = slice(start, start + UNITS)
                lit = _lit(map[part], (levels[0][part], levels[1][part]), masks.shape[1:])
                lit = lit if counts is None else lit * counts
                mine[part] += lit.sum((1, 2))
                both[part] += lit.flatten(1) @ masks.flatten(1).T
    return tuple(names), (both / (mine[:, None] + theirs - both).clamp(min=1)).cpu()


def _lit(maps: Tensor, levels: tuple[Tensor, Tensor], size: torch.Size) -> Tensor:
    """units×H×W, ones and zeros: where each unit is among its strongest."""
    level, least = (values[:, None, None] for values in levels)
    enlarged = resize(maps, (size[0], size[1]))
    return torch.where(level > least, enlarged >= level, enlarged > least).float()
