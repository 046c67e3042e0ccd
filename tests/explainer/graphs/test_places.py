"""Places are followed through calls that move them; where they can't be, nothing is claimed."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from explainer import ExplainerError, Network, explain
from explainer.graphs.places import tokens_lie
from explainer.graphs.trail import follow
from explainer.passes.grids import Tokens
from tests.explainer.small_networks import noise, seeded

IN_ROWS = Tokens(4, 4)


class Moved(nn.Module):
    """4×4 patches of 6 channels, moved by `move` before the classes are read."""

    def __init__(self, move: Callable[..., Tensor], width: int = 6) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, width, 8, 8)
        self.square, self.classes = nn.Linear(width, width), nn.Linear(width, 5)
        self.extra = nn.Parameter(torch.ones(1, 1, width))
        self.move, self.layer = move, nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        return self.classes(self.layer(self.move(self, tokens) * 1.0).square().mean(1))


def lie(move: Callable[..., Tensor], **kwargs: Any) -> Tokens | None:
    trail, _, _ = follow(seeded(Moved, move, **kwargs), noise(1, 3, 32, 32))
    places = trail.at("layer").places
    return None if places is None else tokens_lie(places)


def windows(of: Any, x: Tensor) -> Tensor:
    """2×2 windows of 2×2 tokens, one after the other."""
    return x.view(1, 2, 2, 2, 2, -1).permute(0, 1, 3, 2, 4, 5).reshape(1, 16, -1)


def attention(of: Any, x: Tensor) -> Tensor:
    return (of.square(x) @ x.transpose(1, 2)).softmax(-1) @ x


KNOWN = {
    "a square layer": (lambda of, x: of.square(x), IN_ROWS),
    "channels as many as tokens": (lambda of, x: of.square(x), IN_ROWS, 16),
    "attention": (attention, IN_ROWS),
    "attention over channels": (lambda of, x: (x @ (x.mT @ x)).softmax(-1), IN_ROWS),
    "torch's attention": (
        lambda of, x: functional.scaled_dot_product_attention(of.square(x), x, x),
        IN_ROWS,
    ),
    "a token before": (
        lambda of, x: torch.cat([of.extra.expand(1, 2, -1), x], 1),
        Tokens(4, 4, 2),
    ),
    "a mean behind": (
        lambda of, x: torch.cat([of.square(x), of.extra], 1),
        Tokens(4, 4, 0, 1),
    ),
    "rolled and back": (
        lambda of, x: of.square(x.roll(3, 1)).roll(-3, 1),
        IN_ROWS,
    ),
    "every second place": (
        lambda of, x: x.view(1, 4, 4, -1)[:, ::2, ::2].reshape(1, 4, -1),
        Tokens(2, 2),
    ),
    "windows pooled": (
        lambda of, x: windows(of, x).view(1, 4, 4, -1).max(dim=2).values,
        Tokens(2, 2),
    ),
    "an unknown call beside": (lambda of, x: x + x.cumsum(1), IN_ROWS),
}
UNKNOWN = {
    "an unknown call": lambda of, x: x.cumsum(1),
    "mixed by weights": lambda of, x: of.extra.expand(1, 16, -1) * x.mean(1, keepdim=True),
    "sorted": lambda of, x: x.sort(1).values,
    "a product with a matrix": lambda of, x: torch.eye(16).flip(0) @ x,
    "by sums": lambda of, x: torch.einsum("nij->nij", x),
    "lost ones before": lambda of, x: torch.cat([x.cumsum(1), x], 1),
    "two orders joined": lambda of, x: windows(of, x) + x,
    "twice": lambda of, x: torch.cat([x, x], 1),
    "a corner": lambda of, x: x.view(1, 4, 4, -1)[:, :2, :2].reshape(1, 4, -1),
    "rows pooled": lambda of, x: x.view(1, 4, 4, -1).mean(2),
    "channels and places exchanged": lambda of, x: x.reshape(1, 6, 16).mT,
}


@pytest.mark.parametrize("name", KNOWN)
def test_places_are_known_after_calls_that_keep_or_move_them(name: str) -> None:
    move, expected, *width = KNOWN[name]
    assert lie(move, **({"width": width[0]} if width else {})) == expected


@pytest.mark.parametrize("name", UNKNOWN)
def test_nothing_is_known_of_places_that_were_mixed_or_moved_out_of_sight(name: str) -> None:
    assert lie(UNKNOWN[name]) is None


@pytest.mark.parametrize("move", [windows, lambda of, x: x.flip(1), lambda of, x: x.roll(1, 1)])
def test_tokens_in_another_order_are_refused(move: Callable[..., Tensor]) -> None:
    network = Network(seeded(Moved, move), "layer")
    with pytest.raises(ExplainerError, match="16 tokens do not follow the rows of its 4×4 patches"):
        explain(network, noise(1, 3, 32, 32), [1])
