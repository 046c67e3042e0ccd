"""Whether a network's maps lie on what a photo shows, whose exact mask is known."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from explainer import Network, explain
from explainer.laboratory.segmentations import read_labelled
from explainer.pictures.resizing import resize
from explainer.training.photo_sets import read_set
from ready.measures import APART, Measured, difference, mean, share

BATCH = 8
SPREAD = 0.25  # of the centre's Gaussian, as of the method centre_prior
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Explained:
    """Photos of one object each, and a network's Grad-CAM of the class that each shows.

    `images`: N×3×H×W as the network is given them; `maps`: N×u×v, not negative; `masks`: N×H×W.
    """

    images: Tensor
    targets: Tensor
    maps: Tensor
    masks: NDArray[np.bool_]
    groups: list[str]
    right: list[bool]

    def energies(self, maps: Tensor | None = None) -> Values:
        """Of each photo, the share of the map's sum that lies on the object."""
        values = self._enlarged(self.maps if maps is None else maps)
        inside: Values = (values * self.masks).sum((1, 2)) / np.maximum(values.sum((1, 2)), 1e-12)
        return inside

    def hits(self, maps: Tensor | None = None) -> NDArray[np.bool_]:
        """Of each photo, whether the map's highest value lies on the object."""
        values = self._enlarged(self.maps if maps is None else maps)
        places = values.reshape(len(values), -1).argmax(1)
        met: NDArray[np.bool_] = self.masks.reshape(len(values), -1)[np.arange(len(values)), places]
        return met

    def of_others(self) -> Tensor:
        """For each photo the map of the next one that shows another object."""
        count = len(self.groups)
        places = [
            next(
                (n for step in range(1, count) if self.groups[n := (own + step) % count] != group),
                own,
            )
            for own, group in enumerate(self.groups)
        ]
        return self.maps[places]

    def _enlarged(self, maps: Tensor) -> Values:
        size = (self.masks.shape[1], self.masks.shape[2])
        return resize(maps.float().clamp(min=0), size).double().numpy()


def explained(network: Network, folder: Path) -> Explained:
    """The photos of a set that `ready.photos.coco` wrote."""
    photos, known = read_set(folder, several=False), read_labelled(folder)
    by_name = {one.path.name: one for one in known}
    ordered = [by_name[one.path.name] for one in photos.photos]
    masks = np.stack([one.seen_mask(one.concepts[0], network.steps) for one in ordered])
    images = torch.cat([network.prepare([network.open(one.path)]) for one in photos.photos])
    targets = torch.tensor([network.labels.index(min(one.classes)) for one in photos.photos])
    maps, scores = [], []
    for start in tqdm(range(0, len(images), BATCH), f"Grad-CAM, {network.name}", disable=None):
        part = slice(start, start + BATCH)
        found = explain(network, images[part], targets[part], ["grad_cam"])
        maps.append(found["grad_cam"])
        scores.append(found.outputs)
    right = (torch.cat(scores).argmax(1) == targets).tolist()
    groups = [one.group for one in photos.photos]
    return Explained(images, targets, torch.cat(maps), masks, groups, right)


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
    parts = range(0, len(seen.images), BATCH)
    maps = [
        explain(
            network, seen.images[s : s + BATCH], seen.targets[s : s + BATCH], ["random_weights"]
        )
        for s in tqdm(parts, "Weights drawn anew", disable=None)
    ]
    return torch.cat([one["random_weights"] for one in maps])


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
    groups, own = seen.groups, seen.energies()
    controls = {
        "the map of another photo": (seen.of_others(), APART),
        "weights drawn anew": (unlearnt(seen, network), APART),
        "a blob at the centre": (centre(seen), {}),
    }
    rows = [
        Measured(f"{title}: Grad-CAM's energy on the object", mean(own, groups)),
        Measured(
            f"{title}: the same, minus the object's area",
            difference(own, seen.masks.mean((1, 2)), groups),
            controls=APART,
        ),
    ]
    for name, (maps, wanted) in controls.items():
        less = difference(own, seen.energies(maps), groups)
        rows.append(Measured(f"{title}: the same, minus that of {name}", less, controls=wanted))
    hits = seen.hits()
    rows.append(Measured(f"{title}: Grad-CAM's peak on the object", share(list(hits), groups)))
    for name, (maps, wanted) in controls.items():
        less = difference(hits, seen.hits(maps), groups)
        rows.append(Measured(f"{title}: the peak, minus that of {name}", less, controls=wanted))
    return rows
