"""How often the networks agree with the labels, and whether their maps are about them."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from explainer import Network, explain, load_weights
from photos import open_photo
from ready.another_tool import STEPS, numbered
from ready.errors import MakingError
from ready.measures import Measured, beside, exactly, share

from .cases import FRAME, SIDE, Triplet, by_turns, read_triplets
from .networks import SEED, TAPS, Comparing, comparing, network

METHOD, SETTINGS = "gam", {"gam": {"layers": ["maps.4"]}}
NAMES = {"alexnet": "AlexNet", "vgg16": "VGG-16"}
MEASURES = {"cosine": "cosine of pooled features", "lpips": "LPIPS"}
BATCH = 4
OWN, OTHER = "its own map", "the map of another case"
UNLEARNT = "the map of weights that never learnt"
CELLS = 10  # of the last maps, along a photo's side
COVERED = 20  # of a photo's cells
APART = (False, True)  # of `CROSSED`: one photo shares the kind alone, the other the background
Places = Sequence[tuple[slice, slice]]


@dataclass(frozen=True)
class Seen:
    """A case in which one photo shares the kind alone and the other the background alone: 3×S×S;
    S×S maps of GAM, and of the network with weights that never learnt."""

    case: Triplet
    image: Tensor
    map: Tensor
    unlearnt: Tensor


def halves(side: int) -> Places:
    """Where the left and the right photo lie."""
    half = side // 2
    return [(slice(half, side), slice(0, half)), (slice(half, side), slice(half, side))]


def opened(path: Path) -> Image.Image:
    return open_photo(path.read_bytes(), str(path))


def maps_of(own: Network, images: Tensor) -> Tensor:
    return explain(own, images, None, [METHOD], settings=SETTINGS)[METHOD]


@dataclass(frozen=True)
class Looking:
    """A network, its module and the folder of what it is asked."""

    name: str
    folder: Path
    module: Comparing
    network: Network

    def images(self, cases: Sequence[Triplet]) -> Tensor:
        return self.network.prepare([opened(self.folder / one.photo) for one in cases])

    def similar(self, cases: Sequence[Triplet]) -> Mapping[str, Tensor]:
        """By measure N×2: how like the reference the left and the right photo are."""
        found = []
        for start in tqdm(range(0, len(cases), BATCH), NAMES[self.name], disable=None):
            with torch.no_grad():
                some = self.images(cases[start : start + BATCH])
                found.append(self.module.similarities(some))
        return {measure: torch.cat([one[measure] for one in found]) for measure in MEASURES}

    def maps(self, cases: Sequence[Triplet]) -> list[Tensor]:
        """GAM's S×S maps."""
        bar = tqdm(cases, f"{NAMES[self.name]}, maps", disable=None)
        return [maps_of(self.network, self.images([one]))[0] for one in bar]

    def seen(self, cases: Sequence[Triplet]) -> Iterator[Seen]:
        blank = network(self.name, comparing(self.name, "cosine"))
        for one, map in zip(cases, self.maps(cases), strict=True):
            images = self.images([one])
            yield Seen(one, images[0], map, maps_of(blank, images)[0])


def looking(name: str, folder: Path) -> Looking:
    module = comparing(name, "cosine")
    load_weights(module, folder / f"{name}.safetensors")
    return Looking(name, folder, module, network(name, module))


def colours(folder: Path, triplet: Triplet) -> Tensor:
    """The share of colours that the left and the right photo have in common with the reference."""
    half, quarter = SIDE // 2, SIDE // 4
    photo, found = opened(folder / triplet.photo), []
    for left, top in ((quarter, 0), (0, half), (half, half)):
        box = (left + FRAME, top + FRAME, left + half - FRAME, top + half - FRAME)
        numbers = numbered(photo.crop(box).resize((SIDE // 8, SIDE // 8)))
        found.append(np.bincount(numbers.ravel(), minlength=int(np.prod(STEPS))))
    return torch.tensor([np.minimum(found[0], one).sum() for one in found[1:]])


def backgrounds(triplet: Triplet, chance: random.Random) -> Tensor:
    """1 for a photo with the reference's background; if that is no help, for one by chance."""
    pair = triplet.crossed if triplet.left else triplet.crossed[::-1]
    if pair[0] == pair[1]:
        return torch.tensor([1.0, 0.0] if chance.random() < 0.5 else [0.0, 1.0])
    return torch.tensor(pair).float()


def masses(map: Tensor) -> Tensor:
    """How much of a map lies on the left and on the right photo."""
    return torch.stack([map[place].sum() for place in halves(len(map))])


def agreement(cases: Sequence[Triplet], scores: Sequence[Tensor]) -> list[bool]:
    """Whether the photo of the reference's kind has the higher score."""
    return [
        bool(score[0] > score[1]) == one.left and bool(score[0] != score[1])
        for one, score in zip(cases, scores, strict=True)
    ]


def objects(folder: Path, triplet: Triplet, size: int) -> NDArray[np.bool_]:
    """Where the things of the two lower photos are, size×size."""
    with Image.open(folder / triplet.mask) as file:
        values = np.asarray(file.resize((size, size), Image.Resampling.NEAREST))
    return values > 1


def pointed(case: Triplet, map: Tensor, inside: NDArray[np.bool_]) -> list[bool]:
    """Whether the map is highest on the object of the photo that shares the kind alone, and beside
    the object of the one that shares the background alone."""
    found = []
    for place, is_left in zip(halves(len(map)), (True, False), strict=True):
        part = map[place]
        on = bool(inside[place].flat[int(part.argmax())])
        found.append(bool(part.max() > 0) and on == (is_left == case.left))
    return found


def contrasted(case: Triplet, map: Tensor, inside: NDArray[np.bool_]) -> list[bool]:
    """Whether more of the map, for its area, lies on the object of the photo that shares the kind
    alone than on that of the one that shares the background alone."""
    dense = []
    for place in halves(len(map)):
        part, own = map[place].numpy(), inside[place]
        whole = float(part.sum())
        dense.append(float(part[own].sum()) / whole / float(own.mean()) if whole > 0 else 0.0)
    return [dense[0] > dense[1] if case.left else dense[1] > dense[0]]


def borrowed(seen: Sequence[Seen]) -> list[Tensor]:
    """For each case the map of one of another kind, whichever side is right there; MakingError
    where there is none."""
    if len({one.case.kind for one in seen}) < 2:
        raise MakingError(
            "all cases are of one kind, so that none has a map of another case: measure cases of "
            "two kinds or more"
        )
    chance = random.Random(SEED)
    return [
        chance.choice([one.map for one in seen if one.case.kind != own.case.kind]) for own in seen
    ]


def of_maps(looking: Looking, seen: Sequence[Seen]) -> Iterator[Measured]:
    """Weights that never learnt are no control that must be beaten: convolutions by chance compare
    colours, and their map tells of that."""
    size = len(seen[0].map)
    inside = [objects(looking.folder, one.case, size) for one in seen]
    maps = {
        OWN: [one.map for one in seen],
        OTHER: borrowed(seen),
        UNLEARNT: [one.unlearnt for one in seen],
    }
    ways = {
        "the map is highest on what a photo shares with the reference": pointed,
        "more of the map lies on the object that is alike than on the other": contrasted,
    }
    cases = [one.case for one in seen]
    for words, tells in ways.items():
        each = {of: [*map(tells, cases, some, inside)] for of, some in maps.items()}
        hits = {of: np.array([hit for one in some for hit in one]) for of, some in each.items()}
        groups = [case.group for case, some in zip(cases, each[OWN], strict=True) for _ in some]
        what = f"{NAMES[looking.name]}: {words}"
        yield from beside(what, hits.pop(OWN), hits, groups, told=[UNLEARNT])


def highest(map: Tensor) -> list[list[int]]:
    """Of each lower photo, the COVERED cells in which the map is highest, by their number."""
    pool = torch.nn.functional.adaptive_avg_pool2d
    parts = (pool(map[place][None, None], CELLS).flatten() for place in halves(len(map)))
    return [part.topk(COVERED).indices.tolist() for part in parts]


def elsewhere(cells: Sequence[Sequence[int]], chance: random.Random) -> list[list[int]]:
    """As many of each photo's other cells."""
    every = range(CELLS**2)
    return [chance.sample([n for n in every if n not in set(own)], COVERED) for own in cells]


def covered(case: Tensor, cells: Sequence[Sequence[int]]) -> Tensor:
    """3×S×S with these cells of each lower photo turned to the mean of all photos."""
    found = case.clone()
    cell = case.shape[-1] // 2 // CELLS
    for (rows, columns), own in zip(halves(case.shape[-1]), cells, strict=True):
        for number in own:
            top, left = (cell * step for step in divmod(number, CELLS))
            found[:, rows, columns][:, top : top + cell, left : left + cell] = 0
    return found


def of_covers(looking: Looking, seen: Sequence[Seen]) -> Iterator[Measured]:
    chance = random.Random(SEED)
    hits: dict[str, list[bool]] = {OWN: [], OTHER: []}
    bar = tqdm(seen, f"{NAMES[looking.name]}, covered", disable=None)
    for one, other in zip(bar, borrowed(seen), strict=True):
        marked, others = highest(one.map), highest(other)
        cells = (marked, others, elsewhere(marked, chance))
        changed = [covered(one.image, some) for some in cells]
        with torch.no_grad():
            similar = looking.module.similarities(torch.stack([one.image, *changed]))["cosine"]
        change = (similar[1:] - similar[0]).abs()
        for of, row in zip(hits, change, strict=False):
            hits[of] += (row > change[2]).tolist()
    groups = [one.case.group for one in seen for _ in range(2)]
    found = {of: np.array(row) for of, row in hits.items()}
    what = "covering what the map marks changes the similarity more than covering as much elsewhere"
    yield from beside(f"{NAMES[looking.name]}: {what}", found.pop(OWN), found, groups)


def of_labels(looking: Looking, cases: Sequence[Triplet]) -> Iterator[Measured]:
    """The criterion of agreement: the photo of the reference's kind is the more similar one."""
    groups, chance = [one.group for one in cases], random.Random(SEED)
    blind = {
        "colours alone": [colours(looking.folder, one) for one in cases],
        "backgrounds alone": [backgrounds(one, chance) for one in cases],
    }
    controls = {of: share(agreement(cases, some), groups) for of, some in blind.items()}
    # Not measured: the sides take turns
    left = agreement(cases, [torch.tensor([1.0, 0.0]) for _ in cases])
    controls["always the left"] = exactly(float(np.mean(left)))
    some = by_turns(cases)
    by_map = agreement(some, [masses(map) for map in looking.maps(some)])
    controls["the map alone"] = share(by_map, [one.group for one in some])
    similar = looking.similar(cases)
    apart = [place for place, one in enumerate(cases) if one.crossed == APART]
    for measure, words in MEASURES.items():
        right, who = agreement(cases, list(similar[measure])), f"{NAMES[looking.name]}, {words}"
        needed = controls if measure == "cosine" else {}
        yield Measured(f"{who}: agrees with the labels", share(right, groups), needed)
        yield Measured(
            f"{who}: agrees where only the other kind has the background",
            share([right[place] for place in apart], [groups[place] for place in apart]),
        )


def check(folder: Path) -> list[Measured]:
    """Some minutes. LPIPS is measured, and beats nothing: it tells how alike photos look."""
    torch.set_num_threads(1)
    cases = read_triplets(folder)
    found: list[Measured] = []
    for name in TAPS:
        if (folder / f"{name}.safetensors").exists():
            own = looking(name, folder)
            found += of_labels(own, cases)
            seen = list(own.seen([one for one in cases if one.crossed == APART]))
            found += of_maps(own, seen)
            found += of_covers(own, seen)
    return found
