"""Which named units counted for an answer, in a sentence."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from explainer import Network
from explainer.laboratory.dissection import Dissection, Unit, Words, explain_in_words
from explainer.networks.redrawn import redrawn

LAYER = "features.9"
# The names of AlexNet's units, and of the same units with weights drawn anew
UNITS, REDRAWN = "units.json", "redrawn-units.json"
COUNT = 5  # units for, and as many against


@dataclass(frozen=True)
class Told:
    """What a text names: each concept once, the most important one first. What both sorts of units
    are named after is told among the first only."""

    most: tuple[str, ...]
    least: tuple[str, ...]


def read_units(folder: Path, file: str = UNITS) -> dict[int, Unit]:
    """By index those that have a name."""
    rows = json.loads((folder / file).read_text("utf-8"))["named"]
    return {index: Unit(index, name, iou) for index, name, iou in rows}


def anew(network: Network, seed: int) -> Network:
    """The same network with weights drawn anew."""
    module = redrawn(network.module, seed)
    return Network(module, None, network.labels, network.steps, name="redrawn")


def told(
    network: Network, images: Tensor, answers: Sequence[int], units: dict[int, Unit]
) -> list[Told]:
    """By Grad-CAM's importances of `network` for the answers; `units` have the names, by index."""
    dissection = Dissection(LAYER, (), torch.empty(0), units)
    found = []
    for start in range(0, len(images), 16):
        part = slice(start, start + 16)
        found += explain_in_words(
            network, images[part], list(answers[part]), dissection, count=COUNT
        )
    return [told_of(one) for one in found]


def told_of(words: Words) -> Told:
    most = tuple(dict.fromkeys(voice.unit.name for voice in words.positive))
    least = dict.fromkeys(voice.unit.name for voice in words.negative)
    return Told(most, tuple(name for name in least if name not in most))


def sentence(one: Told) -> str:
    most, least = (", ".join(names) or "nothing that has a name" for names in (one.most, one.least))
    return f"The robot looked for: {most}. Least of all for: {least}."


def others(groups: Sequence[str]) -> list[int]:
    """For each photo the place of the next one of another group."""
    count = len(groups)
    return [
        next(n for step in range(1, count) if groups[n := (own + step) % count] != groups[own])
        for own in range(count)
    ]
