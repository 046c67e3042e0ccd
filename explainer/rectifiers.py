"""Every ReLU of a forward pass, sent through one function whose backward rule can be chosen later.

Plain gradient, guided backpropagation and deconvnet share their forward pass: only the backward of
the ReLU differs. A `TorchFunctionMode` meets each call as it is made, so functional calls, modules
used twice, ReLU6 and in-place calls come out right, and no module of the caller's is touched.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

Rule = Literal["gradient", "guided_backprop", "deconvnet"]


@dataclass
class Walk:
    """What a backward pass reads: the rule of the ReLUs now; and which activations were met."""

    rule: Rule = "gradient"
    rectified: int = 0
    smooth: set[str] = field(default_factory=set)


class Rectification(NamedTuple):
    """One ReLU call: max(0, x), or min(ceiling, max(0, x))."""

    x: Tensor
    ceiling: float | None = None
    in_place: bool = False


class Rectify(torch.autograd.Function):
    """max(0, x), whose backward follows `walk.rule` at the time of the backward pass.

    With f the output and R the gradient from above (Springenberg et al. 2015, figure 1):
    gradient: 1[f>0]·R; guided: 1[f>0]·1[R>0]·R; deconvnet: 1[R>0]·R, with 1[0<f<ceiling] for a
    ReLU6 in place of 1[f>0].
    """

    @staticmethod
    def forward(ctx: Any, call: Rectification, x: Tensor, walk: Walk) -> Tensor:
        if call.in_place:
            ctx.mark_dirty(x)
        out = _rectified(x, call.ceiling, call.in_place)
        ctx.save_for_backward(out)
        ctx.ceiling, ctx.walk = call.ceiling, walk
        return out

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[None, Tensor, None]:
        if ctx.walk.rule == "deconvnet":
            return None, gradient.clamp(min=0), None
        (out,) = ctx.saved_tensors
        gated = _gated(gradient, out, ctx.ceiling)
        return None, gated.clamp_(min=0) if ctx.walk.rule == "guided_backprop" else gated, None


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


Reader = Callable[..., Rectification | None]


def _relu(input: Tensor, inplace: bool = False) -> Rectification:
    return Rectification(input, None, inplace)


def _relu6(input: Tensor, inplace: bool = False) -> Rectification:
    return Rectification(input, 6.0, inplace)


def _in_place(input: Tensor) -> Rectification:
    return Rectification(input, None, True)


def _hardtanh(
    input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> Rectification | None:
    return Rectification(input, float(max_val), inplace) if min_val == 0 else None


def _hardtanh_(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Rectification | None:
    return _hardtanh(input, min_val, max_val, inplace=True)


def _clamp(input: Tensor, min: Any = None, max: Any = None) -> Rectification | None:
    if isinstance(min, Tensor) or isinstance(max, Tensor) or min != 0:
        return None
    return Rectification(input, None if max is None else float(max))


def _clamp_(input: Tensor, min: Any = None, max: Any = None) -> Rectification | None:
    call = _clamp(input, min, max)
    return call._replace(in_place=True) if call else None


def _threshold(
    input: Tensor, threshold: float, value: float, inplace: bool = False
) -> Rectification | None:
    return Rectification(input, None, inplace) if threshold == value == 0 else None


READERS: Mapping[Callable[..., Any], Reader] = {
    functional.relu: _relu,
    torch.relu: _relu,
    Tensor.relu: _relu,
    torch.ops.aten.relu: _relu,
    torch.relu_: _in_place,
    Tensor.relu_: _in_place,
    torch.ops.aten.relu_: _in_place,
    functional.relu6: _relu6,
    functional.hardtanh: _hardtanh,
    functional.hardtanh_: _hardtanh_,
    torch.clamp: _clamp,
    Tensor.clamp: _clamp,
    torch.clamp_: _clamp_,
    Tensor.clamp_: _clamp_,
    torch.clamp_min: _clamp,
    Tensor.clamp_min: _clamp,
    torch.clamp_min_: _clamp_,
    Tensor.clamp_min_: _clamp_,
    functional.threshold: _threshold,
    torch.threshold: _threshold,
}

SMOOTH = frozenset(
    {
        *("silu", "gelu", "hardswish", "mish", "softplus", "logsigmoid"),
        *("leaky_relu", "prelu", "rrelu", "elu", "celu", "selu", "hardshrink", "softshrink"),
        *("silu_", "leaky_relu_", "rrelu_", "elu_", "celu_", "selu_"),
    }
)


def rectification(
    func: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Rectification | None:
    """The ReLU that this call is, or None where it is something else."""
    reader = READERS.get(func)
    if reader is None:
        return None
    named = {"input" if key == "self" else key: value for key, value in kwargs.items()}
    call = reader(*args, **named)
    return call if call is not None and call.x.is_floating_point() else None
