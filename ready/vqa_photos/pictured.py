"""Photos of two things: which things, in front of what, and what is asked about them."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ready.photos.cutouts import Cutout
from ready.photos.scenes import BESIDE, Placed, Scene, compose

from .questions import Question, asked
from .things import Things, pairs


@dataclass(frozen=True)
class Drawn:
    """What a photo is composed of."""

    cutouts: tuple[Cutout, Cutout]
    grounds: Sequence[str]
    seed: str


@dataclass(frozen=True)
class Pictured:
    """A photo, its left thing and its right one, and a question of each kind."""

    scene: Scene
    things: tuple[Placed, Placed]
    questions: Sequence[Question]

    @property
    def nouns(self) -> tuple[str, str]:
        left, right = self.things
        return left.cutout.name, right.cutout.name


def to_train(those: Things, grounds: Sequence[str], count: int, seed: str) -> Iterator[Drawn]:
    """Any two things of different nouns, each noun as often as any other."""
    chance = random.Random(seed)
    for number in range(count):
        first, second = (
            chance.choice(chance.choice(those[noun])) for noun in chance.sample(list(those), 2)
        )
        yield Drawn((first, second), grounds, f"{seed}/{number}")


def to_ask(those: Things, grounds: Sequence[str], each: int, seed: str) -> Iterator[Drawn]:
    """So many photos of each of the pairs; each thing of a pair is placed first as often."""
    for pair_number, (first, second) in enumerate(pairs(those, seed)):
        for number in range(each):
            cutouts = (first, second) if number % 2 else (second, first)
            yield Drawn(cutouts, grounds, f"{seed}/{pair_number}/{number}")


def pictured(originals: Path, one: Drawn) -> Pictured:
    scene = compose(originals, one.cutouts, one.seed, one.grounds, together=BESIDE)
    left, right = sorted(scene.objects, key=lambda placed: float(placed.mask.nonzero()[1].mean()))
    nouns = (left.cutout.name, right.cutout.name)
    return Pictured(scene, (left, right), asked(nouns, random.Random(one.seed)))
