"""What is explained: class indices, class names or a score of the output, checked once."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from .errors import ExplainerError, did_you_mean

Score = Callable[[Any], Tensor]
Wanted = Sequence[Any] | Tensor | Score | None


@dataclass(frozen=True)
class Targets:
    """The scores to explain: K classes for each of N images, or one score by a callable.

    `indices`: N×K class indices on the output's device (None with a callable); `several`: whether
    the caller asked for an N×K array, so that maps are N×K×… rather than N×….
    """

    indices: Tensor | None
    score: Score | None = None
    several: bool = False

    @property
    def count(self) -> int:
        return 1 if self.indices is None else self.indices.shape[1]

    def scores(self, output: Any, k: int) -> Tensor:
        """The N scores of the k-th target, as part of the graph."""
        if self.score is not None:
            return _checked_scores(self.score(output))
        assert self.indices is not None
        scores: Tensor = output.gather(1, self.indices[:, k : k + 1]).squeeze(1)
        return scores

    def probabilities(self, output: Any, k: int) -> Tensor:
        """The N softmax probabilities of the k-th target; a callable's scores as they are."""
        return self.scores(output if self.score else output.float().softmax(1), k)

    def rows(self, places: Tensor, batch: int) -> "Targets":
        """The targets of a longer batch, whose p-th row is a variant of image `places[p]`.

        A callable may know its images by their order: it is asked for `batch` rows at a time.
        """
        if self.indices is not None:
            return replace(self, indices=self.indices[places])
        score = self.score
        assert score is not None

        def by_batch(output: Any) -> Tensor:
            if not isinstance(output, Tensor):
                return _checked_scores(score(output))
            return torch.cat([_checked_scores(score(part)) for part in torch.split(output, batch)])

        return replace(self, score=by_batch)

    def shown(self) -> Tensor | None:
        """The indices as the caller gave them: N, or N×K."""
        return self.indices if self.indices is None or self.several else self.indices[:, 0]


def parted(
    wanted: Wanted, images: Tensor, most: int, labels: Sequence[str]
) -> Iterator[tuple[Wanted, Tensor]]:
    """The images in parts of about the same size, at most `most`, each with its own targets.

    Targets that do not fit the images stay whole, for `resolve` to refuse.
    """
    count = -(-len(images) // most)
    if count > 1 and wanted is not None and not callable(wanted):
        wanted = _indices(wanted, labels)
    fits = wanted is None or (isinstance(wanted, Tensor) and wanted.shape[:1] == images.shape[:1])
    if count == 1 or not fits:
        yield wanted, images
        return
    rows = torch.arange(len(images)).tensor_split(count)
    for first, last in ((int(part[0]), int(part[-1]) + 1) for part in rows):
        yield (wanted[first:last] if isinstance(wanted, Tensor) else None), images[first:last]


def joined(parts: Sequence[Targets]) -> Targets:
    """The targets of a batch from those of its parts, none of them a callable."""
    indices = [part.indices for part in parts if part.indices is not None]
    return replace(parts[0], indices=torch.cat(indices))


def similarity_to(embeddings: Tensor) -> Score:
    """The score that explains why two images are alike: the cosine of their embeddings.

    `embeddings`: N×D, what the network gave for the second images, in the order of the first.
    """
    fixed = embeddings.detach().clone()

    def score(output: Tensor) -> Tensor:
        return torch.nn.functional.cosine_similarity(output, fixed.to(output), dim=1)

    return score


def resolve(wanted: Wanted, output: Any, labels: Sequence[str]) -> Targets:
    """The targets for the network's `output`; each image's first class where none is wanted."""
    if callable(wanted):
        return Targets(None, wanted)
    logits = class_scores(output)
    if wanted is None:
        return Targets(logits.detach().argmax(1, keepdim=True))
    indices = _indices(wanted, labels)
    if indices.dim() not in (1, 2) or indices.shape[0] != logits.shape[0] or not indices.numel():
        raise ExplainerError(
            f"targets of shape {tuple(indices.shape)} for {logits.shape[0]} images",
            "give one class per image, or N×K classes",
        )
    several = indices.dim() == 2
    _check_range(indices, logits.shape[1])
    indices = indices.to(logits.device)
    return Targets(indices if several else indices[:, None], several=several)


def class_scores(output: Any) -> Tensor:
    """The output where it is N×classes."""
    if isinstance(output, Tensor) and output.dim() == 2 and output.is_floating_point():
        return output
    shape = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
    raise ExplainerError(
        f"the network's output is {shape}, not N×classes", "give targets as score(output) -> N"
    )


def label_index(name: str, labels: Sequence[str]) -> int:
    """The class called `name`; a name that two classes share is refused."""
    if not labels:
        raise ExplainerError(
            f'"{name}" can\'t be looked up: the network has no labels', "give labels=…"
        )
    places = [place for place, label in enumerate(labels) if label == name]
    if not places:
        raise ExplainerError(f'no class named "{name}"', did_you_mean(name, labels))
    if len(places) > 1:
        raise ExplainerError(f'"{name}" names the classes {places}', "give the index instead")
    return places[0]


def _indices(wanted: Any, labels: Sequence[str]) -> Tensor:
    if isinstance(wanted, Tensor):
        if wanted.is_floating_point() or wanted.dtype == torch.bool:
            raise ExplainerError(f"targets of type {wanted.dtype}", "give integers")
        return wanted.detach().cpu().long().clone()  # of a caller's under inference_mode too
    if isinstance(wanted, (str, int)):
        raise ExplainerError(f"targets={wanted!r} is not a sequence", "give one class per image")
    rows = [_numbers(row, labels) for row in wanted]
    try:
        return torch.tensor(rows, dtype=torch.long)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ExplainerError(
            "targets are not N classes nor N×K classes", "give each image as many classes"
        ) from error


def _numbers(row: Any, labels: Sequence[str]) -> Any:
    if isinstance(row, str):
        return label_index(row, labels)
    if hasattr(row, "__iter__") and not (isinstance(row, Tensor) and row.dim() == 0):
        return [_numbers(entry, labels) for entry in row]
    if isinstance(row, float) or (isinstance(row, Tensor) and row.is_floating_point()):
        raise ExplainerError(f"class index {row} is not an integer", "give integers")
    return int(row)


def _check_range(indices: Tensor, classes: int) -> None:
    wrong = indices[(indices < 0) | (indices >= classes)]
    if wrong.numel():
        raise ExplainerError(
            f"class index {int(wrong[0])} is out of range", f"use 0 to {classes - 1}"
        )


def _checked_scores(scores: Any) -> Tensor:
    if not isinstance(scores, Tensor) or scores.dim() != 1:
        shape = tuple(scores.shape) if isinstance(scores, Tensor) else type(scores).__name__
        raise ExplainerError(f"score(output) gave {shape}", "return one scalar per image: shape N")
    return scores
