"""Training the behaviours: each to turn as the teacher turned, or would have, on its edges."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from ready.navigator.behaviours import RECURRENT, Steering, no_memory, rates_of
from ready.navigator.drives import Drives, Turns
from ready.navigator.frames import Levels, brightness, heights
from ready.navigator.maps import BEHAVIOURS
from ready.navigator.rays import Floats
from ready.navigator.routes import Ints, Route, shares

RATE = 3e-3
FRAMES = 192  # of a batch without memory
RUNS, LONGEST = 16, 48  # of a batch with memory: runs on an edge, and frames of each
EARLY = 6  # steps by which a localiser may say too soon that an edge is entered


def train(steering: Steering, drives: Drives, steps: int, seed: int) -> None:
    """In place, behaviour by behaviour; it is in evaluation mode afterwards."""
    own = drives.behaviours()
    chance = np.random.default_rng(seed)
    steering.train()
    for one, name in enumerate(BEHAVIOURS):
        frames = np.flatnonzero(own == one)
        batches = runs if one in RECURRENT else singles
        told = batches(drives, frames, chance)
        parameters = [*steering.eyes[one].parameters(), *steering.heads[one].parameters()]
        optimiser = torch.optim.AdamW(parameters, RATE, weight_decay=0.01)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
        bar = tqdm(range(steps), name.capitalize(), unit="step", disable=None)
        for _ in bar:
            loss = loss_of(steering, one, drives, next(told))
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(parameters, 1.0)
            optimiser.step()
            schedule.step()
            bar.set_postfix(loss=f"{loss.item():.3f}", refresh=False)
    steering.eval()


def singles(drives: Drives, frames: Ints, chance: np.random.Generator) -> Iterator[Ints]:
    """FRAMES×1 frames that have nothing to do with each other, also from before the edge."""
    begun = np.unique(drives.entered[frames])
    before = begun[:, None] - np.arange(1, EARLY + 1)
    those = np.union1d(frames, before[before >= drives.began[begun][:, None]])
    while True:
        yield those[chance.integers(len(those), size=FRAMES)][:, None]


def runs(drives: Drives, frames: Ints, chance: np.random.Generator) -> Iterator[Ints]:
    """RUNS×LONGEST frames from where an edge was entered, or up to EARLY before; −1 after its last
    one, or at most LONGEST."""
    begun = np.unique(drives.entered[frames])
    while True:
        entered = begun[chance.integers(len(begun), size=RUNS)]
        first = entered - chance.integers(EARLY + 1, size=RUNS)
        told = np.maximum(first, drives.began[entered])[:, None] + np.arange(LONGEST)
        inside = np.minimum(told, len(drives.edges) - 1)
        own = (told < entered[:, None]) | (drives.entered[inside] == entered[:, None])
        yield np.where(own & (told == inside), told, -1)


def loss_of(steering: Steering, behaviour: int, drives: Drives, frames: Ints) -> Tensor:
    """Cross-entropy between the actions' probabilities and their shares in the teacher's turns."""
    told = frames >= 0
    own = frames[told]
    seen = heights(brightness(drives.levels[own]))
    wanted = torch.from_numpy(shares(drives.rates[own])).float()
    scores = steering.run(seen, behaviour, torch.from_numpy(told))
    return -(wanted * scores.log_softmax(1)).sum(1).mean()


def own_turns(steering: Steering, driven: Sequence[Route]) -> Turns:
    """A robot that steers itself, told by the teacher where on its plan it is."""
    edges = [one.building.map.edges for one in driven]
    memory, before = no_memory(len(driven)), np.full(len(driven), -1)

    @torch.no_grad()
    def turns(levels: Levels, on: Ints, robots: Ints) -> Floats:
        memory[torch.from_numpy(robots[on != before[robots]])] = 0
        before[robots] = on
        asks = torch.tensor([edges[n][e].behaviour for n, e in zip(robots, on, strict=True)])
        seen, rows = heights(brightness(levels)), torch.from_numpy(robots)
        scores, memory[rows] = steering.step(seen, asks, memory[rows])
        rates: Floats = rates_of(scores).double().numpy()
        return rates

    return turns


@torch.no_grad()
def said(steering: Steering, drives: Drives) -> tuple[Tensor, Tensor]:
    """F×3 scores for all frames as they came, and F×2·MEMORY what the memory held before each."""
    asks = torch.from_numpy(drives.behaviours())
    scores, before = torch.zeros(len(asks), 3), no_memory(len(asks))
    place = np.arange(len(asks)) - drives.entered
    for step in range(int(place.max()) + 1):
        now = torch.from_numpy(np.flatnonzero(place == step))
        seen = heights(brightness(drives.levels[now.numpy()]))
        scores[now], after = steering.step(seen, asks[now], before[now])
        on = torch.from_numpy(np.isin(now.numpy() + 1, np.flatnonzero(place == step + 1)))
        before[now[on] + 1] = after[on]
    return scores, before
