"""A set of photos and its questions, as the networks see them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explainer import Network
from explainer.laboratory.segmentations import outlined, seen_by
from photos import AnnotatedPhoto, Frame, read_coco
from ready.photos.coco import ANNOTATIONS

from .questions import KINDS, SIDES, Question
from .training import covered

Masks = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Photographed:
    """`images`: N×3×H×W; `masks`: N×2×H×W, of the left thing and the right one; `places`:
    N×PLACES², how much of each part of a photo both cover; `of_photos`: the group of each;
    `questions`: one of each kind about each photo, those of a photo together."""

    images: Tensor
    masks: Masks
    places: Tensor
    of_photos: Sequence[str]
    questions: Sequence[Question]

    @property
    def groups(self) -> list[str]:
        """Of each question: photos of one pair of things are alike."""
        return [group for group in self.of_photos for _ in KINDS]

    def others(self) -> list[int]:
        """For each photo the next one of another group."""
        count = len(self.of_photos)
        return [
            next(
                other
                for step in range(1, count)
                if self.of_photos[other := (own + step) % count] != group
            )
            for own, group in enumerate(self.of_photos)
        ]

    def about(self) -> tuple[list[int], Masks, Masks]:
        """The questions that are about a thing, the masks of that, and those of the other thing."""
        rows = [row for row, one in enumerate(self.questions) if one.about is not None]
        sides = [SIDES.index(about) for row in rows if (about := self.questions[row].about)]
        photos = [row // len(KINDS) for row in rows]
        return rows, self.masks[photos, sides], self.masks[photos, [1 - side for side in sides]]


def few(of: Photographed, each: int) -> Photographed:
    """So many photos of every group, the first ones."""
    kept = [
        number
        for number, group in enumerate(of.of_photos)
        if of.of_photos[:number].count(group) < each
    ]
    questions = [
        of.questions[len(KINDS) * number + kind] for number in kept for kind in range(len(KINDS))
    ]
    groups = [of.of_photos[number] for number in kept]
    return Photographed(of.images[kept], of.masks[kept], of.places[kept], groups, questions)


def read(folder: Path, network: Network) -> Photographed:
    """A set that `making.write_photos` wrote."""
    photos = {one.name: one for one in read_coco(folder / ANNOTATIONS)}
    rows = json.loads((folder / "questions.json").read_text("utf-8"))
    ordered = [photos[row["photo"]] for row in rows]
    questions = [Question(**question) for row in rows for question in row["questions"]]
    images = torch.cat([network.prepare([network.open(one.path)]) for one in ordered])
    stored = [both_masks(one) for one in ordered]
    shown = np.stack([[seen_by(network.steps, mask) for mask in masks] for masks in stored])
    places = torch.stack([covered(masks) for masks in stored])
    return Photographed(images, shown, places, [one.group for one in ordered], questions)


def both_masks(photo: AnnotatedPhoto) -> list[NDArray[np.bool_]]:
    """Of the left thing and of the right one, as the photo is stored."""
    assert isinstance(photo.frame, Frame)
    width, height = photo.frame.stored
    outlines = [outline for things in photo.things for outline in things.outlines]
    masks = [outlined(one, width, height) for one in outlines]
    return sorted(masks, key=lambda mask: float(np.nonzero(mask)[1].mean()))
