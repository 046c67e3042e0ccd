"""A network that answers questions about a photo: an LSTM reads the question, and what it makes of
it is multiplied by what a frozen EfficientNet-Lite2 sees in each half of the photo."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from explainer import ExplainerError, Network, load_network, load_weights

from .questions import ANSWERS, NOUNS

WORDS = (
    "a",
    "an",
    "is",
    "left",
    "next",
    "on",
    "right",
    "the",
    "there",
    "to",
    "what",
    "where",
    *NOUNS,
)
LONGEST = 6  # words of a question
PIXELS = 320
CHANNELS = 1280
NARROW, WIDTH = 96, 128
HALVES = (1, 2)  # down and across
DROPPED = 0.5


class Reader(nn.Module):
    """What is known of a photo (N×features) and a question → a score of each answer."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.words = nn.Embedding(len(WORDS) + 1, 32)
        self.read = nn.LSTM(32, WIDTH, batch_first=True)
        self.meet = nn.Linear(features, WIDTH)
        self.think = nn.Linear(WIDTH, WIDTH)
        self.answer = nn.Linear(WIDTH, len(ANSWERS))

    def forward(self, seen: Tensor, questions: Tensor) -> Tensor:
        _, (asked, _) = self.read(self.words(questions))
        met = torch.tanh(self.meet(seen)) * torch.tanh(asked[0])
        scores: Tensor = self.answer(torch.relu(self.think(met)))
        return scores


class Head(nn.Module):
    """The trunk's last map and a question → a score of each answer."""

    def __init__(self) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(CHANNELS, NARROW, 1, bias=False)
        # Without it the training stays where it began
        self.norm = nn.BatchNorm2d(NARROW)
        self.rectify = nn.ReLU()
        self.pool = nn.AdaptiveAvgPool2d(HALVES)
        self.dropout = nn.Dropout(DROPPED)
        self.reader = Reader(NARROW * HALVES[0] * HALVES[1])

    def forward(self, maps: Tensor, questions: Tensor) -> Tensor:
        """`questions`: those about each map stand together, and of each there are as many."""
        seen = self.pool(self.rectify(self.norm(self.narrow(maps)))).flatten(1)
        seen = seen.repeat_interleave(len(questions) // len(maps), 0)
        scores: Tensor = self.reader(self.dropout(seen), questions)
        return scores


class Answerer(nn.Module):
    """`trunk` is EfficientNet-Lite2; its own classes are not asked for."""

    def __init__(self, trunk: nn.Module) -> None:
        super().__init__()
        self.head = Head()
        trunk._fc = nn.Identity()
        self.trunk = trunk

    def forward(self, images: Tensor, questions: Tensor) -> Tensor:
        scores: Tensor = self.head(self.trunk.extract_features(images), questions)  # type: ignore[operator]
        return scores


@cache
def spelt(question: str) -> tuple[int, ...]:
    """The numbers of a question's words; at the end, so that the LSTM ends with them.

    ExplainerError for what the network can't read.
    """
    words = re.findall(r"\w+", question.lower())
    if unknown := sorted({word for word in words if word not in WORDS}):
        raise ExplainerError(f"the network knows no word “{unknown[0]}”", f"use {', '.join(WORDS)}")
    if not 0 < len(words) <= LONGEST:
        told = f"the question “{question}” has {len(words)} words"
        raise ExplainerError(told, f"the network reads 1 to {LONGEST}")
    return (*[0] * (LONGEST - len(words)), *(1 + WORDS.index(word) for word in words))


def ask(module: nn.Module, images: Tensor, context: Sequence[Any]) -> Any:
    questions = torch.tensor([spelt(question) for question in context], device=images.device)
    return module(images, questions)


def network_of(trunk: Network) -> Network:
    """An answerer that has learnt nothing, on the map of `trunk`, EfficientNet-Lite2."""
    return Network(
        Answerer(trunk.module).eval(),
        "head.rectify",
        ANSWERS,
        trunk.preprocess,
        name="answerer",
        call=ask,
    )


@torch.no_grad()
def seen(found: Network, images: Tensor) -> Tensor:
    """What the head reads of images, N×3×H×W: the trunk's last maps, N×1280×h×w."""
    assert isinstance(found.module, Answerer)
    maps: Tensor = found.module.trunk.extract_features(images)  # type: ignore[operator]
    return maps


def network(weights: str) -> Network:
    """One of those that `python -m ready make vqa-photos` trains."""
    # Every one of its numbers is in the file, the frozen ones too
    trunk = load_network("efficientnet_lite2", weights="random", size=PIXELS, device="cpu")
    found = network_of(trunk)
    load_weights(found.module, weights)
    return found
