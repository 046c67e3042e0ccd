"""A network that says which of two further photos its photo is like, right by construction."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from explainer import Network, Preprocess

FACTORY = "tests.explainer.small_pair:comparing"
SECOND = "tests.explainer.small_pair:looking_elsewhere"
ANSWERS = ("the first", "the second")
SIDE = 24


class Comparing(nn.Module):
    """One encoder for every photo of a case: maps of red, green and blue, compared by their means.

    A case is N×3×H×W photos with N×T×3×H×W further ones; the scores are N×T.
    """

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(3, 3, 1), nn.ReLU())
        with torch.no_grad():
            self.encoder[0].weight.copy_(torch.eye(3)[:, :, None, None])
            self.encoder[0].bias.zero_()

    def forward(self, images: Tensor, further: Tensor) -> Tensor:
        own = self.encoder(images).mean((2, 3))
        others = [self.encoder(photos).mean((2, 3)) for photos in further.unbind(1)]
        return torch.stack([(own * other).sum(1) * 20 for other in others], 1)


def compare(module: nn.Module, images: Tensor, context: Sequence[Any]) -> Any:
    return module(images, torch.stack([one["photos"] for one in context]).to(images))


def comparing() -> Network:
    preprocess = Preprocess(size=SIDE, resize=SIDE, mean=(0, 0, 0), std=(1, 1, 1))
    return Network(
        Comparing(), layer="encoder:0", labels=ANSWERS, preprocess=preprocess, call=compare
    )


def looking_elsewhere() -> Network:
    """The same, explained by its maps of the second photo."""
    return comparing().at("encoder:1")
