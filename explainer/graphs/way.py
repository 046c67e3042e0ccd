"""The layer that is explained where none is named: the last map, or the last patch tokens, on the
way to the score."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from explainer.errors import ExplainerError
from explainer.passes.grids import Grid, shape_shown

from .ancestry import Place, between
from .patches import last_patches
from .trail import Step, Trail, follow

RULE = "last map on the way to the score, 2"  # in settings digests: another rule, another number
NAME_ONE = 'name a layer that gives a map N×K×u×v or patch tokens N×T×K: layer="…"'
OTHER_METHODS = f"use a method without a layer, such as occlusion or smooth_grad, or {NAME_ONE}"
SHOWN = 3

Score = Callable[[Any], Tensor]


@dataclass(frozen=True)
class Way:
    """What of a network the score was made of.

    `layer`: the address of the last map, or of the last patch tokens after it. `stages`: that of
    the last map of each size, in order of depth; None for one that no address leads to. `beside`:
    maps by which the score depends on the photo without `layer`, as in networks that read several
    scales. `common`: whether the same holds for any score, there being one output. `refusal`: why
    there is no layer to explain by default; then the others are empty.
    """

    layer: str = ""
    stages: tuple[str | None, ...] = ()
    beside: tuple[str, ...] = ()
    common: bool = False
    refusal: ExplainerError | None = None


def way_to_score(
    module: nn.Module, images: Tensor, score: Score, run: Callable[[Tensor], Any] | None = None
) -> Way:
    """Found by one pass of the images with a graph; `score(output)` is what is to be explained."""
    trail, outputs, origin = follow(module, images, run)
    with torch.enable_grad():
        scores = score(outputs)
    on_way = between([scores], origin)
    if not on_way:
        return _refused(
            "the score does not depend on the image through anything that gradients can follow"
        )
    steps = [step for step in trail.steps if step.place in on_way]
    maps = sorted((step for step in steps if step.is_map), key=lambda step: step.number)
    if not maps:
        return _refused("no map was met on the way to the score", OTHER_METHODS)
    last, common = maps[-1], isinstance(outputs, Tensor)
    if tokens := _after(steps, last):
        found = last_patches(trail, steps, scores, origin)
        layer = trail.address(found) if found else None
        if found and layer:
            ways = between([scores], origin, {found.place or origin})
            return Way(layer, (layer,), _beside(trail, steps, found, ways), common)
        return _refused(
            f"after its last map the network goes on with a sequence of tokens "
            f"({shape_shown(tokens.tensor.shape)}, made by {tokens.name}), and which of its layers "
            "gives the last patches that the score reads can't be told",
            OTHER_METHODS,
        )
    return _unlike_images(last, len(images)) or Way(
        trail.address(last) or "",
        _stages(trail, maps),
        _beside(trail, steps, last, between([scores], origin, {last.place or origin})),
        common,
        None if trail.address(last) else _unnamed(last),
    )


def _refused(reason: str, fix: str = NAME_ONE) -> Way:
    return Way(refusal=ExplainerError(reason, fix))


def _unnamed(last: Step) -> ExplainerError:
    shape = shape_shown(last.tensor.shape)
    return ExplainerError(
        f"the last map on the way to the score ({shape}, made by {last.name}) has no name",
        "put what makes it into a module of its own, or name another layer",
    )


def _after(steps: Sequence[Step], last: Step) -> Step | None:
    """The last sequence that weights work on after the last map, if there is one."""
    later = [step for step in steps if step.is_sequence and step.number > last.number]
    return later[-1] if later else None


def _unlike_images(last: Step, images: int) -> Way | None:
    """Why the last map is of no image alone."""
    if len(last.tensor) == images:
        return None
    return _refused(
        f"the network makes {len(last.tensor)} maps of {images} image{'s' if images > 1 else ''}, "
        "as where frames or a pair of photos go through it as a batch",
        "name a layer after they are joined again, whose output has a row for each image",
    )


def _stages(trail: Trail, maps: Sequence[Step]) -> tuple[str | None, ...]:
    """The last map of each size that is not already part of the change to another size."""
    chosen: dict[Grid, Step] = {}
    for step in (*(step for step in maps if not step.inside_a_change), maps[-1]):
        assert step.grid is not None
        chosen.pop(step.grid, None)
        chosen[step.grid] = step
    return tuple(trail.address(step) for step in chosen.values())


def _beside(trail: Trail, steps: Sequence[Step], last: Step, ways: set[Place]) -> tuple[str, ...]:
    """The last few results through which the photo reaches the score without `last`."""
    met = [step for step in steps if step.place in ways and (step.is_map or step.is_sequence)]
    named = {step.number: trail.address(step) or step.name for step in met}
    named.pop(last.number, None)
    return tuple(dict.fromkeys(reversed(named.values())))[:SHOWN]
