"""Which place of the picture each value of a result stands for, followed from call to call.

Calls that only move values (reshape, permute, cat, roll, …) are made once more on the numbers of
places, so that tokens in windows, in another order, or behind class and register tokens are known
as surely as those in rows. Calls that work value by value keep the places of what they were given;
of all others nothing is known until a result is added to one that still has its places.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from explainer.errors import ExplainerError
from explainer.passes.grids import Grid, Layout, Tokens, grid_of
from explainer.passes.layers import tensors_in

MAPPING = (  # beginnings of the names of calls that take and give N×K×u×v
    *("conv", "batch_norm", "group_norm", "instance_norm", "interpolate", "upsample", "pixel_"),
    *("max_pool", "avg_pool", "adaptive_", "fractional_", "lp_pool", "grid_sample", "local_resp"),
)
SHIFTING = frozenset(  # calls of which each value of the result is one that was given, or none
    {
        *("reshape", "reshape_as", "view", "view_as", "flatten", "unflatten", "squeeze", "t"),
        *("unsqueeze", "get", "rot90", "permute", "transpose", "swapaxes", "swapdims", "pad"),
        *("movedim", "moveaxis", "cat", "concat", "concatenate", "stack", "getitem", "expand"),
        *("expand_as", "repeat", "tile", "roll", "flip", "split", "tensor_split", "chunk"),
        *("select", "unbind", "narrow", "index_select", "gather", "repeat_interleave"),
        *("contiguous", "clone"),
    }
)
BY_ROWS = ("linear", "layer_norm", "rms_norm", "scaled_dot_product")  # of the first, axis by axis
PRODUCTS = frozenset({"matmul", "bmm"})
POOLS = frozenset({"max", "amax", "mean"})
KEEPING = frozenset(  # calls that work value by value, or along the channels or places without
    {  # bringing them into another order
        *("add", "radd", "iadd", "sub", "rsub", "isub", "mul", "rmul", "imul", "div", "truediv"),
        *("rtruediv", "itruediv", "true_divide", "pow", "sqrt", "rsqrt", "square", "exp", "log"),
        *("abs", "neg", "lerp", "addcmul", "where", "masked_fill", "clamp", "clip", "maximum"),
        *("minimum", "relu", "relu6", "leaky_relu", "prelu", "elu", "celu", "selu", "gelu", "silu"),
        *("mish", "sigmoid", "tanh", "hardtanh", "hardswish", "hardsigmoid", "softplus", "erf"),
        *("logsigmoid", "softsign", "hardshrink", "softshrink", "tanhshrink", "threshold", "rrelu"),
        *("softmax", "log_softmax", "softmin", "normalize", "dropout", "dropout1d", "dropout2d"),
        *("alpha_dropout", "feature_dropout", "batch_norm", "instance_norm", "group_norm"),
        *("multi_head_attention_forward", "scaled_dot_product_attention", "to", "float", "half"),
        *("type", "type_as", "double", "bfloat16", "requires_grad", "nan_to_num"),
    }
)
UNKNOWN = -1.0
Call = tuple[Callable[..., Any], Any, Mapping[str, Any]]
Given = Mapping[int, "Places | None"]  # by their id; those made of no photo are left out


@dataclass(frozen=True, eq=False)
class Places:
    """`numbers`: for each value 1 + the place's number by rows of `grid`, 0 for one of no place
    (a class token's), −1 for one that was made of the photo and may be of any.

    They are kept in the host's memory: of a card's, each look at them would wait for it.
    `root`: the number of the step whose map's places they first were.
    """

    numbers: Tensor
    grid: Grid
    root: int

    @property
    def in_rows(self) -> bool:
        """Whether they are those of a map N×K×u×v of the whole grid."""
        u, v = self.grid
        numbers = self.numbers
        whole = numbers.dim() == 4 and numbers.shape[2:] == (u, v)
        return whole and bool((numbers == _by_rows(u, v)).all())


def of_map(tensor: Tensor, layout: Layout, root: int) -> Places:
    """The places of N×K×u×v or N×u×v×K."""
    u, v = grid_of(tensor, layout)
    numbers = _by_rows(u, v)
    if layout == "last":
        numbers = numbers.permute(0, 2, 3, 1)
    return Places(numbers.expand(tensor.shape), (u, v), root)


def _by_rows(u: int, v: int) -> Tensor:
    """1×1×u×v; numbers of floating point, which every call takes, are exact up to 2²⁴."""
    return torch.arange(1.0, u * v + 1).view(1, 1, u, v)


def places_after(call: Call, given: Given, out: Tensor, place: int, step: int) -> Places | None:
    """The places of `out`, the `place`-th tensor that `call` gave as the `step`-th result; None if
    they can't be told. `given`: those of its tensors."""
    name = getattr(call[0], "__name__", "").strip("_")
    tensors = [*tensors_in(call[1]), *tensors_in(call[2].values())]
    known = [(tensor, places) for tensor in tensors if (places := given.get(id(tensor)))]
    if name.startswith(MAPPING) and out.dim() == 4:
        maps = [places for tensor, places in known if tensor.dim() == 4]
        return of_map(out, "first", step) if all(places.in_rows for places in maps) else None
    if not known:
        return None
    if name in SHIFTING:
        return _shifted(call, given, place)
    if name in PRODUCTS:
        return _of_product(tensors, given, out)
    if name in POOLS and out.shape != known[0][0].shape:
        return _pooled(call, known[0][1], out)
    if name.startswith(BY_ROWS):
        return _along(known[0][1], out, -1) if tensors[0] is known[0][0] else None
    return _kept(known, out) if name in KEEPING else None


def _shifted(call: Call, given: Given, place: int) -> Places | None:
    met: list[Places] = []

    def numbers(value: Any) -> Any:
        if isinstance(value, (tuple, list)):
            return type(value)(numbers(part) for part in value)
        if not isinstance(value, Tensor) or not value.is_floating_point():
            # An index or a mask among them
            return value.cpu() if isinstance(value, Tensor) else value
        places = given.get(id(value))
        if places is None:
            number = UNKNOWN if id(value) in given else 0.0
            return torch.full(value.shape, number)
        met.append(places)
        return places.numbers.contiguous()

    func, args, named = call
    found = func(*numbers(tuple(args)), **{key: numbers(value) for key, value in named.items()})
    some = [places for places in met if bool((places.numbers > 0).any())] or met
    if any(places.grid != some[0].grid for places in some):
        return None
    return Places([*tensors_in((found,))][place], some[0].grid, min(places.root for places in met))


def _of_product(tensors: Sequence[Tensor], given: Given, out: Tensor) -> Places | None:
    """Of rows times columns: those of the rows, be it queries by keys; otherwise of the columns."""
    rows, columns = (given.get(id(tensor)) for tensor in tensors[:2])
    found = _along(rows, out, -1) if rows else None
    return found or (_along(columns, out, -2) if columns else None)


def _along(places: Places, out: Tensor, axis: int) -> Places | None:
    """The places of a result in which the values along `axis`, all of one place, were mixed."""
    numbers = places.numbers
    if numbers.dim() < -axis or out.dim() < numbers.dim():
        return None
    one = numbers.narrow(axis, 0, 1)
    if not bool((numbers == one).all()):
        return None
    sides = list(out.shape)
    if any(a not in (1, b) for a, b in zip(reversed(one.shape), reversed(sides), strict=False)):
        return None
    return replace(places, numbers=one.expand(sides))


def _kept(known: Sequence[tuple[Tensor, Places]], out: Tensor) -> Places | None:
    """Those that values of the same shape have, where all that have some agree."""
    alike = [places for tensor, places in known if tensor.shape == out.shape]
    if not alike:
        return None
    first = alike[0]
    for other in alike[1:]:
        same = other.numbers is first.numbers or torch.equal(other.numbers, first.numbers)
        if not same or other.grid != first.grid:
            return None
    return replace(first, root=min(places.root for places in alike))


def _pooled(call: Call, places: Places, out: Tensor) -> Places | None:
    """The places of a result in which squares of places were put together along one axis."""
    axis = call[2].get("dim", call[1][1] if len(call[1]) > 1 else None)
    if not isinstance(axis, int) or isinstance(axis, bool):
        return None
    numbers, (u, v) = places.numbers, places.grid
    side = round(numbers.shape[axis] ** 0.5)
    if side * side != numbers.shape[axis] or u % side or v % side:
        return None
    row, column = (numbers - 1).div(v, rounding_mode="floor"), (numbers - 1) % v
    coarse = row.div(side, rounding_mode="floor") * (v // side)
    coarse += column.div(side, rounding_mode="floor") + 1
    low, high = coarse.amin(axis), coarse.amax(axis)
    if bool((numbers < 1).any()) or not torch.equal(low, high):
        return None
    return Places(low.reshape(out.shape), (u // side, v // side), places.root)


def tokens_lie(places: Places) -> Tokens | None:
    """How tokens N×T×K of these places lie, be it every second one each way; None where it is not
    each its own place of the whole picture.

    ExplainerError where they are in another order than row by row.
    """
    numbers = places.numbers
    if numbers.dim() != 3 or not bool((numbers == numbers[:1, :, :1]).all()):
        return None
    line = numbers[0, :, 0].long()
    if bool((line < 0).any()):
        return None
    some = line.nonzero().flatten()
    if not len(some) or int(some[-1]) - int(some[0]) + 1 != len(some):
        return None
    first, last = int(some[0]), int(some[-1])
    found = line[first : last + 1] - 1
    u, v = places.grid
    rows, columns = torch.unique(found // v), torch.unique(found % v)
    grid = len(rows), len(columns)
    every = -(-u // grid[0])
    whole = torch.equal(rows, torch.arange(int(rows[0]), u, every, device=rows.device))
    whole &= torch.equal(columns, torch.arange(int(columns[0]), v, every, device=rows.device))
    if not whole or len(torch.unique(found)) != len(found) or grid[0] * grid[1] != len(found):
        return None
    if not torch.equal(found, found.sort().values):
        raise ExplainerError(
            f"the network's {len(line)} tokens do not follow the rows of its "
            f"{grid[0]}×{grid[1]} patches",
            "name a layer that gives a map, or use a method without a layer, such as occlusion",
        )
    return Tokens(*grid, first, len(line) - 1 - last)
