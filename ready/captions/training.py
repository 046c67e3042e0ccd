"""The decoder learns captions from maps that the frozen trunk made once."""

from collections.abc import Iterable, Sequence

import torch
from PIL.Image import Image
from torch import Tensor, nn
from tqdm import tqdm

from explainer import Network
from ready.captions.network import CHANNELS, MOST_WORDS, PARTS, Captioner, numbered
from ready.captions.words import END, VOCABULARY, caption_of, sides_of

BATCH = 64
RATE, DECAY, SMOOTHING = 3e-3, 0.3, 0.1
IGNORED = -100


@torch.inference_mode()
def seen(network: Network, photos: Iterable[Image], count: int) -> Tensor:
    """What the decoder reads of so many photos: the means of the halves of each map, N×1280×1×2."""
    assert isinstance(network.module, Captioner)
    found = torch.empty((count, CHANNELS, *PARTS))
    for number, photo in enumerate(photos):
        maps: Tensor = network.module.trunk.extract_features(network.prepare([photo]))  # type: ignore[operator]
        found[number] = network.module.decoder.pool(maps)[0]
    return found


def wanted(captions: Sequence[Sequence[str]]) -> tuple[Tensor, Tensor]:
    """N×MOST_WORDS words as they are read, and N×(MOST_WORDS + 1) as they are to be said."""
    words, lengths = numbered([" ".join(one) for one in captions])
    said = torch.cat([words, torch.full((len(words), 1), IGNORED)], 1)
    places = torch.arange(said.shape[1])
    said[places > lengths[:, None]] = IGNORED
    said[torch.arange(len(said)), lengths] = VOCABULARY.index(END)
    return words, said


def recombined(
    maps: Tensor, captions: Sequence[Sequence[str]], count: int, chance: torch.Generator
) -> tuple[Tensor, list[list[str]]]:
    """So many photos that nobody composed: the left half of one, and the right half of another with
    the same background word and another noun."""
    sides = [sides_of(words) for words in captions]
    lefts = torch.randint(len(sides), (count,), generator=chance).tolist()
    rights = []
    for own in lefts:
        left, _, ground = sides[own]
        fitting = [n for n, one in enumerate(sides) if one[1] != left and one[2] == ground]
        rights.append(fitting[int(torch.randint(len(fitting), (), generator=chance))])
    mixed = torch.cat([maps[lefts][..., :1], maps[rights][..., 1:]], 3)
    words = [
        caption_of(sides[left][0], sides[right][1], sides[left][2])
        for left, right in zip(lefts, rights, strict=True)
    ]
    return mixed, words


def train(network: Network, maps: Tensor, captions: Sequence[Sequence[str]], steps: int) -> None:
    """Train the decoder in place, for so many steps; it is in evaluation mode afterwards."""
    assert isinstance(network.module, Captioner)
    decoder = network.module.decoder.train()
    chance = torch.Generator().manual_seed(0)
    optimiser = torch.optim.AdamW(decoder.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    loss_of = nn.CrossEntropyLoss(ignore_index=IGNORED, label_smoothing=SMOOTHING)
    bar = tqdm(range(steps), f"Training, {steps} steps", unit="step", disable=None)
    for _ in bar:
        taken, told = recombined(maps, captions, BATCH, chance)
        words, said = wanted(told)
        scores = decoder(taken, words)
        loss = loss_of(scores.flatten(0, 1), said.flatten())
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(decoder.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        bar.set_postfix(loss=f"{loss.item():.2f}")
    decoder.eval()


@torch.inference_mode()
def said_of(network: Network, maps: Tensor) -> list[list[str]]:
    """The caption of each map: the surest next word, again and again."""
    assert isinstance(network.module, Captioner)
    words = torch.zeros((len(maps), 0), dtype=torch.long)
    for _ in range(MOST_WORDS):
        following = network.module.decoder(maps, words)[:, -1].argmax(1)
        words = torch.cat([words, following[:, None]], 1)
    rows = [[VOCABULARY[number] for number in row] for row in words.tolist()]
    return [row[: row.index(END)] if END in row else row for row in rows]
