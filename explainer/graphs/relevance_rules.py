"""Rules of layer-wise relevance propagation as data, and the one way to follow them.

A rule says of a layer z = f(x, W, b) which of its inputs' shares in z the relevance R of z follows.
Montavon et al., Layer-Wise Relevance Propagation: An Overview (2019), table 10.1; for inputs of
both signs as Andéol et al. (2021) have it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from explainer.passes.strides import PlainStrides

STABILISER = 1e-6
Inputs = Literal["x", "x+", "x-", "one", "low", "high"]
Weights = Literal["w", "w+", "w-", "w²", "one", "w+γw+", "w+γw-"]
Outputs = Literal["all", "z>0", "z<0"]
Layer = Callable[[Tensor, Tensor, Tensor | None], Tensor]


@dataclass(frozen=True)
class Term:
    """One of the sums that make up a denominator; `sign` is that of its part in it."""

    inputs: Inputs
    weights: Weights
    bias: bool = True
    sign: int = 1


@dataclass(frozen=True)
class Part:
    """R of the `outputs` chosen, `times` a factor, spread by its terms' shares in their sum."""

    terms: tuple[Term, ...]
    outputs: Outputs = "all"
    times: float = 1.0


@dataclass(frozen=True)
class Rule:
    """`stabiliser`: what is added to denominators, away from 0. `gamma`: γ."""

    parts: tuple[Part, ...]
    stabiliser: float = STABILISER
    gamma: float = 0.0


def epsilon(value: float = STABILISER) -> Rule:
    """R_i = Σ_j x_i w_ij / (z_j + ε sign z_j) R_j."""
    return Rule((Part((Term("x", "w"),)),), stabiliser=value)


def gamma(value: float) -> Rule:
    """The same with w + γ w⁺ in place of w, and of the other sign where x or z has it."""
    rising = (Term("x+", "w+γw+"), Term("x-", "w+γw-", bias=False))
    falling = (Term("x+", "w+γw-"), Term("x-", "w+γw+", bias=False))
    return Rule((Part(rising, "z>0"), Part(falling, "z<0")), gamma=value)


def alpha_beta(alpha: float, beta: float) -> Rule:
    """α times by what raises z, less β times by what lowers it; α − β = 1."""
    raising = (Term("x+", "w+"), Term("x-", "w-", bias=False))
    lowering = (Term("x+", "w-"), Term("x-", "w+", bias=False))
    return Rule((Part(raising, times=alpha), Part(lowering, times=-beta)))


Z_PLUS = Rule((Part((Term("x+", "w+"), Term("x-", "w-", bias=False))),))
W_SQUARE = Rule((Part((Term("one", "w²"),)),))
FLAT = Rule((Part((Term("one", "one", bias=False),)),))
BOX = Rule((Part((Term("x", "w"), Term("low", "w+", sign=-1), Term("high", "w-", sign=-1))),))


@dataclass(frozen=True)
class Box:
    """The lowest and the highest input that there can be, of one image: 1×C×H×W each."""

    low: Tensor
    high: Tensor


def stabilised(values: Tensor, by: float) -> Tensor:
    """z + ε sign z, where 0 counts as positive."""
    return torch.where(values >= 0, values + by, values - by)


def spread(
    rule: Rule,
    layer: Layer,
    x: Tensor,
    parameters: tuple[Tensor, Tensor | None],
    relevance: Tensor,
    *,
    box: Box | None = None,
) -> Tensor:
    """The relevance of `x` (N×…) from that of what `layer` makes of it."""
    weight, bias = parameters
    total = torch.zeros_like(x)
    for part in rule.parts:
        inputs = [_inputs(term.inputs, x, box).requires_grad_() for term in part.terms]
        with torch.enable_grad():
            outputs = [
                term.sign * layer(given, *_parameters(term, weight, bias, rule.gamma))
                for term, given in zip(part.terms, inputs, strict=True)
            ]
        whole = torch.stack([output.detach() for output in outputs]).sum(0)
        share = (
            _chosen(part.outputs, lambda: layer(x, weight, bias))
            * relevance
            / stabilised(whole, rule.stabiliser)
        )
        for given, output in zip(inputs, outputs, strict=True):
            (found,) = torch.autograd.grad(output, [given], grad_outputs=share)
            total += part.times * given.detach() * found
    return total


def spread_by_values(
    call: Callable[..., Tensor], given: Sequence[Tensor], relevance: Tensor
) -> tuple[Tensor, ...]:
    """The relevance of each of `given`, of which `call` makes sums with constant factors.

    R_i = x_i Σ_j ∂z_j/∂x_i R_j / z_j: means, pools, sums of two paths, a normalisation that is a
    constant scale and shift. What constants add is lost, as biases are.
    """
    inputs = [values.detach().clone().requires_grad_() for values in given]
    with torch.enable_grad(), PlainStrides():
        output = call(*(x.clone() for x in inputs))  # it may work in place
    share = relevance / stabilised(output.detach(), STABILISER)
    found = torch.autograd.grad(output, inputs, grad_outputs=share)
    return tuple(x.detach() * one for x, one in zip(inputs, found, strict=True))


def _chosen(outputs: Outputs, z: Callable[[], Tensor]) -> Tensor | int:
    if outputs == "all":
        return 1
    return z() > 0 if outputs == "z>0" else z() < 0


def _inputs(which: Inputs, x: Tensor, box: Box | None) -> Tensor:
    if which in ("low", "high"):
        assert box is not None
        bound = box.low if which == "low" else box.high
        return bound.expand_as(x).clone()
    modified: dict[str, Callable[[], Tensor]] = {
        "x": x.detach().clone,
        "x+": lambda: x.detach().clamp(min=0),
        "x-": lambda: x.detach().clamp(max=0),
        "one": lambda: torch.ones_like(x),
    }
    return modified[which]()


def _parameters(
    term: Term, weight: Tensor, bias: Tensor | None, factor: float
) -> tuple[Tensor, Tensor | None]:
    own = None if bias is None or not term.bias else _weights(term.weights, bias, factor)
    return _weights(term.weights, weight, factor), own


def _weights(which: Weights, w: Tensor, factor: float) -> Tensor:
    modified: dict[str, Callable[[], Tensor]] = {
        "w": lambda: w,
        "w+": lambda: w.clamp(min=0),
        "w-": lambda: w.clamp(max=0),
        "w²": w.square,
        "one": lambda: torch.ones_like(w),
        "w+γw+": lambda: w + factor * w.clamp(min=0),
        "w+γw-": lambda: w + factor * w.clamp(max=0),
    }
    return modified[which]()
