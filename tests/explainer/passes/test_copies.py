"""Copies of networks, whose weights are then drawn anew."""

from contextlib import nullcontext

import pytest
import torch
from torch import Tensor, nn

from explainer import ExplainerError, Network, explain
from tests.explainer.small_networks import noise, seeded


class Remembering(nn.Module):
    """Computes a part of its weights once, as LeViT does its attention's biases."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Conv2d(3, 4, 3)
        self.head = nn.Linear(4, 4)
        self.known: dict[str, Tensor] = {}

    def forward(self, x: Tensor) -> Tensor:
        if "head" not in self.known:
            self.known["head"] = self.head.weight * 2
        maps = torch.relu(self.body(x))
        return nn.functional.linear(maps.mean((2, 3)), self.known["head"], self.head.bias)


class Forgetting(Remembering):
    def train(self, mode: bool = True) -> "Forgetting":
        super().train(mode)
        self.known = {}
        return self


@pytest.mark.parametrize("mode", [torch.no_grad, nullcontext])
def test_redrawn_networks_use_nothing_that_the_trained_ones_computed(mode: type) -> None:
    images = noise(2, 3, 9, 9)
    fresh, used = seeded(Forgetting), seeded(Forgetting)
    with mode():
        used(images)
    kept = used.known["head"]
    found, expected = (
        explain(Network(module, "body"), images, [0, 1], ["random_weights"])["random_weights"]
        for module in (used, fresh)
    )
    torch.testing.assert_close(found, expected)
    assert used.known["head"] is kept


def test_a_network_that_keeps_what_it_computed_is_refused() -> None:
    module, images = seeded(Remembering), noise(2, 3, 9, 9)
    module(images)
    with pytest.raises(ExplainerError, match="it computed from its weights: load it again"):
        explain(Network(module, "body"), images, [0, 1], ["random_weights"])
