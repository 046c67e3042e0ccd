"""Functions as a researcher would write them: one good, and one for each way to be wrong."""

from pathlib import Path

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


def raising() -> Network:
    raise RuntimeError("the disk is on fire")


def bare() -> nn.Module:
    return module(1)


def drawn() -> Network:
    return Network(
        nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten()), labels=LABELS[:4]
    )


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
