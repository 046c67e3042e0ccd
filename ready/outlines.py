"""How much of a map lies on the outlined object, beside maps that know nothing of the photo."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from explainer import Network, explain
from explainer.laboratory.segmentations import outlined, seen_by
from explainer.networks.preprocessing import Preprocessing
from explainer.pictures.resizing import resize, size_of
from photos import AnnotatedPhoto, Frame, read_coco
from ready.photos.coco import ANNOTATIONS

AT_ONCE = 16  # photos in one pass
RANDOM = "random_weights"
Maps = NDArray[np.float32]
Masks = NDArray[np.bool_]


@dataclass(frozen=True)
class Outlined:
    """The photos of a set in the order of their names, as `network` sees them: N×3×H×W, and N×H×W
    of what the first object on each covers."""

    photos: Sequence[AnnotatedPhoto]
    images: Tensor
    masks: Masks

    @property
    def groups(self) -> list[str]:
        return [one.group for one in self.photos]

    @property
    def names(self) -> list[str]:
        """The category of each photo's first object."""
        return [one.things[0].name for one in self.photos]


def read_outlined(folder: Path, network: Network) -> Outlined:
    """A set that `write_set` wrote."""
    photos = sorted(read_coco(folder / ANNOTATIONS), key=lambda one: one.name)
    return outlined_photos(photos, network)


def outlined_photos(photos: Sequence[AnnotatedPhoto], network: Network) -> Outlined:
    images = [network.prepare([network.open(one.path)]) for one in photos]
    masks = np.stack([_mask(one, network.steps) for one in photos])
    return Outlined(photos, torch.cat(images), masks)


def _mask(photo: AnnotatedPhoto, steps: Preprocessing) -> NDArray[np.bool_]:
    assert isinstance(photo.frame, Frame)
    width, height = photo.frame.stored
    return seen_by(steps, outlined(photo.things[0].outlines[0], width, height))


def batches(rows: Tensor) -> list[Tensor]:
    """Parts of so many rows as pass a network at once."""
    return list(torch.split(rows, AT_ONCE))


def answers(network: Network, images: Tensor) -> NDArray[np.int64]:
    """The class that is ranked first, of each of N×3×H×W."""
    parts = [network.predict(part).argmax(1) for part in batches(images)]
    return torch.cat(parts).cpu().numpy().astype(np.int64)


def maps(
    network: Network, images: Tensor, classes: Sequence[int], methods: Sequence[str] = ("grad_cam",)
) -> dict[str, Maps]:
    """By method N×H×W: what speaks for `classes`, enlarged as people see it, without what speaks
    against."""
    found: dict[str, list[Tensor]] = {name: [] for name in methods}
    wanted = torch.as_tensor(np.asarray(classes), dtype=torch.long)
    parts = list(zip(batches(images), batches(wanted), strict=True))
    for part, of_part in tqdm(parts, f"Maps of {network.name}", unit="batch", disable=None):
        explained = explain(network, part, of_part.tolist(), methods)
        for name in methods:
            found[name].append(resize(explained[name].clamp(min=0), size_of(part)))
    return {name: torch.cat(some).numpy() for name, some in found.items()}


def energy(maps: Maps, masks: Masks) -> NDArray[np.float64]:
    """The share of each map's sum that lies on its mask; 0 of an empty map."""
    total = maps.astype(float).sum((1, 2))
    inside = (maps.astype(float) * masks).sum((1, 2))
    shares: NDArray[np.float64] = np.divide(
        inside, total, out=np.zeros_like(total), where=total > 0
    )
    return shares


def peaks(maps: Maps, masks: Masks) -> NDArray[np.bool_]:
    """Whether the highest pixel of each map lies on its mask; never of an empty map."""
    flat = maps.reshape(len(maps), -1)
    places = flat.argmax(1)
    on_mask = masks.reshape(len(masks), -1)[np.arange(len(maps)), places]
    found: NDArray[np.bool_] = on_mask & (flat.max(1) > 0)
    return found


def of_other_photos(maps: Maps, groups: Sequence[str]) -> Maps:
    """The map of a photo of another group in place of each: the next such one in the order."""
    count = len(groups)
    others = [
        next(
            other
            for other in ((place + step) % count for step in range(1, count))
            if groups[other] != groups[place]
        )
        for place in range(count)
    ]
    return maps[others]


def even(maps: Maps) -> Maps:
    """Maps that say the same of every pixel: their share on an object is the object's own."""
    return np.ones_like(maps)
