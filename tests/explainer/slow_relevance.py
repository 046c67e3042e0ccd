"""Layer-wise relevance propagation by matrices: every layer as the table of its weights."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

Map = NDArray[Any]
EPSILON = 1e-6


def table_of(layer: nn.Module, shape: tuple[int, ...]) -> tuple[Map, Map]:
    """M (outputs × inputs) and b of an affine layer, read from single inputs."""
    count = int(np.prod(shape))
    with torch.no_grad():
        bias = layer(torch.zeros(1, *shape, dtype=torch.double)).flatten()
        columns = layer(torch.eye(count, dtype=torch.double).reshape(count, *shape))
    return (columns.reshape(count, -1) - bias).T.numpy(), bias.numpy()


def stable(z: Map) -> Map:
    return z + np.where(z >= 0, EPSILON, -EPSILON)


def plus(values: Map) -> Map:
    return np.maximum(values, 0)


def minus(values: Map) -> Map:
    return np.minimum(values, 0)


def shared(shares: Map, bias: Map, R: Map) -> Map:
    """R of outputs by each input's share (outputs × inputs) in their sum with the bias."""
    return (shares * (R / stable(shares.sum(1) + bias))[:, None]).sum(0)


def by_rule(rule: str, x: Map, M: Map, b: Map, R: Map, bounds: tuple[Map, Map]) -> Map:
    c = M * x  # what each input adds to each output
    low, high = bounds
    if rule == "epsilon":
        return shared(c, b, R)
    if rule == "z+":
        return shared(plus(c), plus(b), R)
    if rule == "alpha2_beta1":
        return 2 * shared(plus(c), plus(b), R) - shared(minus(c), minus(b), R)
    if rule == "gamma":
        z, g = c.sum(1) + b, 0.25
        rising = shared(c + g * plus(c), b + g * plus(b), R * (z > 0))
        return rising + shared(c + g * minus(c), b + g * minus(b), R * (z < 0))
    if rule == "flat":
        return shared((M != 0) * 1.0, 0 * b, R)
    if rule == "square":
        return shared(M**2, b**2, R)
    assert rule == "box"
    return shared(c - plus(M) * low - minus(M) * high, b - plus(b) - minus(b), R)


RULES = {
    "epsilon": ("epsilon", "epsilon"),
    "epsilon_plus": ("z+", "z+"),
    "epsilon_plus_flat": ("flat", "z+"),
    "epsilon_plus_square": ("square", "z+"),
    "epsilon_alpha2_beta1": ("alpha2_beta1", "alpha2_beta1"),
    "epsilon_alpha2_beta1_flat": ("flat", "alpha2_beta1"),
    "epsilon_gamma_box": ("box", "gamma"),
}


def relevance(
    module: Any, image: Tensor, target: int, composite: str, bounds: tuple[Tensor, Tensor]
) -> Map:
    """C×H×W: of one image by the small network's layers, walked back one by one."""
    first_rule, rule = RULES[composite]
    double = type(module)(functional.relu).double().eval()
    double.load_state_dict(module.state_dict())
    x0 = image.double()[None]
    a1 = torch.relu(double.first(x0))
    p1, places = functional.max_pool2d(a1, 2, ceil_mode=True, return_indices=True)
    a2 = torch.relu(double.second(p1))
    p2 = functional.adaptive_avg_pool2d(a2, 4)
    a3 = torch.relu(double.hidden(p2.flatten(1)))
    y = double.head(a3)[0].detach().numpy()

    def flat(values: Tensor) -> Map:
        return values.detach().flatten().numpy()

    no = (np.zeros(0), np.zeros(0))
    R = np.where(np.arange(len(y)) == target, y, 0)
    R = by_rule("epsilon", flat(a3), *table_of(double.head, a3.shape[1:]), R, no)
    R = by_rule("epsilon", flat(p2), *table_of(double.hidden, (p2[0].numel(),)), R, no)
    R = by_rule("epsilon", flat(a2), *table_of(nn.AdaptiveAvgPool2d(4), a2.shape[1:]), R, no)
    R = by_rule(rule, flat(p1), *table_of(double.second, p1.shape[1:]), R, no)
    unpooled = functional.max_unpool2d(
        torch.from_numpy(R).reshape(p1.shape), places, 2, output_size=a1.shape[2:]
    )
    ends = (flat(bounds[0].double().expand_as(image)), flat(bounds[1].double().expand_as(image)))
    M, b = table_of(double.first, x0.shape[1:])
    return by_rule(first_rule, flat(x0), M, b, flat(unpooled), ends).reshape(image.shape)
