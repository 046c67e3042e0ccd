"""Where the networks look when they are asked about one of two things."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from explainer import Network, explain
from explainer.laboratory.metrics.base import importance
from ready.measures import APART, Measured, difference, mean, share
from ready.outlines import RANDOM, Maps, energy, even, peaks

from .photographed import Masks, Photographed
from .questions import KINDS
from .training import PLACES

METHODS = {"grad_cam": "Grad-CAM", "guided_grad_cam": "guided Grad-CAM"}
Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Looked:
    """`answers`: the number of each; `by_method`: questions × H × W of what explains it, without
    what speaks against it."""

    of: Photographed
    answers: Tensor
    by_method: Mapping[str, Maps]

    def coarse(self) -> Tensor:
        """Questions × PLACES²: Grad-CAM's maps as values from 0 to 1."""
        small = functional.adaptive_avg_pool2d(
            torch.from_numpy(self.by_method["grad_cam"]), PLACES
        ).flatten(1)
        return small / small.amax(1, keepdim=True).clamp(min=1e-12)

    def elsewhere(self, method: str) -> Maps:
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
    by_method = {name: torch.cat(parts).numpy() for name, parts in found.items()}
    return Looked(of, torch.cat(answers), by_method)


def on(maps: Maps, masks: Masks) -> dict[str, Values]:
    """By measure, what of each map lies on its mask."""
    return {"peak": peaks(maps, masks).astype(float), "mass": energy(maps, masks)}


def map_rows(name: str, seen: Looked) -> Iterator[Measured]:
    """What of the maps lies on the thing that was asked about: all that has to hold is measured as
    differences, question by question."""
    rows, own, other = seen.of.about()
    groups = [seen.of.groups[row] for row in rows]
    for method, title in METHODS.items():
        maps = seen.by_method[method][rows]
        found = on(maps, own)
        less = {
            "what lies on the other thing": on(maps, other),
            "the map of another photo": on(seen.elsewhere(method)[rows], own),
            "random weights": on(seen.by_method[RANDOM][rows], own),
        }
        for measure, values in found.items():
            what = f"{name}: {title}'s {measure} on the thing asked about"
            area = {"the thing's area": mean(energy(even(maps), own), groups)}
            yield Measured(what, mean(values, groups), area)
            for told, control in less.items():
                yield Measured(
                    f"{what}, minus {told}",
                    difference(values, control[measure], groups),
                    APART,
                )
        yield from of_kinds(f"{name}: {title}", seen, rows, found["peak"], less)


def of_kinds(
    title: str,
    seen: Looked,
    rows: Sequence[int],
    met: Values,
    less: Mapping[str, Mapping[str, Values]],
) -> Iterator[Measured]:
    """Kind by kind, of which nothing is demanded: a kind of question has few cases."""
    for kind in KINDS:
        of_kind = [place for place, row in enumerate(rows) if seen.of.questions[row].kind == kind]
        groups = [seen.of.groups[rows[place]] for place in of_kind]
        what = f"{title}'s peak on the thing ({kind})"
        yield Measured(what, share((met[of_kind] > 0).tolist(), groups))
        for told, control in less.items():
            score = difference(met[of_kind], control["peak"][of_kind], groups)
            yield Measured(f"{what}, minus {told}", score)
