"""Photos of two things and their captions: which things, where, in front of what."""

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ready.captions.things import Alike, parted, things
from ready.captions.words import GROUNDS, NOUNS, caption, relation_of
from ready.photos.cutouts import BACKGROUNDS, Cutout, background_file
from ready.photos.scenes import BESIDE, SIDE, Scene, stand

SEED = 20261129
MOST = 10  # things of a noun that are asked about
OFTEN = 2  # pairs of the same two nouns, at most
TRAINING = "training"


@dataclass(frozen=True)
class Drawn:
    """What a photo is composed of. `group`: photos of no two groups show the same thing."""

    cutouts: tuple[Cutout, Cutout]
    ground: str
    background: str
    group: str
    use: str
    seed: str


@dataclass(frozen=True)
class Pictured:
    """A photo with its caption. `masks`: of the first noun's thing and of the second's."""

    scene: Scene
    words: list[str]
    masks: tuple[NDArray[np.bool_], NDArray[np.bool_]]
    group: str
    background: str


def split() -> tuple[dict[str, list[Alike]], dict[str, list[Alike]]]:
    """By noun the things to train with, and those that are held out."""
    return parted(things(), f"{SEED}/held-out")


def pairs(by_noun: Mapping[str, Sequence[Alike]]) -> list[tuple[Cutout, Cutout]]:
    """Things that stand on photos with one another, each with one other only: photos of no two
    pairs show the same thing, or things that are alike."""
    chance = random.Random(SEED)
    few = [alike[0] for those in by_noun.values() for alike in those[:MOST]]
    while True:
        chance.shuffle(few)
        found = list(zip(few[::2], few[1::2], strict=False))
        nouns = Counter(tuple(sorted((one.name, other.name))) for one, other in found)
        if max(nouns.values()) <= OFTEN and all(one != other for one, other in nouns):
            return found


def drawn(by_noun: Mapping[str, Sequence[Alike]], count: int, use: str) -> Iterator[Drawn]:
    """So many photos to train with, of things of any two nouns, where `use` is "training"; else of
    one of the pairs, each in its turn. Backgrounds are drawn as often as their words."""
    chance = random.Random(f"{SEED}/{use}")
    together = [] if use == TRAINING else pairs(by_noun)
    for number in range(count):
        if together:
            first, second = together[number % len(together)]
            group = f"{first.key} + {second.key}"
        else:
            nouns = chance.sample(NOUNS, 2)
            first, second = (chance.choice(chance.choice(by_noun[noun])) for noun in nouns)
            group = ""
        word = chance.choice(list(GROUNDS))
        background = chance.choice(GROUNDS[word])
        yield Drawn((first, second), word, background, group, use, f"{SEED}/{use}/{number}")


def pictured(originals: Path, one: Drawn) -> Pictured:
    chance = random.Random(one.seed)
    photo = part_of(half_of(originals, one.background, one.use == TRAINING), chance)
    scene = stand(photo, originals, one.cutouts, chance, together=BESIDE)
    ordered = sorted(scene.objects, key=lambda placed: NOUNS.index(placed.cutout.name))
    first, second = (placed.mask for placed in ordered)
    relation = relation_of(middle(first), middle(second))
    words = caption(ordered[0].cutout.name, ordered[1].cutout.name, relation, one.ground)
    return Pictured(scene, words, (first, second), one.group, one.background)


@cache
def half_of(originals: Path, name: str, is_left: bool) -> Image.Image:
    """The left half of a background, or the right one: no pixel that is trained with is asked
    about."""
    with Image.open(originals / background_file(name)) as file:
        picture = file.convert("RGB")
    edge = round(BACKGROUNDS[name] * min(picture.size))
    middle, right = picture.width // 2, picture.width - edge
    left, right = (edge, middle) if is_left else (middle, right)
    return picture.crop((left, edge, right, picture.height - edge))


def part_of(photo: Image.Image, chance: random.Random) -> Image.Image:
    """A square of at least 70 % of the photo's shorter side, SIDE × SIDE."""
    side = round(chance.uniform(0.7, 1.0) * min(photo.size))
    left, top = (chance.randint(0, length - side) for length in photo.size)
    part = photo.crop((left, top, left + side, top + side))
    return part.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def mirrored(words: Sequence[str]) -> list[str]:
    """The caption of the same photo as in a mirror, where left is right."""
    swapped = {"left": "right", "right": "left"}
    return [swapped.get(word, word) for word in words]


def middle(mask: NDArray[np.bool_]) -> float:
    """How far to the right the middle is of what is true."""
    return float(np.nonzero(mask)[1].mean())
