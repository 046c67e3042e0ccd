"""A forward pass whose backward pass hands relevance on, layer by layer, in place of gradients.

Each call on values of the photo is met as it is made. Layers with weights get the rule of their
kind, sums and means are shared by their values, activations pass relevance on as it is, and what
only moves or picks values has a gradient that does so too. The graph then proves that nothing else
is on the way: any other call is a refusal that names it, never a plain gradient.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode
from torch.utils.weak import WeakIdKeyDictionary

from explainer.errors import ExplainerError
from explainer.passes.devices import walkable
from explainer.passes.layers import tensors_in
from explainer.passes.state import passing, told

from .ancestry import calls_between, made_by, name_of
from .attention import refuse_hidden_calls
from .relevance_rules import BOX, Box, Layer, Rule, spread, spread_by_values

Kind = Literal["first", "convolution", "linear"]
LAYERS: dict[str, Kind] = {
    **dict.fromkeys(("conv1d", "conv2d", "conv3d"), "convolution"),
    **dict.fromkeys(("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"), "convolution"),
    "linear": "linear",
}
# Sums with constant factors of what they are given, and a constant
SHARED = {
    *("add", "iadd", "radd", "sub", "isub", "rsub", "subtract", "neg", "mean", "sum"),
    *("avg_pool1d", "avg_pool2d", "avg_pool3d", "batch_norm", "interpolate", "upsample"),
    *("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d"),
}
# The same where all but the first (or either, of a product) is constant
SCALED = {"mul", "imul", "rmul", "multiply", "div", "itruediv", "truediv", "divide"}
# Each value for itself, of which 0 gives 0
PASSED = {
    *("relu", "relu6", "hardtanh", "leaky_relu", "prelu", "elu", "selu", "celu", "gelu", "silu"),
    *("hardswish", "mish", "tanh", "softsign", "clamp", "clamp_min", "clip", "threshold"),
}
# Nodes whose gradient only moves, picks or joins relevance
MOVING = {
    *("view", "unsafe_view", "reshape_alias", "unsqueeze", "squeeze", "permute", "transpose", "t"),
    *("clone", "alias", "slice", "select", "narrow", "split", "split_with_sizes", "unbind"),
    *("unsafe_split", "chunk", "cat", "stack", "index", "index_select", "gather", "flip", "roll"),
    *("max_pool2dwith_indices", "max_pool3dwith_indices", "adaptive_max_pool2d", "max_pool1d"),
    *("constant_pad_nd", "reflection_pad2d", "replication_pad2d", "pixel_shuffle", "copy"),
    *("channel_shuffle", "native_channel_shuffle", "pixel_unshuffle", "to_copy", "movedim"),
    *("accumulate_grad", "copy_slices", "expand", "repeat"),
}
SHOWN_AS = {"mul": "a product of two values that both come from the photo (mul)"}


@dataclass(frozen=True)
class _Layer:
    """A call with weights: what it was given, and how it is made again with others."""

    x: Tensor
    call: Layer
    parameters: tuple[Tensor, Tensor | None]
    kind: Kind
    out_axis: int | None
    version: int


class Relevance(torch.autograd.Function):
    """What `call` makes of `given`; backwards what `share` gives each of them of its relevance."""

    @staticmethod
    def forward(
        ctx: Any, call: Callable[..., Tensor], share: Callable[..., Any], *given: Tensor
    ) -> Tensor:
        ctx.save_for_backward(*(values.detach().clone() for values in given))
        ctx.share = share
        return call(*(values.detach().clone() for values in given))

    @staticmethod
    def backward(ctx: Any, relevance: Tensor) -> tuple[Any, ...]:
        return None, None, *ctx.share(relevance, *ctx.saved_tensors)


class Passed(torch.autograd.Function):
    """What `call` makes of each value of `x` for itself; backwards the relevance as it is."""

    @staticmethod
    def forward(ctx: Any, call: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        return call(x.detach().clone())

    @staticmethod
    def backward(ctx: Any, relevance: Tensor) -> tuple[None, Tensor]:
        return None, relevance


class _Calls(TorchFunctionMode):
    """Sees every call of the pass, and answers those by rule that have one."""

    def __init__(self, images: Tensor, rules: Mapping[Kind, Rule], box: Box | None) -> None:
        super().__init__()
        self.images, self.rules, self.box = images, rules, box
        self._learnt = WeakIdKeyDictionary()  # of the photo; whether weights had a part in it yet
        self._layers = WeakIdKeyDictionary()
        self._learnt[images] = False

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        given = [one for one in tensors_in((*args, *kwargs.values())) if self._carries(one)]
        if not given:
            return func(*args, **kwargs)
        learnt = any(self._learnt[one] for one in given)
        spelt = getattr(getattr(func, "overloadpacket", func), "__name__", "")
        name = spelt.strip("_")
        out = None if "out" in kwargs else self._by_rule(func, name, args, kwargs, given)
        if out is None:
            out = func(*args, **kwargs)
        elif _works_in_place(spelt, args, kwargs):
            out = args[0].copy_(out)
        for made in tensors_in((args[0] if name == "setitem" else out,)):
            self._learnt[made] = learnt or name in LAYERS
        return out

    def _carries(self, tensor: Tensor) -> bool:
        return tensor in self._learnt and tensor.requires_grad

    def _by_rule(
        self, func: Any, name: str, args: Any, kwargs: Any, given: Sequence[Tensor]
    ) -> Tensor | None:
        """What a call with a rule gives; None of one that has none."""
        first = bool(args) and args[0] is given[0] and len(given) == 1
        if name in LAYERS and first:
            return self._layer(func, name, args, kwargs)
        if func is functional.batch_norm and first and args[0] in self._layers:
            merged = self._merged(func, args, kwargs)
            if merged is not None:
                return merged
        scales = name in SCALED and len(given) == 1 and ("div" not in name or first)
        if name in SHARED or scales:
            return self._shared(func, args, kwargs, given)
        if name in PASSED and first:
            passed: Tensor = Passed.apply(partial(_with, func, args, kwargs, given), given[0])
            return passed
        return None

    def _layer(self, func: Any, name: str, args: Any, kwargs: Any) -> Tensor:
        bound = dict(zip(("input", "weight", "bias"), args, strict=False)) | {
            key: kwargs[key] for key in ("weight", "bias") if key in kwargs
        }
        rest = {key: value for key, value in kwargs.items() if key not in ("weight", "bias")}

        def call(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
            found: Tensor = func(x, weight, bias, *args[3:], **rest)
            return found

        x = bound["input"]
        kind: Kind = LAYERS[name] if self._learnt[x] else "first"
        bias = bound.get("bias")
        parameters = (bound["weight"].detach(), None if bias is None else bias.detach())
        axis = None if "transpose" in name else 0
        layer = _Layer(x, call, parameters, kind, axis, 0)
        out = self._spread(layer, lambda values: call(values, *parameters))
        # Its version there: a normalisation that follows can be merged where nothing came between
        self._layers[out] = _Layer(x, call, parameters, kind, axis, out._version)
        return out

    def _spread(self, layer: _Layer, call: Callable[[Tensor], Tensor]) -> Tensor:
        rule = self.rules[layer.kind]
        if rule is BOX:
            self._refuse_other_input(layer.x)

        def share(relevance: Tensor, x: Tensor) -> tuple[Tensor]:
            found = spread(rule, layer.call, x, layer.parameters, relevance, box=self.box)
            return (found,)

        return _made(call, share, [layer.x])

    def _refuse_other_input(self, x: Tensor) -> None:
        if x.shape != self.images.shape or not torch.equal(x, self.images):
            raise ExplainerError(
                "the network changes the photo before its first layer, so the lowest and highest "
                "values there aren't known",
                'use another composite, such as "epsilon_plus_flat"',
            )

    def _merged(self, func: Any, args: Any, kwargs: Any) -> Tensor | None:
        """A normalisation right after its layer as a part of that layer's weights."""
        layer: _Layer = self._layers[args[0]]
        if layer.version != args[0]._version or layer.out_axis is None:
            return None
        said = inspect.signature(func).bind(*args, **kwargs)
        said.apply_defaults()
        mean, variance, weight, shift = (
            None if values is None else values.detach()
            for values in (said.arguments[name] for name in NORMALISES)
        )
        if mean is None or variance is None or said.arguments["training"]:
            return None
        scale = torch.rsqrt(variance + said.arguments["eps"]) * (1 if weight is None else weight)
        own, bias = layer.parameters
        parameters = (
            own * scale.reshape(-1, *[1] * (own.dim() - 1)),
            ((0 if bias is None else bias) - mean) * scale + (0 if shift is None else shift),
        )
        before = args[0].detach()
        merged = _Layer(layer.x, layer.call, parameters, layer.kind, 0, 0)
        return self._spread(merged, lambda _: _with(func, args, kwargs, [args[0]], before))

    def _shared(self, func: Any, args: Any, kwargs: Any, given: Sequence[Tensor]) -> Tensor:
        own = list(dict.fromkeys(given))
        call = partial(_with, func, args, kwargs, own)

        def share(relevance: Tensor, *values: Tensor) -> tuple[Tensor, ...]:
            return spread_by_values(call, values, relevance)

        return _made(call, share, own)


NORMALISES = ("running_mean", "running_var", "weight", "bias")


def _made(call: Any, share: Any, given: Sequence[Tensor]) -> Tensor:
    out: Tensor = Relevance.apply(call, share, *given)
    return out


def _with(
    func: Any, args: Any, kwargs: Mapping[str, Any], given: Sequence[Tensor], *values: Tensor
) -> Tensor:
    """The call with `values` in place of the tensors `given`."""

    def put(arg: Any) -> Any:
        place = next((n for n, one in enumerate(given) if one is arg), None)
        return arg if place is None else values[place]

    found: Tensor = func(*map(put, args), **{key: put(value) for key, value in kwargs.items()})
    return found


def _works_in_place(spelt: str, args: Any, kwargs: Mapping[str, Any]) -> bool:
    dunder = spelt.startswith("__")
    if dunder:
        return spelt.strip("_") in ("iadd", "isub", "imul", "itruediv")
    return spelt.endswith("_") or bool(kwargs.get("inplace", False))


class RelevancePass:
    """The forward pass of one batch by `rules`, one for the first layers and for each kind."""

    def __init__(
        self,
        module: nn.Module,
        images: Tensor,
        rules: Mapping[Kind, Rule],
        *,
        run: Callable[[Tensor], Any],
        box: Box | None = None,
    ) -> None:
        refuse_hidden_calls(module, "calls")
        self.images = images.detach().requires_grad_()
        with passing(module), torch.enable_grad(), walkable(module):
            seen = self.images.clone()
            with _Calls(seen, rules, box):
                self.outputs = run(seen)

    def relevance(self, scores: Tensor) -> Tensor:
        """N×C×H×W: the N scores' relevance, each the score itself, handed back to the images."""
        self._refuse_others(scores)
        with told():
            (found,) = torch.autograd.grad(
                scores, [self.images], grad_outputs=scores.detach(), retain_graph=True
            )
        return found

    def _refuse_others(self, scores: Tensor) -> None:
        nodes = calls_between(scores, self.images) if scores.requires_grad else ()
        if not nodes:
            raise ExplainerError(
                "the score does not depend on the image through anything that relevance can follow",
                "use occlusion, which asks the network itself",
            )
        others = {
            name_of(node)
            for node in nodes
            if getattr(made_by(node), "_forward_cls", None) not in (Relevance, Passed)
            and name_of(node) not in MOVING
        }
        if others:
            named = ", ".join(SHOWN_AS.get(name, name) for name in sorted(others))
            raise ExplainerError(
                f"layer-wise relevance propagation has no rule for {named}, which the score "
                "depends on",
                "use integrated_gradients, or a CAM method",
            )
