"""One image has the gradient that it has in a batch, however maps lie in memory."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode, _get_current_function_mode_stack

from explainer import Network, explain
from explainer.passes.strides import PlainStrides
from tests.explainer.small_networks import noise, seeded


class Between(nn.Module):
    """A normalisation between `before` and `after`, which move maps in memory."""

    def __init__(self, norm: Callable[[Tensor], Tensor], *, before: bool, after: bool) -> None:
        super().__init__()
        self.first, self.classes = nn.Conv2d(3, 6, 4, 4), nn.Linear(6 * 16, 5)
        self.norm, self.before, self.after = norm, before, after

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        if self.before:
            x = in_tokens(x)
        x = self.norm(x)
        if self.after:
            x = in_tokens(x)
        return self.classes(functional.gelu(x).flatten(1))


def in_tokens(x: Tensor) -> Tensor:
    """The same map, whose places lie one after the other in memory."""
    return x.flatten(2).transpose(1, 2).contiguous().transpose(1, 2).reshape(x.shape)


def batch_norm() -> nn.Module:
    norm = nn.BatchNorm2d(6)
    norm.running_mean, norm.running_var = noise(6), noise(6).abs() + 0.5
    return norm.eval()


def by_function(x: Tensor) -> Tensor:
    norm = batch_norm()
    return functional.batch_norm(input=x, running_mean=norm.running_mean,
                                 running_var=norm.running_var)  # fmt: skip


NORMS = {
    "module": batch_norm,
    "function": lambda: by_function,
    "of images": functional.instance_norm,
}


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("norm", NORMS)
def test_one_image_has_the_gradient_that_it_has_in_a_batch(
    norm: str, before: bool, after: bool
) -> None:
    made = NORMS[norm] if norm == "of images" else NORMS[norm]()
    network = Network(seeded(Between, made, before=before, after=after), "first")
    images = noise(2, 3, 16, 16, seed=1)
    methods = ["gradient", "grad_cam"]
    together = explain(network, images, [1, 2], methods)
    for n, target in enumerate([1, 2]):
        alone = explain(network, images[n : n + 1], [target], methods)
        for method in methods:
            scale = float(together[method][n].abs().max())
            torch.testing.assert_close(alone[method][0], together[method][n],
                                       rtol=1e-4, atol=1e-5 * scale)  # fmt: skip


def test_the_gradient_of_one_image_is_the_slope_of_its_score() -> None:
    module = seeded(Between, batch_norm(), before=False, after=True).double()
    image, along = noise(1, 3, 16, 16, seed=1).double(), noise(1, 3, 16, 16, seed=2).double()
    gradient = explain(Network(module), image, [1], ["gradient"])["gradient"]
    with torch.no_grad():
        rise = module(image + 1e-6 * along) - module(image - 1e-6 * along)
    torch.testing.assert_close(
        (gradient * along).sum(), (rise[0, 1] / 2e-6).float(), rtol=1e-4, atol=0, check_dtype=False
    )


class Relevant(nn.Module):
    """A normalisation between tokens and a map that becomes a row, of layers that LRP knows."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.tokens = nn.Conv2d(3, 8, 4, 4), nn.Linear(8, 6)
        self.norm, self.classes = batch_norm(), nn.Linear(6 * 16, 5)

    def forward(self, x: Tensor) -> Tensor:
        tokens = functional.relu(self.first(x)).flatten(2).transpose(1, 2)
        tokens = functional.relu(self.tokens(tokens))
        map = tokens.transpose(1, 2).reshape(len(x), 6, 4, 4)
        return self.classes(self.norm(map).flatten(1))


def test_one_image_has_the_relevance_that_it_has_in_a_batch() -> None:
    network, images = Network(seeded(Relevant)), noise(2, 3, 16, 16, seed=1)
    together = explain(network, images, [1, 2], ["lrp"])["lrp"]
    alone = explain(network, images[:1], [1], ["lrp"])["lrp"]
    scale = float(together[0].abs().max())
    torch.testing.assert_close(alone[0], together[0], rtol=1e-4, atol=1e-5 * scale)


class Halving(TorchFunctionMode):
    """A mode of the network's own, which is left before its head."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        return out / 2 if func is functional.gelu else out


class Within(Between):
    """It runs its layer, from which the graph begins, inside a mode that it leaves again."""

    def forward(self, x: Tensor) -> Tensor:
        with Halving():
            x = functional.gelu(self.norm(self.first(x)))
        return self.classes(in_tokens(functional.gelu(x)).flatten(1))


def test_a_mode_of_the_networks_own_is_left_where_the_network_leaves_it() -> None:
    network = Network(seeded(Within, batch_norm(), before=False, after=True), "first")
    images = noise(2, 3, 16, 16, seed=1)
    before = _get_current_function_mode_stack()
    together = explain(network, images, [1, 2])
    alone = explain(network, images[:1], [1])
    assert _get_current_function_mode_stack() == before
    with torch.no_grad():
        torch.testing.assert_close(alone.outputs, network.module(images[:1]))
    scale = float(together["grad_cam"][0].abs().max())
    torch.testing.assert_close(alone["grad_cam"][0], together["grad_cam"][0],
                               rtol=1e-4, atol=1e-5 * scale)  # fmt: skip


class Seeing(TorchFunctionMode):
    """Notes which calls reach it."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.names.append(func.__name__)
        return func(*args, **(kwargs or {}))


def test_modes_below_hear_of_the_networks_calls_alone() -> None:
    x = noise(1, 6, 4, 4).requires_grad_()
    with Seeing() as seen, PlainStrides():
        functional.instance_norm(x)
    assert seen.names == ["instance_norm"]
