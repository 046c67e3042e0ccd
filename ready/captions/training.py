"""The decoder learns captions from maps that the frozen trunk made once."""

from collections.abc import Iterable, Sequence

import torch
from PIL.Image import Image
from torch import Tensor, nn
from tqdm import tqdm

from explainer import Network
from ready.captions.network import CHANNELS, MOST_WORDS, PARTS, Captioner, numbered
from ready.captions.words import END, VOCABULARY

BATCH = 32
RATE = 3e-3
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


def train(network: Network, maps: Tensor, captions: Sequence[Sequence[str]], steps: int) -> None:
    """Train the decoder in place, for so many steps; it is in evaluation mode afterwards."""
    assert isinstance(network.module, Captioner)
    decoder = network.module.decoder.train()
    chance, (words, said) = torch.Generator().manual_seed(0), wanted(captions)
    optimiser = torch.optim.AdamW(decoder.parameters(), lr=RATE, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    loss_of = nn.CrossEntropyLoss(ignore_index=IGNORED)
    bar = tqdm(range(steps), f"Training, {steps} steps", unit="step", disable=None)
    for _ in bar:
        taken = torch.randint(len(maps), (min(BATCH, len(maps)),), generator=chance)
        scores = decoder(maps[taken], words[taken])
        loss = loss_of(scores.flatten(0, 1), said[taken].flatten())
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
