"""The policy: a small convolutional network from a frame to the next action."""

import torch
from torch import Tensor, nn

from explainer import Network, Preprocess

from .frames import PIXELS, SHRUNK
from .mazes import ACTIONS, SIDE

WIDTH = 32
MEAN, DEVIATION = (0.25, 0.25, 0.2), (0.3, 0.3, 0.3)


def seeing(first: int, size: int, stride: int, padding: int) -> nn.Sequential:
    convolution = nn.Conv2d(first, WIDTH, size, stride, padding, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(WIDTH), nn.ReLU())


class Policy(nn.Module):
    """Its maps have a place for each cell of the maze."""

    def __init__(self) -> None:
        super().__init__()
        self.shrink = nn.AvgPool2d(SHRUNK)
        self.look = seeing(3, 8, 8, 0)
        self.relate = nn.Sequential(*(seeing(WIDTH, 3, 1, 1) for _ in range(2)))
        self.decide = nn.Sequential(
            nn.Flatten(),
            nn.Linear(WIDTH * SIDE * SIDE, 128),
            nn.ReLU(),
            nn.Linear(128, len(ACTIONS)),
        )

    def forward(self, images: Tensor) -> Tensor:
        return self.of_shrunk(self.shrink(images))

    def of_shrunk(self, images: Tensor) -> Tensor:
        """N×3×56×56 to N×actions."""
        scores: Tensor = self.decide(self.relate(self.look(images)))
        return scores


def network_of(module: nn.Module, name: str = "policy") -> Network:
    """The module with what is known of it: frames of PIXELS×PIXELS, and the actions' names."""
    steps = Preprocess(size=PIXELS, resize=PIXELS, mean=MEAN, std=DEVIATION)
    return Network(module.eval(), "relate", labels=ACTIONS, preprocess=steps, name=name)


def normalised(images: Tensor) -> Tensor:
    """N×3×… of 0 to 1 as the network's preprocessing hands them to it."""
    mean, deviation = (torch.tensor(values).view(3, 1, 1) for values in (MEAN, DEVIATION))
    return (images - mean) / deviation
