"""Targets with a name: scores of plain numbers, whose digest tells what was explained.

A callable may be anything; these can be compared, stored and found again, so that a study's workers
and `explain_many` can go on where they stopped. Each reads one row of an output, so that it follows
its image through masks, paths and parts of a batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from explainer.errors import ExplainerError

from .outputs import rows_of
from .regions import SOUGHT_AS, Detected, PredictedRegion, Segmented, Sought, SurestBox
from .target import Target, refuse_beyond, scores_along, shape_of, values_of
from .targets import Score, Wanted, checked_scores

__all__ = [
    "Channel",
    "Chosen",
    "Detected",
    "Difference",
    "Each",
    "Neuron",
    "PredictedRegion",
    "Segmented",
    "Sought",
    "SurestBox",
    "Target",
    "Words",
    "for_all",
    "found_in",
    "looked_for_as",
    "named",
    "refuse_unmatched",
    "sought_in",
]


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

    @property
    def is_sought(self) -> bool:
        return any(target.is_sought for target in self.targets)

    def at(self, places: Sequence[int]) -> "Target":
        return Each(tuple(self.targets[place] for place in places))


@dataclass(frozen=True)
class Chosen(Target):
    """The score of a class, as an index does it; for `Difference`."""

    class_: int

    by_class = True

    def score(self, row: Any) -> Tensor:
        return scores_along(row, 1, self.class_)[self.class_]


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

    @property
    def is_sought(self) -> bool:
        return any(target.is_sought for target in self._both())

    def found(self, row: Any) -> "Difference":
        one, other = self._both()
        return Difference(one.found(row), other.found(row)) if self.is_sought else self

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
        values = values_of(row)
        if len(self.place) != values.dim():
            raise ExplainerError(
                f"neuron {self.place} does not fit an output {shape_of(values)}",
                f"give {values.dim()} indices",
            )
        for index, length in zip(self.place, values.shape, strict=True):
            refuse_beyond(index, length)
        return values[self.place]


@dataclass(frozen=True)
class Channel(Target):
    """The mean of one channel K of an output K×u×v (or K×anything)."""

    channel: int

    def score(self, row: Any) -> Tensor:
        values = values_of(row)
        if not values.dim():
            reason = "the network gives one number for an image, and no channels"
            raise ExplainerError(reason, "ask about that number: Neuron(())")
        refuse_beyond(self.channel, len(values))
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
        values = scores_along(row, 2, 0)
        last = self.first + len(self.answers)
        if not self.answers or self.first < 0 or last > len(values):
            raise ExplainerError(
                f"{len(self.answers)} words from row {self.first} on do not fit an output of "
                f"{len(values)} rows",
                "give the words that the network was asked with, and where they begin",
            )
        for word in self.answers:
            refuse_beyond(word, values.shape[1])
        said = values[self.first : last].log_softmax(1)
        return said[range(len(self.answers)), list(self.answers)].sum()


def _refuse_other_count(targets: int, images: int) -> None:
    if targets != images:
        raise ExplainerError(f"{targets} named targets for {images} images", "give one per image")


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


def found_in(wanted: Target, output: Any) -> "Each":
    """The targets of the photos that gave this output, one for each, where some are sought."""
    rows = [*rows_of(output)]
    each = wanted.targets if isinstance(wanted, Each) else (wanted,) * len(rows)
    _refuse_other_count(len(each), len(rows))
    found = []
    for n, (target, row) in enumerate(zip(each, rows, strict=True)):
        try:
            found.append(target.found(row))
        except ExplainerError as error:
            place = f" of image {n}" if len(rows) > 1 else ""
            raise ExplainerError(f"{error.reason}{place}", error.fix) from error
    return Each(tuple(found))


def sought_in(wanted: Target) -> tuple[Sought, ...]:
    """The targets that are looked for in the photo itself."""
    if isinstance(wanted, Each):
        return tuple(one for target in wanted.targets for one in sought_in(target))
    if isinstance(wanted, Difference):
        both = (one for one in (wanted.a, wanted.b) if isinstance(one, Target))
        return tuple(one for target in both for one in sought_in(target))
    return (wanted,) if isinstance(wanted, Sought) else ()


def looked_for_as(wanted: Wanted) -> type[PredictedRegion] | type[SurestBox] | None:
    """What has to be looked for in other photos, so that each is explained as `wanted` is of its
    own: regions or boxes. None where scores are."""
    if not isinstance(wanted, Target):
        return None
    each = wanted.targets if isinstance(wanted, Each) else (wanted,)
    kinds = {SOUGHT_AS.get(type(target)) for target in each}
    if len(kinds) > 1:
        raise ExplainerError(
            "another photo can't be explained as targets of several kinds are",
            "explain images with targets of one kind at a time",
        )
    (kind,) = kinds
    return kind


def for_all(wanted: Score) -> Score:
    """What tells of any rows whether they are answered alike: of a named target, its scores."""
    if isinstance(wanted, Target) and (sought := sought_in(wanted)):
        return lambda output: torch.stack([sought[0].overall(row) for row in rows_of(output)])
    if isinstance(wanted, Each):
        return wanted.targets[0]
    return wanted if isinstance(wanted, Target) else (lambda output: output)
