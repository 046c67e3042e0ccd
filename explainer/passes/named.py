"""Targets with a name: scores of plain numbers, whose digest tells what was explained.

A callable may be anything; these can be compared, stored and found again, so that a study's workers
and `explain_many` can go on where they stopped. Each reads one row of an output, so that it follows
its image through masks, paths and parts of a batch.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import groupby
from typing import Any, Self

import torch
from torch import Tensor

from explainer.errors import ExplainerError

from .outputs import rows_of
from .targets import Score, Wanted, checked_scores, scores_in

OVERLAP = 0.5  # of a detection with the box that is asked about, as detections are judged


@dataclass(frozen=True)
class Target:
    """A score of one row of an output, of plain numbers. `target(output)` gives all N rows'."""

    def __post_init__(self) -> None:
        for name in (one.name for one in fields(self)):
            object.__setattr__(self, name, _plain(getattr(self, name), name))

    @property
    def by_class(self) -> bool:
        """Whether it reads N×classes scores, whose classes are those of the network."""
        return False

    def score(self, row: Any) -> Tensor:
        """The scalar that is explained, of one image's part of the output."""
        raise NotImplementedError

    def refuse(self, row: Any) -> None:
        """ExplainerError where there is nothing to explain about this row."""

    def __call__(self, output: Any) -> Tensor:
        return checked_scores(torch.stack([self.score(row) for row in rows_of(output)]))

    def at(self, places: Sequence[int]) -> "Target":
        """The target of a batch whose rows are variants of the images at `places`."""
        return self

    def digest(self) -> str:
        """SHA-256 (hex) of the target's kind and numbers."""
        said = json.dumps(_said(self), sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()


@dataclass(frozen=True)
class Each(Target):
    """One target for each image, in their order."""

    targets: tuple[Target, ...]

    @property
    def by_class(self) -> bool:
        return any(target.by_class for target in self.targets)

    def __call__(self, output: Any) -> Tensor:
        rows = [*rows_of(output)]
        _refuse_other_count(len(self.targets), len(rows))
        pairs = zip(self.targets, rows, strict=True)
        return checked_scores(torch.stack([target.score(row) for target, row in pairs]))

    def at(self, places: Sequence[int]) -> "Target":
        return Each(tuple(self.targets[place] for place in places))


@dataclass(frozen=True)
class Chosen(Target):
    """The score of a class, as an index does it; for `Difference`."""

    class_: int

    by_class = True

    def score(self, row: Any) -> Tensor:
        return _scores(row, 1, self.class_)[self.class_]


@dataclass(frozen=True)
class Difference(Target):
    """How much more `a` scores than `b`: what speaks for one class and against another."""

    a: Target | int
    b: Target | int

    def __post_init__(self) -> None:
        super().__post_init__()
        for one in (self.a, self.b):
            if isinstance(one, bool) or not isinstance(one, (int, Target)):
                raise ExplainerError(
                    f"{one!r} is neither a class index nor a target", "give Difference one of these"
                )

    @property
    def by_class(self) -> bool:
        return any(target.by_class for target in self._both())

    def score(self, row: Any) -> Tensor:
        one, other = self._both()
        return one.score(row) - other.score(row)

    def _both(self) -> tuple[Target, Target]:
        a, b = (Chosen(x) if isinstance(x, int) else x for x in (self.a, self.b))
        return a, b


@dataclass(frozen=True)
class Neuron(Target):
    """One number of an output or of a layer that the network gives: its indices within a row."""

    place: tuple[int, ...]

    def score(self, row: Any) -> Tensor:
        values = _values(row)
        if len(self.place) != values.dim():
            raise ExplainerError(
                f"neuron {self.place} does not fit an output {_shape(values)}",
                f"give {values.dim()} indices",
            )
        for index, length in zip(self.place, values.shape, strict=True):
            _refuse_beyond(index, length)
        return values[self.place]


@dataclass(frozen=True)
class Channel(Target):
    """The mean of one channel K of an output K×u×v (or K×anything)."""

    channel: int

    def score(self, row: Any) -> Tensor:
        values = _values(row)
        if not values.dim():
            reason = "the network gives one number for an image, and no channels"
            raise ExplainerError(reason, "ask about that number: Neuron(())")
        _refuse_beyond(self.channel, len(values))
        return values[self.channel].mean()


@dataclass(frozen=True)
class Words(Target):
    """The log-probability of a text: Σ_t log softmax(row_{first + t})[answers_t].

    Of a network that was given this text (teacher forcing) and gives T×words scores for each
    image; `first`: which of the T rows is about the first word.
    """

    answers: tuple[int, ...]
    first: int = 0

    def score(self, row: Any) -> Tensor:
        values = _scores(row, 2, 0)
        last = self.first + len(self.answers)
        if not self.answers or self.first < 0 or last > len(values):
            raise ExplainerError(
                f"{len(self.answers)} words from row {self.first} on do not fit an output of "
                f"{len(values)} rows",
                "give the words that the network was asked with, and where they begin",
            )
        for word in self.answers:
            _refuse_beyond(word, values.shape[1])
        said = values[self.first : last].log_softmax(1)
        return said[range(len(self.answers)), list(self.answers)].sum()


@dataclass(frozen=True)
class Segmented(Target):
    """The mean score of a class over pixels of a segmenter's output C×H×W that are fixed before.

    `size`: H, W; `runs`: (first, length) of each run of pixels, counted row by row. Made by
    `of_box`, `of_mask` or `predicted`.
    """

    class_: int
    size: tuple[int, int]
    runs: tuple[tuple[int, int], ...]

    @classmethod
    def of_mask(cls, class_: int, mask: Tensor) -> Self:
        """Over the pixels of an H×W mask of true and false."""
        if mask.dim() != 2 or mask.dtype != torch.bool or not bool(mask.any()):
            raise ExplainerError(
                f"a mask {_shape(mask)} of {mask.dtype} with {int(mask.bool().sum())} pixels",
                "give an H×W mask of true and false, with at least one true",
            )
        runs, first = [], 0
        for inside, pixels in groupby(mask.flatten().tolist()):
            length = len([*pixels])
            runs += [(first, length)] if inside else []
            first += length
        return cls(class_, (mask.shape[0], mask.shape[1]), tuple(runs))

    @classmethod
    def of_box(cls, class_: int, size: tuple[int, int], box: tuple[int, int, int, int]) -> Self:
        """Over (left, top, right, bottom) of an output of `size` H, W; right and bottom are out."""
        left, top, right, bottom = box
        if not (0 <= left < right <= size[1] and 0 <= top < bottom <= size[0]):
            raise ExplainerError(
                f"the box {box} is not inside {size[0]}×{size[1]} pixels",
                "give left, top, right and bottom in pixels of the output",
            )
        mask = torch.zeros(size, dtype=torch.bool)
        mask[top:bottom, left:right] = True
        return cls.of_mask(class_, mask)

    @classmethod
    def predicted(cls, class_: int, output: Any) -> tuple["Segmented", ...]:
        """For each image of an output, over the pixels at which the class scores highest."""
        masks = [_scores(row, 3, class_).argmax(0) == class_ for row in rows_of(output)]
        for n, mask in enumerate(masks):
            if not bool(mask.any()):
                raise ExplainerError(
                    f"class {class_} scores highest at no pixel of image {n}",
                    "ask about another class, or give the region: Segmented.of_box",
                )
        return tuple(cls.of_mask(class_, mask.cpu()) for mask in masks)

    def score(self, row: Any) -> Tensor:
        values = _scores(row, 3, self.class_)
        if tuple(values.shape[1:]) != self.size:
            raise ExplainerError(
                f"the pixels were chosen for {self.size[0]}×{self.size[1]}, and the output is "
                f"{_shape(values)}",
                "choose them in an output of this size",
            )
        pixels = [torch.arange(first, first + length) for first, length in self.runs]
        return values[self.class_].flatten()[torch.cat(pixels).to(values.device)].mean()


@dataclass(frozen=True)
class Detected(Target):
    """How surely a detector sees a class in a box (left, top, right, bottom, in pixels).

    Of what it gives for an image (`boxes` k×4, `labels`, `scores`), the detections of the class
    compete: the highest overlap × score counts, as in D-RISE, and 0 where none overlaps by half.
    The overlap has no gradient, the score has its own; which detections are left by non-maximum
    suppression is decided anew for each changed image.
    """

    class_: int
    box: tuple[float, float, float, float]

    def score(self, row: Any) -> Tensor:
        overlaps, scores = self._found(row)
        matches = overlaps >= OVERLAP
        if not bool(matches.any()):
            return scores.sum() * 0
        return (overlaps * scores)[matches].max()

    def refuse(self, row: Any) -> None:
        overlaps, scores = self._found(row)
        if not bool((overlaps >= OVERLAP).any()):
            raise ExplainerError(
                f"of {len(scores)} detections of class {self.class_}, none overlaps the box "
                f"{self.box} by half",
                "ask about a box and a class that it detects, or lower its score_thresh",
            )

    def _found(self, row: Any) -> tuple[Tensor, Tensor]:
        """Overlaps and scores of the detections of the class."""
        wanted = ("boxes", "labels", "scores")
        if not isinstance(row, Mapping) or any(key not in row for key in wanted):
            raise ExplainerError(
                f"the network gives {type(row).__name__} for an image, not detections",
                "give a network whose output is a list of dictionaries with boxes, labels and "
                "scores, as torchvision's detectors in evaluation mode",
            )
        own = row["labels"] == self.class_
        boxes = row["boxes"].detach()[own]
        asked = torch.tensor(self.box, dtype=boxes.dtype, device=boxes.device)
        return _overlaps(boxes, asked), row["scores"][own]


def _overlaps(boxes: Tensor, box: Tensor) -> Tensor:
    """Intersection over union of k×4 boxes with one."""
    corners = torch.maximum(boxes[:, :2], box[:2]), torch.minimum(boxes[:, 2:], box[2:])
    common = (corners[1] - corners[0]).clamp(min=0).prod(1)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(1) + (box[2:] - box[:2]).prod()
    return common / (areas - common)


def named(wanted: Wanted, images: int) -> Wanted:
    """What is wanted of so many images, a sequence of named targets as one."""
    if not isinstance(wanted, (list, tuple)) or not any(isinstance(t, Target) for t in wanted):
        return wanted
    if not all(isinstance(target, Target) for target in wanted):
        raise ExplainerError(
            "targets are named for some images and classes for others",
            "give each image a named target: Chosen(class_) for a class",
        )
    _refuse_other_count(len(wanted), images)
    return Each(tuple(wanted))


def refuse_unmatched(wanted: Wanted, output: Any) -> None:
    """ExplainerError where there is nothing to explain about a row by its named target."""
    if isinstance(wanted, Target):
        rows = [*rows_of(output)]
        each = wanted.targets if isinstance(wanted, Each) else (wanted,) * len(rows)
        for target, row in zip(each, rows, strict=False):
            target.refuse(row)


def for_all(wanted: Score) -> Score:
    """What tells of any rows whether they are answered alike: of a named target, its scores."""
    if isinstance(wanted, Each):
        return wanted.targets[0]
    return wanted if isinstance(wanted, Target) else (lambda output: output)


def _plain(value: Any, name: str) -> Any:
    """A field of a target, lists in it as tuples."""
    if isinstance(value, (list, tuple)):
        return tuple(_plain(part, name) for part in value)
    if not isinstance(value, (int, float, str, Target)) and value is not None:
        raise ExplainerError(
            f"{name} holds a {type(value).__name__}, of which no digest can be taken",
            "give plain numbers: int(…), float(…), .tolist()",
        )
    return value


def _said(value: Any) -> Any:
    if isinstance(value, Target):
        numbers = {one.name: _said(getattr(value, one.name)) for one in fields(value)}
        return {"target": type(value).__name__, "version": 1, **numbers}
    return [_said(part) for part in value] if isinstance(value, tuple) else value


def _values(row: Any) -> Tensor:
    found = scores_in(row)
    if not isinstance(found, Tensor):
        raise ExplainerError(
            f"an image's part of the output is {type(found).__name__}, not a tensor",
            "give targets as score(output) -> N",
        )
    return found


def _scores(row: Any, axes: int, class_: int) -> Tensor:
    values = _values(row)
    if values.dim() != axes:
        forms = {1: "classes", 2: "T×words", 3: "classes×H×W"}
        raise ExplainerError(
            f"the output of an image is {_shape(values)}, not {forms[axes]}",
            "choose the target that fits the network, or give score(output) -> N",
        )
    _refuse_beyond(class_, len(values))
    return values


def _refuse_beyond(index: int, length: int) -> None:
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < length:
        raise ExplainerError(f"there is no index {index!r}", f"use a number from 0 to {length - 1}")


def _refuse_other_count(targets: int, images: int) -> None:
    if targets != images:
        raise ExplainerError(f"{targets} named targets for {images} images", "give one per image")


def _shape(values: Tensor) -> str:
    return "×".join(str(length) for length in values.shape)
