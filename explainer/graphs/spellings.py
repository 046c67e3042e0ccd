"""The ways to write a ReLU, read call by call while the forward pass runs.

A `TorchFunctionMode` shows each call as it is made, so functional calls, modules used twice, ReLU6
and in-place calls come out right, and no module of the caller's is touched.
"""

import inspect
from collections.abc import Callable, Mapping
from functools import cache, wraps
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from .choices import is_batched
from .rectifiers import Rectification

Call = Callable[..., Any]


class Gate(NamedTuple):
    """A mask that was made by comparing `x` with 0: true where it is above, or where it is not.

    `at_zero`: whether a value of exactly 0 passes.
    """

    mask: Tensor
    x: Tensor
    passes: bool
    at_zero: bool

    def is_of(self, x: Tensor) -> bool:
        """Whether `x` holds the values that were compared, under this name or another."""
        of = self.x
        if x is of:  # of a batched tensor, which has no address
            return True
        return (x.data_ptr(), x.shape, x.stride()) == (of.data_ptr(), of.shape, of.stride())


class Spellings:
    """What one forward pass spells. Knows the masks that it has made so far."""

    def __init__(self) -> None:
        self._gates: dict[int, Gate] = {}

    def read(self, func: Call, args: Any, kwargs: Mapping[str, Any]) -> Rectification | None:
        """The ReLU that this call is, or None where it is something else."""
        reader = READERS.get(_packet(func))
        if reader is None or "out" in kwargs:
            return None
        named = {"input" if key == "self" else key: value for key, value in kwargs.items()}
        try:
            bound = _signature(reader).bind(self, *args, **named)
        except TypeError:  # another form of the call, such as the maximum along a dimension
            return None
        call: Rectification | None = reader(*bound.args, **bound.kwargs)
        ours = call is not None and call.x.is_floating_point() and not is_batched(call.x)
        return call if ours else None

    def note(self, func: Call, args: Any, out: Any) -> None:
        """Remember `out` where it is a mask of what is above 0."""
        name = getattr(_packet(func), "__name__", "")
        if not isinstance(out, Tensor) or not args or not isinstance(args[0], Tensor):
            return
        if name in COMPARISONS and len(args) > 1 and _is(args[1], 0):
            self._gates[id(out)] = Gate(out, args[0], *COMPARISONS[name])
        elif name in CONVERSIONS and (gate := self.gate(args[0])):
            passes = gate.passes != (name in NEGATIONS)
            self._gates[id(out)] = gate._replace(mask=out, passes=passes)

    def gate(self, mask: Any) -> Gate | None:
        """What is known of a mask."""
        return self._gates.get(id(mask))


# Whether the mask is true where x is above 0, and whether 0 itself then counts as above.
COMPARISONS = {
    **dict.fromkeys(("gt", "__gt__", "greater"), (True, False)),
    **dict.fromkeys(("ge", "__ge__", "greater_equal"), (True, True)),
    **dict.fromkeys(("lt", "__lt__", "less"), (False, True)),
    **dict.fromkeys(("le", "__le__", "less_equal"), (False, False)),
}


def _slope(call: Callable[[Tensor], Tensor]) -> float:
    """The derivative at 0, which PyTorch's versions give otherwise."""
    with torch.enable_grad():
        x = torch.zeros(1, requires_grad=True)
        (found,) = torch.autograd.grad(call(x).sum(), x)
    return float(found)


SLOPES = {
    "clamp": _slope(lambda x: x.clamp(min=0)),
    "clamp by a tensor": _slope(lambda x: x.clamp(min=torch.zeros(()))),
    "maximum": _slope(lambda x: torch.maximum(x, torch.zeros(()))),
    "fmax": _slope(lambda x: torch.fmax(x, torch.zeros(()))),
    "fmax, turned": _slope(lambda x: torch.fmax(torch.zeros(()), x)),
}
NEGATIONS = {"logical_not", "bitwise_not", "__invert__"}
CONVERSIONS = NEGATIONS | {
    *("float", "half", "double", "bfloat16", "to", "type", "type_as", "int", "long", "bool"),
    *("detach", "clone"),
}


@cache
def _signature(reader: Call) -> inspect.Signature:
    return inspect.signature(reader)


def _packet(func: Call) -> Call:
    return getattr(func, "overloadpacket", func)


def _is(value: Any, number: float) -> bool:
    """Whether `value` is the number, or a tensor of nothing else that takes no gradient."""
    if isinstance(value, Tensor):
        return not value.requires_grad and not is_batched(value) and bool((value == number).all())
    return isinstance(value, (int, float)) and value == number


def _relu(_: Spellings, input: Tensor, inplace: bool = False) -> Rectification:
    return Rectification(input, None, inplace)


def _relu6(_: Spellings, input: Tensor, inplace: bool = False) -> Rectification:
    return Rectification(input, 6.0, inplace)


def _hardtanh(
    _: Spellings,
    input: Tensor,
    min_val: float = -1.0,
    max_val: float = 1.0,
    inplace: bool = False,
) -> Rectification | None:
    return Rectification(input, float(max_val), inplace) if min_val == 0 else None


def _clamp(_: Spellings, input: Tensor, min: Any = None, max: Any = None) -> Rectification | None:
    if not _is(min, 0) or not _keeps_shape(input, min):
        return None
    if isinstance(max, Tensor) and (max.numel() != 1 or max.requires_grad):
        return None
    ends = SLOPES["clamp by a tensor" if isinstance(min, Tensor) else "clamp"]
    return Rectification(input, None if max is None else float(max), at_ends=ends)


def _threshold(
    _: Spellings, input: Tensor, threshold: float, value: float, inplace: bool = False
) -> Rectification | None:
    return Rectification(input, None, inplace) if threshold == value == 0 else None


def _leaky(
    _: Spellings, input: Tensor, negative_slope: float = 0.01, inplace: bool = False
) -> Rectification | None:
    return Rectification(input, None, inplace) if negative_slope == 0 else None


def _maximum(_: Spellings, input: Any, other: Any) -> Rectification | None:
    return _larger(input, other, SLOPES["maximum"])


def _fmax(_: Spellings, input: Any, other: Any) -> Rectification | None:
    return _larger(input, other, SLOPES["fmax" if _is(other, 0) else "fmax, turned"])


def _larger(one: Any, other: Any, at_zero: float) -> Rectification | None:
    for x, bound in ((one, other), (other, one)):
        if isinstance(x, Tensor) and isinstance(bound, Tensor) and _is(bound, 0):
            return Rectification(x, at_ends=at_zero) if _keeps_shape(x, bound) else None
    return None


def _mul(known: Spellings, input: Any, other: Any) -> Rectification | None:
    for x, mask in ((input, other), (other, input)):
        gate = known.gate(mask)
        if gate and gate.passes:
            return _gated_by(gate, x)
    return None


def _mul_(known: Spellings, input: Any, other: Any) -> Rectification | None:
    gate = known.gate(other)
    return _gated_by(gate, input) if gate and gate.passes else None


def _where(known: Spellings, condition: Any, input: Any, other: Any) -> Rectification | None:
    gate = known.gate(condition)
    if gate is None:
        return None
    x, closed = (input, other) if gate.passes else (other, input)
    return _gated_by(gate, x) if _is(closed, 0) else None


def _tensor_where(known: Spellings, input: Any, condition: Any, other: Any) -> Rectification | None:
    return _where(known, condition, input, other)


def _masked_fill(known: Spellings, input: Any, mask: Any, value: Any) -> Rectification | None:
    gate = known.gate(mask)
    return _gated_by(gate, input) if gate and not gate.passes and _is(value, 0) else None


def _gated_by(gate: Gate, x: Any) -> Rectification | None:
    ours = isinstance(x, Tensor) and x.is_floating_point() and gate.is_of(x)
    return Rectification(x, at_ends=float(gate.at_zero)) if ours else None


def _in_place(reader: Call) -> Call:
    """The reader of the same call where it writes into its input."""

    @wraps(reader)
    def read(*args: Any, **kwargs: Any) -> Rectification | None:
        call: Rectification | None = reader(*args, **kwargs)
        return call and call._replace(in_place=True)

    return read


def _keeps_shape(x: Tensor, bound: Any) -> bool:
    if not isinstance(bound, Tensor):
        return True
    fits = zip(reversed(bound.shape), reversed(x.shape), strict=False)
    return bound.dim() <= x.dim() and all(size in (1, own) for size, own in fits)


def _readers() -> dict[Call, Call]:
    """Every function by which PyTorch can be asked for one of these calls."""
    read: dict[Any, Call] = {
        functional.relu: _relu,
        functional.relu6: _relu6,
        functional.hardtanh: _hardtanh,
        functional.threshold: _threshold,
        functional.leaky_relu: _leaky,
        torch.max: _maximum,
        Tensor.max: _maximum,
        Tensor.where: _tensor_where,
        torch.where: _where,
        torch.ops.aten.where: _where,
        Tensor.__mul__: _mul,
        Tensor.__rmul__: _mul,
        Tensor.__imul__: _in_place(_mul_),
        Tensor.__setitem__: _in_place(_masked_fill),
    }
    both: dict[str, Call] = {  # with a twin that works in place
        "relu": _relu,
        "relu6": _relu6,
        "hardtanh": _hardtanh,
        **dict.fromkeys(("clamp", "clip", "clamp_min"), _clamp),
        "threshold": _threshold,
        "leaky_relu": _leaky,
        "masked_fill": _masked_fill,
    }
    by_name: dict[str, Call] = {
        **both,
        **{f"{name}_": _in_place(reader) for name, reader in both.items()},
        "maximum": _maximum,
        "fmax": _fmax,
        **dict.fromkeys(("mul", "multiply"), _mul),
        **dict.fromkeys(("mul_", "multiply_"), _in_place(_mul_)),
    }
    for name, reader in by_name.items():
        for room in (torch, Tensor, functional, torch._C._nn, torch.ops.aten):
            func: Any = getattr(room, name, None)
            if func is not None:
                read.setdefault(func, reader)
    return read


READERS: Mapping[Call, Call] = _readers()
