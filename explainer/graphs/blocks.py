"""How a transformer's tokens are mixed: by which attentions, and by nothing else.

Methods that follow attention from block to block suppose that token t of one block is token t of
the next, and that it learns of others by A alone. Whether that is so is measured in one pass.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge

from explainer.errors import ExplainerError
from explainer.passes.devices import like
from explainer.passes.grids import Tokens, shape_shown

from .ancestry import Place, ancestors, between, place_of
from .attention import Attention, Attentions, Call, Result, refuse_hidden_calls, replayed
from .layouts import mixed, tokens_at
from .trail import Trail, follow

OTHER_METHODS = "use a method for any network, such as grad_cam, occlusion or smooth_grad"
Score = Callable[[Any], Tensor]


@dataclass(frozen=True)
class Blocks:
    """The attentions on the way from the photo to the score, each over the same tokens.

    `attentions`: their numbers among those of a pass; `outputs`: the numbers of what the blocks
    give, among the results with three axes, or none where that can't be told. `rows`: the tokens
    that the score reads after the last attention. `nbytes`: of one image's weights.
    """

    tokens: Tokens
    attentions: tuple[int, ...]
    outputs: tuple[int, ...]
    rows: tuple[int, ...]
    nbytes: int

    def pass_of(self) -> Attentions:
        """To be entered round a pass whose attentions are asked for."""
        return Attentions(set(self.attentions), self.outputs)


def blocks_of(
    module: nn.Module,
    images: Tensor,
    score: Score,
    run: Callable[[Tensor], Any],
    grid: Sequence[int] | None,
) -> Blocks:
    """Found by one pass with a graph; `grid`: how the patches lie, where the caller said it.

    ExplainerError where attention is not all by which tokens learn of each other.
    """
    refuse_hidden_calls(module, "attention")
    opened = Attentions(all_calls=True)

    def in_the_open(seen: Tensor) -> Any:
        with opened:
            return run(seen)

    trail, outputs, origin = follow(module, images, in_the_open)
    with torch.enable_grad():
        scores = score(outputs)
    found = _Found(trail, opened, scores, origin)
    entering = found.entering()
    tokens = found.layout(entering[0], grid)
    found.refuse_other_mixing(entering)
    return Blocks(
        tokens,
        found.numbers,
        _outputs(found, entering, lambda last: replayed(*last, outputs), score),
        _rows(scores, found.met[-1], tokens),
        sum(one.weights.nbytes for one in found.met) // len(images),
    )


class _Found:
    """What one pass showed: `met` are the attentions on the way from the photo to the scores."""

    def __init__(self, trail: Trail, opened: Attentions, scores: Tensor, origin: Place) -> None:
        self.trail, self.opened, self.scores = trail, opened, scores
        on_way = between([scores], origin)
        pairs = zip(opened.numbers, opened.met, strict=True)
        met = [(n, one) for n, one in pairs if place_of(one.weights) in on_way]
        self.numbers = tuple(number for number, _ in met)
        self.met = [one for _, one in met]
        self.length = self._length()
        self.alike = {
            result.place
            for result in opened.results
            if result.tensor.shape[:2] == (trail.images, self.length) and result.place in on_way
        }
        self.cut = [
            result
            for result in opened.results
            if result.place in self.alike and not between([scores], origin, {result.place})
        ]

    def _length(self) -> int:
        """T, the number of tokens over which each of the attentions goes."""
        if not self.met:
            raise ExplainerError(
                "no attention that can be read lies between the image and the score: the network "
                "has none, or computes it in its own way",
                OTHER_METHODS,
            )
        images, length = self.trail.images, self.met[-1].weights.shape[-1]
        for number, one in enumerate(self.met, 1):
            shape = tuple(one.weights.shape)
            if (shape[0], *shape[-2:]) != (images, length, length):
                raise ExplainerError(
                    f"attention {number} of {len(self.met)} has weights {shape_shown(shape)}, not "
                    "one row and one column for each of the same tokens (as with windows, pooled "
                    "tokens or queries of its own)",
                    OTHER_METHODS,
                )
        return length

    def entering(self) -> list[Result]:
        """For each attention the last tokens before it through which every way leads."""
        found: list[Result] = []
        for number, one in enumerate(self.met, 1):
            before = ancestors([one.weights])
            last = next((result for result in reversed(self.cut) if result.place in before), None)
            if last is None or (found and last.number <= found[-1].number):
                raise ExplainerError(
                    f"attention {number} of {len(self.met)} does not follow the others block by "
                    "block (as when two read the same tokens)",
                    OTHER_METHODS,
                )
            found.append(last)
        return found

    def layout(self, first: Result, grid: Sequence[int] | None) -> Tokens:
        """How the tokens lie that enter the first block; refuses those that are already mixed."""
        step = self.trail.known[id(first.tensor)]
        tokens = tokens_at(self.trail, self.trail.address(step) or step.name, step, grid)
        if mixed(self.trail, step):
            raise _mixed_otherwise()
        began = next(one for one in self.trail.steps if one.place in self.alike)
        if began.place and began.place != first.place:
            _refuse_unless_alone(first.tensor, first.place, began.place)
        return tokens

    def refuse_other_mixing(self, entering: Sequence[Result]) -> None:
        """Refuse attention whose values are no tokens, and blocks that mix these otherwise."""
        leaving = [*entering[1:], *self.after()[-1:]]
        for number, one in enumerate(self.met):
            before, result = entering[number].place, place_of(one.result)
            assert before is not None
            _refuse_unless_alone(one.value, place_of(one.value), before)
            for after in leaving[number : number + 1]:
                assert result is not None
                _refuse_unless_alone(after.tensor, after.place, result)
                _refuse_unless_alone(after.tensor, after.place, before, shut=result)

    def after(self) -> list[Result]:
        """The tokens after the last attention through which every way leads, in order."""
        last = place_of(self.met[-1].weights)
        return [result for result in self.cut if last in ancestors([result.tensor])]


def _refuse_unless_alone(
    made: Tensor, place: Place | None, of: Place, *, shut: Place | None = None
) -> None:
    """Refuse where row t of `made` is made of another than row t of `of`, or not of that.

    Rows are the second axis from the end. The ways through `shut` do not count.
    """
    length = made.shape[-2]
    drawn = torch.Generator().manual_seed(0)
    chosen = torch.randperm(length, generator=drawn) < (length + 1) // 2
    weights = like(torch.rand(made.shape, generator=drawn) * chosen[:, None], made)
    gradient = _gradient(place, of, weights, shut)
    if gradient is None or not torch.equal(_rows_in(gradient).cpu(), chosen):
        raise _mixed_otherwise()


def _mixed_otherwise() -> ExplainerError:
    return ExplainerError(
        "the network's tokens exchange information by more than the attentions that can be read, "
        "or not token by token (as with convolutions between blocks, attention over channels, or "
        "heads that are mixed after the softmax)",
        OTHER_METHODS,
    )


def _gradient(place: Place | None, of: Place, weights: Tensor, shut: Place | None) -> Tensor | None:
    """∂(Σ weights ⊙ what is at `place`)/∂ what is at `of`, without the ways through `shut`."""
    if place is None:
        return None

    def nothing(gradients: tuple[Tensor | None, ...]) -> tuple[Tensor | None, ...]:
        return tuple(None if one is None else torch.zeros_like(one) for one in gradients)

    handle = shut[0].register_prehook(nothing) if shut else None
    try:
        (found,) = torch.autograd.grad(
            [GradientEdge(*place)],
            [GradientEdge(*of)],
            grad_outputs=[weights],
            retain_graph=True,
            allow_unused=True,
        )
    finally:
        if handle is not None:
            handle.remove()
    return found


def _rows_in(gradient: Tensor) -> Tensor:
    """Which rows, along the second axis from the end, have any gradient."""
    return gradient.ne(0).any(-1).flatten(0, -2).any(0)


def _rows(scores: Tensor, last: Attention, tokens: Tokens) -> tuple[int, ...]:
    """The tokens that the score reads; refuses a network that reads some of its patches or none."""
    weights = torch.rand(scores.shape, generator=torch.Generator().manual_seed(0))
    (gradient,) = torch.autograd.grad(
        [scores], [last.weights], grad_outputs=[like(weights, scores)], retain_graph=True
    )
    read = _rows_in(gradient)
    patches = read[tokens.prefix : tokens.prefix + tokens.u * tokens.v]
    if bool(patches.any()) and not bool(patches.all()):
        raise ExplainerError(
            "the score reads only some of the patches (as when it takes each channel's largest "
            "value), so no row of the attention stands for it",
            OTHER_METHODS,
        )
    if not bool(read.any()):
        raise ExplainerError(
            "the score does not change with anything that the last attention says",
            "give a score that depends on the picture",
        )
    return tuple(read.nonzero().flatten().tolist())


def _outputs(
    found: _Found,
    entering: Sequence[Result],
    again: Callable[[tuple[Sequence[Call], Tensor, Tensor]], Any],
    score: Score,
) -> tuple[int, ...]:
    """What each block gives: what enters the next, and after the last what the same call makes.

    None where that can't be told, or where the head, asked again, doesn't give the same scores.
    """
    names = {result.name for result in entering[1:]}
    after = [result for result in found.after() if result.name in names]
    if len(names) != 1 or not after:
        return ()
    end = after[-1]
    with torch.no_grad():
        scores = score(again((found.opened.calls[end.call :], end.tensor, end.tensor)))
    if not torch.equal(scores, found.scores):
        return ()
    return tuple(result.number for result in (*entering[1:], end))
