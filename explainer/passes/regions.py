"""Targets at a place: the pixels of a segmenter's class, the box of a detector's."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Self

import torch
from torch import Tensor

from explainer.errors import ExplainerError

from .devices import placed
from .outputs import rows_of, with_scores
from .target import Target, scores_along, shape_of
from .targets import class_scores, scores_in

OVERLAP = 0.5  # of a detection with the box that is asked about, as detections are judged
SURELY = 20.0  # a score beside its opposite: one class at every pixel, by softmax or by sigmoid
SURE = 0.999  # a detection beyond doubt, of which the logit is finite


@dataclass(frozen=True)
class Segmented(Target):
    """The mean score of a class over pixels of a segmenter's output C×H×W that are fixed before.

    `size`: H, W; `runs`: (first, length) of each run of pixels, counted row by row. Made by
    `of_box`, `of_mask` or `predicted`.
    """

    class_: int
    size: tuple[int, int]
    runs: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        end = 0
        for first, length in self.runs:
            if first < end or length < 1:
                raise ExplainerError(
                    f"the run ({first}, {length}) is empty or begins before {end}",
                    "give runs of pixels in their order: Segmented.of_mask, Segmented.of_box",
                )
            end = first + length
        if not self.runs or end > self.size[0] * self.size[1]:
            raise ExplainerError(
                f"the runs end at {end}, and there are {self.size[0]}×{self.size[1]} pixels",
                "give at least one run of pixels inside: Segmented.of_mask, Segmented.of_box",
            )

    @classmethod
    def of_mask(cls, class_: int, mask: Tensor) -> Self:
        """Over the pixels of an H×W mask of true and false."""
        if mask.dim() != 2 or mask.dtype != torch.bool or not bool(mask.any()):
            raise ExplainerError(
                f"a mask {shape_of(mask)} of {mask.dtype} with {int(mask.bool().sum())} pixels",
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
        region, found = PredictedRegion(class_), []
        for n, row in enumerate(rows_of(output)):
            try:
                found.append(region.found(row))
            except ExplainerError as error:
                raise ExplainerError(f"{error.reason} of image {n}", error.fix) from error
        return tuple(found)

    def score(self, row: Any) -> Tensor:
        values = scores_along(row, 3, self.class_)
        if tuple(values.shape[1:]) != self.size:
            raise ExplainerError(
                f"the pixels were chosen for {self.size[0]}×{self.size[1]}, and the output is "
                f"{shape_of(values)}",
                "choose them in an output of this size",
            )
        pixels = [torch.arange(first, first + length) for first, length in self.runs]
        return values[self.class_].flatten()[placed(torch.cat(pixels), values.device)].mean()


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

    def __post_init__(self) -> None:
        super().__post_init__()
        left, top, right, bottom = self.box
        if left >= right or top >= bottom:
            raise ExplainerError(
                f"the box {self.box} holds nothing", "give left, top, right and bottom in pixels"
            )

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
        boxes, scores = detections_of(row, self.class_)
        asked = placed(torch.tensor(self.box, dtype=boxes.dtype), boxes.device)
        return _overlaps(boxes, asked), scores


class Sought(Target):
    """A target that is looked for in what the network gives for the photo as it is, and is then the
    same in every changed photo: a region that followed these would reward hiding it."""

    class_: int

    @property
    def is_sought(self) -> bool:
        return True

    def score(self, row: Any) -> Tensor:
        raise ExplainerError(
            f"{type(self).__name__} has not been looked for in the photo itself",
            "give it to explain, evaluate or a metric, which look for it",
        )

    def overall(self, row: Any) -> Tensor:
        """A scalar of any row that has the form which is asked for."""
        raise NotImplementedError

    def surely(self, output: Any) -> Any:
        """An output in the form of this one, of one image that surely is of the class."""
        raise NotImplementedError

    def trial(self, row: Any) -> Target | None:
        """What can be explained of a row without meaning; None where it holds nothing."""
        raise NotImplementedError

    def refuse_other_count(self, output: Any, answers: int) -> None:
        """ExplainerError where the output itself has not so many classes as there are answers."""


@dataclass(frozen=True)
class PredictedRegion(Sought):
    """The mean score of a class over the pixels at which a segmenter lets it win (`Segmented`)."""

    class_: int

    def found(self, row: Any) -> Segmented:
        mask = scores_along(row, 3, self.class_).argmax(0) == self.class_
        if not bool(mask.any()):
            raise ExplainerError(
                f"class {self.class_} scores highest at no pixel",
                "ask about another class, or give the region: Segmented.of_box",
            )
        return Segmented.of_mask(self.class_, mask.cpu())

    def overall(self, row: Any) -> Tensor:
        return scores_along(row, 3, self.class_)[self.class_].mean()

    def surely(self, output: Any) -> Any:
        given = scores_in(output)
        scores = torch.full_like(given[:1], -SURELY)
        scores[0, self.class_] = SURELY
        return with_scores(output, given, scores)

    def trial(self, row: Any) -> Target:
        _, height, width = scores_along(row, 3, self.class_).shape
        return Segmented.of_box(self.class_, (height, width), (0, 0, width, height))

    def refuse_other_count(self, output: Any, answers: int) -> None:
        for row in rows_of(output):
            classes = len(scores_along(row, 3, self.class_))
            if classes != answers:
                raise ExplainerError(
                    f"the network segments {classes} classes, and has {answers} answers",
                    "give it a label and a score for each class of its output, the background "
                    "included",
                )


@dataclass(frozen=True)
class SurestBox(Sought):
    """How surely a detector sees a class in the box of its surest detection of it (`Detected`)."""

    class_: int

    def found(self, row: Any) -> Detected:
        boxes, scores = detections_of(row, self.class_)
        if not len(scores):
            raise ExplainerError(
                f"there is no detection of class {self.class_}",
                "ask about a class that it detects, or lower its score_thresh",
            )
        left, top, right, bottom = boxes[scores.argmax()].tolist()
        return Detected(self.class_, (left, top, right, bottom))

    def overall(self, row: Any) -> Tensor:
        return detections_of(row, self.class_)[1].sum()

    def surely(self, output: Any) -> Any:
        row = dict(next(rows_of(output)))
        row["boxes"] = row["boxes"].new_tensor([[0.0, 0.0, 1.0, 1.0]])
        row["labels"] = row["labels"].new_tensor([self.class_])
        row["scores"] = row["boxes"].new_tensor([SURE])
        return [row]

    def trial(self, row: Any) -> Target | None:
        _, scores = detections_of(row, self.class_)
        if len(scores):
            return self.found(row)
        return SurestBox(int(row["labels"][0])).found(row) if len(row["labels"]) else None


# By the words with which command lines and study files name them
SOUGHT: dict[str, type[PredictedRegion] | type[SurestBox]] = {
    "region": PredictedRegion,
    "box": SurestBox,
}

# What is looked for in another photo, where this was found in one
SOUGHT_AS: dict[type[Target], type[PredictedRegion] | type[SurestBox]] = {
    Segmented: PredictedRegion,
    Detected: SurestBox,
}


def detections_of(row: Any, class_: int) -> tuple[Tensor, Tensor]:
    """k×4 boxes, without a gradient, and k scores of one image's detections of the class."""
    wanted = ("boxes", "labels", "scores")
    if not isinstance(row, Mapping) or any(key not in row for key in wanted):
        raise ExplainerError(
            f"the network gives {type(row).__name__} for an image, not detections",
            "give a network whose output is a list of dictionaries with boxes, labels and "
            "scores, as torchvision's detectors in evaluation mode",
        )
    own = row["labels"] == class_
    return row["boxes"].detach()[own], row["scores"][own]


def refuse_other_answers(
    sought: Sought, read: Callable[[Any], Any], output: Any, images: int
) -> None:
    """ExplainerError where the answers that `read` finds are not the classes of the output itself.

    `read` may leave out or reorder classes, while the target reads the output: another class than
    the answer would be explained. So an output that surely is of the class is read.
    """
    sought.overall(next(rows_of(output)))  # refuses another form
    answers = class_scores(read(output), images)
    sought.refuse_other_count(output, answers.shape[1])
    scores = class_scores(read(sought.surely(output)), 1)[0]
    first = int(scores.argmax())
    if first != sought.class_:
        raise ExplainerError(
            f"its scores= answers {first} where the output is surely of class {sought.class_}",
            "give the answers in the order of the output's own classes, all of them",
        )


def _overlaps(boxes: Tensor, box: Tensor) -> Tensor:
    """Intersection over union of k×4 boxes with one."""
    corners = torch.maximum(boxes[:, :2], box[:2]), torch.minimum(boxes[:, 2:], box[2:])
    common = (corners[1] - corners[0]).clamp(min=0).prod(1)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(1) + (box[2:] - box[:2]).prod()
    return common / (areas - common)
