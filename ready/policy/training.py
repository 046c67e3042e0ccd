"""Cloning the shortest ways: a network learns the actions that begin one."""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from .frames import cells_of, shrunk, stacked
from .mazes import ACTIONS, Maze, State, Ways, starts, ways
from .network import Policy, normalised

SEED = 20261129
BATCH = 96
RATE = 3e-3
Choose = Callable[[Tensor], Tensor]  # N×SIDE×SIDE numbers of tiles to N actions


@dataclass(frozen=True)
class Lessons:
    """N×SIDE×SIDE numbers of tiles, and N×actions: which of them begin a shortest way."""

    grids: Tensor
    best: Tensor


def lessons(taught: Sequence[Maze], apart: int, along: int) -> Lessons:
    """Of each maze so many states of any kind, and all those of so many shortest ways."""
    grids, best = [], []
    for maze in tqdm(taught, "Shortest ways", unit="maze", disable=None):
        found = ways(maze)
        for state in states_of(found, apart, along):
            grids.append(cells_of(maze, state))
            best.append(best_row(found, state))
    return Lessons(stacked(grids), torch.from_numpy(np.stack(best)))


def states_of(found: Ways, apart: int, along: int) -> Iterable[State]:
    chance = random.Random(f"{SEED}/{found.maze.name}")
    there = sorted(state for state, steps in found.steps.items() if steps)
    yield from chance.sample(there, min(apart, len(there)))
    for number in range(along):
        start = chance.choice(starts(found.maze))
        yield from (state for state, _ in found.way(start, f"{SEED}/{found.maze.name}/{number}"))


def best_row(found: Ways, state: State) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    row = np.zeros(len(ACTIONS), dtype=np.bool_)
    row[list(found.best(state))] = True
    return row


def train(
    taught: Lessons, steps: int, keep: Mapping[int, str], what: str
) -> dict[str, dict[str, Tensor]]:
    """State dicts of one training, by the names of the steps after which they are kept.

    The loss is −log of the probability of all actions that begin a shortest way.
    """
    torch.manual_seed(SEED)
    module, chance = Policy().train(), torch.Generator().manual_seed(SEED)
    optimiser = torch.optim.AdamW(module.parameters(), RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    kept = {}
    bar = tqdm(range(1, steps + 1), what, unit="step", disable=None)
    for step in bar:
        taken = torch.randint(len(taught.grids), (BATCH,), generator=chance)
        scores = module.of_shrunk(normalised(shrunk(taught.grids[taken])))
        wrong = ~taught.best[taken]
        loss = -scores.log_softmax(1).masked_fill(wrong, -torch.inf).logsumexp(1).mean()
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        schedule.step()
        bar.set_postfix(loss=f"{loss.item():.2f}")
        if step in keep:
            state = module.state_dict()
            kept[keep[step]] = {name: value.clone() for name, value in state.items()}
    return kept


@torch.no_grad()
def chosen(module: Policy, grids: Tensor) -> Tensor:
    """N actions: those to which the policy gives the highest score."""
    batches = torch.split(grids, 512)
    return torch.cat([module.of_shrunk(normalised(shrunk(some))).argmax(1) for some in batches])
