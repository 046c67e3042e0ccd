"""What a target with a name is: a score of plain numbers, whose text and digest tell what it is."""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor

from explainer.errors import ExplainerError

from .outputs import rows_of
from .targets import checked_scores, scores_in

VERSION = 1


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

    @property
    def is_sought(self) -> bool:
        """Whether it is first looked for in what the network gives for the photo itself."""
        return False

    def found(self, row: Any) -> "Target":
        """The target itself, or the one that it is in this row of what a photo gives."""
        return self

    def text(self) -> str:
        """Kind, version and numbers as JSON, the same whoever writes it (see `read_target`)."""
        return json.dumps(_said(self), sort_keys=True)

    def digest(self) -> str:
        """SHA-256 (hex) of its text."""
        return hashlib.sha256(self.text().encode()).hexdigest()


def _plain(value: Any, name: str) -> Any:
    """A field of a target, lists in it as tuples."""
    if isinstance(value, (list, tuple)):
        return tuple(_plain(part, name) for part in value)
    if not isinstance(value, (int, float, str, Target)) and value is not None:
        raise ExplainerError(
            f"{name} holds a {type(value).__name__}, of which no digest can be taken",
            "give plain numbers: int(…), float(…), .tolist()",
        )
    if isinstance(value, float) and not math.isfinite(value):
        raise ExplainerError(f"{name} holds {value}", "give a finite number")
    return value


def _said(value: Any) -> Any:
    if isinstance(value, Target):
        numbers = {one.name: _said(getattr(value, one.name)) for one in fields(value)}
        return {"target": type(value).__name__, "version": VERSION, **numbers}
    return [_said(part) for part in value] if isinstance(value, tuple) else value


def values_of(row: Any) -> Tensor:
    found = scores_in(row)
    if not isinstance(found, Tensor):
        raise ExplainerError(
            f"an image's part of the output is {type(found).__name__}, not a tensor",
            "name a target that fits the network, such as a box of a detector (box), or give "
            "score(output) -> N",
        )
    return found


def scores_along(row: Any, axes: int, class_: int) -> Tensor:
    values = values_of(row)
    if values.dim() != axes:
        forms = {1: "classes", 2: "T×words", 3: "classes×H×W"}
        raise ExplainerError(
            f"the output of an image is {shape_of(values)}, not {forms[axes]}",
            "choose the target that fits the network, or give score(output) -> N",
        )
    refuse_beyond(class_, len(values))
    return values


def refuse_beyond(index: int, length: int) -> None:
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < length:
        raise ExplainerError(f"there is no index {index!r}", f"use a number from 0 to {length - 1}")


def shape_of(values: Tensor) -> str:
    return "×".join(str(length) for length in values.shape)
