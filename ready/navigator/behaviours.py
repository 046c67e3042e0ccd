"""Five small networks, one for each behaviour, that say how to turn at the next step.

Finding a door and following a corridor need no memory; turns and going straight on have one (LSTM).
All are cloned from the teacher. Together they are one module: what each case asks for, and what its
memory held before, stand in its context.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ready.navigator.frames import brightness_of, heights
from ready.navigator.maps import BEHAVIOURS, LEFT, RIGHT, STRAIGHT
from ready.navigator.rays import COLUMNS
from ready.navigator.routes import ACTIONS, TURN

CHANNELS, FEATURE, MEMORY = 32, 64, 16
RECURRENT = (LEFT, RIGHT, STRAIGHT)


class Eye(nn.Sequential):
    """N×2×1×COLUMNS, heights and where each column lies, to N×CHANNELS×1×COLUMNS/2, before the last
    rectifier."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(2, 16, (1, 5), 1, (0, 2)),
            nn.ReLU(),
            nn.Conv2d(16, CHANNELS, (1, 5), (1, 2), (0, 2)),
            nn.ReLU(),
            nn.Conv2d(CHANNELS, CHANNELS, (1, 3), 1, (0, 1)),
        )


class Head(nn.Module):
    """N×CHANNELS×1×COLUMNS/2 to scores of ACTIONS, with or without a memory of N×2·MEMORY. Each
    column has weights of its own: a mean over columns would forget on which side a way opens."""

    def __init__(self, recurrent: bool) -> None:
        super().__init__()
        self.whole = nn.Sequential(
            nn.Flatten(), nn.Linear(CHANNELS * COLUMNS // 2, FEATURE), nn.ReLU()
        )
        self.memory = nn.LSTMCell(FEATURE, MEMORY) if recurrent else None
        count = FEATURE + MEMORY if recurrent else FEATURE
        self.score = nn.Sequential(nn.Linear(count, 32), nn.ReLU(), nn.Linear(32, len(ACTIONS)))

    def forward(self, maps: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        return self.remembered(self.whole(maps), before)

    def remembered(self, features: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        """From N×FEATURE."""
        if self.memory is None:
            return self.score(features), before
        state, cell = self.memory(features, tuple(before.chunk(2, 1)))
        return self.score(torch.cat([features, state], 1)), torch.cat([state, cell], 1)


class Steering(nn.Module):
    """Scores of ACTIONS, and what the memory holds afterwards. `seen` is the last map, the one that
    explanations are about."""

    def __init__(self) -> None:
        super().__init__()
        self.eyes = nn.ModuleList([Eye() for _ in BEHAVIOURS])
        self.seen = nn.ReLU()
        self.heads = nn.ModuleList([Head(one in RECURRENT) for one in range(len(BEHAVIOURS))])
        self.columns: Tensor
        self.register_buffer("columns", torch.linspace(-1, 1, COLUMNS), persistent=False)

    def forward(self, images: Tensor, behaviours: Tensor, before: Tensor) -> Tensor:
        """`images`: N×3×SIDE×SIDE, 0 to 1; `before`: N×2·MEMORY, zeros where a behaviour begins."""
        return self.step(heights(brightness_of(images)), behaviours, before)[0]

    def step(self, seen: Tensor, behaviours: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        """`seen`: N×COLUMNS heights."""
        wanted = sorted(set(behaviours.tolist()))
        rows = [(behaviours == one).nonzero()[:, 0] for one in wanted]
        order = torch.cat(rows).argsort()
        maps = [
            self.eyes[one](self.laid_out(seen[own])) for one, own in zip(wanted, rows, strict=True)
        ]
        features = self.seen(torch.cat(maps)[order])
        told = [
            self.heads[one](features[own], before[own])
            for one, own in zip(wanted, rows, strict=True)
        ]
        scores, after = (torch.cat(some)[order] for some in zip(*told, strict=True))
        return scores, after

    def laid_out(self, seen: Tensor) -> Tensor:
        """N×2×1×COLUMNS: the heights, and where each column lies."""
        return torch.stack([seen, self.columns.expand_as(seen)], 1)[:, :, None]

    def run(self, seen: Tensor, behaviour: int, frames: Tensor) -> Tensor:
        """K×3 scores of N runs, each begun with an empty memory. `frames`: N×T, where a run has a
        frame, and K in all; `seen`: K×COLUMNS, one run after the other."""
        head = self.heads[behaviour]
        assert isinstance(head, Head)
        features = head.whole(self.seen(self.eyes[behaviour](self.laid_out(seen))))
        laid = features.new_zeros(*frames.shape, features.shape[1])
        laid[frames] = features
        memory, told = no_memory(len(frames)), []
        for step in range(int(frames.sum(1).max())):
            scores, memory = head.remembered(laid[:, step], memory)
            told.append(scores)
        return torch.stack(told, 1)[frames[:, : len(told)]]


def no_memory(count: int) -> Tensor:
    return torch.zeros(count, 2 * MEMORY)


def rates_of(scores: Tensor) -> Tensor:
    """N: how far to turn, the mean of what the actions' probabilities say."""
    shares = scores.softmax(1)
    return TURN * (shares[:, 2] - shares[:, 0])


def asked(context: Sequence[dict[str, object]]) -> tuple[Tensor, Tensor]:
    """Behaviours and memories of cases. Each entry is {"behaviour": …, "memory": …}, the memory
    left out where the behaviour begins."""
    names: list[int] = []
    memories: list[Sequence[float]] = []
    for one in context:
        behaviour, memory = one.get("behaviour"), one.get("memory") or [0.0] * (2 * MEMORY)
        if behaviour not in BEHAVIOURS:
            raise ValueError(f"no behaviour is {behaviour!r}; there are {', '.join(BEHAVIOURS)}")
        if not isinstance(memory, Sequence) or len(memory) != 2 * MEMORY:
            raise ValueError(f"a memory is a list of {2 * MEMORY} numbers; give one, or none")
        names.append(BEHAVIOURS.index(str(behaviour)))
        memories.append(memory)
    return torch.tensor(names), torch.tensor(memories, dtype=torch.float32)
