"""One image through normalisations, whose derivative PyTorch takes wrongly for some strides."""

from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

NORMS = frozenset({"batch_norm", "instance_norm"})


class PlainStrides:
    """Round a forward pass whose gradient will be taken.

    In PyTorch 2.14 the derivative of `batch_norm` and `instance_norm` for one image mixes up
    channels and places, silently, where input and gradient differ in how they lie in memory:
    as where a map is flattened into tokens. Input and gradient are given here as N×K×u×v
    lies by default, which changes no value.

    It costs some microseconds a call, so it begins where the graph does: at once, or at `begin`.
    """

    def __init__(self) -> None:
        self._mode: _Plain | None = None
        self._below = 0

    def __enter__(self) -> "PlainStrides":
        self._below = torch._C._len_torch_function_stack()
        if torch.is_grad_enabled():
            self.begin()
        return self

    def begin(self) -> None:
        """From here on the pass makes a graph."""
        if self._mode is not None:
            return
        self._mode = _Plain()
        # A mode that the network has entered since takes off what lies on top when it is left.
        opened = torch._C._len_torch_function_stack() - self._below
        above = [torch._C._pop_torch_function_stack() for _ in range(opened)]
        for mode in (self._mode, *reversed(above)):
            torch._C._push_on_torch_function_stack(mode)

    def __exit__(self, *_: object) -> None:
        if self._mode is not None:
            torch._C._pop_torch_function_stack()


class _Plain(TorchFunctionMode):
    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        named = kwargs or {}
        if getattr(func, "__name__", "") not in NORMS:
            return func(*args, **named)
        given: Any = args[0] if args else named.get("input")
        # Keeps the modes below from taking these questions for calls of the network
        with torch._C.DisableTorchFunction():
            one = isinstance(given, Tensor) and given.dim() > 2 and len(given) == 1
            usual = one and given.stride(0) == given.numel()
        if not one:
            return func(*args, **named)
        plain = given if usual else given.clone(memory_format=torch.contiguous_format)
        out = func(plain, *args[1:], **{k: v for k, v in named.items() if k != "input"})
        with torch._C.DisableTorchFunction():
            if out.requires_grad:
                out.register_hook(torch.Tensor.contiguous)
        return out
