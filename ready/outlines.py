"""Photos of outlined objects as a network sees them, and what it answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explainer import Network
from explainer.laboratory.segmentations import outlined, seen_by
from explainer.networks.preprocessing import Preprocessing
from photos import AnnotatedPhoto, Frame, read_coco
from ready.photos.coco import ANNOTATIONS

AT_ONCE = 16  # photos in one pass
Masks = NDArray[np.bool_]


@dataclass(frozen=True)
class Outlined:
    """Photos of a set as `network` sees them: N×3×H×W, and N×H×W of what the first object on each
    covers."""

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
    """A set that `write_set` wrote, in the order of its names."""
    photos = sorted(read_coco(folder / ANNOTATIONS), key=lambda one: one.name)
    return outlined_photos(photos, network)


def outlined_photos(photos: Sequence[AnnotatedPhoto], network: Network) -> Outlined:
    images = [network.prepare([network.open(one.path)]) for one in photos]
    masks = np.stack([_mask(one, network.steps) for one in photos])
    return Outlined(photos, torch.cat(images), masks)


def _mask(photo: AnnotatedPhoto, steps: Preprocessing) -> Masks:
    assert isinstance(photo.frame, Frame)
    width, height = photo.frame.stored
    return seen_by(steps, outlined(photo.things[0].outlines[0], width, height))


def batches(rows: Tensor) -> list[Tensor]:
    """Parts of so many rows as pass a network at once."""
    return list(torch.split(rows, AT_ONCE))


def scores(network: Network, images: Tensor) -> Tensor:
    """N×classes, of N×3×H×W."""
    return torch.cat([network.predict(part) for part in batches(images)]).cpu()


def answers(network: Network, images: Tensor) -> NDArray[np.int64]:
    """The class that is ranked first, of each of N×3×H×W."""
    return scores(network, images).argmax(1).numpy().astype(np.int64)
