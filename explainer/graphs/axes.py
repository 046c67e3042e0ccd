"""Which axes of a layer's output are places of sound, a volume or frames, and which its channels.

Proportions don't tell: time is pooled otherwise than height, and N×K×L looks like N×L×K. What shows
it is what the values were made of: along an axis of places, the part of the input that they depend
on moves from its beginning to its end; along the channels it does not.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge

from explainer.errors import ExplainerError
from explainer.passes.devices import like
from explainer.passes.folds import Fold, lengths_said
from explainer.passes.grids import Folded, shape_shown

from .ancestry import Place, place_of
from .trail import follow

LOOKS = 8
CASES = 2
UNCLEAR = "it is unclear which axis holds the channels"


def axes_at(
    module: nn.Module,
    address: str,
    pair: Tensor,
    fold: Fold,
    *,
    said: Sequence[int] | None,
    run: Callable[[Tensor], Any],
) -> Folded:
    """How the output at `address` is laid out; `pair`: two cases, as pictures. `said`: the lengths
    of its places, where the caller gave them."""
    trail, _, origin = follow(module, pair, run)
    step = trail.at(address)
    if step is None or place_of(step.tensor) is None:
        raise ExplainerError(
            f'layer "{address}" takes no part in the forward pass', "choose another layer"
        )
    looked = _Looked(step.tensor, origin, fold)
    rows = len(step.tensor) // CASES
    if len(step.tensor) % CASES or rows not in (1, fold.count):
        raise _refusal(
            address, step.tensor, f"{len(step.tensor)} rows for {CASES} cases",
            "name a layer whose output has a row for each case, or for each frame of each",
        )  # fmt: skip
    if rows > 1 or fold.frames:
        _refuse_other_order(address, looked, rows)
    wanted = {3, 4} if fold.frames and rows == 1 else {len(fold.sizes) + 1 - (rows > 1)}
    if step.tensor.dim() - 1 not in wanted:
        raise _refusal(
            address, step.tensor, "not a map with a channel axis and the input's axes of places",
            "name a layer that gives one",
        )  # fmt: skip
    last = _channels_last(looked) if said is None else lengths_said((*said,), step.tensor.shape)
    if last is None:
        raise _refusal(
            address, step.tensor, UNCLEAR,
            "name an earlier layer, or give the lengths of its axes of places: Network(grid=(…))",
        )  # fmt: skip
    shape = step.tensor.shape
    return Folded(tuple(shape[1:-1] if last else shape[2:]), last, rows)


class _Looked:
    """A layer's output, and what of the input its parts were made of."""

    def __init__(self, tensor: Tensor, origin: Place, fold: Fold) -> None:
        self.tensor, self.origin, self.fold = tensor, origin, fold
        drawn = torch.Generator().manual_seed(0)  # one weight for all would miss what norms cancel
        self.weights = like(torch.rand(tensor.shape, generator=drawn), tensor)
        place = place_of(tensor)
        assert place is not None
        self.place = place

    def touched(self, axis: int, first: int, count: int = 1) -> Tensor:
        """Cases×places booleans: what so many values along the axis depend on."""
        only = torch.zeros_like(self.weights)
        only.narrow(axis, first, count).fill_(1)
        (gradient,) = torch.autograd.grad(
            [GradientEdge(*self.place)],
            [GradientEdge(*self.origin)],
            grad_outputs=[self.weights * only],
            retain_graph=True,
        )
        return self.fold.places(gradient.ne(0).any(1))


def _channels_last(looked: _Looked) -> bool | None:
    first, last = _moves(looked, 1), _moves(looked, looked.tensor.dim() - 1)
    return None if first == last else first


def _moves(looked: _Looked, axis: int) -> bool:
    """Whether what values along this axis depend on moves along an axis of the input."""
    length = looked.tensor.shape[axis]
    count = -(-length // (2 * LOOKS))  # neighbours together, of which not all are rectified away
    firsts = torch.linspace(0, length - count, min(LOOKS, length)).round().long().tolist()
    touched = [looked.touched(axis, first, count).any(0) for first in firsts]
    if length < 2 or not all(bool(one.any()) for one in touched):
        return False
    return any(_in_order(touched, side) for side in range(touched[0].dim()))


def _in_order(touched: Sequence[Tensor], side: int) -> bool:
    """The first part does not reach the end of the side, the last not its beginning, and between
    them they go on."""
    others = [other for other in range(touched[0].dim()) if other != side]
    met = [one.any(dim=others) if others else one for one in touched]
    ends = [(int(one.nonzero()[0]), int(one.nonzero()[-1])) for one in met]
    whole = len(met[0]) - 1
    if ends[0][1] == whole or ends[-1][0] == 0:
        return False
    return all(before[0] <= after[0] and before[1] <= after[1] for before, after in pairwise(ends))


def _refuse_other_order(address: str, looked: _Looked, rows: int) -> None:
    """A row belongs to its case alone, and depends on its own frame."""
    for row in range(len(looked.tensor)):
        case, frame = divmod(row, rows)
        touched = looked.touched(0, row).flatten(2).any(-1)
        others = touched[1 - case]
        if bool(others.any()) or (rows > 1 and not bool(touched[case, frame])):
            raise _refusal(
                address, looked.tensor, "its rows are not the cases one after another, each with "
                "its frames in order",
                "merge cases and frames in order: images.flatten(0, 1)",
            )  # fmt: skip


def _refusal(address: str, tensor: Tensor, why: str, fix: str) -> ExplainerError:
    return ExplainerError(f'layer "{address}" gives {shape_shown(tensor.shape)}: {why}', fix)
