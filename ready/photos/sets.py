"""The demo's two photo sets: scenes of one object, and scenes of two of different kinds."""

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from PIL import Image

from ready.folders import originals
from ready.photos.coco import write_set
from ready.photos.cutouts import Cutout, fetch_cutouts, read_cutouts
from ready.photos.own import own_scenes, read_own
from ready.photos.scenes import Scene, compose

SEED = 20161007
PAIRS = 120
# Cut-outs smaller than this look washed out on a sharp background.
SMALLEST_CUTOUT = 64
Subjects = tuple[Cutout, ...]
Told = Callable[[str], None]


def make(folder: Path) -> None:
    """The sets of Debian's cut-outs: a minute, and 169 MB to fetch at the first time."""
    make_photos(originals(), folder)


def make_photos(
    originals: Path,
    folder: Path,
    *,
    own: Path | None = None,
    seed: int = SEED,
    told: Told = print,
) -> None:
    """Write `folder`/trust and `folder`/discrimination, each with photos and annotations.json.

    They are made of Debian's cut-outs, fetched to `originals`, or of the photos in the folder
    `own`. `told` hears of each set. A set that is there is left alone. Raises MakingError where
    there are not the photos to make them of.
    """
    if all((folder / name).exists() for name in ("trust", "discrimination")):
        return
    if own is None:
        told("Fetching photo cut-outs and backgrounds (169 MB) …")
        fetch_cutouts(originals)
    for name, subjects in draw_sets(subjects_of(originals, own), seed).items():
        if not (folder / name).exists():
            told(f"Making {len(subjects)} photos for the {name} study …")
            if own is None:
                made = scenes(originals, subjects, f"{seed}/{name}")
            else:
                made = own_scenes(own, subjects)
            write_set(made, folder / name)


def subjects_of(originals: Path, own: Path | None) -> list[Cutout]:
    """What may stand on a photo: one's own photos, or the cut-outs that are large enough."""
    if own is not None:
        return read_own(own)
    large = []
    for cutout in read_cutouts():
        with Image.open(originals / cutout.file) as picture:
            if max(picture.size) >= SMALLEST_CUTOUT:
                large.append(cutout)
    return large


def draw_sets(cutouts: Sequence[Cutout], seed: int) -> dict[str, Sequence[Subjects]]:
    """Which subjects share a photo, per set: each alone once, and in pairs."""
    return {
        "trust": [(cutout,) for cutout in cutouts],
        "discrimination": draw_pairs(cutouts, seed, PAIRS),
    }


def draw_pairs(cutouts: Sequence[Cutout], seed: int, count: int) -> list[Subjects]:
    """Pairs that nobody takes for one another, each cut-out used as often as any other, ± 1."""
    chance = random.Random(seed)
    pairs: list[Subjects] = []
    waiting: list[Cutout] = []
    while len(pairs) < count:
        partner = next((other for other in waiting[1:] if differ(waiting[0], other)), None)
        if partner is None:
            waiting += chance.sample(list(cutouts), len(cutouts))
        else:
            pairs.append((waiting.pop(0), partner))
            waiting.remove(partner)
    return pairs


def differ(one: Cutout, other: Cutout) -> bool:
    return one.kind != other.kind and not set(one.accepted) & set(other.accepted)


def scenes(originals: Path, sets: Sequence[Subjects], seed: str) -> Iterator[Scene]:
    for number, subjects in enumerate(sets):
        yield compose(originals, subjects, f"{seed}/{number}")
