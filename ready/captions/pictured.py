"""Photos of two things and their captions: which things, where, in front of what."""

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ready.captions.words import GROUNDS, NOUNS, caption, cutouts_of, held_out, relation_of
from ready.photos.cutouts import Cutout
from ready.photos.scenes import BESIDE, Scene, compose

SEED = 20170328
MOST = 8  # cut-outs of a noun that are asked about
OFTEN = 2  # pairs of the same two nouns, at most


@dataclass(frozen=True)
class Drawn:
    """What a photo is composed of. `group`: photos of no two groups show the same thing."""

    cutouts: tuple[Cutout, Cutout]
    ground: str
    background: str
    group: str
    seed: str


@dataclass(frozen=True)
class Pictured:
    """A photo with its caption. `masks`: of the first noun's thing and of the second's."""

    scene: Scene
    words: list[str]
    masks: tuple[NDArray[np.bool_], NDArray[np.bool_]]
    group: str


def split() -> tuple[dict[str, list[Cutout]], dict[str, list[Cutout]]]:
    """By noun the cut-outs to train with, and those that are held out."""
    training, kept = (
        {
            noun: [replace(one, name=noun, accepted=(noun,)) for one in cutouts]
            for noun, cutouts in cutouts_of(is_held_out).items()
        }
        for is_held_out in (False, True)
    )
    return training, kept


def grounds(is_held_out: bool) -> list[tuple[str, str]]:
    """Each background with its word."""
    return [
        (word, name)
        for word, names in GROUNDS.items()
        for name in names
        if (name == held_out(names)) == is_held_out
    ]


def pairs(cutouts: Mapping[str, Sequence[Cutout]]) -> list[tuple[Cutout, Cutout]]:
    """Things that stand on photos with one another, each with one other only: photos of no two
    pairs show the same thing."""
    chance = random.Random(SEED)
    few = [one for those in cutouts.values() for one in those[:MOST]]
    while True:
        chance.shuffle(few)
        found = list(zip(few[::2], few[1::2], strict=False))
        nouns = Counter(tuple(sorted((one.name, other.name))) for one, other in found)
        if max(nouns.values()) <= OFTEN and all(one != other for one, other in nouns):
            return found


def drawn(
    cutouts: Mapping[str, Sequence[Cutout]], is_held_out: bool, count: int, use: str
) -> Iterator[Drawn]:
    """So many photos to train with, of things of any two nouns, where `use` is "training"; else of
    one of the pairs, each in its turn. Backgrounds are drawn as often as their words."""
    chance = random.Random(f"{SEED}/{use}")
    together = [] if use == "training" else pairs(cutouts)
    for number in range(count):
        if together:
            first, second = together[number % len(together)]
            group = f"{first.key} + {second.key}"
        else:
            first, second = (chance.choice(cutouts[noun]) for noun in chance.sample(list(NOUNS), 2))
            group = ""
        word = chance.choice(list(GROUNDS))
        background = chance.choice([name for one, name in grounds(is_held_out) if one == word])
        yield Drawn((first, second), word, background, group, f"{SEED}/{use}/{number}")


def pictured(originals: Path, one: Drawn) -> Pictured:
    scene = compose(originals, one.cutouts, one.seed, [one.background], together=BESIDE)
    ordered = sorted(scene.objects, key=lambda placed: list(NOUNS).index(placed.cutout.name))
    first, second = (placed.mask for placed in ordered)
    relation = relation_of(middle(first), middle(second))
    words = caption(ordered[0].cutout.name, ordered[1].cutout.name, relation, one.ground)
    return Pictured(scene, words, (first, second), one.group)


def mirrored(words: Sequence[str]) -> list[str]:
    """The caption of the same photo as in a mirror, where left is right."""
    swapped = {"left": "right", "right": "left"}
    return [swapped.get(word, word) for word in words]


def middle(mask: NDArray[np.bool_]) -> float:
    """How far to the right the middle is of what is true."""
    return float(np.nonzero(mask)[1].mean())
