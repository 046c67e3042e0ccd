"""A small network that answers questions about a picture: convolutions, an LSTM, and their product.

Ours, after the baseline of easy-VQA (Zhou 2019): there the question is a bag of words, here an LSTM
reads it. Its last map is 16 × 16.
"""

import re
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from explainer import Network, Preprocess, load_weights

from .pictures import ANSWERS, SIDE

WORDS = (
    "a", "black", "blue", "brown", "circle", "color", "contain", "does", "gray", "green", "image",
    "in", "is", "no", "not", "of", "present", "rectangle", "red", "shape", "teal", "the", "there",
    "triangle", "what", "yellow",
)  # fmt: skip
LONGEST = 9  # words of a question
CHANNELS = (16, 32, 64)
WIDTH = 64  # of what is known of a question
MIDDLE = 0.5  # grey, which becomes 0; black and white become −1 and 1


class Answerer(nn.Module):
    """`normalised`: whether maps are normalised over the batch that is trained on."""

    def __init__(self, *, normalised: bool = True) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 3
        for place, channels in enumerate(CHANNELS):
            stride = 1 if place else 2
            layers.append(nn.Conv2d(before, channels, 3, stride, 1, bias=not normalised))
            if normalised:
                layers.append(nn.BatchNorm2d(channels))
            layers.append(nn.ReLU())
            if place == 1:
                layers.append(nn.MaxPool2d(2))
            before = channels
        self.see = nn.Sequential(*layers)
        self.words = nn.Embedding(len(WORDS) + 1, 16)
        self.read = nn.LSTM(16, WIDTH, batch_first=True)
        self.meet = nn.Linear(CHANNELS[-1], WIDTH)
        self.think = nn.Linear(WIDTH, WIDTH)
        self.answer = nn.Linear(WIDTH, len(ANSWERS))

    def forward(self, images: Tensor, questions: Tensor) -> Tensor:
        """N×3×SIDE×SIDE, and N×LONGEST numbers of words; N×answers."""
        return self.judge(self.see(images).mean((2, 3)), questions)

    def judge(self, seen: Tensor, questions: Tensor) -> Tensor:
        _, (asked, _) = self.read(self.words(questions))
        met = torch.tanh(self.meet(seen)) * torch.tanh(asked[0])
        scores: Tensor = self.answer(torch.relu(self.think(met)))
        return scores


def spelt(question: str) -> list[int]:
    """The numbers of a question's words; at the end, so that the LSTM ends with them."""
    words = re.findall(r"\w+", question.lower())
    if unknown := sorted({word for word in words if word not in WORDS}):
        raise ValueError(f"the network knows no word {unknown[0]}; it knows {', '.join(WORDS)}")
    if not 0 < len(words) <= LONGEST:
        raise ValueError(f"the question has {len(words)} words; the network reads 1 to {LONGEST}")
    return [0] * (LONGEST - len(words)) + [1 + WORDS.index(word) for word in words]


def ask(module: nn.Module, images: Tensor, context: Sequence[Any]) -> Any:
    questions = torch.tensor([spelt(question) for question in context], device=images.device)
    return module(images, questions)


def network_of(module: Answerer) -> Network:
    half = (MIDDLE, MIDDLE, MIDDLE)
    preprocess = Preprocess(size=SIDE, resize=SIDE, mean=half, std=half)
    return Network(module.eval(), labels=ANSWERS, preprocess=preprocess, call=ask)


def network(weights: str, *, normalised: bool = True) -> Network:
    """The network of a study file: a file that `python -m ready make vqa` wrote."""
    module = Answerer(normalised=normalised)
    load_weights(module, weights)
    return network_of(module)
