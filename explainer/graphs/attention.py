"""Attention in the open: softmax(QKᵀ·scale + mask)V computed where the call is met, A in the graph.

PyTorch's kernels keep A to themselves, and the weights that `nn.MultiheadAttention` returns are a
side branch that no score depends on. So their calls are computed as two products here. A network
that multiplies a softmax with values itself is met at that product. No module is changed.
"""

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import FunctionType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.weak import WeakIdKeyDictionary

from explainer.errors import ExplainerError

from .ancestry import Place, place_of

PRODUCTS = frozenset({"matmul", "__matmul__", "bmm"})
# They hand weights on in another type
HANDING = frozenset({"to", "type", "type_as", "float", "half", "bfloat16", "contiguous"})
PROJECTION = "_in_projection_packed"
PYTORCHS_PROJECTION: Callable[..., Any] = vars(functional)[PROJECTION]
Call = tuple[Callable[..., Any], tuple[Any, ...], Mapping[str, Any], Any]


@dataclass(frozen=True, eq=False)
class Attention:
    """`weights` (A, N×h×T×S; N×T×S of one head) with which `result` was taken from `value`."""

    weights: Tensor
    value: Tensor
    result: Tensor


@dataclass(frozen=True, eq=False)
class Result:
    """A result with three axes, as it was when call `call` made it: `number` counts them."""

    number: int
    call: int
    name: str
    tensor: Tensor
    place: Place | None


@dataclass(frozen=True, eq=False)
class Product:
    """The arguments of `scaled_dot_product_attention`, as it takes them."""

    query: Tensor
    key: Tensor
    value: Tensor
    attn_mask: Tensor | None = None
    dropout_p: float = 0.0
    is_causal: bool = False
    scale: float | None = None
    enable_gqa: bool = False

    def weights(self) -> Tensor:
        """A: a row without any key that it may look at is 0, as in PyTorch's kernels."""
        if self.dropout_p:
            raise ExplainerError(
                "the network drops attention weights at random even in evaluation mode",
                "pass dropout_p=0 to its attention in evaluation mode",
            )
        key = self._shared(self.key)
        scale = 1 / math.sqrt(self.query.shape[-1]) if self.scale is None else self.scale
        logits = (self.query * scale) @ key.transpose(-2, -1)
        mask = self.attn_mask
        if self.is_causal:
            mask = torch.ones(logits.shape[-2:], dtype=torch.bool, device=logits.device).tril()
        if mask is not None and mask.dtype == torch.bool:
            logits = logits.masked_fill(~mask, -math.inf)
        elif mask is not None:
            logits = logits + mask
        # Without a mask no row is empty: the safe softmax would look for one, in three more passes
        softmax = torch.softmax if mask is None else torch._safe_softmax
        return softmax(logits, -1).to(self.value.dtype)

    def values(self) -> Tensor:
        return self._shared(self.value)

    def _shared(self, heads: Tensor) -> Tensor:
        """Keys or values of fewer heads than the queries have, each repeated for its group."""
        if not self.enable_gqa:
            return heads
        return heads.repeat_interleave(self.query.shape[-3] // heads.shape[-3], -3)


class Attentions(TorchFunctionMode):
    """Opens the attentions of a pass.

    `chosen`: their numbers, in the order of the calls; all where it is None. `kept`: the numbers of
    results with three axes whose mean over the second is kept (`means`); what is called after the
    last of them is kept too. With `all_calls` every call and every such result is.
    """

    def __init__(
        self,
        chosen: Collection[int] | None = None,
        kept: Sequence[int] = (),
        *,
        all_calls: bool = False,
    ) -> None:
        super().__init__()
        self.chosen, self.kept, self.all_calls = chosen, kept, all_calls
        self.met: list[Attention] = []
        self.numbers: list[int] = []
        self.results: list[Result] = []
        self.means: list[Tensor] = []
        self.last: Tensor | None = None
        self.calls: list[Call] = []
        self._attentions = self._results = 0
        self._softmaxes = WeakIdKeyDictionary()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        out = self._call(func, name, args, kwargs)
        if self.all_calls or self.last is not None:
            self.calls.append((func, args, kwargs, out))
        if isinstance(out, Tensor) and out.dim() == 3 and out.is_floating_point():
            self._note(name, out)
        return out

    def _call(self, func: Any, name: str, args: Any, kwargs: Mapping[str, Any]) -> Any:
        if name == "scaled_dot_product_attention" and self._wanted():
            return self._opened(*args, **kwargs)
        if name == "multi_head_attention_forward" and self._wanted():
            return self._multi_head(args, kwargs)
        first, second = _two_of(args, kwargs)
        if name in PRODUCTS and first in self._softmaxes and self._wanted():
            return self._kept(first, second, func)
        if name == "einsum" and self._is_product(*args) and self._wanted():
            return self._kept(args[1], args[2], partial(func, args[0]))
        out = func(*args, **kwargs)
        if name == "softmax" and _over_last_axis(args, kwargs) and out.dim() in (3, 4):
            self._softmaxes[out] = True
        if name in HANDING and first in self._softmaxes and isinstance(out, Tensor):
            self._softmaxes[out] = True
        return out

    def _is_product(self, equation: Any, *given: Any) -> bool:
        """Whether an einsum multiplies the weights' rows with the values: `…ij,…jd->…id`."""
        if not isinstance(equation, str) or len(given) != 2 or given[0] not in self._softmaxes:
            return False
        left, right, made = re.split(",|->", equation.replace(" ", "") + "->")[:3]
        apart = left[-2:-1] != left[-1:] and right[-1:] not in left
        rows = made == left[:-1] + right[-1:] and right[:-1] == left[:-2] + left[-1:]
        return apart and rows

    def _wanted(self) -> bool:
        self._attentions += 1
        return self.chosen is None or self._attentions - 1 in self.chosen

    def _opened(self, *args: Any, **kwargs: Any) -> Tensor:
        product = Product(*args, **kwargs)
        return self._kept(product.weights(), product.values(), torch.matmul)

    def _multi_head(self, args: Any, kwargs: Mapping[str, Any]) -> tuple[Tensor, Tensor | None]:
        """PyTorch's own function, which comes to `_opened` where it would call its kernel."""
        asked = kwargs["need_weights"]
        other = {"need_weights": False, "is_causal": kwargs["is_causal"] and not asked}
        out, _ = self._function(*args, **{**kwargs, **other})
        weights = self.met[-1].weights
        if kwargs["average_attn_weights"]:
            weights = weights.mean(1)
        unbatched = args[0].dim() == 2
        return out, (weights.squeeze(0) if unbatched else weights) if asked else None

    @property
    def _function(self) -> Callable[..., tuple[Tensor, Tensor | None]]:
        own = functional.multi_head_attention_forward
        names = {
            **vars(functional),
            "has_torch_function": lambda _: False,
            PROJECTION: _projected,
            "scaled_dot_product_attention": self._opened,
        }
        return FunctionType(own.__code__, names, own.__name__, own.__defaults__)

    def _kept(self, weights: Tensor, value: Tensor, product: Callable[..., Any]) -> Tensor:
        """The result, A being part of the graph: nothing before the first needs a graph."""
        torch.set_grad_enabled(True)
        if not weights.requires_grad:
            weights = weights.detach().requires_grad_()
        result: Tensor = product(weights, value)
        self.met.append(Attention(weights, value, result))
        self.numbers.append(self._attentions - 1)
        return result

    def _note(self, name: str, out: Tensor) -> None:
        number = self._results
        self._results += 1
        if self.all_calls:
            self.results.append(Result(number, len(self.calls), name, out, place_of(out)))
        elif number in self.kept:
            self.means.append(out.mean(1, keepdim=True))
            self.last = out if number == self.kept[-1] else None


def _projected(
    query: Tensor, key: Tensor, value: Tensor, weights: Tensor, bias: Tensor | None
) -> tuple[Tensor, ...]:
    """Queries, keys and values of the same tokens, by one product forward and one back.

    PyTorch's own makes one product for each token where a batch's tokens are not contiguous
    (`batch_first`), and its derivative fills three times the memory with zeros.
    """
    if not (query is key and key is value):
        found: tuple[Tensor, ...] = PYTORCHS_PROJECTION(query, key, value, weights, bias)
        return found
    made = functional.linear(query.contiguous(), weights, bias)
    parts = made.view(*made.shape[:-1], 3, query.shape[-1]).movedim(-2, 0)
    return parts.contiguous().unbind(0)


def _over_last_axis(args: Any, kwargs: Mapping[str, Any]) -> bool:
    axis = kwargs.get("dim", args[1] if len(args) > 1 else None)
    return axis in (-1, args[0].dim() - 1) if args else False


def replayed(calls: Sequence[Call], start: Tensor, instead: Tensor, outputs: Any) -> Any:
    """The outputs if `instead` had stood where `start` did: the calls made of it, made again.

    ExplainerError where no tensor of the outputs is found to be made of it.
    """
    known = {id(start): instead}

    def swapped(value: Any) -> Any:
        return known.get(id(value), value)

    for func, args, kwargs, out in calls:
        if any(id(leaf) in known for leaf in tree_leaves((args, dict(kwargs)))):
            again = func(*tree_map(swapped, args), **tree_map(swapped, dict(kwargs)))
            pairs = zip(tree_leaves(out), tree_leaves(again), strict=True)
            known.update({id(a): b for a, b in pairs if isinstance(a, Tensor)})
    if not any(id(leaf) in known for leaf in tree_leaves(outputs)):
        raise ExplainerError(
            f"the network's output ({type(outputs).__name__}) can't be looked into",
            "let its call give the scores as a tensor: Network(…, call=…)",
        )
    return tree_map(swapped, outputs)


def refuse_hidden_calls(module: nn.Module, what: str) -> None:
    """Refuse scripted and compiled code, where `what` is to be met call by call."""
    hidden = (
        isinstance(child, torch.jit.ScriptModule)
        or type(child).__name__ == "OptimizedModule"  # to import it takes seconds
        or child._compiled_call_impl is not None
        for child in module.modules()
    )
    if any(hidden):
        raise ExplainerError(
            f"a traced, scripted or compiled network hides its {what}", "pass the original module"
        )


def _two_of(args: Any, kwargs: Mapping[str, Any]) -> tuple[Any, Any]:
    """A call's first two operands, whether they are named or not."""
    first = args[0] if args else kwargs.get("input")
    return first, args[1] if len(args) > 1 else kwargs.get("mat2", kwargs.get("other"))
