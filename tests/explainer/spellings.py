"""Ways to write a ReLU, and activations that look like one."""

import math
import warnings
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

Call = Callable[[Tensor], Tensor]
ZERO = torch.zeros(())


def chosen(x: Tensor) -> Tensor:
    x = x.clone()
    x[x < 0] = 0
    return x


def chosen_in_place(x: Tensor) -> Tensor:
    x[x <= 0] = 0.0
    return x


def multiplied_in_place(x: Tensor) -> Tensor:
    x *= x > 0
    return x


def gated_without_gradient(x: Tensor) -> Tensor:
    with torch.no_grad():
        gate = (x > 0).float()
    return x * gate


def halves(x: Tensor) -> Tensor:
    half = x.shape[1] // 2
    x[:, :half].relu_()
    functional.relu(x[:, half:], inplace=True)
    return x


def masked_halves(x: Tensor) -> Tensor:
    half = x.shape[1] // 2
    for part in (x[:, :half], x[:, half:]):
        part[part < 0] = 0
    return x


def flat(x: Tensor) -> Tensor:
    x = x.clone()
    x.view(-1).clamp_(min=0)
    return x


SPELLINGS: dict[str, Call] = {
    "F.relu": functional.relu,
    "torch.relu": torch.relu,
    "Tensor.relu": Tensor.relu,
    "F.relu in place": lambda x: functional.relu(x, inplace=True),
    "F.relu_": functional.relu_,
    "torch.relu_": torch.relu_,
    "Tensor.relu_": Tensor.relu_,
    "one module used thrice": nn.ReLU(),
    "one module in place": nn.ReLU(inplace=True),
    "clamp": lambda x: x.clamp(min=0),
    "clamp to infinity": lambda x: x.clamp(0, math.inf),
    "clamp_min": lambda x: torch.clamp_min(x, 0),
    "clamp_min_": lambda x: x.clamp_min_(0),
    "clamp_": lambda x: x.clamp_(0),
    "clamp by a tensor": lambda x: x.clamp(min=ZERO),
    "clamp by a map": lambda x: torch.clamp(x, torch.zeros_like(x)),
    "clip": lambda x: x.clip(min=0),
    "torch.clip": lambda x: torch.clip(x, 0),
    "clip_": lambda x: x.clip_(0),
    "threshold": nn.Threshold(0.0, 0.0),
    "torch.threshold": lambda x: torch.threshold(x, 0, 0),
    "threshold_": lambda x: functional.threshold_(x, 0, 0),
    "threshold in place": nn.Threshold(0.0, 0.0, inplace=True),
    "hardtanh from 0": nn.Hardtanh(0.0, 1e9),
    "leaky by nothing": lambda x: functional.leaky_relu(x, 0),
    "leaky by nothing in place": lambda x: functional.leaky_relu_(x, 0.0),
    "maximum": lambda x: torch.maximum(x, ZERO),
    "maximum, turned": lambda x: torch.maximum(torch.zeros_like(x), x),
    "torch.max": lambda x: torch.max(x, torch.zeros_like(x)),
    "Tensor.max": lambda x: x.max(ZERO),
    "fmax": lambda x: torch.fmax(x, ZERO),
    "fmax, turned": lambda x: torch.fmax(ZERO, x),
    "times a mask": lambda x: x * (x > 0),
    "a mask times": lambda x: (x > 0) * x,
    "mul and gt": lambda x: x.mul(x.gt(0)),
    "times a closed mask": lambda x: x * (x >= 0),
    "times a mask of numbers": lambda x: x * (x > 0).float(),
    "times a mask of its type": lambda x: x * (x > 0).to(x.dtype),
    "times a mask of the detached": lambda x: x * (x.detach() > 0),
    "times what is not below": lambda x: x * ~(x < 0),
    "times a mask in place": multiplied_in_place,
    "times a mask without gradient": gated_without_gradient,
    "where": lambda x: torch.where(x > 0, x, 0),
    "where, a map": lambda x: torch.where(x > 0, x, torch.zeros_like(x)),
    "where, turned": lambda x: torch.where(x < 0, ZERO, x),
    "Tensor.where": lambda x: x.where(x > 0, ZERO),
    "masked_fill": lambda x: x.masked_fill(x < 0, 0),
    "masked_fill_": lambda x: x.masked_fill_(x <= 0, 0.0),
    "set below 0": chosen,
    "set below 0, in place": chosen_in_place,
    "halves set in place": masked_halves,
    "flat in place": flat,
    "aten": torch.ops.aten.relu,
    "aten.default": torch.ops.aten.relu.default,
    "aten in place": torch.ops.aten.relu_.default,
    "aten.clamp": lambda x: torch.ops.aten.clamp.default(x, 0),
}


def made_again(x: Tensor) -> Tensor:
    """A checkpoint saves nothing, and calls again for what the backward pass needs."""
    return checkpoint(lambda y: y.clip(min=0), x, use_reentrant=False)


def written(x: Tensor) -> Tensor:
    return torch.relu(x)


def masked(x: Tensor) -> Tensor:
    return x * (x > 0)


with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # scripting is deprecated; networks that use it are not gone
    scripted, scripted_mask = torch.jit.script(written), torch.jit.script(masked)


class Own(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return gradient * (x > 0)


def copied_where_above(x: Tensor) -> Tensor:
    out, above = torch.zeros_like(x), x > 0
    out[above] = x[above]
    return out


def set_by_places(x: Tensor) -> Tensor:
    x = x.clone()
    x[(x < 0).nonzero(as_tuple=True)] = 0
    return x


def by_two_masks(x: Tensor) -> Tensor:
    x = x.clone()
    half = x[:, : x.shape[1] // 2 + 1]
    half.mul_((half > 0) & (half > 0))
    return x


def with_zero(x: Tensor) -> Tensor:
    return torch.stack([torch.zeros_like(x), x])


def above(x: Tensor) -> Tensor:
    return (x > 0).long()[None]


def by_a_product_of_matrices(x: Tensor) -> Tensor:
    out: Tensor = x.reshape(-1, 1, 1) @ (x > 0).float().reshape(-1, 1, 1)
    return out.view(x.shape)


def copied_by_places(x: Tensor) -> Tensor:
    places = (x.flatten() > 0).nonzero().squeeze(1)
    return torch.zeros(x.numel()).index_copy(0, places, x.flatten()[places]).view(x.shape)


def larger_in_a_buffer(x: Tensor) -> Tensor:
    buffer = x.new_zeros((2, *x.shape))
    buffer[0] = x
    return buffer.amax(0)


def pooled_beside_zero(x: Tensor) -> Tensor:
    return functional.max_pool1d(functional.pad(x.reshape(-1, 1, 1), (0, 1)), 2).view(x.shape)


def scattered_over_zeros(x: Tensor) -> Tensor:
    places, zeros = torch.arange(x.numel()), torch.zeros(x.numel())
    return zeros.scatter_reduce(0, places, x.flatten(), "amax").view(x.shape)


# ReLUs that no rule meets: what the refusal names.
UNREAD: dict[str, tuple[Call, str]] = {
    "half the sum with its magnitude": (lambda x: (x + x.abs()) / 2, "abs and add"),
    "abs_": (lambda x: (x + x.clone().abs_()) / 2, "abs and add"),
    "the root of its square": (lambda x: (x + (x * x).sqrt()) / 2, "square and sqrt and add"),
    "a norm of one value": (lambda x: (x + x[..., None].norm(dim=-1)) / 2, "abs and add"),
    "hypot": (lambda x: (x + torch.hypot(x, ZERO)) / 2, "hypot"),
    "copysign": (lambda x: (x + torch.copysign(x, torch.ones(()))) / 2, "copysign"),
    "sign": (lambda x: x * (x.sign() + 1) / 2, "sign"),
    "the sign of the detached": (lambda x: x * (x.detach().sign() + 1) / 2, "product with a mask"),
    "heaviside": (lambda x: x * torch.heaviside(x.detach(), ZERO), "product with a mask"),
    "two masks": (lambda x: x * ((x > 0) & (x > 0)), "product with a mask"),
    "two masks on a part": (by_two_masks, "product with a mask"),
    "lerp": (lambda x: torch.lerp(torch.zeros_like(x), x, (x > 0).float()), "with a mask"),
    "addcmul": (lambda x: torch.addcmul(torch.zeros_like(x), x, (x > 0).float()), "with a mask"),
    "einsum": (lambda x: torch.einsum("...,...->...", x, (x > 0).float()), "with a mask"),
    "minimum": (lambda x: -torch.minimum(-x, ZERO), "minimum"),
    "clamp from above": (lambda x: -(-x).clamp(max=0), "clamp"),
    "without what is below": (lambda x: x - x.clamp(max=0), "clamp"),
    "amax of a stack": (lambda x: torch.stack([x, torch.zeros_like(x)]).amax(0), "amax"),
    "max of a stack": (lambda x: torch.stack([x, torch.zeros_like(x)]).max(0)[0], "max"),
    "a sorted stack": (lambda x: torch.stack([x, torch.zeros_like(x)]).sort(0)[0][1], "sort"),
    "masked_scatter": (
        lambda x: torch.zeros_like(x).masked_scatter(x > 0, x[x > 0]),
        "masked_scatter",
    ),
    "copied where above": (copied_where_above, "choice by a mask"),
    "set by places": (set_by_places, "index_put"),
    "not a number, then 0": (
        lambda x: torch.nan_to_num(torch.where(x > 0, x, math.nan), nan=0.0),
        "where",
    ),
    "gather": (lambda x: with_zero(x).gather(0, above(x))[0], "gather with a choice"),
    "take_along_dim": (
        lambda x: torch.take_along_dim(with_zero(x), above(x), 0)[0],
        "take_along_dim with a choice",
    ),
    "a product of matrices": (by_a_product_of_matrices, "matmul with a choice"),
    "copied by places": (copied_by_places, "index_copy with a choice"),
    "amax of a padded axis": (
        lambda x: functional.pad(x[..., None], (0, 1)).amax(-1),
        "amax over joined maps",
    ),
    "amax of a buffer": (larger_in_a_buffer, "amax over joined maps"),
    "amax of an inserted map": (
        lambda x: torch.select_scatter(torch.zeros(2, *x.shape), x, 0, 0).amax(0),
        "amax over joined maps",
    ),
    "amax of an unfolded stack": (
        lambda x: with_zero(x).unfold(0, 2, 1).amax(-1)[0],
        "amax over joined maps",
    ),
    "a pool beside 0": (pooled_beside_zero, "max_pool.* over joined maps"),
    "scattered over 0": (scattered_over_zeros, "scatter_reduce"),
    "a steep softmax": (
        lambda x: x * torch.softmax(with_zero(x) * 1e8, 0)[1],
        "softmax over joined maps",
    ),
    "prelu": (lambda x: functional.prelu(x, torch.zeros(1)), "prelu"),
    "rrelu": (lambda x: functional.rrelu(x, 0.0, 0.0), "rrelu"),
    "elu": (lambda x: functional.elu(x, 0.0), "elu"),
    "a scripted function": (scripted, "relu|scripted function"),
    "a scripted mask": (scripted_mask, "product with a mask|scripted function"),
    "an own function": (Own.apply, "the autograd function Own hides"),
    "vmap": (torch.vmap(torch.relu), "relu"),
    "vmap of a mask": (torch.vmap(lambda x: x * (x > 0)), "product with a mask"),
    "a re-entrant checkpoint": (
        lambda x: checkpoint(torch.relu, x, use_reentrant=True),
        "checkpoint with use_reentrant=True",
    ),
}


def tanh_form(x: Tensor) -> Tensor:
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


# Activations written by hand for which guided backpropagation and deconvnet are not defined.
SMOOTH: dict[str, Call] = {
    "silu": lambda x: x * torch.sigmoid(x),
    "silu by exp": lambda x: x / (1 + torch.exp(-x)),
    "silu of whole slices": lambda x: x[:] * x[...].sigmoid(),
    "silu by glu": lambda x: functional.glu(torch.cat([x, x], 1), 1),
    "silu by cumprod": lambda x: torch.stack([x, x.sigmoid()]).cumprod(0)[1],
    "silu by softmax": lambda x: x * torch.stack([x, torch.zeros_like(x)]).softmax(0)[0],
    "silu with a gate cut off": lambda x: x * x.sigmoid().detach(),
    "silu in place": lambda x: x.mul_(x.sigmoid()),
    "silu by addcmul": lambda x: torch.addcmul(torch.zeros_like(x), x, x.sigmoid()),
    "silu of the flat": lambda x: (x.flatten() * x.flatten().sigmoid()).view_as(x),
    "quick gelu": lambda x: x * torch.sigmoid(1.702 * x),
    "gelu": lambda x: 0.5 * x * (1 + torch.erf(x / math.sqrt(2))),
    "gelu by tanh": tanh_form,
    "softplus": lambda x: torch.log(1 + torch.exp(x)),
    "softplus by log1p": lambda x: x.exp().log1p(),
    "softplus by logaddexp": lambda x: torch.logaddexp(x, ZERO),
    "softplus by logsumexp": lambda x: torch.stack([x, torch.zeros_like(x)]).logsumexp(0),
    "softplus by sigmoid": lambda x: -torch.log(torch.sigmoid(-x)),
    "squareplus": lambda x: (x + torch.sqrt(x * x + 4)) / 2,
    "mish": lambda x: x * torch.tanh(functional.softplus(x)),
    "hard-swish": lambda x: x * functional.relu6(x + 3) / 6,
    "hard-swish by clamp": lambda x: x * (x + 3).clamp(0, 6) / 6,
    "hard-swish by hardsigmoid": lambda x: x * functional.hardsigmoid(x),
    "squared relu": lambda x: functional.relu(x) ** 2,
    "squared relu by square": lambda x: x.relu().square(),
    "squared relu by mul": lambda x: functional.relu(x) * functional.relu(x),
    "squared relu by itself": lambda x: functional.relu(x) * x,
    "a square": lambda x: x * x,
    "leaky relu": lambda x: functional.relu(x) - 0.1 * functional.relu(-x),
    "leaky relu by maximum": lambda x: torch.maximum(x, 0.1 * x),
    "leaky relu by where": lambda x: torch.where(x > 0, x, 0.1 * x),
    "elu by where": lambda x: torch.where(x > 0, x, torch.exp(x) - 1),
    "elu by relu": lambda x: functional.relu(x) - functional.relu(1 - torch.exp(x)),
    "relu6 by clamp": lambda x: functional.relu(x).clamp(max=6),
    "relu6 by a difference": lambda x: functional.relu(x) - functional.relu(x - 6),
    "softsign": functional.softsign,
    "tanhshrink": functional.tanhshrink,
    "celu": functional.celu,
    "selu": functional.selu,
}
