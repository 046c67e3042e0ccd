"""A network that answers questions about photos, whose answers are right by construction."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from explainer import Network, Preprocess

FACTORY = "tests.explainer.small_vqa:answering"
COLOUR, BRIGHTNESS = "What colour is it?", "Is it bright?"
QUESTIONS = (COLOUR, BRIGHTNESS)
ANSWERS = ("red", "green", "blue", "yes", "no")
SIDE = 24
NEVER = -9.0


class Answering(nn.Module):
    """Maps of red, green, blue and darkness, and a reading of their means for each question."""

    def __init__(self) -> None:
        super().__init__()
        self.maps = nn.Conv2d(3, 4, 1)
        self.weights = nn.Parameter(torch.zeros(len(QUESTIONS), len(ANSWERS), 4))
        self.biases = nn.Parameter(torch.zeros(len(QUESTIONS), len(ANSWERS)))
        colours, third = torch.eye(4)[:3], torch.tensor([4.0, 4.0, 4.0, 0.0])
        with torch.no_grad():
            kernels = torch.cat([torch.eye(3), torch.full((1, 3), -1 / 3)])
            self.maps.weight.copy_(kernels[:, :, None, None])
            self.maps.bias.copy_(torch.tensor([0.0, 0.0, 0.0, 1.0]))
            self.weights[0, :3], self.weights[1, 3] = 12 * colours, third
            self.weights[1, 4, 3] = 12.0
            self.biases[0, 3:], self.biases[1, :3] = NEVER, NEVER

    def forward(self, images: Tensor, questions: Tensor) -> Tensor:
        seen = torch.relu(self.maps(images)).mean((2, 3))
        return (self.weights[questions] @ seen[:, :, None])[:, :, 0] + self.biases[questions]


def ask(module: nn.Module, images: Tensor, context: Sequence[Any]) -> Any:
    """A question is a text, or stands under `question`."""
    texts = [one["question"] if isinstance(one, dict) else one for one in context]
    return module(images, torch.tensor([QUESTIONS.index(text) for text in texts]))


def answering() -> Network:
    preprocess = Preprocess(size=SIDE, resize=SIDE, mean=(0, 0, 0), std=(1, 1, 1))
    return Network(Answering(), labels=ANSWERS, preprocess=preprocess, call=ask)
