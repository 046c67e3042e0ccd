"""How often vqa's networks are right, beside what sees no picture, and where they look."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from explainer import explain, load_weights
from explainer.pictures.resizing import resize
from explainer.training.scores import Score
from ready.measures import Measured, mean, share

from .answerer import Answerer, network_of
from .making import KINDS, NETWORKS
from .pictures import ANSWERS, SIDE, Part, read_part
from .training import answered, answers_of, numbers_of

AT_ONCE = 100  # questions
MAPS = 2000  # questions of each half whose maps are drawn
SEED = 1
METHODS = ("grad_cam", "other_image", "random_weights")


@dataclass(frozen=True, eq=False)
class Maps:
    """What explains each answer: by method, questions × SIDE × SIDE, 0 where a map is empty."""

    part: Part
    by_method: Mapping[str, Tensor]

    def coarse(self, method: str) -> Tensor:
        """Questions × 256: the map as 16 × 16 values from 0 to 1."""
        small = functional.avg_pool2d(self.by_method[method][:, None], 4).flatten(1)
        return small / small.amax(1, keepdim=True).clamp(min=1e-12)


def read_answerer(folder: Path, name: str) -> Answerer:
    module = Answerer(normalised=name != "blind")
    load_weights(module, folder / f"{name}.safetensors")
    return module.eval()


def some(part: Part, count: int) -> Part:
    """The same pictures with so many of their questions, drawn by a seed."""
    if len(part.questions) <= count:
        return part
    chance = np.random.default_rng(SEED)
    taken = sorted(chance.choice(len(part.questions), count, replace=False).tolist())
    return Part(part.pixels, [part.questions[place] for place in taken])


def maps_of(module: Answerer, part: Part, methods: Sequence[str] = ("grad_cam",)) -> Maps:
    """Maps of what the network answers."""
    network, given = network_of(module), numbers_of(part)
    found: dict[str, list[Tensor]] = {name: [] for name in methods}
    for rows in torch.split(torch.arange(len(part.questions)), AT_ONCE):
        context = [part.questions[row].text for row in rows.tolist()]
        told = explain(network, given.images[given.pictures[rows]], None, methods, context=context)
        for name in methods:
            maps = told[name].float()
            found[name].append(resize(maps, (SIDE, SIDE)).clamp(min=0))
    return Maps(part, {name: torch.cat(parts) for name, parts in found.items()})


def masks(part: Part) -> NDArray[np.bool_]:
    """Questions × SIDE × SIDE: where the shape of each question's picture is."""
    return np.stack([part.mask(one.picture) for one in part.questions])


def peaks_on(maps: Tensor, shapes: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether the highest value of each map lies on the shape; never where the map is empty."""
    flat = maps.flatten(1)
    on = torch.from_numpy(shapes).flatten(1).gather(1, flat.argmax(1, keepdim=True))[:, 0]
    met: NDArray[np.bool_] = (on & (flat.amax(1) > 0)).numpy()
    return met


def mass_on(maps: Tensor, shapes: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The share of each map's values that lies on the shape; 0 where the map is empty."""
    flat = maps.flatten(1).double()
    on = (flat * torch.from_numpy(shapes).flatten(1)).sum(1)
    shares: NDArray[np.float64] = (on / flat.sum(1).clamp(min=1e-12)).numpy()
    return shares


def right(said: Tensor, part: Part) -> Score:
    answers = answers_of(part)
    return share((said == answers).tolist(), part.groups)


def majority(taught: Part, part: Part, *, of_question: bool) -> Score:
    """The training pictures' commonest answer, of all or to each question."""
    counts: dict[str, Counter[str]] = {}
    for one in taught.questions:
        counts.setdefault(one.text if of_question else "", Counter())[one.answer] += 1
    commonest = {text: count.most_common(1)[0][0] for text, count in counts.items()}
    hits = [commonest.get(one.text if of_question else "") == one.answer for one in part.questions]
    return share(hits, part.groups)


def of_maps(taught: Maps, others: Maps) -> Tensor:
    """What a small network answers that sees the Grad-CAM map of each answer, and nothing else."""
    torch.manual_seed(SEED)
    module = nn.Sequential(nn.Linear(256, 64), nn.ReLU(), nn.Linear(64, len(ANSWERS)))
    optimiser = torch.optim.Adam(module.parameters(), 3e-3, weight_decay=1e-4)
    seen, answers = taught.coarse("grad_cam"), numbers_of(taught.part).answers
    for _ in range(300):
        loss = nn.CrossEntropyLoss()(module(seen), answers)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        told: Tensor = module(others.coarse("grad_cam")).argmax(1)
    return told


def without_pictures(folder: Path, taught: Part, part: Part) -> dict[str, Score]:
    """What is right without looking at the picture."""
    alone = answered(read_answerer(folder, "question-only"), part, sighted=False)
    return {
        "the commonest answer": majority(taught, part, of_question=False),
        "the commonest answer to each question": majority(taught, part, of_question=True),
        "an LSTM that reads the question alone": right(alone, part),
    }


def map_alone(module: Answerer, taught: Part, part: Part) -> Score:
    """What is right by the network's own maps, of some questions of each half."""
    told = of_maps(maps_of(module, some(taught, MAPS)), maps_of(module, some(part, MAPS)))
    return right(told, some(part, MAPS))


def where(name: str, maps: Maps, never: Maps, kind: str) -> Iterator[Measured]:
    """Peaks and masses of Grad-CAM on the shape, for questions of one kind. `never`: maps of a
    network that doesn't look, for the same questions."""
    rows = [place for place, one in enumerate(maps.part.questions) if one.kind == kind]
    shapes = masks(maps.part)[rows]
    groups = [maps.part.groups[row] for row in rows]
    found = {method: drawn[rows] for method, drawn in maps.by_method.items()}
    even = torch.ones_like(found["grad_cam"])
    controls = {
        "of another picture": found["other_image"],
        "of random weights": found["random_weights"],
        "of the network that never looks": never.by_method["grad_cam"][rows],
    }
    area = {"the shape's area (chance)": mean(mass_on(even, shapes), groups)}
    yield Measured(
        f"{name}, {kind}: Grad-CAM's peak on the shape",
        share(peaks_on(found["grad_cam"], shapes).tolist(), groups),
        {one: share(peaks_on(drawn, shapes).tolist(), groups) for one, drawn in controls.items()}
        | area,
    )
    yield Measured(
        f"{name}, {kind}: Grad-CAM's mass on the shape",
        mean(mass_on(found["grad_cam"], shapes), groups),
        {one: mean(mass_on(drawn, shapes), groups) for one, drawn in controls.items()} | area,
    )


def unmoved(module: Answerer, part: Part) -> Score:
    """How often the answer stays when the picture is taken for the next one."""
    turned = Part(np.roll(part.pixels, 1, 0), part.questions)
    stays = answered(module, part) == answered(module, turned)
    return share(stays.tolist(), part.groups)


def measured(folder: Path, taught: Part, part: Part) -> list[Measured]:
    """Of networks that learnt from `taught`, by the questions of `part`."""
    networks = {name: read_answerer(folder, name) for name in NETWORKS}
    blindly = without_pictures(folder, taught, part)
    found = []
    for name, module in networks.items():
        controls = {}
        if name != "blind":
            controls = blindly | {"its Grad-CAM map alone": map_alone(module, taught, part)}
        found.append(Measured(f"{name}: right", right(answered(module, part), part), controls))
    for name, module in networks.items():
        what = f"{name}: the same answer about another picture"
        found.append(Measured(what, unmoved(module, part)))
    asked = some(part, MAPS)
    never = maps_of(networks["blind"], asked)
    for name in ("late", "early"):
        maps = maps_of(networks[name], asked, METHODS)
        for kind in KINDS:
            found += where(name, maps, never, kind)
    return found


def check(folder: Path) -> list[Measured]:
    torch.set_num_threads(1)
    return measured(folder, read_part("train"), read_part("test"))
