"""A small network that is asked a question with each image."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from explainer import Network, explain
from tests.explainer.small_networks import seeded

SETTINGS = {
    "occlusion": {"patch": 8, "stride": 4},
    "integrated_grad_cam": {"steps": 5},
    "integrated_gradients": {"steps": 5},
    "smooth_grad": {"samples": 5},
}
QUESTIONS = [0, 3, 1, 2, 3]
WORDS = 4


class Asker(nn.Module):
    """Answers a question, the number of a word, about what it sees."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 6, 3, padding=1)
        self.second = nn.Conv2d(6, 8, 3, stride=2, padding=1)
        self.words = nn.Embedding(WORDS, 8)
        self.answers = nn.Linear(8, 5)

    def forward(self, images: Tensor, words: Tensor) -> Tensor:
        seen = torch.relu(self.second(torch.relu(self.first(images))))
        asked = seen * self.words(words)[:, :, None, None]
        return self.answers(torch.relu(asked).mean((2, 3)))


def ask(module: nn.Module, images: Tensor, words: Sequence[int]) -> Any:
    return module(images, torch.tensor(words))


def network(call: Callable[..., Any] = ask, **options: Any) -> Network:
    return Network(seeded(Asker), "second", call=call, **options)


def maps_of(images: Tensor, method: str, questions: Sequence[int], **options: Any) -> Tensor:
    targets = [1, 4, 2, 0, 3][: len(images)]
    own = {method: SETTINGS[method]} if method in SETTINGS else {}
    if method == "gam":
        own = {"gam": {"layers": ["first", "second"]}}
    found = explain(
        network(), images, targets, [method], context=questions, settings=own, **options
    )
    return found[method]
