"""Choices that a network makes from its values without a gradient: masks, indices, detached gates.

The autograd graph does not show where x > 0 became an index, or a gate whose gradient was cut off:
there `gather`, a product or a matrix product look linear. So what is made of the photo is followed
call by call, and a call is noted where such a value decides over others that take a gradient.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import Node
from torch.utils.weak import WeakIdKeyDictionary

from explainer.passes.layers import tensors_in

# They read the shape of what they are given, or that of all but the first
SHAPES = ("new_", "zeros", "ones", "empty", "full", "rand", "randn", "randint", "normal")
REFERENCES = {"to", "type_as", "view_as", "reshape_as", "expand_as", "resize_as_"}
# They put values side by side, or are known: a pool's own places, masks before a softmax
HARMLESS = {"cat", "concat", "concatenate", "stack", "broadcast_tensors", "meshgrid"} | {
    *("masked_fill", "masked_fill_", "detach", "detach_", "requires_grad_", "copy_"),
}
KNOWN = ("max_unpool", "attention", "multi_head")


class Choices:
    """What of one pass is made of `images`. `made`: by the node of its result, the call."""

    def __init__(self, images: Tensor) -> None:
        self.made: dict[Node, str] = {}
        self._derived = WeakIdKeyDictionary()
        self._derived[images] = True

    def note(
        self, func: Callable[..., Any], args: Any, kwargs: Mapping[str, Any], out: Any
    ) -> None:
        """Hear of a call that has been made and is no ReLU."""
        name = getattr(getattr(func, "overloadpacket", func), "__name__", "")
        if name.startswith(SHAPES):
            return
        given = [one for one in self._given(name, args, kwargs) if one in self._derived]
        if not given:
            return
        results = [args[0]] if name == "__setitem__" else list(tensors_in((out,)))
        for result in results:
            self.derive(result)
            if self._decides(name, given, result) and result.grad_fn is not None:
                self.made[result.grad_fn] = name.strip("_")

    def derive(self, result: Tensor) -> None:
        """It is made of the photo, and so is what it is a view of."""
        self._derived[result] = True
        if not is_batched(result) and result._is_view() and result._base is not None:
            self._derived[result._base] = True

    def _given(self, name: str, args: Any, kwargs: Mapping[str, Any]) -> Iterator[Tensor]:
        if name in REFERENCES:
            args, kwargs = args[:1], {}
        yield from tensors_in(args)
        yield from tensors_in(kwargs.values())

    def _decides(self, name: str, given: list[Tensor], result: Tensor) -> bool:
        if name in HARMLESS or any(part in name for part in KNOWN) or is_batched(result):
            return False
        cut = [one for one in given if not is_batched(one) and not one.requires_grad]
        whole = any(one.requires_grad for one in given)
        return whole and any(
            not one.is_floating_point() or one.numel() >= result.numel() for one in cut
        )


def is_batched(x: Tensor) -> bool:
    """Inside `torch.func` a tensor stands for several; the proof says what happens there."""
    return bool(torch._C._functorch.is_functorch_wrapped_tensor(x))
