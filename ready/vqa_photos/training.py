"""The head learns from halves of photos, which are put together anew at every step."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from tqdm import tqdm

from .answerer import spelt
from .questions import ANSWERS, Question, asked

PHOTOS = 32  # of a step, with a question of each kind
BATCH = 160
PLACES = 7  # along each side of what controls know of where things are, or maps are hot
Step = Callable[[int, float], None]


@dataclass(frozen=True, eq=False)
class Rows:
    """What is known of each question's photo, N×…, the numbers of its words, and of its answer."""

    seen: Tensor
    questions: Tensor
    answers: Tensor


def covered(masks: Sequence[NDArray[np.bool_]]) -> Tensor:
    """PLACES²: how much of each part of a photo its things cover, whichever they are."""
    anything = torch.from_numpy(np.any(masks, axis=0)).float()
    return nn.functional.adaptive_avg_pool2d(anything[None], PLACES).flatten()


def nothing(count: int) -> Tensor:
    """What is known of so many photos that nobody sees."""
    return torch.ones(count, 1)


def rows_of(seen: Tensor, questions: Sequence[Question]) -> Rows:
    return Rows(
        seen,
        torch.tensor([spelt(one.text) for one in questions]),
        torch.tensor([ANSWERS.index(one.answer) for one in questions]),
    )


def joined(halves: Tensor, nouns: Sequence[str], seed: str) -> Iterator[Rows]:
    """For ever, rows of photos that never were: any half (of N×C×H×W) beside any other of another
    noun, as the halves of one map. A half may stand on either side: where in it something is
    doesn't matter to what reads its mean."""
    chance = random.Random(seed)
    by_noun = {
        noun: [n for n, one in enumerate(nouns) if one == noun] for noun in sorted(set(nouns))
    }
    while True:
        taken, questions = [], list[Question]()
        for _ in range(PHOTOS):
            pair = chance.sample(list(by_noun), 2)
            questions += asked(pair, chance)
            taken.append([chance.choice(by_noun[noun]) for noun in pair])
        left, right = torch.tensor(taken).unbind(1)
        yield rows_of(torch.cat([halves[left], halves[right]], 3).float(), questions)


def drawn_from(rows: Rows, seed: int) -> Iterator[Rows]:
    """For ever, some of the rows."""
    chance = torch.Generator().manual_seed(seed)
    while True:
        taken = torch.randint(len(rows.answers), (BATCH,), generator=chance)
        yield Rows(rows.seen[taken], rows.questions[taken], rows.answers[taken])


def teach(
    module: nn.Module,
    batches: Iterator[Rows],
    steps: int,
    told: str,
    *,
    rate: float = 3e-3,
    after: Step = lambda step, loss: None,
) -> None:
    """Train in place for so many steps; `after` is called after each, in evaluation mode."""
    optimiser = torch.optim.AdamW(module.parameters(), rate, weight_decay=0.05)
    rates = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps)
    for step in tqdm(range(1, steps + 1), told, unit="step", disable=None):
        module.train()
        rows = next(batches)
        loss = nn.CrossEntropyLoss()(module(rows.seen, rows.questions), rows.answers)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(module.parameters(), 1.0)
        optimiser.step()
        rates.step()
        module.eval()
        after(step, loss.item())


@torch.no_grad()
def said_by(module: nn.Module, rows: Rows) -> Tensor:
    """The number of the answer to each row."""
    told: Tensor = module(rows.seen, rows.questions).argmax(1)
    return told
