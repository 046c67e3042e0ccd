"""Photos that a network takes for something that is not on them, by changes that nobody sees.

`python -m ready make adversarial` writes var/demo/adversarial: `photos` of one thing each, as PNG
files, and `clean`, the same scenes before. Every other photo is attacked: each value is moved by a
few grey levels, by steps along the gradient's sign (Madry et al. 2018), until EfficientNet-Lite2
is sure of an airliner. What it is sure of is asked through the network's own resizing and cropping.
"""

import json
import random
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from explainer import Network, Preprocess, load_network
from photos import AnnotatedPhoto, open_photo, read_coco
from ready.errors import MakingError
from ready.folders import originals
from ready.maps_and_masks import (
    ANOTHER,
    AREA,
    RANDOM,
    UNLEARNT,
    energy,
    maps,
    of_other_photos,
    peaks,
)
from ready.measures import Measured, beside, difference, share
from ready.outlines import answers, outlined_photos, scores
from ready.photos.coco import ANNOTATIONS, write_set
from ready.photos.cutouts import Cutout, fetch_cutouts
from ready.photos.scenes import Scene, compose
from ready.photos.sets import subjects_of
from ready.written import RECORD, write_record

SEED = 20261129
BUILDER = "efficientnet_lite2"
OPTIONS: Mapping[str, Any] = {"size": 224}
ABSENT = "airliner"
EPSILON, STEPS, SURE = 4, 24, 0.95  # grey levels; steps of one grey level; probability
COUNT = 128  # photos, half of them attacked
PHOTOS, CLEAN = "photos", "clean"
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Tried:
    """A scene that was drawn: whether the network is right about it; of one that was attacked how
    sure it was of what is absent, and whether that was its answer."""

    key: str
    right: bool
    sure: float | None = None
    said: bool = False


def network_asked() -> Network:
    return load_network(BUILDER, weights="package", **OPTIONS)


def seen(network: Network, pixels: Tensor) -> Tensor:
    """1×3×size×size of 3×H×W grey levels of a square photo: what the network makes of the file, in
    one differentiable step. Its own arithmetic rounds to whole levels in between."""
    steps = network.steps
    assert isinstance(steps, Preprocess)
    resized = functional.interpolate(
        pixels[None], size=(steps.resize, steps.resize), mode=steps.interpolation, antialias=True
    )
    start = round((steps.resize - steps.size) / 2)
    crop = resized[..., start : start + steps.size, start : start + steps.size] / 255
    mean, deviation = (torch.tensor(values).view(1, 3, 1, 1) for values in (steps.mean, steps.std))
    return (crop.clamp(0, 1) - mean) / deviation


def attacked(network: Network, photo: Image.Image, wanted: int) -> Image.Image:
    """The photo, no value of which is moved by more than EPSILON grey levels."""
    clean = torch.from_numpy(np.array(photo.convert("RGB"))).permute(2, 0, 1).float()
    low, high = (clean - EPSILON).clamp(min=0), (clean + EPSILON).clamp(max=255)
    moved = clean.clone()
    for _ in range(STEPS):
        moved.requires_grad_(True)
        scores = network.module(seen(network, moved))
        if float(scores.detach().softmax(1)[0, wanted]) >= SURE:
            break
        loss = functional.cross_entropy(scores, torch.tensor([wanted]))
        (gradient,) = torch.autograd.grad(loss, moved)
        moved = (moved.detach() - gradient.sign()).clamp(low, high)
    return picture(moved.detach())


def picture(pixels: Tensor) -> Image.Image:
    return Image.fromarray(pixels.permute(1, 2, 0).round().to(torch.uint8).numpy())


def probabilities(network: Network, photo: Image.Image) -> Tensor:
    """Of each class, of the photo as its own preprocessing hands it over."""
    return network.predict(network.prepare([photo])).softmax(1)[0]


class Attacks:
    """Scenes about which the network is right, as they are and as they are shown."""

    def __init__(self, network: Network, originals: Path) -> None:
        self.network, self.originals = network, originals
        self.absent = network.labels.index(ABSENT)
        self.tried: list[Tried] = []
        self.pairs: list[tuple[Scene, Scene]] = []

    def take(self, subjects: Sequence[Cutout], count: int) -> None:
        """`count` pairs of a clean and a shown scene, every other of which is attacked.

        MakingError where so many can't be made of these subjects.
        """
        with tqdm(total=count, desc="Photos", unit="photo", disable=None) as bar:
            for number, cutout in enumerate(subjects):
                if len(self.pairs) == count:
                    return
                scene = compose(self.originals, [cutout], f"{SEED}/attack/{number}")
                pair = self._pair(scene, len(self.pairs) % 2 == 0)
                if pair is not None:
                    self.pairs.append(pair)
                    bar.update()
        if len(self.pairs) < count:
            raise MakingError(
                f"{len(self.pairs)} of {count} photos could be attacked, because the network is "
                "wrong about too many of the others: give more cut-outs"
            )

    def _pair(self, scene: Scene, attack: bool) -> tuple[Scene, Scene] | None:
        cutout = scene.objects[0].cutout
        right = self._first(scene.photo) in cutout.accepted
        if not (right and attack):
            self.tried.append(Tried(cutout.key, right))
            return (scene, scene) if right else None
        moved = attacked(self.network, scene.photo, self.absent)
        found = probabilities(self.network, moved)
        said = int(found.argmax()) == self.absent
        self.tried.append(Tried(cutout.key, True, float(found[self.absent]), said))
        return (scene, Scene(moved, scene.objects)) if said else None

    def _first(self, photo: Image.Image) -> str:
        return self.network.labels[int(probabilities(self.network, photo).argmax())]


def write(originals: Path, folder: Path, subjects: Sequence[Cutout], count: int) -> None:
    """Write `folder` whole or not at all, with `count` photos of `subjects`, which are tried in
    their order; nothing where it is there."""
    if folder.exists():
        print(f"{folder} is there already; remove it to make it anew")
        return
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    network = network_asked()
    attacks = Attacks(network, originals)
    attacks.take(subjects, count)
    for name, place in ((CLEAN, 0), (PHOTOS, 1)):
        write_set((pair[place] for pair in attacks.pairs), unfinished / name, ending="png")
    attempts = [one for one in attacks.tried if one.sure is not None]
    record = {
        "seed": SEED,
        "network": network.weights_digest,
        "absent": ABSENT,
        "epsilon": EPSILON,
        "steps": STEPS,
        "tried": [asdict(one) for one in attacks.tried],
        "attacked": [
            f"{number:04}.png"
            for number, (clean, shown) in enumerate(attacks.pairs, 1)
            if shown is not clean
        ],
    }
    write_record(unfinished, record)
    sure = np.mean([one.sure or 0.0 for one in attempts])
    print(f"{len(attempts)} photos attacked; {ABSENT} {sure:.1%} sure on average")
    unfinished.rename(folder)


def make(folder: Path) -> None:
    fetch_cutouts(originals())
    usable = [one for one in subjects_of(originals(), None) if ABSENT not in one.accepted]
    random.Random(SEED).shuffle(usable)
    # The network is wrong about some: then the first ones are there twice, in other scenes
    write(originals(), folder, [*usable, *usable], COUNT)


def check(folder: Path) -> list[Measured]:
    """What the attack does to the answer, and to the map for what is still there."""
    network = network_asked()
    record = json.loads((folder / RECORD).read_text("utf-8"))
    refuse_visible(folder, record["attacked"])
    return [*_of_answers(folder, network, record), *_of_maps(folder, network, record)]


def _of_answers(folder: Path, network: Network, record: dict[str, Any]) -> Iterator[Measured]:
    absent = network.labels.index(ABSENT)
    tried = [Tried(**one) for one in record["tried"]]
    yield Measured(
        "the network is right about a photo that nobody changed",
        share([one.right for one in tried], [one.key for one in tried]),
    )
    attempts = [one for one in tried if one.sure is not None]
    clean = [open_photo((folder / CLEAN / name).read_bytes(), name) for name in record["attacked"]]
    names = [one.group for one in _attacked(folder / CLEAN, record)]
    noisy = [by_chance(photo, place) for place, photo in enumerate(clean)]
    yield Measured(
        f"after an attack the network says {ABSENT}",
        share([one.said for one in attempts], [one.key for one in attempts]),
        {
            "before": share(_says(network, clean, absent), names),
            "as many grey levels by chance": share(_says(network, noisy, absent), names),
        },
    )


def by_chance(photo: Image.Image, seed: int) -> Image.Image:
    """The photo, every value of which is moved by EPSILON grey levels, up or down."""
    signs = np.random.default_rng(seed).choice([-EPSILON, EPSILON], (photo.height, photo.width, 3))
    return Image.fromarray((np.asarray(photo).astype(int) + signs).clip(0, 255).astype(np.uint8))


def _says(network: Network, photos: Sequence[Image.Image], wanted: int) -> list[bool]:
    images = torch.cat([network.prepare([photo]) for photo in photos])
    return [bool(one) for one in answers(network, images) == wanted]


def refuse_visible(folder: Path, attacked: Sequence[str]) -> None:
    """MakingError where a photo differs from its clean one by more than the attack may change, or
    differs although it was not attacked."""
    for path in sorted((folder / CLEAN).glob("*.png")):
        most = EPSILON if path.name in attacked else 0
        moved = _largest_change(path, folder / PHOTOS / path.name)
        if moved > most:
            raise MakingError(
                f"{folder / PHOTOS / path.name} was moved by {moved} of 255 grey levels, where at "
                f"most {most} are allowed: remove {folder} and make it anew"
            )


def _largest_change(one: Path, other: Path) -> int:
    pixels = [np.asarray(Image.open(path)).astype(int) for path in (one, other)]
    change: int = np.abs(pixels[0] - pixels[1]).max()
    return int(change)


def _attacked(folder: Path, record: dict[str, Any]) -> list[AnnotatedPhoto]:
    """The photos of a set that were attacked, or will be, in the order of their names."""
    names = set(record["attacked"])
    return sorted(
        (one for one in read_coco(folder / ANNOTATIONS) if one.name in names),
        key=lambda one: one.name,
    )


def _of_maps(folder: Path, network: Network, record: dict[str, Any]) -> Iterator[Measured]:
    """Of the class that is present; of several that would be right, the best ranked before."""
    clean = outlined_photos(_attacked(folder / CLEAN, record), network)
    shown = outlined_photos(_attacked(folder / PHOTOS, record), network)
    groups, masks = clean.groups, clean.masks
    present = [
        _best(network.labels, one.things[0].accepted, row)
        for one, row in zip(clean.photos, scores(network, clean.images), strict=True)
    ]
    absent = [network.labels.index(ABSENT)] * len(present)
    before = maps(network, clean.images, present)["grad_cam"]
    found = maps(network, shown.images, present, ("grad_cam", RANDOM))
    after = found["grad_cam"]
    others = {
        f"the map for {ABSENT}": maps(network, shown.images, absent)["grad_cam"],
        ANOTHER: of_other_photos(after, groups),
        UNLEARNT: found[RANDOM],
    }
    energies = {name: energy(some, masks) for name, some in others.items()}
    energies[AREA] = masks.mean((1, 2))
    hits = {name: peaks(some, masks) for name, some in others.items()}
    lies = "of Grad-CAM's map for what is there so much lies on it, after the attack"
    meets = "its peak lies there, after the attack"
    yield from beside(lies, energy(after, masks), energies, groups)
    yield from beside(meets, peaks(after, masks), hits, groups)
    for what, on_it in ((lies, energy), (meets, peaks)):
        less = difference(on_it(before, masks), on_it(after, masks), groups)
        yield Measured(f"{what}: before the attack, minus after", less)


def _best(labels: Sequence[str], accepted: Sequence[str], scores: Tensor) -> int:
    ranked = scores.argsort(descending=True).tolist()
    return int(next(place for place in ranked if labels[place] in accepted))
