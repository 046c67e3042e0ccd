"""A small vision transformer that learns, in seconds, a task whose evidence is known.

Each picture shows two of four coloured marks at random places, and grey ones that mean nothing.
The network says of each colour whether it is there, so that what an explanation of a colour ought
to point at is known to the pixel: its mark, and not the other colour's.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import VisionTransformer

from explainer import Network, Preprocess

COLOURS = {"red": (1, 0, 0), "green": (0, 1, 0), "blue": (0, 0, 1), "yellow": (1, 1, 0)}
GREYS = 2
SIDE, PATCH, MARK = 32, 4, 6
STEPS, BATCH = 300, 32


@dataclass(frozen=True)
class Scenes:
    """`images`: N×3×32×32, values 0 to 1. `there`: N×2, the two colours of each by number.
    `marks`: N×2×32×32, where these are."""

    images: Tensor
    there: Tensor
    marks: Tensor

    def answers(self) -> Tensor:
        """N×4: 1 for each colour that is there."""
        return functional.one_hot(self.there, len(COLOURS)).sum(1).float()


def scenes(count: int, seed: int) -> Scenes:
    """So many pictures, drawn from the seed."""
    drawn = torch.Generator().manual_seed(seed)
    images = 0.5 + 0.1 * torch.randn(count, 3, SIDE, SIDE, generator=drawn)
    there = torch.rand(count, len(COLOURS), generator=drawn).argsort(1)[:, :2]
    tints = torch.tensor([*COLOURS.values()], dtype=torch.float32)
    marks = torch.zeros(count, 2, SIDE, SIDE, dtype=torch.bool)
    for n in range(count):
        cells = torch.randperm(16, generator=drawn)[: 2 + GREYS].tolist()
        shifts = torch.randint(SIDE // 4 - MARK + 1, (2 + GREYS, 2), generator=drawn).tolist()
        for number, (cell, (down, right)) in enumerate(zip(cells, shifts, strict=True)):
            top, left = cell // 4 * (SIDE // 4) + down, cell % 4 * (SIDE // 4) + right
            rows, columns = slice(top, top + MARK), slice(left, left + MARK)
            if number < 2:
                marks[n, number, rows, columns] = True
                images[n, :, rows, columns] = tints[there[n, number]][:, None, None]
            else:
                images[n, :, rows, columns] = float(number % 2)
    return Scenes(images.clamp(0, 1), there, marks)


def small_transformer(seed: int = 0) -> nn.Module:
    """Three blocks of four heads over 8×8 patches and a class token, trained until sure."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        module: nn.Module = VisionTransformer(SIDE, PATCH, 3, 4, 32, 64, num_classes=len(COLOURS))
        optimiser = torch.optim.Adam(module.parameters())
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 6e-3, total_steps=STEPS)
        seen = scenes(STEPS * BATCH, seed + 1)
        pairs = (torch.split(whole, BATCH) for whole in (seen.images, seen.answers()))
        for images, answers in zip(*pairs, strict=True):
            optimiser.zero_grad()
            loss = functional.binary_cross_entropy_with_logits(module(images), answers)
            torch.autograd.backward(loss)
            optimiser.step()
            schedule.step()
    module.eval()
    return module


def small_network(seed: int = 0) -> Network:
    """The same as a network to be explained."""
    as_it_is = Preprocess(size=SIDE, resize=SIDE, mean=(0, 0, 0), std=(1, 1, 1))
    return Network(
        small_transformer(seed),
        labels=[*COLOURS],
        preprocess=as_it_is,
        probabilities="sigmoid",
        name="small transformer",
    )
