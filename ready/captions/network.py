"""A captioner: an LSTM reads the last map of a frozen image network, and the words so far."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from explainer import ExplainerError, Network, load_network, load_weights
from ready.captions.words import VOCABULARY

PIXELS = 320
CELLS = 10  # along each side of the last map
CHANNELS = 1280
NARROW, WIDTH = 96, 256
PARTS = (1, 2)  # down and across: the map's halves, so that the decoder knows what is on the left
MOST_WORDS = 12
PADDING = len(VOCABULARY)
State = tuple[Tensor, Tensor]


class Decoder(nn.Module):
    """The last map and the words so far → a score for each word that may come next."""

    def __init__(self) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(CHANNELS, NARROW, 1)
        self.norm = nn.BatchNorm2d(NARROW)
        self.rectify = nn.ReLU()
        self.pool = nn.AdaptiveAvgPool2d(PARTS)
        self.dropout = nn.Dropout(0.5)
        self.see = nn.Linear(NARROW * PARTS[0] * PARTS[1], WIDTH)
        self.read = nn.Embedding(PADDING + 1, WIDTH)
        # Its weights alone: see `step`
        self.cell = nn.LSTMCell(WIDTH, WIDTH)
        self.say = nn.Linear(WIDTH, len(VOCABULARY))

    def step(self, given: Tensor, state: State | None) -> State:
        """What `cell` gives, in the open: an LSTM's gradients need training mode on a card, and a
        first memory of zeros, by which a gate is multiplied, looks like a rectifier's mask to
        guided backpropagation."""
        cell = self.cell
        gates = functional.linear(given, cell.weight_ih, cell.bias_ih) + cell.bias_hh
        if state is not None:
            gates = gates + functional.linear(state[0], cell.weight_hh)
        keep_new, keep_old, new, told = gates.chunk(4, 1)
        memory = keep_new.sigmoid() * new.tanh()
        if state is not None:
            memory = memory + keep_old.sigmoid() * state[1]
        return told.sigmoid() * memory.tanh(), memory

    def forward(self, maps: Tensor, words: Tensor) -> Tensor:
        """N×1280×10×10 maps, or the means of their halves, and N×T words → N×(T + 1)×vocabulary
        scores: before the first word, and after each."""
        seen = self.dropout(self.rectify(self.norm(self.narrow(self.pool(maps)))).flatten(1))
        photo = self.see(seen)
        steps = [photo, *(photo + word for word in self.read(words).unbind(1))]
        state: State | None = None
        found = []
        for step in steps:
            state = self.step(step, state)
            found.append(self.say(self.dropout(state[0])))
        return torch.stack(found, 1)


class Captioner(nn.Module):
    """`trunk` is EfficientNet-Lite2; its own classes are not asked for."""

    def __init__(self, trunk: nn.Module) -> None:
        super().__init__()
        self.decoder = Decoder()
        trunk._fc = nn.Identity()
        self.trunk = trunk

    def forward(self, images: Tensor, words: Tensor, lengths: Tensor) -> Tensor:
        """N×vocabulary scores of the word after the first `lengths` of each row of N×T words."""
        scores = self.decoder(self.trunk.extract_features(images), words)  # type: ignore[operator]
        last: Tensor = scores[torch.arange(len(scores), device=scores.device), lengths]
        return last


def numbered(texts: Sequence[str]) -> tuple[Tensor, Tensor]:
    """N×MOST_WORDS words as numbers, filled up, and how many there are in each text.

    ExplainerError for a word that the captioner doesn't know.
    """
    rows = [text.split() for text in texts]
    for row in rows:
        if len(row) > MOST_WORDS:
            raise ExplainerError(
                f"“{' '.join(row)}” has more than {MOST_WORDS} words", "shorten it"
            )
        for word in row:
            if word not in VOCABULARY:
                raise ExplainerError(f"the captioner doesn't know “{word}”", "remove that row")
    longest = [[VOCABULARY.index(word) for word in row] for row in rows]
    filled = [row + [PADDING] * (MOST_WORDS - len(row)) for row in longest]
    return torch.tensor(filled), torch.tensor([len(row) for row in rows])


def next_word(module: nn.Module, images: Tensor, context: Sequence[Any]) -> Any:
    """Each photo is asked with the words of its caption so far."""
    words, lengths = numbered([entry or "" for entry in context])
    return module(images, words.to(images.device), lengths.to(images.device))


def network_of(weights: str) -> Network:
    """A captioner that has learnt nothing, on the map of EfficientNet-Lite2, whose weights come
    with the package or are "random"."""
    trunk = load_network("efficientnet_lite2", weights=weights, size=PIXELS, device="cpu")
    return Network(
        Captioner(trunk.module).eval(),
        "trunk._bn1 > hardtanh",
        VOCABULARY,
        trunk.preprocess,
        name="captioner",
        call=next_word,
    )


def captioner(weights: str) -> Network:
    """One of those that `python -m ready make captions` trains."""
    # Every one of its numbers is in the file, the frozen ones too
    network = network_of("random")
    load_weights(network.module, weights)
    return network
