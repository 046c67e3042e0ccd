"""Small networks that spell ReLU in every way, each able to take the reference's ReLU instead."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from explainer import METHODS

Relu = Callable[[Tensor], Tensor]
# Methods for networks of every kind, and those for networks with attention
EVERY = tuple(name for name, method in METHODS.items() if not method.attention)
OF_ATTENTION = tuple(name for name, method in METHODS.items() if method.attention)
# Settings with which a method takes few passes
QUICK: dict[str, dict[str, Any]] = {
    "integrated_grad_cam": {"steps": 2},
    "integrated_gradients": {"steps": 2},
    "smooth_grad": {"samples": 2},
    "occlusion": {"patch": 4, "stride": 4},
}


class Convolutions(nn.Module):
    """Two convolutions, a pool and a head; `relu` is called after each layer but the last."""

    def __init__(self, relu: Relu | nn.Module, classes: int = 5) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 6, 3, padding=1)
        self.second = nn.Conv2d(6, 8, 3, padding=1, groups=2)
        self.hidden = nn.Linear(8 * 4 * 4, 10)
        self.head = nn.Linear(10, classes)
        self.relu = relu

    def forward(self, x: Tensor) -> Tensor:
        x = functional.max_pool2d(self.relu(self.first(x)), 2, ceil_mode=True)
        x = functional.adaptive_avg_pool2d(self.relu(self.second(x)), 4)
        x = self.relu(self.hidden(x.flatten(1)))
        return self.head(x)


class Once(torch.autograd.Function):
    """Softplus as a network's own function whose derivative PyTorch can't derive again."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return functional.softplus(x)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return gradient * x.sigmoid()


class PreActivation(nn.Module):
    """A skip round a ReLU that may run in place: then the skip carries the rectified values."""

    def __init__(self, relu: Relu, *, skip_is_rectified: bool = False) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.body = nn.Conv2d(8, 8, 3, padding=1)
        self.head = nn.Linear(8, 5)
        self.relu, self.skip_is_rectified = relu, skip_is_rectified

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        rectified = self.relu(x)
        x = (rectified if self.skip_is_rectified else x) + self.body(rectified)
        return self.head(self.relu(x).mean((2, 3)))


def seeded(make: Callable[..., nn.Module], *args: Any, seed: int = 1, **kwargs: Any) -> nn.Module:
    """A network in evaluation mode with weights from the seed."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return make(*args, **kwargs).eval()


def small(seed: int = 1) -> nn.Module:
    """Convolutions with plain ReLUs."""
    return seeded(Convolutions, functional.relu, seed=seed)


def with_relu(network: nn.Module, relu: Relu) -> nn.Module:
    """A network of the same kind and weights whose ReLU is another."""
    kind = type(network)
    twin = kind(relu).eval()
    twin.load_state_dict(network.state_dict())
    return twin


def noise(*shape: int, seed: int = 0) -> Tensor:
    """Normal numbers from a generator of their own."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))
