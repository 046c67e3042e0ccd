"""Proof that nothing between the images and a score rectifies but by the chosen rule.

Reading calls finds the ReLUs that we can spell. This looks at what the pass left behind instead:
every node of its autograd graph is a call that we know to be harmless, a ReLU that follows the
rule, or the reason of a refusal. Calls that work on each value for itself are followed together,
so that an activation written by hand is seen as what it is: x·σ(x), |x| + x, a ReLU squared.
"""

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import Node

from explainer.errors import ExplainerError

from .ancestry import calls_between, made_by, name_of, parents
from .rectifiers import Rectify

# By node names without "Backward0", in small letters.
SMOOTH = {
    *("silu", "gelu", "hardswish", "mish", "softplus", "log_sigmoid", "logaddexp", "logaddexp2"),
    *("leaky_relu", "rrelu_with_noise", "elu", "celu", "hardshrink", "softshrink"),
    *("prelu_kernel", "prelu"),
}
RECTIFIERS = {
    *("relu", "threshold", "hardtanh", "clamp", "clamp_min", "clamp_max"),
    *("maximum", "minimum", "fmax", "fmin", "where", "copysign", "hypot", "sign", "sgn"),
    *("floor", "ceil", "round", "trunc", "frac", "heaviside", "fmod", "remainder"),
    *("index_put", "index_fill", "masked_scatter", "masked_select", "scatter", "put"),
}
SHOWN = {"prelu_kernel": "prelu", "rrelu_with_noise": "rrelu", "log_sigmoid": "logsigmoid"}
HIDING = {
    "differentiable_graph": "a scripted function",
    "CompiledFunction": "compiled code",
    "ApplyTemplate": "compiled code",
    "CheckpointFunction": "a checkpoint with use_reentrant=True",
}
# Each value for itself, and in proportion.
LINEAR = {
    *("add", "sub", "rsub", "neg", "mul", "div", "clone", "to_copy", "copy", "alias", "identity"),
    *("view", "unsafe_view", "reshape_alias", "unsqueeze", "squeeze", "expand", "permute"),
    *("transpose", "t", "nan_to_num", "real", "view_as_real", "view_as_complex"),
    *("backward_hook_function", "contiguous", "conj", "swapaxes", "movedim", "flatten", "lift"),
    *("accumulate_grad", "to", "to_mkldnn", "mkldnn_reshape", "values", "fill", "zero", "addcmul"),
    *("addcdiv", "lerp"),
}
# Each value for itself, along a curve that neither rectifies nor is an activation of its own.
BENT = {
    *("sigmoid", "tanh", "hardsigmoid", "exp", "exp2", "expm1", "log", "log1p", "log2", "log10"),
    *("erf", "erfc", "sin", "cos", "atan", "sqrt", "rsqrt", "reciprocal", "sinh", "asinh"),
}
SQUARES = {"abs", "pow", "square", "cosh"}
PRODUCTS = {"mul", "div", "addcmul", "addcdiv", "lerp"}
FACTORS = ("self", "other", "tensor1", "tensor2", "weight")
SUMS = {"sum", "mean", "nansum", "nanmean", "cumsum"}
NORMS = {"linalg_vector_norm", "norm", "var", "std", "var_mean", "std_mean", "cdist", "dist"}
EXTREMES = {
    *("max", "amax", "min", "amin", "aminmax", "logsumexp", "sort", "topk", "kthvalue", "median"),
    *("nanmedian", "cummax", "cummin", "mode", "prod", "cumprod", "segment_reduce"),
    *("gather", "take"),
}
JOINS = {"stack", "cat"}
# They put values into others, which may be constants
INSERTS = {"index_copy", "index_add", "select_scatter", "slice_scatter", "scatter_reduce"}
MOVES = {"unfold", "index_select", "flip", "roll", "repeat", "slice", "as_strided"}
# Each value from several: names of calls, or patterns for those that differ by machine.
MIXING = re.compile(
    r"(mkldnn_|cudnn_|miopen_|native_|thnn_|slow_|mps_|xnnpack_|_?efficient_|flash_|fused_)*("
    r".*conv\w*|.*batch_norm|.*layer_norm|.*group_norm|.*rms_norm|.*pool\w*|.*upsample\w*"
    r"|.*attention\w*|.*pad\w*|.*softmax\w*|.*shuffle|.*unshuffle|.*rnn_layer|.*lstm\w*|.*gru\w*"
    r"|addmm|mm|bmm|baddbmm|addbmm|addmv|mv|dot|addr|linear|bilinear|trilinear|kron|matmul"
    r"|grid_sampler\w*|affine_grid\w*|index|index_select|index_add|index_copy|gather|take\w*"
    r"|slice\w*|select\w*|narrow|(unsafe_)?split\w*|unbind\w*|chunk|diagonal\w*|as_strided\w*|unfold\w*"
    r"|im2col|col2im|fold|repeat\w*|tile|roll|flip|rot90|tril|triu|cumprod|trace|outer|fft\w*"
    r"|scatter_add|scatter_reduce|segment_reduce|embedding\w*|linalg_(?!vector_norm)\w+|cross"
    r"|diag\w*|glu|.*_dropout|dropout|complex|renorm)"
)
PYTHON_MIXING = ("torchvision_deform_conv2d", "torchvision_roi", "torchvision_ps_roi")
RNN_RELU = 0  # the mode of a recurrent layer that cuDNN runs


@dataclass(frozen=True)
class Course:
    """How a value hangs on that of `base`, the last that was made of several: a call's n-th output.

    `bent`: the calls since then that aren't linear. `statistic`: of the magnitude of many values,
    as normalisations divide by; `squared`: its squares were taken by hand. `joined`: where it
    lies beside constants or a twin of itself, the shape of a map whose channels these are; empty
    where they are no channels.
    """

    base: tuple[Node, int]
    bent: tuple[str, ...] = ()
    statistic: bool = False
    squared: bool = False
    joined: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Inside:
    """The parts that a rule is limited to, and the calls in them: others follow the gradient."""

    parts: tuple[str, ...]
    nodes: Collection[Node]


class Proof:
    """What was found of one score's graph. `rectified`: how many ReLUs follow the rule.

    `inside`: where a rule is limited to parts of the network, only these are looked at.
    """

    def __init__(
        self,
        scores: Tensor,
        images: Tensor,
        own: Iterable[Tensor],
        choices: Mapping[Node, str] = MappingProxyType({}),
        inside: Inside | None = None,
    ) -> None:
        self.rectified = 0
        self.smooth: set[str] = set()
        self.unread: set[str] = set()
        self.hidden: set[str] = set()
        self._own = {tensor.data_ptr() for tensor in own}
        self._courses: dict[Node, Course] = {}
        self._inside = inside
        for node in calls_between(scores, images):
            is_inside = inside is None or node in inside.nodes
            self._courses[node] = self._course(node) if is_inside else self._left(node)
        chosen = {name for node, name in choices.items() if self._looked_at(node)}
        self.unread |= {f"{name} with a choice made from values" for name in chosen}
        if scores.grad_fn is not None and self._looked_at(scores.grad_fn):
            self._ends(self._courses[scores.grad_fn], "")

    def refuse(self) -> None:
        """Raise the reason why the chosen rule would be silently wrong, if there is one."""
        if self.hidden:
            raise ExplainerError(
                f"{_listed(self.hidden)} hides from guided backpropagation and deconvnet what it "
                "does",
                "write it with PyTorch's own calls, or use a CAM method or gradient",
            )
        if self.unread:
            raise ExplainerError(
                f"the network rectifies by {_listed(self.unread)}, where guided backpropagation "
                "and deconvnet can't follow it",
                "write it as torch.relu, or use a CAM method or gradient",
            )
        if self.smooth:
            raise ExplainerError(
                f"the network also rectifies by {_listed(self.smooth)}, for which guided "
                "backpropagation and deconvnet are not defined",
                "use a CAM method or gradient",
            )
        if self.rectified == 0 and self._inside is not None:
            raise ExplainerError(
                f"no ReLU lies within {_listed(set(self._inside.parts))}, to which guided "
                "backpropagation and deconvnet are limited (rules_within)",
                "name a part with ReLUs that the score depends on, or leave rules_within out",
            )
        if self.rectified == 0:
            raise ExplainerError(
                "no ReLU was met in the forward pass, so guided backpropagation and deconvnet "
                "would be the plain gradient",
                "use a CAM method or gradient",
            )

    def _looked_at(self, node: Node) -> bool:
        return node in self._courses and (self._inside is None or node in self._inside.nodes)

    def _left(self, node: Node) -> Course:
        """A call outside: what it takes from inside ends there."""
        for parent, output in node.next_functions:
            if parent is not None and self._looked_at(parent):
                self._ends(self._from(parent, output), name_of(node))
        call: Any = made_by(node)
        ours = getattr(call, "_forward_cls", None) is Rectify
        if ours and self._inside is not None and call.parts & {*self._inside.parts}:
            self.hidden.add("a ReLU whose result leaves its part by another way")
        return Course((node, 0))

    def _course(self, node: Node) -> Course:
        given = [
            self._from(parent, output)
            for parent, output in node.next_functions
            if parent in self._courses
        ]
        call = made_by(node)
        if getattr(call, "_forward_cls", None) is Rectify:
            return self._by_rule(given, node)
        name, python = name_of(node), hasattr(call, "_forward_cls")
        if python and name != "backward_hook_function":
            return self._python(node, name, given)
        if name in LINEAR or name in BENT or name in SQUARES:
            return self._pointwise(node, name, given)
        return self._other(node, name, given)

    def _from(self, node: Node, output: int) -> Course:
        course = self._courses[node]
        return replace(course, base=(node, output)) if course.base[0] is node else course

    def _by_rule(self, given: Sequence[Course], node: Node) -> Course:
        self.rectified += 1
        self._ends(given[0], "relu")
        return replace(given[0], bent=("relu",))

    def _python(self, node: Node, name: str, given: Sequence[Course]) -> Course:
        if not any(known in name for known in PYTHON_MIXING):
            function = node.name().removesuffix("Backward")
            self.hidden.add(HIDING.get(function, f"the autograd function {function}"))
        return self._mixed(node, name, given)

    def _pointwise(self, node: Node, name: str, given: Sequence[Course]) -> Course:
        if not given:
            return Course((node, 0))
        first = given[0]
        if name == "copy" and made_by(node) is not node and None in parents(node):
            return replace(first, joined=())
        overwrites = made_by(node) is not node and len(given) > 1
        if overwrites or any(course.base != first.base for course in given):
            return self._mixed(node, name, given)
        if name in PRODUCTS and len(given) == 1 and self._masks(node):
            self.unread.add("a product with a mask")
        bent = tuple(dict.fromkeys(call for course in given for call in course.bent))
        if len(given) > 1 and (bent or name in PRODUCTS):
            return self._merged(node, name, given, bent)
        if name in LINEAR:
            return first
        return replace(first, bent=(*first.bent, name))

    def _merged(
        self, node: Node, name: str, given: Sequence[Course], bent: tuple[str, ...]
    ) -> Course:
        """One value met itself again: a square, or an activation written by hand."""
        if name in PRODUCTS and len(set(given)) == 1 and len(bent) < 2:
            return replace(given[0], bent=(*bent, "square"))
        if not given[0].statistic:
            self._by_hand((*bent, name))
        return Course((node, 0))

    def _by_hand(self, calls: Sequence[str]) -> None:
        told = " and ".join(dict.fromkeys(SHOWN.get(call, call) for call in calls))
        (self.unread if "abs" in calls else self.smooth).add(f"{told} of the same values")

    def _other(self, node: Node, name: str, given: Sequence[Course]) -> Course:
        magnitude = bool(given) and all(course.statistic for course in given)
        if name in SMOOTH and not magnitude:
            self.smooth.add(SHOWN.get(name, name))
        elif (name in RECTIFIERS and not magnitude) or _scatters_over_constants(node, name):
            self.unread.add(name)
        elif name == "index" and _picks_by_mask(node):
            self.unread.add("a choice by a mask")
        elif name in NORMS and not _shrinks(node):
            return replace(given[0], bent=(*given[0].bent, "abs"))
        elif name == "slice" and given and not _changes_shape(node):
            return given[0]
        elif name.endswith("_rnn"):
            if getattr(made_by(node), "_saved_mode", RNN_RELU) == RNN_RELU:
                self.unread.add(name)
        elif name == "masked_fill":
            return replace(given[0], bent=(*given[0].bent, name)) if given else Course((node, 0))
        elif name in RECTIFIERS or name in SMOOTH:
            return given[0]
        elif not self._known(name):
            self.hidden.add(HIDING.get(name, f"the call {name}"))
        return self._mixed(node, name, given)

    def _known(self, name: str) -> bool:
        named = name in SUMS or name in NORMS or name in EXTREMES or name in JOINS
        return named or name == "rectify" or bool(MIXING.fullmatch(name))

    def _mixed(self, node: Node, name: str, given: Sequence[Course]) -> Course:
        for course in given:
            self._ends(course, name, _shrinks(node))
        for course in given:
            if course.joined is not None:
                self._over_joined(node, name, course.joined)
        squared = _reduces(name) and any(set(course.bent) & SQUARES for course in given)
        kept = _keeps(name) and bool(given) and all(course.statistic for course in given)
        return Course(
            (node, 0),
            statistic=name in NORMS or squared or kept,
            squared=squared or (kept and any(course.squared for course in given)),
            joined=_joined(node, name, given),
        )

    def _over_joined(self, node: Node, name: str, joined: tuple[int, ...]) -> None:
        """A call that takes several values: beside constants or twins it may rectify."""
        if name in EXTREMES or ("max_pool" in name and _given_shape(node) != joined):
            self.unread.add(f"{name} over joined maps")
        elif name == "glu" or "softmax" in name:
            self.smooth.add(f"{name} over joined maps")

    def _ends(self, course: Course, name: str, shrinks: bool = True) -> None:
        """The calls on single values are over: `name` takes what they made."""
        bent = course.bent
        if course.squared and not (name in PRODUCTS or _keeps(name)):
            self._by_hand(("pow",))  # no normalisation, but an activation that is then pooled
        if course.statistic or not bent or bent == ("relu",):
            return
        if "masked_fill" in bent:
            if "softmax" not in name:
                self.unread.add("masked_fill")
            return
        magnitude = _reduces(name) and shrinks and set(bent) <= SQUARES | {"relu"}
        if (len(bent) > 1 or bent[0] not in BENT) and not magnitude:
            self._by_hand(bent)

    def _masks(self, node: Node) -> bool:
        """Whether it multiplies by as many values as it has, none of which takes a gradient."""
        call: Any = made_by(node)
        given = list(parents(node))
        if len(given) < 2 or all(given):
            return False
        kept = (getattr(call, f"_saved_{name}", None) for name in FACTORS)
        sizes = {tuple(metadata.shape) for metadata in call._input_metadata} - {()}
        return any(
            isinstance(factor, Tensor)
            and tuple(factor.shape) in sizes
            and factor.data_ptr() not in self._own
            and _opens_and_closes(factor)
            for factor in kept
        )


def _opens_and_closes(factor: Tensor) -> bool:
    """Whether it can be a gate: 0 somewhere, or of two values beside, or of one throughout."""
    low, high = factor.amin(), factor.amax()
    return bool((factor == 0).any() | ((factor == low) | (factor == high)).all())


def _reduces(name: str) -> bool:
    return name in SUMS or name in NORMS or "pool" in name or "pad" in name


def _keeps(name: str) -> bool:
    return _reduces(name) or name in LINEAR or name in JOINS


def _shrinks(node: Node) -> bool:
    """Whether it gives fewer values than it was given, as far as it tells."""
    call: Any = made_by(node)
    given = getattr(call, "_saved_self", None)
    own = given.shape if isinstance(given, Tensor) else None
    sizes = getattr(call, "_saved_self_sym_sizes", None) if own is None else own
    return sizes is None or math.prod(sizes) > math.prod(call._input_metadata[0].shape)


def _joined(node: Node, name: str, given: Sequence[Course]) -> tuple[int, ...] | None:
    """As `Course.joined` of what the call gives."""
    beside = None in parents(node)
    twins = len({course.base for course in given}) < len(given)
    if name in JOINS and (beside or twins):
        call: Any = made_by(node)
        as_channels = name == "cat" and getattr(call, "_saved_dim", 0) == 1
        return tuple(call._input_metadata[0].shape) if as_channels else ()
    if (name in INSERTS and beside) or (name == "constant_pad_nd" and _widens_one(node)):
        return ()
    moved = [course.joined for course in given if name in MOVES and course.joined is not None]
    return () if moved else None


def _scatters_over_constants(node: Node, name: str) -> bool:
    return name == "scatter_reduce" and None in parents(node)


def _widens_one(node: Node) -> bool:
    """Whether constants are put beside single values, as along a new axis."""
    call: Any = made_by(node)
    sides, pads = tuple(call._input_metadata[0].shape), tuple(call._saved_pad)
    added = zip(reversed(sides), pads[::2], pads[1::2], strict=False)
    return any(side - before - after == 1 for side, before, after in added if before + after > 0)


def _given_shape(node: Node) -> tuple[int, ...] | None:
    given = getattr(made_by(node), "_saved_self", None)
    return tuple(given.shape) if isinstance(given, Tensor) else None


def _changes_shape(node: Node) -> bool:
    call: Any = made_by(node)
    sizes = getattr(call, "_saved_self_sym_sizes", None)
    return sizes is None or tuple(sizes) != tuple(call._input_metadata[0].shape)


def _picks_by_mask(node: Node) -> bool:
    picked = getattr(made_by(node), "_saved_indices", None) or ()
    return any(isinstance(index, Tensor) and index.dtype == torch.bool for index in picked)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
