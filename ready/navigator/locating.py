"""Training a localiser, and measuring it.

The subgraph is centred on any edge whose subgraph holds the right one, not on the right one itself:
otherwise the middle of the subgraph would tell it without a look at the frames.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from ready.navigator.drives import Drives
from ready.navigator.frames import brightness, heights
from ready.navigator.localiser import Localiser, Part, part
from ready.navigator.routes import Ints

BATCH, RATE = 64, 2e-3


def displaced(drives: Drives, frames: Ints, chance: np.random.Generator) -> Ints:
    """For each frame an edge to centre its subgraph on."""
    centres = (
        drives.routes[drives.route[one]].building.map.centres[drives.edges[one]] for one in frames
    )
    return np.array([some[chance.integers(len(some))] for some in centres])


def centred_on(drives: Drives, frames: Ints, centres: Ints) -> Part:
    maps = (drives.routes[drives.route[one]].building.map for one in frames)
    return part([(whole, int(centre)) for whole, centre in zip(maps, centres, strict=True)])


def train(localiser: Localiser, drives: Drives, steps: int, seed: int) -> None:
    """In place; it is in evaluation mode afterwards."""
    chance = np.random.default_rng(seed)
    optimiser = torch.optim.AdamW(localiser.parameters(), RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    name = "Blind localiser" if localiser.blind else "Localiser"
    bar = tqdm(range(steps), name, unit="step", disable=None)
    localiser.train()
    for _ in bar:
        frames = chance.integers(len(drives.edges), size=BATCH)
        loss = loss_of(localiser, drives, frames, chance)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(localiser.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        bar.set_postfix(loss=f"{loss.item():.2f}", refresh=False)
    localiser.eval()


def loss_of(
    localiser: Localiser, drives: Drives, frames: Ints, chance: np.random.Generator
) -> Tensor:
    """Cross-entropy over the edges of each subgraph."""
    graph = centred_on(drives, frames, displaced(drives, frames, chance))
    seen = heights(brightness(drives.window(frames)))
    scores = localiser(seen, graph).split([len(one) for one in graph.edges])
    told = nn.utils.rnn.pad_sequence(list(scores), batch_first=True, padding_value=-1e9)
    right = [own.index(drives.edges[one]) for own, one in zip(graph.edges, frames, strict=True)]
    return nn.functional.cross_entropy(told, torch.tensor(right))


@dataclass(frozen=True)
class Located:
    """For each asked frame whether its edge, and its behaviour, was found; whether the behaviour of
    the edge in the subgraph's middle, and the most frequent one, would have been right."""

    edge: Sequence[bool]
    behaviour: Sequence[bool]
    middle: Sequence[bool]
    majority: Sequence[bool]
    buildings: Sequence[str]


def locate(localiser: Localiser, drives: Drives, frames: Ints, seed: int) -> Located:
    """With displaced subgraphs, the same ones for any localiser."""
    centres = displaced(drives, frames, np.random.default_rng(seed))
    found: list[int] = []
    for some in np.array_split(np.arange(len(frames)), max(1, len(frames) // 256)):
        maps = [drives.routes[drives.route[one]].building.map for one in frames[some]]
        pairs = [(whole, int(centres[n])) for whole, n in zip(maps, some, strict=True)]
        found += localiser.locate(drives.window(frames[some]), pairs)
    maps = [drives.routes[drives.route[one]].building.map for one in frames]
    right = drives.behaviours()[frames]
    usual = np.bincount(drives.behaviours()).argmax()
    said, middle = (
        np.array([whole.edges[edge].behaviour for whole, edge in zip(maps, edges, strict=True)])
        for edges in (found, centres)
    )
    return Located(
        list(np.array(found) == drives.edges[frames]),
        list(said == right),
        list(middle == right),
        list(usual == right),
        [drives.routes[drives.route[one]].building.name for one in frames],
    )
