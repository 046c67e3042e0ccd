"""Where the networks look when they are asked about one of two things."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from explainer import Network, explain
from explainer.laboratory.metrics.base import importance
from ready.maps_and_masks import ANOTHER, AREA, RANDOM, UNLEARNT, energy, peaks
from ready.measures import Measured, beside

from .photographed import Masks, Photographed
from .questions import KINDS
from .training import PLACES

METHODS = {"grad_cam": "Grad-CAM", "guided_grad_cam": "guided Grad-CAM"}


@dataclass(frozen=True, eq=False)
class Looked:
    """`answers`: the number of each; `by_method`: questions × H × W of what explains it, without
    what speaks against it."""

    of: Photographed
    answers: Tensor
    by_method: Mapping[str, Tensor]

    def coarse(self) -> Tensor:
        """Questions × PLACES²: Grad-CAM's maps as values from 0 to 1."""
        small = functional.adaptive_avg_pool2d(self.by_method["grad_cam"], PLACES).flatten(1)
        return small / small.amax(1, keepdim=True).clamp(min=1e-12)

    def elsewhere(self, method: str) -> Tensor:
        """In place of each map that of the same kind of question about a photo of another pair."""
        by_photo = self.by_method[method].reshape(-1, len(KINDS), *self.of.masks.shape[2:])
        return by_photo[self.of.others()].reshape(self.by_method[method].shape)


def looked(network: Network, of: Photographed, methods: Sequence[str]) -> Looked:
    """Maps of what the network answers."""
    found: dict[str, list[Tensor]] = {name: [] for name in methods}
    answers = []
    for number, image in enumerate(tqdm(of.images, f"Maps of {network.name}", disable=None)):
        images = image.expand(len(KINDS), -1, -1, -1)
        asked = of.questions[number * len(KINDS) : (number + 1) * len(KINDS)]
        told = explain(network, images, None, methods, context=[one.text for one in asked])
        answers.append(told.outputs.argmax(1))
        for name in methods:
            maps = told[name] if told[name].dim() == 4 else told[name].clamp(min=0)
            found[name].append(importance(maps, images).cpu())
    by_method = {name: torch.cat(parts) for name, parts in found.items()}
    return Looked(of, torch.cat(answers), by_method)


def on(maps: Tensor, masks: Masks) -> dict[str, NDArray[Any]]:
    """By measure, what of each map lies on its mask."""
    return {"peak": peaks(maps, masks), "mass": energy(maps, masks)}


def map_rows(name: str, seen: Looked) -> Iterator[Measured]:
    """What of the maps lies on the thing that was asked about: all that has to hold is measured as
    differences, question by question."""
    rows, own, other = seen.of.about()
    groups = [seen.of.groups[row] for row in rows]
    for method, title in METHODS.items():
        maps = seen.by_method[method][rows]
        controls = {
            "what lies on the other thing": on(maps, other),
            ANOTHER: on(seen.elsewhere(method)[rows], own),
            UNLEARNT: on(seen.by_method[RANDOM][rows], own),
            AREA: dict.fromkeys(("peak", "mass"), own.mean((1, 2))),
        }
        for measure, values in on(maps, own).items():
            what = f"{name}: {title}'s {measure} on the thing asked about"
            others = {told: found[measure] for told, found in controls.items()}
            yield from beside(what, values, others, groups)
        # Nothing is demanded of one kind of question, which has few cases
        others = {told: found["peak"] for told, found in controls.items()}
        for kind in KINDS:
            asked = [n for n, row in enumerate(rows) if seen.of.questions[row].kind == kind]
            yield from beside(
                f"{name}: {title}'s peak on the thing ({kind})",
                peaks(maps, own)[asked],
                {told: found[asked] for told, found in others.items()},
                [groups[place] for place in asked],
                told=others,
            )
