"""Functions as a researcher would write them: one good, and one for each way to be wrong."""

import os
import random
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from explainer import Network, Preprocess

LABELS = ("cat", "dog", "fox")
not_a_function = 3


def module(seed: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)
        )


def small(weights: Path | None = None, width: int = 32, note: str = "") -> Network:
    made = module(1)
    if weights is not None:
        made.load_state_dict(torch.load(weights, weights_only=True))
    return Network(made, labels=LABELS, preprocess=Preprocess(size=width, resize=width))


def several() -> Network:
    return replace(small(), probabilities="sigmoid")


def raising() -> Network:
    raise RuntimeError("the disk\n\tis on fire.\n")


def bare() -> nn.Module:
    return module(1)


def drawn() -> Network:
    return Network(
        nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten()), labels=LABELS[:4]
    )


def drawn_by_numpy() -> Network:
    made = module(1)
    made[0].weight.data += float(np.random.rand())
    return Network(made)


def relabelled(turns: list[int] = [0]) -> Network:  # noqa: B006
    turns[0] += 1
    return Network(module(1), labels=LABELS if turns[0] % 2 else LABELS[::-1])


KEPT = module(1)
BACKBONE = module(1)[:2]


def kept() -> Network:
    return Network(KEPT)


def kept_in_part() -> Network:
    return Network(nn.Sequential(BACKBONE, nn.AdaptiveAvgPool2d(1), nn.Flatten()))


def asked_otherwise(turns: list[int] = [0]) -> Network:  # noqa: B006
    turns[0] += 1
    by = turns[0]

    def call(made: nn.Module, images: torch.Tensor, context: tuple[()]) -> torch.Tensor:
        return made(images) * by

    return Network(module(1), call=call)


def seeded(seed: int = 5) -> Network:
    return Network(module(seed))


def swallowing(layer: str = "", device: str = "") -> Network:
    return Network(module(1), layer or None, preprocess=Preprocess(size=32, resize=32))


def leaving() -> Network:
    sys.exit("no licence")


def without_end() -> Network:
    return without_end()


def at_the_keyboard() -> Network:
    raise KeyboardInterrupt


def promised() -> Iterator[Network]:
    yield small()


async def awaited() -> Network:
    return small()


def without_weights() -> Network:
    return Network(module(1).to("meta"))


def under_inference() -> Network:
    with torch.inference_mode():
        return small()


def in_training() -> Network:
    made = small()
    made.module.train()
    return made


def meddling() -> Network:
    """A network of its own, and everything changed beside it."""
    print("loading …")  # noqa: T201
    made = small()
    torch.set_default_dtype(torch.float64)
    torch.set_default_device("meta")
    torch.set_grad_enabled(False)
    torch.set_num_threads(torch.get_num_threads() + 1)
    torch.set_float32_matmul_precision("medium")
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.cudnn.benchmark = not torch.backends.cudnn.benchmark
    torch.set_autocast_enabled("cpu", True)
    torch.autograd.set_detect_anomaly(True)
    torch.manual_seed(3)
    random.seed(3)
    np.random.seed(3)
    os.chdir("/")
    sys.setrecursionlimit(5000)
    return made


def counting(answers: int = 21_000, named: int | None = None) -> Network:
    """A network with so many answers, of which so many have a name."""
    made = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, answers)
    )
    with torch.no_grad():
        for weights in made.parameters():
            weights.copy_(torch.sin(torch.arange(weights.numel()) * 0.7).reshape(weights.shape))
    labels = [f"answer {n}" for n in range(answers if named is None else named)]
    return Network(made, labels=labels, preprocess=Preprocess(size=32, resize=32))
