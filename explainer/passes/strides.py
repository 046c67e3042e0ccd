"""One image through normalisations, whose derivative PyTorch takes wrongly for some strides."""

from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

NORMS = frozenset({"batch_norm", "instance_norm"})


class PlainStrides(TorchFunctionMode):
    """Round a forward pass whose gradient will be taken.

    In PyTorch 2.14 the derivative of `batch_norm` and `instance_norm` for one image mixes up
    channels and places, silently, where input and gradient differ in how they lie in memory:
    as where a map is flattened into tokens. Input and gradient are given here as N×K×u×v
    lies by default, which changes no value.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        named = kwargs or {}
        if getattr(func, "__name__", "") not in NORMS:
            return func(*args, **named)
        given = args[0] if args else named.get("input")
        if not isinstance(given, Tensor) or len(given) != 1 or given.dim() < 3:
            return func(*args, **named)
        out = func(_plain(given), *args[1:], **{k: v for k, v in named.items() if k != "input"})
        if out.requires_grad:
            out.register_hook(torch.Tensor.contiguous)
        return out


def _plain(given: Tensor) -> Tensor:
    """The tensor itself, unless the stride between its rows is another than its rows' length."""
    usual = given.stride(0) == given[0].numel()
    return given if usual else given.clone(memory_format=torch.contiguous_format)
