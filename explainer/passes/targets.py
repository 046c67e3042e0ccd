"""What is explained: class indices, class names or a score of the output, checked once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from torch import Tensor

from explainer.errors import ExplainerError, did_you_mean

from .devices import like, placed

Score = Callable[[Any], Tensor]
Read = Callable[[Any], Any]
Wanted = Sequence[Any] | Tensor | Score | None
Probabilities = Literal["softmax", "sigmoid"]
FIRST_CLASSES = 20


def scores_in(output: Any) -> Any:
    """The N×answers scores of an output as networks commonly give it.

    A tensor itself; `.logits`, `["logits"]` or `["out"]`; the first entry of a tuple in which no
    other could be scores too. Anything else comes back as it is, for `class_scores` to refuse.
    """
    if isinstance(output, Tensor):
        return output
    if isinstance(getattr(output, "logits", None), Tensor):
        return output.logits
    if isinstance(output, Mapping):
        return next((output[key] for key in ("logits", "out") if key in output), output)
    if isinstance(output, tuple):
        flat = [entry for entry in output if isinstance(entry, Tensor) and entry.dim() == 2]
        return output[0] if len(flat) == 1 and flat[0] is output[0] else output
    return output


@dataclass(frozen=True)
class Targets:
    """The scores to explain: K classes for each of N images, or one score by a callable.

    `indices`: N×K class indices on the output's device (None with a callable); `several`: whether
    the caller asked for an N×K array, so that maps are N×K×… rather than N×…; `form`: how scores
    become probabilities; `read`: finds the N×answers scores in an output, which a callable gets
    whole.
    """

    indices: Tensor | None
    score: Score | None = None
    several: bool = False
    form: Probabilities = "softmax"
    read: Read = scores_in

    @property
    def count(self) -> int:
        return 1 if self.indices is None else self.indices.shape[1]

    def scores(self, output: Any, k: int) -> Tensor:
        """The N scores of the k-th target, as part of the graph."""
        if self.score is not None:
            return checked_scores(self.score(output))
        assert self.indices is not None
        found = class_scores(self.read(output), len(self.indices))
        return found.gather(1, self.indices[:, k : k + 1]).squeeze(1)

    def probabilities(self, output: Any, k: int) -> Tensor:
        """The N probabilities of the k-th target; a callable's scores as they are."""
        if self.score is not None:
            return self.scores(output, k)
        return replace(self, read=self._probable).scores(output, k)

    def residuals(self, output: Any, k: int) -> Tensor:
        """The N scores of the k-th target plus the logarithm of its probability; a callable's
        scores as they are."""
        if self.score is not None:
            return self.scores(output, k)
        logs = replace(self, read=lambda found: in_logarithms(self.read(found), self.form))
        return self.scores(output, k) + logs.scores(output, k)

    def _probable(self, output: Any) -> Tensor:
        return in_probabilities(self.read(output), self.form)

    def rows(self, places: Tensor, batch: int) -> "Targets":
        """The targets of a longer batch, whose p-th row is a variant of image `places[p]`.

        A callable may know its images by their order: it is asked for `batch` rows at a time.
        """
        if self.indices is not None:
            return replace(self, indices=self.indices[places])
        score = self.score
        assert score is not None
        if hasattr(score, "at"):  # a named target, which reads row by row
            return replace(self, score=score.at(places.tolist()))

        def by_batch(output: Any) -> Tensor:
            if not isinstance(output, Tensor):
                return checked_scores(score(output), batch)
            parts = torch.split(output, batch)
            return torch.cat([checked_scores(score(part), len(part)) for part in parts])

        return replace(self, score=by_batch)

    def shown(self) -> Tensor | None:
        """The indices as the caller gave them: N, or N×K."""
        return self.indices if self.indices is None or self.several else self.indices[:, 0]


def parted(
    wanted: Wanted, images: int, most: int, labels: Sequence[str]
) -> Iterator[tuple[Wanted, slice]]:
    """The rows of so many images in parts of about the same size, at most `most`, each with its own
    targets.

    Targets that do not fit the images stay whole, for `resolve` to refuse.
    """
    count = -(-images // most)
    if count > 1 and wanted is not None and not callable(wanted):
        wanted = _indices(wanted, labels)
    fits = wanted is None or (isinstance(wanted, Tensor) and wanted.shape[:1] == (images,))
    if count == 1 or not fits:
        yield wanted, slice(0, images)
        return
    for rows in torch.arange(images).tensor_split(count):
        part = slice(int(rows[0]), int(rows[-1]) + 1)
        yield (wanted[part] if isinstance(wanted, Tensor) else None), part


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
        return torch.nn.functional.cosine_similarity(output, like(fixed, output), dim=1)

    return score


def resolve(
    wanted: Wanted, output: Any, labels: Sequence[str], images: int, read: Read = scores_in
) -> Targets:
    """The targets for the `output` of so many images; each one's first class where none is wanted.

    `read` finds the scores in the output, which must have a row for each image.
    """
    if callable(wanted):
        _refuse_other_classes(wanted, read)
        return Targets(None, wanted)
    logits = class_scores(read(output), images)
    if wanted is None:
        return Targets(logits.detach().argmax(1, keepdim=True), read=read)
    indices = _indices(wanted, labels)
    if indices.dim() not in (1, 2) or indices.shape[0] != logits.shape[0] or not indices.numel():
        raise ExplainerError(
            f"targets of shape {tuple(indices.shape)} for {logits.shape[0]} images",
            "give one class per image, or N×K classes",
        )
    several = indices.dim() == 2
    _check_range(indices, logits.shape[1])
    indices = placed(indices, logits.device)
    return Targets(indices if several else indices[:, None], several=several, read=read)


def _refuse_other_classes(wanted: Score, read: Read) -> None:
    """A named target reads the output itself, where its classes may be others."""
    if read is not scores_in and getattr(wanted, "by_class", False):
        raise ExplainerError(
            "a target by class reads the output itself, and this network's classes are those of "
            "its scores=",
            "give class indices, or let call= give the scores that scores= makes",
        )


def class_scores(output: Any, images: int) -> Tensor:
    """The output where it is N×classes for N images."""
    if not isinstance(output, Tensor) or output.dim() != 2 or not output.is_floating_point():
        shape = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
        raise ExplainerError(
            f"the network's output is {shape}, not N×classes",
            "say where its scores are, Network(…, scores=…), or give targets as score(output) -> N",
        )
    refuse_other_rows(output, images)
    if not output.shape[1]:
        raise ExplainerError("the network has no answers to choose between", "give its head some")
    return output


def refuse_other_rows(output: Tensor, images: int) -> None:
    """Refuse an output that has not a row for each image."""
    if len(output) != images:
        rows = f"{len(output)} row{'s' if len(output) != 1 else ''}"
        raise ExplainerError(
            f"the network's output has {rows} for {images} image{'s' if images != 1 else ''}",
            "wrap it in a module that gives a row for each image",
        )


def first_classes(scores: Tensor) -> list[int]:
    """The indices of one image's FIRST_CLASSES highest scores, the highest first."""
    found: list[int] = scores.topk(min(FIRST_CLASSES, len(scores))).indices.tolist()
    return found


def in_probabilities(output: Tensor, form: Probabilities) -> Tensor:
    """N×classes scores as float32 probabilities."""
    if form == "sigmoid":
        return output.float().sigmoid()
    if output.shape[1] == 1:
        raise ExplainerError(
            "the softmax of a single output is 1, whatever the photo",
            'say that it is a sigmoid: Network(…, probabilities="sigmoid")',
        )
    return output.float().softmax(1)


def in_logarithms(output: Tensor, form: Probabilities) -> Tensor:
    """N×classes scores as the logarithms of their probabilities."""
    if form == "sigmoid":
        return torch.nn.functional.logsigmoid(output)
    in_probabilities(output[:, :2].detach(), form)  # refuses a single one
    return output.log_softmax(1)


def scores_of(wanted: Wanted, images: int, read: Read = scores_in) -> Score:
    """What of an output for so many images is explained: a callable's scores, or all classes'."""
    if callable(wanted):
        return lambda output: checked_scores(wanted(output), images)
    return lambda output: class_scores(read(output), images)


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
            "targets are neither N classes nor N×K classes",
            "give every image the same number of classes",
        ) from error


def _numbers(row: Any, labels: Sequence[str]) -> Any:
    if isinstance(row, str):
        return label_index(row, labels)
    if hasattr(row, "__iter__") and not (isinstance(row, Tensor) and row.dim() == 0):
        return [_numbers(entry, labels) for entry in row]
    return class_index(row)


def class_index(given: Any) -> int:
    """A class's index as an int; True, 1.0 and the like are none."""
    value = given.item() if hasattr(given, "item") else given
    if isinstance(value, bool) or not isinstance(value, int):
        raise ExplainerError(f"class index {given} is not an integer", "give integers")
    return value


def _check_range(indices: Tensor, classes: int) -> None:
    low, high = map(int, torch.aminmax(indices))
    if low < 0 or high >= classes:
        wrong = indices[(indices < 0) | (indices >= classes)]
        raise ExplainerError(
            f"class index {int(wrong[0])} is out of range", f"use 0 to {classes - 1}"
        )


def checked_scores(scores: Any, images: int | None = None) -> Tensor:
    """A callable's scores where there is one for each image (of a known number)."""
    if not isinstance(scores, Tensor) or scores.dim() != 1:
        shape = tuple(scores.shape) if isinstance(scores, Tensor) else type(scores).__name__
        raise ExplainerError(f"score(output) gave {shape}", "return one scalar per image: shape N")
    if images is not None and len(scores) != images:
        raise ExplainerError(
            f"score(output) gave {len(scores)} scores for {images} images",
            "return one scalar per image: shape N",
        )
    return scores
