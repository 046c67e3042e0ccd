"""Whether what a text says a network looked for is on the photo, beside texts that can't know."""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from torch import Tensor

from explainer import Network
from ready import paper_pair
from ready.measures import APART, Measured, difference, mean, share
from ready.outlines import answers, read_outlined

from .words import COUNT, REDRAWN, UNITS, Told, anew, others, read_units, told

PHOTOS, WHAT = "photos", "concepts.json"
PRESENT = 0.05  # of the photo
Shares = dict[str, dict[str, float]]
Texts = Sequence[Told]


def read_concepts(folder: Path) -> Shares:
    """By photo and concept its share of the photo."""
    found: Shares = json.loads((folder / WHAT).read_text("utf-8"))
    return found


def images_of(network: Network, folder: Path) -> tuple[Tensor, list[str]]:
    """The photos that are asked about, in the order of their names, and the thing on each."""
    photos = read_outlined(folder / PHOTOS, network)
    return photos.images, photos.groups


def answers_of(network: Network, images: Tensor) -> list[int]:
    found: list[int] = answers(network, images).tolist()
    return found


def present(names: Sequence[str], shares: dict[str, float]) -> float:
    """The share of the names whose concept is on a photo; of no names half, as by a coin."""
    return float(np.mean([shares.get(name, 0) >= PRESENT for name in names])) if names else 0.5


def check(folder: Path) -> list[Measured]:
    """With AlexNet as paper-pair made it."""
    pair = folder.parent / "paper-pair"
    member = paper_pair.NETWORKS[paper_pair.WEAKER]
    return list(measured(paper_pair.load(pair, paper_pair.WEAKER, member), folder))


def measured(network: Network, folder: Path) -> Iterator[Measured]:
    photos = read_outlined(folder / PHOTOS, network)
    said = answers_of(network, photos.images)
    right = np.array([network.labels[a] == b for a, b in zip(said, photos.names, strict=True)])
    yield Measured(
        "AlexNet is right",
        share(right.tolist(), photos.groups),
        {"one answer to every photo": share([photos.names[0] == n for n in photos.names],
                                            photos.groups)},
    )  # fmt: skip
    yield _named(folder)
    own = told(network, photos.images, said, read_units(folder))
    controls = {
        "of the text of another photo": [own[place] for place in others(photos.groups)],
        "of five named units at random": at_random(folder, len(own)),
        "with importances of weights drawn anew": told(
            anew(network, 1), photos.images, said, read_units(folder)
        ),
        "with names of weights drawn anew": told(
            network, photos.images, said, read_units(folder, REDRAWN)
        ),
    }
    same = [own[place] for place in of_same_answer(said, photos.groups)]
    yield from _of_texts(own, controls, same, photos.groups, folder)


def _named(folder: Path) -> Measured:
    count = int(json.loads((folder / UNITS).read_text("utf-8"))["units"])
    named = read_units(folder)
    units = range(count)
    return Measured(
        "units with a name", share([one in named for one in units], list(map(str, units)))
    )


def _of_texts(
    own: Texts, controls: Mapping[str, Texts], same: Texts, groups: list[str], folder: Path
) -> Iterator[Measured]:
    """Photo by photo, because how much of anything is on a photo differs more between photos than
    between texts. A text of a photo with the same answer is no control: it may well be right."""
    shares = list(read_concepts(folder).values())

    def met(texts: Texts, least: bool = False) -> list[float]:
        return [
            present(one.least if least else one.most, of_photo)
            for one, of_photo in zip(texts, shares, strict=True)
        ]

    yield Measured("what a text says AlexNet looked for is on the photo", mean(met(own), groups))
    less = {name: met(texts) for name, texts in controls.items()}
    for name, found in {**less, "of what it looked for least": met(own, least=True)}.items():
        yield Measured(f"the same, minus that {name}", difference(met(own), found, groups), APART)
    yield Measured(
        "the same, minus that of the text of another photo with the same answer",
        difference(met(own), met(same), groups),
    )


def at_random(folder: Path, count: int) -> list[Told]:
    """For each photo a text of named units that are drawn by chance."""
    units, chance = list(read_units(folder).values()), random.Random(0)
    drawn = (chance.sample(units, min(COUNT, len(units))) for _ in range(count))
    return [Told(tuple(dict.fromkeys(one.name for one in some)), ()) for some in drawn]


def of_same_answer(said: Sequence[int], groups: Sequence[str]) -> list[int]:
    """For each photo the next one with another thing and the same answer; itself where there is
    none."""
    count = len(said)
    places = range(count)
    return [
        next(
            (n for step in range(1, count)
             if said[n := (own + step) % count] == said[own] and groups[n] != groups[own]),
            own,
        )
        for own in places
    ]  # fmt: skip
