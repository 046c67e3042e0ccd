"""Wrong answers, with what speaks for them and what speaks for the truth.

`python -m ready make failure-modes` writes var/demo/failure-modes: `photos` of one thing each, many
of which a near-sighted network takes for something else, and `said.csv`, what it says of each.
"""

import csv
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from explainer import Network, load_network
from ready.errors import MakingError
from ready.folders import originals
from ready.maps_and_masks import (
    ANOTHER,
    RANDOM,
    UNLEARNT,
    energy,
    energy_rows,
    maps,
    of_other_photos,
    peaks,
)
from ready.measures import Measured, beside, difference, exactly, share
from ready.outlines import Outlined, outlined_photos, read_outlined, scores
from ready.photos.coco import write_set
from ready.photos.cutouts import Cutout, fetch_cutouts
from ready.photos.scenes import compose
from ready.photos.sets import subjects_of
from ready.written import write_record

SEED = 20261129
SCENES = 3  # of each cut-out
BUILDER = "efficientnet_lite0"
OPTIONS: Mapping[str, Any] = {"size": 224, "shrink_to": 96}
PHOTOS, SAID = "photos", "said.csv"


def near_sighted() -> Network:
    return load_network(BUILDER, weights="package", **OPTIONS)


def write(originals: Path, folder: Path, cutouts: Sequence[Cutout]) -> None:
    """Write `folder` whole or not at all, with a photo of each cut-out; nothing where it is
    there."""
    if folder.exists():
        print(f"{folder} is there already; remove it to make it anew")
        return
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    scenes = (compose(originals, [one], f"{SEED}/{n}") for n, one in enumerate(cutouts))
    bar = tqdm(scenes, "Photos", len(cutouts), unit="photo", disable=None)
    write_set(bar, unfinished / PHOTOS)
    network = near_sighted()
    photos = read_outlined(unfinished / PHOTOS, network)
    said = Said(network, photos)
    said.write(unfinished / SAID)
    right = share(said.right.tolist(), photos.groups)
    record = {
        "seed": SEED,
        "network": network.weights_digest,
        "options": dict(OPTIONS),
        "right": right.value,
        "interval": [right.low, right.high],
    }
    write_record(unfinished, record)
    print(f"the near-sighted network is right: {right}")
    unfinished.rename(folder)


class Said:
    """What a network says of photos of one thing each: its first class, how sure it is of it, the
    best ranked of the classes that would be right, and that class's rank, counted from 1."""

    def __init__(self, network: Network, photos: Outlined) -> None:
        self.network, self.photos = network, photos
        self.scores = scores(network, photos.images)
        ranked = self.scores.argsort(1, descending=True).numpy()
        rows = [
            [network.labels[place] in photo.things[0].accepted for place in row]
            for photo, row in zip(photos.photos, ranked, strict=True)
        ]
        unknown = [one.name for one, row in zip(photos.photos, rows, strict=True) if not any(row)]
        if unknown:
            raise MakingError(
                f"{unknown[0]} shows nothing that the network has a class for, so that no answer "
                "would be right: give its category a class of the network in `accepted`"
            )
        places = np.array(rows).argmax(1)
        self.first: NDArray[np.int64] = ranked[:, 0]
        self.true: NDArray[np.int64] = ranked[np.arange(len(ranked)), places]
        self.rank: NDArray[np.int64] = places + 1
        self.right: NDArray[np.bool_] = places == 0

    def write(self, path: Path) -> None:
        sure = self.scores.softmax(1).max(1).values.tolist()
        labels = self.network.labels
        with path.open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(["photo", "shows", "said", "probability", "right", "rank_of_truth"])
            for photo, first, probability, rank in zip(
                self.photos.photos, self.first, sure, self.rank, strict=True
            ):
                named = [photo.name, photo.things[0].name, labels[first]]
                table.writerow([*named, f"{probability:.4f}", int(rank == 1), int(rank)])


def make(folder: Path) -> None:
    fetch_cutouts(originals())
    write(originals(), folder, [*subjects_of(originals(), None)] * SCENES)


def check(folder: Path) -> list[Measured]:
    """How often it is wrong, and what its maps lie on where it is."""
    network = near_sighted()
    photos = read_outlined(folder / PHOTOS, network)
    said = Said(network, photos)
    found = [
        Measured(
            "the near-sighted network is right",
            share(said.right.tolist(), photos.groups),
            {"any class by chance": exactly(1 / len(network.labels))},
        )
    ]
    return [*found, *_of_maps(network, photos, said)]


def _of_maps(network: Network, photos: Outlined, said: Said) -> Iterator[Measured]:
    """Of the photos about which it is wrong: the maps for what it says, and for the truth."""
    wrong = np.flatnonzero(~said.right).tolist()
    some = outlined_photos([photos.photos[place] for place in wrong], network)
    true = maps(network, some.images, said.true[wrong].tolist(), ("grad_cam", RANDOM))
    of_said = maps(network, some.images, said.first[wrong].tolist())["grad_cam"]
    for what, found in (("the truth", true["grad_cam"]), ("what it says", of_said)):
        yield from _on_the_thing(
            f"where it is wrong, the map for {what}", found, true[RANDOM], some
        )
    yield Measured(
        "so much more of the map for the truth lies there than of that for the answer, photo by "
        "photo",
        difference(energy(true["grad_cam"], some.masks), energy(of_said, some.masks), some.groups),
    )


def _on_the_thing(what: str, found: Tensor, drawn: Tensor, photos: Outlined) -> Iterator[Measured]:
    others = {ANOTHER: of_other_photos(found, photos.groups), UNLEARNT: drawn}
    lies, meets = f"{what}: so much of it lies on the thing", f"{what}: its peak lies on the thing"
    yield from energy_rows(lies, found, others, photos.masks, photos.groups)
    hits = {name: peaks(some, photos.masks) for name, some in others.items()}
    yield from beside(meets, peaks(found, photos.masks), hits, photos.groups)
