"""The tokens that are explained where a network goes on with a sequence after its last map."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge

from explainer.errors import ExplainerError
from explainer.passes.grids import Tokens, channels_first

from .ancestry import Place, between
from .layouts import mixed, tokens_of
from .trail import Step, Trail


def last_patches(trail: Trail, steps: Sequence[Step], scores: Tensor, origin: Place) -> Step | None:
    """The last patch tokens that the score still reads; None where they can't be told.

    `steps`: results on the way from the photo (`origin`) to the scores. First the last tokens of
    which the whole score was made and whose patches have a gradient: behind the last attention a
    class token is all that is read. From there on the last tokens of that form without which the
    patches would have none: what the last attention reads, normalised. Between the two the class
    token goes its own way. Never tokens that are made of one place each, as a patch embedding.
    """
    seen = _seen(trail, steps, scores)
    whole = next((step for step in seen if not between([scores], origin, {_place(step)})), None)
    if whole is None:
        return None
    alike = [step for step in seen if step.tensor.shape == whole.tensor.shape]
    later = alike[: alike.index(whole)]
    found = next((step for step in later if not _read_without(trail, step, whole, scores)), whole)
    return found if mixed(trail, found) else None


def _seen(trail: Trail, steps: Sequence[Step], scores: Tensor) -> list[Step]:
    """Tokens whose patches the scores depend on, the last first."""
    streams = _streams(steps)
    tokens = [step for step in steps if step.tensor.shape in streams]
    found = [
        step
        for step, gradient in zip(tokens, _gradients(scores, tokens), strict=True)
        if _of_patches(gradient, _layout(trail, step))
    ]
    return sorted(found, key=lambda step: step.number)[::-1]  # a module's after its last call's


def _streams(steps: Sequence[Step]) -> set[torch.Size]:
    """The shapes of tokens as they go from block to block: those in which results are added, and in
    which so many tokens began. Keys and values, side by side, are not among them."""
    tokens = [step for step in steps if step.tensor.dim() == 3 and step.places]
    began = {step.tensor.shape[1]: step.tensor.shape for step in reversed(tokens)}
    return {step.tensor.shape for step in tokens if step.adds} | set(began.values())


def _layout(trail: Trail, step: Step) -> Tokens | None:
    try:
        return tokens_of(trail, step)
    except ExplainerError:  # in another order, of which whoever names such a layer is told
        return None


def _of_patches(gradient: Tensor | None, layout: Tokens | None) -> bool:
    """Whether `gradient` is of patches too, and not only of tokens beside them."""
    if gradient is None or layout is None:
        return False
    return bool(channels_first(gradient, layout).any())


def _read_without(trail: Trail, step: Step, whole: Step, scores: Tensor) -> bool:
    """Whether the scores would depend on the patches of `whole` if nothing came through `step`."""
    node, number = _place(step)

    def shut(gradients: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return tuple(
            torch.zeros_like(one) if place == number and one is not None else one
            for place, one in enumerate(gradients)
        )

    handle = node.register_prehook(shut)
    try:
        (gradient,) = _gradients(scores, [whole])
    finally:
        handle.remove()
    return _of_patches(gradient, _layout(trail, whole))


def _gradients(scores: Tensor, steps: Sequence[Step]) -> Sequence[Tensor | None]:
    if not steps:
        return ()
    return torch.autograd.grad(
        [scores],
        [GradientEdge(*_place(step)) for step in steps],
        grad_outputs=[torch.ones_like(scores)],
        retain_graph=True,
        allow_unused=True,
    )


def _place(step: Step) -> Place:
    assert step.place
    return step.place
