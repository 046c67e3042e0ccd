"""Whether a network's maps lie on what a photo shows, whose exact mask is known."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from explainer import Network, explain
from explainer.pictures.resizing import resize
from explainer.training.photo_sets import read_set
from photos import read_coco
from ready.errors import MakingError
from ready.measures import Measured, beside
from ready.outlines import Masks, batches, outlined_photos, scores
from ready.photos.coco import ANNOTATIONS

RANDOM = "random_weights"
SPREAD = 0.25  # of the centre's Gaussian, as of the method centre_prior
ANOTHER = "the map of another photo"
UNLEARNT = "the map of weights drawn anew"
AREA = "the object's share of the photo"
CENTRE = "a blob at the centre"
Maps = NDArray[np.float32]
Values = NDArray[np.float64]


def maps(
    network: Network, images: Tensor, classes: Sequence[int], methods: Sequence[str] = ("grad_cam",)
) -> dict[str, Tensor]:
    """By method N×u×v: what speaks for `classes`."""
    found: dict[str, list[Tensor]] = {name: [] for name in methods}
    wanted = torch.as_tensor(np.asarray(classes), dtype=torch.long)
    parts = list(zip(batches(images), batches(wanted), strict=True))
    for part, of_part in tqdm(parts, f"Maps of {network.name}", unit="batch", disable=None):
        explained = explain(network, part, of_part.tolist(), methods)
        for name in methods:
            found[name].append(explained[name].cpu())
    return {name: torch.cat(some) for name, some in found.items()}


def enlarged(maps: Tensor, masks: Masks) -> Maps:
    """N×H×W: what speaks for a class, as large as people see it, which is as large as the masks."""
    size = (masks.shape[1], masks.shape[2])
    values: Maps = resize(maps.float().clamp(min=0), size).numpy()
    return values


def energy(maps: Tensor, masks: Masks) -> Values:
    """The share of each map's sum that lies on its mask; 0 of an empty map."""
    values = enlarged(maps, masks).astype(float)
    total, inside = values.sum((1, 2)), (values * masks).sum((1, 2))
    shares: Values = np.divide(inside, total, out=np.zeros_like(total), where=total > 0)
    return shares


def peaks(maps: Tensor, masks: Masks) -> NDArray[np.bool_]:
    """Whether the highest pixel of each map lies on its mask; never of an empty map."""
    flat = enlarged(maps, masks).reshape(len(maps), -1)
    places = flat.argmax(1)
    on_mask = masks.reshape(len(masks), -1)[np.arange(len(flat)), places]
    found: NDArray[np.bool_] = on_mask & (flat.max(1) > 0)
    return found


def of_other_photos(maps: Tensor, groups: Sequence[str]) -> Tensor:
    """The map of a photo of another group in place of each: the next such one in the order.

    MakingError where all are of one group.
    """
    if len(set(groups)) < 2:
        raise MakingError(
            "all photos are of one group, so that none has a map of another photo: measure photos "
            "of two objects or more"
        )
    count = len(groups)
    return maps[
        [
            next(
                other
                for other in ((place + step) % count for step in range(1, count))
                if groups[other] != groups[place]
            )
            for place in range(count)
        ]
    ]


def energy_rows(
    what: str, own: Tensor, others: Mapping[str, Tensor], masks: Masks, groups: Sequence[str]
) -> Iterator[Measured]:
    """Of N×u×v maps, how much lies on the objects, and how much more than of other maps of the
    same photos, or than of a map that says the same everywhere."""
    shares = {name: energy(some, masks) for name, some in others.items()}
    yield from beside(what, energy(own, masks), {**shares, AREA: masks.mean((1, 2))}, groups)


@dataclass(frozen=True)
class Explained:
    """Photos of one object each, and a network's Grad-CAM of the class that each shows.

    `images`: N×3×H×W as the network is given them; `maps`: N×u×v; `masks`: N×H×W.
    """

    images: Tensor
    targets: Tensor
    maps: Tensor
    masks: Masks
    groups: list[str]
    right: list[bool]

    def energies(self, maps: Tensor | None = None) -> Values:
        """Of each photo, the share of the map's sum that lies on the object."""
        return energy(self.maps if maps is None else maps, self.masks)

    def hits(self, maps: Tensor | None = None) -> NDArray[np.bool_]:
        """Of each photo, whether the map's highest value lies on the object."""
        return peaks(self.maps if maps is None else maps, self.masks)

    def of_others(self) -> Tensor:
        """For each photo the map of the next one that shows another object."""
        return of_other_photos(self.maps, self.groups)


def explained(network: Network, folder: Path) -> Explained:
    """The photos of a set that `ready.photos.coco` wrote, in the order of a training's photos."""
    listed = read_set(folder, several=False).photos
    by_name = {one.name: one for one in read_coco(folder / ANNOTATIONS)}
    seen = outlined_photos([by_name[one.path.name] for one in listed], network)
    targets = torch.tensor([network.labels.index(min(one.classes)) for one in listed])
    found = maps(network, seen.images, targets.tolist())["grad_cam"]
    right = (scores(network, seen.images).argmax(1) == targets).tolist()
    return Explained(seen.images, targets, found, seen.masks, seen.groups, right)


def only(seen: Explained, kept: Sequence[bool]) -> Explained:
    """The photos at these places."""
    places = [place for place, keep in enumerate(kept) if keep]
    return replace(
        seen,
        images=seen.images[places],
        targets=seen.targets[places],
        maps=seen.maps[places],
        masks=seen.masks[places],
        groups=[seen.groups[place] for place in places],
        right=[seen.right[place] for place in places],
    )


def unlearnt(seen: Explained, network: Network) -> Tensor:
    """N×H×W: Grad-CAM of the network with weights drawn anew."""
    return maps(network, seen.images, seen.targets.tolist(), [RANDOM])[RANDOM]


def centre(seen: Explained) -> Tensor:
    """N×H×W: a Gaussian at the centre, which knows where people put things."""
    down, across = (
        np.exp(-(((np.arange(n) - (n - 1) / 2) / (SPREAD * n)) ** 2) / 2)
        for n in seen.masks.shape[1:]
    )
    blob = torch.from_numpy(np.outer(down, across))
    return blob.expand(len(seen.masks), -1, -1)


def map_rows(seen: Explained, network: Network, title: str) -> list[Measured]:
    """Energy and peaks on the object, and by how much more than maps that don't know this photo, or
    that know nothing. A weak network may well look less at the object than the centre does."""
    others = {ANOTHER: seen.of_others(), UNLEARNT: unlearnt(seen, network), CENTRE: centre(seen)}
    area = {AREA: seen.masks.mean((1, 2))}
    energies = {name: seen.energies(some) for name, some in others.items()}
    hits = {name: seen.hits(some) for name, some in others.items()}
    lies, meets = (f"{title}: Grad-CAM's {what} on the object" for what in ("energy", "peak"))
    return [
        *beside(lies, seen.energies(), {**area, **energies}, seen.groups, told=[CENTRE]),
        *beside(meets, seen.hits(), hits, seen.groups, told=[CENTRE]),
    ]
