"""A ReLU whose backward rule can be chosen after the forward pass.

Plain gradient, guided backpropagation and deconvnet share their forward pass: only the backward of
the ReLU differs. `spellings` finds the calls that are one; `proof` shows that none was missed.
"""

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from .parts import Parts

Rule = Literal["gradient", "guided_backprop", "deconvnet"]


@dataclass
class Walk:
    """What a backward pass reads: the rule that the ReLUs follow now, all or those `within` parts.

    `parts`: knows in which parts a call runs.
    """

    rule: Rule = "gradient"
    within: tuple[str, ...] = ()
    parts: Parts = field(default_factory=lambda: Parts(()))

    def rule_in(self, parts: frozenset[str]) -> Rule:
        """The rule of a ReLU that ran in these parts."""
        return self.rule if not self.within or parts & {*self.within} else "gradient"


class Rectification(NamedTuple):
    """One ReLU call: max(0, x), or min(ceiling, max(0, x)).

    `at_ends`: what its own derivative is where x is 0, or the ceiling. PyTorch's spellings differ.
    """

    x: Tensor
    ceiling: float | None = None
    in_place: bool = False
    at_ends: float = 0.0


class Rectify(torch.autograd.Function):
    """max(0, x), whose backward follows `walk.rule` at the time of the backward pass.

    With f the output and R the gradient from above (Springenberg et al. 2015, figure 1):
    gradient: 1[f>0]·R; guided: 1[f>0]·1[R>0]·R; deconvnet: 1[R>0]·R, with 1[0<f<ceiling] for a
    ReLU6 in place of 1[f>0].
    """

    @staticmethod
    def forward(ctx: Any, call: Rectification, x: Tensor, walk: Walk) -> Tensor:
        ends = _ends(call) if call.at_ends else None
        if call.in_place:
            ctx.mark_dirty(x)
        out = _rectified(x, call.ceiling, call.in_place)
        ctx.save_for_backward(out, ends)
        ctx.ceiling, ctx.walk, ctx.at_ends = call.ceiling, walk, call.at_ends
        ctx.parts = walk.parts.now()
        return out

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[None, Tensor, None]:
        rule = ctx.walk.rule_in(ctx.parts)
        if rule == "deconvnet":
            return None, gradient.clamp(min=0), None
        out, ends = ctx.saved_tensors
        gated = _gated(gradient, out, ctx.ceiling)
        if rule == "guided_backprop":
            return None, gated.clamp_(min=0), None
        if ends is not None:
            gated = torch.where(ends, ctx.at_ends * gradient, gated)
        return None, gated, None


def rectified(call: Rectification, walk: Walk) -> Tensor:
    """What the call gives. A part of a larger tensor is changed by copying into it."""
    if not (call.in_place and call.x._is_view()):
        out: Tensor = Rectify.apply(call, call.x, walk)
        return out
    return call.x.copy_(Rectify.apply(call._replace(in_place=False), call.x, walk))


def _ends(call: Rectification) -> Tensor:
    ends = call.x == 0
    return ends if call.ceiling is None else ends | (call.x == call.ceiling)


def _rectified(x: Tensor, ceiling: float | None, in_place: bool) -> Tensor:
    if ceiling is None:
        return torch.relu_(x) if in_place else torch.relu(x)
    return functional.hardtanh(x, 0.0, ceiling, inplace=in_place)


def _gated(gradient: Tensor, out: Tensor, ceiling: float | None) -> Tensor:
    if ceiling is None:
        gated: Tensor = torch.ops.aten.threshold_backward(gradient, out, 0)
    else:
        gated = torch.ops.aten.hardtanh_backward(gradient, out, 0.0, ceiling)
    return gated
