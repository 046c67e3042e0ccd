"""`python -m ready.replication`: what the Grad-CAM paper and its successors claim, measured here.

A conceptual replication on AlexNet's ImageNet convolutions with a new head, and on made photos
whose objects have exact masks (`python -m ready make paper-pair`): other networks, other photos,
the same comparisons. Each claim is a difference that is positive where the paper is right. Margins
were fixed before anything was measured: *same direction* where the whole 95 % interval lies above
the margin, *opposite* where it lies below minus the margin, else *undecided*.
"""

import argparse
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from explainer import Network, explain
from explainer.errors import ExplainerError
from explainer.laboratory.metrics import (
    deletion_auc,
    energy_in_box,
    insertion_auc,
    localization_iou,
    pointing_game,
)
from explainer.laboratory.metrics.base import Asked, importance, rank_correlation
from explainer.laboratory.metrics.localisation import Box, mask_box
from explainer.laboratory.metrics.occlusion import occlusion_drops
from explainer.pictures.resizing import size_of
from explainer.training.scores import Score
from ready.axioms import axiom_errors
from ready.catalogue import folder_of, make
from ready.errors import MakingError
from ready.maps_and_masks import Explained, explained, only
from ready.measures import difference
from ready.paper_pair import NETWORKS, WEAKER, load

BEFORE = ("grad_cam", "gradient", "guided_backprop", "guided_grad_cam")
AFTER = ("grad_cam", "integrated_grad_cam", "group_cam")
SETTINGS = {"integrated_grad_cam": {"steps": 20}}
MARGIN = 0.02  # of shares, areas under curves and correlations alike
PHOTOS = 20
# That two differ by: correlations, and errors, which have no end; all else are shares
MOST = {"occlusion": 2, "conservation": math.inf, "sensitivity": math.inf}
OVERLAP = 0.5  # from which a box counts as found
STEPS = 14  # of insertion and deletion
ATTACK = {"steps": 10, "step": 0.5, "most": 2.0}  # of 255 levels
BATCH = 8
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Claim:
    """What a paper says, the number that it gives, and what was found here."""

    paper: str
    says: str
    published: str
    found: Score

    @property
    def verdict(self) -> str:
        if self.found.low > MARGIN:
            return "same direction"
        return "opposite" if self.found.high < -MARGIN else "undecided"


@dataclass(frozen=True)
class Measurements:
    """By method, a number for each photo."""

    groups: list[str]
    found: Mapping[str, Mapping[str, Values]]

    def less(self, metric: str, one: str, other: str) -> Score:
        """Of the photos where both are defined, which an empty map may not be."""
        first, second = (self.found[metric][name] for name in (one, other))
        known: NDArray[np.bool_] = np.isfinite(first) & np.isfinite(second)
        groups = [group for group, keep in zip(self.groups, known.tolist(), strict=True) if keep]
        return difference(first[known], second[known], groups, most=MOST.get(metric, 1))


def in_turns(seen: Explained, count: int) -> Explained:
    """At most so many photos: one of every object first, then each object's second one."""
    met: dict[str, int] = {}
    turns = []
    for place, group in enumerate(seen.groups):
        met[group] = met.get(group, 0) + 1
        turns.append((met[group], place))
    chosen = {place for _, place in sorted(turns)[:count]}
    return only(seen, [place in chosen for place in range(len(turns))])


def measure_paper(network: Network, seen: Explained) -> Measurements:
    """Grad-CAM beside what was there before it: boxes, peaks, and what hiding a patch costs."""

    def values(part: slice, maps: Mapping[str, Tensor]) -> Iterator[tuple[str, str, Tensor]]:
        images, boxes = seen.images[part], _boxes(seen, part)
        asked = Asked(network, images, seen.targets[part])
        drops = occlusion_drops(asked, images.shape[2] // 8).flatten(1)
        for name, map in maps.items():
            overlap = localization_iou(map, boxes, size_of(images))
            yield "box", name, (overlap >= OVERLAP).float()
            yield "pointing", name, pointing_game(map, boxes, size_of(images))
            yield "occlusion", name, _alike(map, images, drops)

    return _measured(network, seen, BEFORE, values)


def measure_successors(network: Network, seen: Explained) -> Measurements:
    """What came after Grad-CAM beside it: energy, peaks, insertion and deletion."""

    def values(part: slice, maps: Mapping[str, Tensor]) -> Iterator[tuple[str, str, Tensor]]:
        images, boxes = seen.images[part], _boxes(seen, part)
        step = -(-images.shape[2] * images.shape[3] // STEPS)
        for name, map in maps.items():
            yield "energy", name, energy_in_box(map, boxes, size_of(images))
            yield "pointing", name, pointing_game(map, boxes, size_of(images))
            curves = (network, images, map, seen.targets[part])
            yield "insertion", name, insertion_auc(*curves, step=step)
            yield "deletion", name, deletion_auc(*curves, step=step)

    return _measured(network, seen, AFTER, values)


def _measured(
    network: Network,
    seen: Explained,
    methods: Sequence[str],
    values: Callable[[slice, Mapping[str, Tensor]], Iterator[tuple[str, str, Tensor]]],
) -> Measurements:
    found: dict[str, dict[str, list[float]]] = {}
    settings = {name: own for name, own in SETTINGS.items() if name in methods}
    parts = range(0, len(seen.images), BATCH)
    for start in tqdm(parts, ", ".join(methods), disable=None):
        part = slice(start, start + BATCH)
        maps = explain(
            network, seen.images[part], seen.targets[part], methods, settings=settings
        ).maps
        for metric, name, one in values(part, maps):
            found.setdefault(metric, {}).setdefault(name, []).extend(one.tolist())
    arrays = {
        metric: {name: np.asarray(one) for name, one in by_method.items()}
        for metric, by_method in found.items()
    }
    return Measurements(seen.groups, arrays)


def _boxes(seen: Explained, part: slice) -> list[list[Box]]:
    return [[box] for mask in seen.masks[part] if (box := mask_box(mask)) is not None]


def _alike(maps: Tensor, images: Tensor, drops: Tensor) -> Tensor:
    """The rank correlation with what hiding each patch costs (`occlusion_rank_correlation`, with
    one set of drops for all methods)."""
    patches = functional.avg_pool2d(importance(maps, images)[:, None], images.shape[2] // 8)[:, 0]
    return rank_correlation(patches.flatten(1).cpu(), drops)


def attacked(network: Network, seen: Explained) -> Explained:
    """The photos changed by at most 2 of 255 levels, so that the network names another class; maps
    are of the class that is still there. Photos where the attack fails are left out."""
    changed, moved = [], []
    for start in tqdm(range(0, len(seen.images), BATCH), "Attack", disable=None):
        part = slice(start, start + BATCH)
        images, answers = seen.images[part], seen.targets[part]
        made = _attack(network, images, answers)
        changed.append(made)
        moved += (network.predict(made).argmax(1) != answers).tolist()
    after = replace(seen, images=torch.cat(changed))
    after = replace(after, maps=explain(network, after.images, after.targets)["grad_cam"])
    return only(after, moved)


def _attack(network: Network, images: Tensor, answers: Tensor) -> Tensor:
    """Steps of the gradient's sign towards the class after the right one (Madry et al.,
    arXiv 1706.06083)."""
    deviation = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1) * 255
    most, step = (ATTACK[name] / deviation for name in ("most", "step"))
    wanted = (answers + 1) % len(network.labels)
    made = images.clone()
    for _ in range(int(ATTACK["steps"])):
        made = made.detach().requires_grad_(True)
        loss = functional.cross_entropy(network.module(made), wanted)
        (slope,) = torch.autograd.grad(loss, made)
        made = (made.detach() - step * slope.sign()).clamp(images - most, images + most)
    return made


def of_answers(network: Network, seen: Explained) -> Explained:
    """Photos that the network names wrongly, with maps of what it answered."""
    wrong = only(seen, [not right for right in seen.right])
    answers = network.predict(wrong.images).argmax(1)
    maps = explain(network, wrong.images, answers)["grad_cam"]
    return replace(wrong, targets=answers, maps=maps)


def claims(network: Network, photos: Path, count: int = PHOTOS) -> list[Claim]:
    """All claims that can be measured on a classifier, in the order of docs."""
    every = explained(network, photos)
    seen = in_turns(only(every, every.right), count)
    found, later = measure_paper(network, seen), measure_successors(network, seen)
    wrong, after = of_answers(network, every), attacked(network, seen)
    beside = difference(wrong.energies(), wrong.masks.mean((1, 2)), wrong.groups)
    still = difference(after.energies(), after.energies(after.of_others()), after.groups)
    selvaraju, sattarzadeh, zhang = (
        "Grad-CAM, 1610.02391", "Integrated Grad-CAM, 2102.07805", "Group-CAM, 2103.13859",
    )  # fmt: skip
    integrated, group = ("integrated_grad_cam", "grad_cam"), ("group_cam", "grad_cam")
    return [
        Claim(
            selvaraju,
            "(a) wrong answers have reasons: energy of their map on the object, minus its area",
            "examples (section 6.1)",
            beside,
        ),
        Claim(
            selvaraju,
            "(b) boxes found (IoU .5), Grad-CAM minus backpropagation",
            "43.5 − 38.9 % (top-1, VGG-16)",
            found.less("box", "grad_cam", "gradient"),
        ),
        Claim(
            selvaraju,
            "(b) pointing game, Grad-CAM minus backpropagation",
            "70.6 − 60.3 % (minus c-MWP)",
            found.less("pointing", "grad_cam", "gradient"),
        ),
        Claim(
            selvaraju,
            "(c) attacked photos: energy on the object that is there, minus another photo's map",
            "examples (section 6.2)",
            still,
        ),
        Claim(
            selvaraju,
            "(d) rank correlation with occlusion, guided Grad-CAM minus guided backpropagation",
            ".261 − .168",
            found.less("occlusion", "guided_grad_cam", "guided_backprop"),
        ),
        Claim(
            selvaraju,
            "(d) rank correlation with occlusion, Grad-CAM minus guided backpropagation",
            ".254 − .168",
            found.less("occlusion", "grad_cam", "guided_backprop"),
        ),
        *_later(later, sattarzadeh, "energy", integrated),
        *_later(later, zhang, "pointing", group),
        *_axioms(Measurements(seen.groups, axiom_errors(network, seen))),
    ]


def _later(found: Measurements, paper: str, metric: str, methods: tuple[str, str]) -> list[Claim]:
    """What the successors compare with Grad-CAM, whose maps they claim to improve."""
    name, names = paper.partition(",")[0], {"energy": "energy in the box", "pointing": "pointing"}
    less = {one: found.less(one, *methods) for one in (metric, "insertion")}
    fewer = found.less("deletion", methods[1], methods[0])
    said = {names[metric]: less[metric], "insertion": less["insertion"], "deletion, lower": fewer}
    return [
        Claim(paper, f"{one}: {name} better than Grad-CAM", "better", score)
        for one, score in said.items()
    ]


def _axioms(found: Measurements) -> list[Claim]:
    """What XGrad-CAM is derived from, and Grad-CAM is said to keep less well."""
    return [
        Claim(
            "XGrad-CAM, 2008.02312",
            f"{axiom}: error of Grad-CAM minus XGrad-CAM's, below the last convolution",
            "smaller",
            found.less(axiom, "grad_cam", "xgrad_cam"),
        )
        for axiom in found.found
    ]


def table(found: Sequence[Claim]) -> str:
    rows = [
        "| paper | claim | the paper | here | 95 % interval | objects | verdict |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in found:
        score = one.found
        rows.append(
            f"| {one.paper} | {one.says} | {one.published} | {score.value:+.3f} | "
            f"{score.low:+.3f} to {score.high:+.3f} | {score.groups} | *{one.verdict}* |"
        )
    return "\n".join(rows)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m ready.replication")
    parser.add_argument("--network", choices=list(NETWORKS), default=WEAKER)
    parser.add_argument("--photos", type=int, default=PHOTOS, help="at most; more take longer")
    options = parser.parse_args(arguments)
    folder = folder_of("paper-pair")
    try:
        make("paper-pair")
        network = load(folder, options.network, NETWORKS[options.network])
        print(table(claims(network, folder / "photos" / "held-out", options.photos)))
    except (MakingError, ExplainerError) as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
