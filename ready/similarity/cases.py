"""What is asked: a photo that holds three, of which one of the lower two is like the upper one.

The reference lies above. Below it lie another thing of its kind and a thing of another kind.
"""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ready.photos.cutouts import BACKGROUNDS, Cutout, class_of
from ready.photos.scenes import compose

from .networks import ANSWERS, SEED

# Whether the photo of the same kind, and that of another, has the reference's background
CROSSED = ((True, False), (False, True), (True, True), (False, False))
SIDE = 480  # pixels of a case
FRAME = 4  # pixels around each of the three photos, so that none is scaled into another
GREY = (128, 128, 128)


@dataclass(frozen=True)
class Triplet:
    """`cutouts` and `backgrounds`: of the reference, the photo of its kind and that of another;
    `left`: whether the one of its kind lies on the left."""

    number: int
    kind: str
    cutouts: tuple[str, str, str]
    backgrounds: tuple[str, str, str]
    crossed: tuple[bool, bool]
    left: bool

    @property
    def answer(self) -> str:
        return ANSWERS[0 if self.left else 1]

    @property
    def photo(self) -> str:
        return f"cases/{self.number:04}.png"

    @property
    def asked(self) -> str:
        """Where its photo lies if people are asked about it."""
        return f"photos/{self.answer}/{self.number:04}.png"

    @property
    def mask(self) -> str:
        return f"masks/{self.number:04}.png"

    @property
    def group(self) -> str:
        """References of one kind are compared with one another: of two frogs each is the photo that
        is like the other, and that is one comparison."""
        return self.kind


def kinds(cutouts: Sequence[Cutout]) -> dict[str, list[Cutout]]:
    """Cut-outs of one name, such as two frogs, where there are two or more."""
    found: dict[str, list[Cutout]] = {}
    for one in cutouts:
        found.setdefault(one.name, []).append(one)
    return {name: some for name, some in found.items() if len(some) > 1}


def triplets(cutouts: Sequence[Cutout], references: int | None = None) -> Iterator[Triplet]:
    """Each cut-out of a kind as the reference, once in each way of `CROSSED`: whoever goes by
    backgrounds alone is right in half of the cases."""
    chance, known = random.Random(SEED), kinds(cutouts)
    listed = [one for some in known.values() for one in some]
    chance.shuffle(listed)
    turns = product(enumerate(listed[:references]), enumerate(CROSSED))
    for number, ((place, one), (way, crossed)) in enumerate(turns, 1):
        behind, *elsewhere = chance.sample(sorted(BACKGROUNDS), 3)
        used = [behind if same else new for same, new in zip(crossed, elsewhere, strict=True)]
        own = [other for other in known[one.name] if other is not one]
        subjects = (one, chance.choice(own), chance.choice(unlike(one, known)))
        yield Triplet(
            number,
            one.name,
            (subjects[0].key, subjects[1].key, subjects[2].key),
            (behind, used[0], used[1]),
            crossed,
            left=(place + way) % 2 == 0,
        )


def unlike(one: Cutout, known: Mapping[str, Sequence[Cutout]]) -> list[Cutout]:
    """Cut-outs of other names: of another class, where there are any."""
    others = [other for name, some in known.items() if name != one.name for other in some]
    own = class_of(one.kind, one.name)
    return [other for other in others if class_of(other.kind, other.name) != own] or others


def by_turns(cases: Sequence[Triplet]) -> list[Triplet]:
    """One case of each reference, in the ways of `CROSSED` by turns. Each round of them begins one
    later, because sides take turns, too: otherwise the answer would always lie on one side."""
    count = len(CROSSED)
    starts = range(0, len(cases), count)
    return [cases[start + (n + n // count) % count] for n, start in enumerate(starts)]


def asked(cases: Sequence[Triplet], agrees: Sequence[bool]) -> list[Triplet]:
    """One case of each reference, so that nobody meets one twice: the first in which the network's
    answer does not agree with the labels, as half of those that are asked about have to be."""
    against = [case for case, right in zip(cases, agrees, strict=True) if not right]
    found: dict[str, Triplet] = {}
    for case in [*against, *by_turns(cases)]:
        found.setdefault(case.cutouts[0], case)
    return list(found.values())


def drawn(
    originals: Path, triplet: Triplet, cutouts: Mapping[str, Cutout]
) -> tuple[Image.Image, NDArray[np.uint8]]:
    """The case, and which object each of its pixels belongs to: 1 the reference's, 2 that of its
    kind, 3 the other, 0 none."""
    photo = Image.new("RGB", (SIDE, SIDE), GREY)
    mask = np.zeros((SIDE, SIDE), np.uint8)
    half, inside = SIDE // 2, SIDE // 2 - 2 * FRAME
    across = (half, 0) if not triplet.left else (0, half)
    spots = ((half // 2, 0), (across[0], half), (across[1], half))
    for place, (left, top) in enumerate(spots):
        seed = f"{SEED}/{triplet.number}/{place}"
        one = cutouts[triplet.cutouts[place]]
        scene = compose(originals, [one], seed, [triplet.backgrounds[place]])
        spot = (left + FRAME, top + FRAME)
        photo.paste(scene.photo.resize((inside, inside), Image.Resampling.LANCZOS), spot)
        own = Image.fromarray(scene.objects[0].mask).resize((inside, inside))
        rows, columns = (slice(start, start + inside) for start in (spot[1], spot[0]))
        mask[rows, columns][np.asarray(own)] = place + 1
    return photo, mask


def read_triplets(folder: Path) -> list[Triplet]:
    rows = json.loads((folder / "triplets.json").read_text("utf-8"))
    lists = ("cutouts", "backgrounds", "crossed")
    return [Triplet(**{**row, **{name: tuple(row[name]) for name in lists}}) for row in rows]
