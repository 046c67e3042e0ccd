"""AlexNet and VGG-16 with ImageNet's convolutions, and heads for seven classes of made photos.

`python -m ready make paper-pair` writes var/demo/paper-pair: `photos/training` and
`photos/held-out` in COCO's format, `alexnet` and `vgg16` as `python -m explainer train` writes
them, and `record.json`. Held-out photos have objects *and* backgrounds of their own; photos of one
object are a group. VGG-16 has to be right more often than AlexNet, or nothing is written: half of
the objects of each class are held out, so that this is shown whichever half it is.
"""

import random
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from explainer import Preprocess
from explainer.networks import Network, load_asked, load_trunk, pooled
from explainer.training.course import LABELS, WEIGHTS, Photos, Start, Trained, Wanted, train
from explainer.training.fitting import Pace
from explainer.training.photo_sets import PhotoSet, read_set, refuse_overlap
from explainer.training.scores import Score
from ready.errors import MakingError
from ready.folders import originals
from ready.grids import grid_rows
from ready.maps_and_masks import Explained, explained, map_rows, only
from ready.measures import APART, Measured, difference, share
from ready.photos.coco import write_set
from ready.photos.cutouts import BACKGROUNDS, MORE_CLASSES, Cutout, fetch_cutouts
from ready.photos.scenes import Scene, compose
from ready.photos.sets import subjects_of
from ready.transformers import Named, drawn, split
from ready.written import write_record

SEED = 20161007


PACE = Pace(epochs=100, batch=64, rate=0.03, l2=1e-3, seed=0)


@dataclass(frozen=True)
class Member:
    """A network of the pair: how it is called in texts, the side of its photos in pixels, and how
    its head is trained."""

    title: str
    builder: str
    size: int
    pace: Pace = PACE


# Of one grid, 13 × 13 cells; at 224 pixels VGG-16 has 14 × 14.
STRONGER, WEAKER = "vgg16", "alexnet"
NETWORKS: Mapping[str, Member] = {
    WEAKER: Member("AlexNet", "alexnet_pooled", 224),
    STRONGER: Member("VGG-16", "vgg16_pooled", 208),
}
UNMENDED = 224
TRAINING, HELD_OUT = 126, 175  # photos
OBJECTS = 1 / 2  # of each class that are held out
Right = NDArray[np.bool_]


def backgrounds(seed: int = SEED) -> tuple[list[str], list[str]]:
    """Backgrounds of training photos, and of held-out ones: two thirds and one third."""
    names = sorted(BACKGROUNDS)
    random.Random(seed).shuffle(names)
    held_out = len(names) // 3
    return names[held_out:], names[:held_out]


def sides(originals: Path) -> tuple[list[Named], list[Named]]:
    """Of each class, the objects of training photos and those of held-out ones."""
    return split(subjects_of(originals, None), SEED, OBJECTS, MORE_CLASSES)


def scenes(
    originals: Path, subjects: Sequence[Cutout], use: str, names: Sequence[str]
) -> Iterator[Scene]:
    """Scenes of one object each. Which object it is, is drawn by another seed than its scene:
    otherwise backgrounds would tell classes."""
    for number, one in enumerate(subjects):
        yield compose(originals, [one], f"{SEED}/{use}/{number}", names)


def make_photos(originals: Path, folder: Path, training: int, held_out: int) -> None:
    """Both sets, anew: those of a pair that was refused may be fewer than are wanted now."""
    shutil.rmtree(folder, ignore_errors=True)
    for use, classes, names, count in zip(
        ("training", "held-out"),
        sides(originals),
        backgrounds(),
        (training, held_out),
        strict=True,
    ):
        subjects = list(drawn(classes, count, f"{SEED}/{use}/drawn"))
        made = scenes(originals, subjects, use, names)
        bar = tqdm(made, f"Photos ({use})", count, unit="photo", disable=None)
        write_set(bar, folder / use)


def trained(name: str, member: Member, photos: Photos, folder: Path) -> Trained:
    """A network whose head is trained; features of photos stay until the folder is whole."""
    began, options = time.monotonic(), {"size": member.size}
    weights = pooled.at_hand(member.builder)
    trunk = load_trunk(member.builder, weights, options)
    start = Start(member.builder, weights, options, trunk)
    shutil.rmtree(folder / name, ignore_errors=True)
    made = train(start, photos, Wanted(member.pace), folder / name, folder / "features")
    seconds = f"{time.monotonic() - began:.0f} s"
    print(f"{member.title}, ImageNet convolutions ({weights}), new head: {made.score}; {seconds}")
    return made


def refuse_equals(found: Score, networks: Mapping[str, Member] = NETWORKS) -> None:
    """MakingError where the held-out photos don't show which network is the stronger one."""
    if found.low <= 0:
        stronger, weaker = (networks[name].title for name in (STRONGER, WEAKER))
        raise MakingError(
            f"{stronger} is not shown to be stronger than {weaker}: it is right on "
            f"{100 * found.value:.0f} points more of the held-out photos, and the 95 % interval "
            f"over {found.groups} objects reaches from {100 * found.low:.0f} to "
            f"{100 * found.high:.0f}; raise HELD_OUT in ready/paper_pair.py and make the pair again"
        )


def write(
    originals: Path,
    folder: Path,
    *,
    training: int,
    held_out: int,
    networks: Mapping[str, Member] = NETWORKS,
) -> None:
    """Write `folder` whole or not at all; nothing where it is there."""
    if folder.exists():
        print(f"{folder} is there already; remove it to make it anew")
        return
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    make_photos(originals, unfinished / "photos", training, held_out)
    training_set, test = (
        read_set(unfinished / "photos" / use, several=False) for use in ("training", "held-out")
    )
    refuse_overlap(training_set, test)
    photos = Photos(training_set.classes, training_set.photos, test.photos)
    made = {name: trained(name, one, photos, unfinished) for name, one in networks.items()}
    right = {name: right_of(one.scores.numpy(), test) for name, one in made.items()}
    found = difference(right[STRONGER], right[WEAKER], groups_of(test))
    refuse_equals(found, networks)
    both = int((right[STRONGER] & right[WEAKER]).sum())
    print(f"{found}; both are right on {both} of {len(test.photos)} photos")
    record = {
        "seed": SEED,
        "photos": {"training": training_set.digest(), "held_out": test.digest()},
        "networks": {
            name: {"weights": one.digest, **asdict(one.score)} for name, one in made.items()
        },
        "difference": asdict(found),
        "both_right": both,
    }
    write_record(unfinished, record)
    shutil.rmtree(unfinished / "features")
    unfinished.rename(folder)


def make(folder: Path) -> None:
    """Two minutes of one core, most of them VGG-16's: a third of a second for each photo."""
    fetch_cutouts(originals())
    write(originals(), folder, training=TRAINING, held_out=HELD_OUT)


def right_of(scores: NDArray[Any], photos: PhotoSet) -> Right:
    """Of each photo, whether its best scored class is the one that it shows."""
    answers = photos.shown(photos.photos).argmax(1)
    right: Right = np.asarray(scores).argmax(1) == answers
    return right


def groups_of(photos: PhotoSet) -> list[str]:
    return [one.group for one in photos.photos]


def load(folder: Path, name: str, member: Member) -> Network:
    return load_asked(
        member.builder,
        {"size": member.size},
        weights=folder / name / WEIGHTS,
        labels=folder / name / LABELS,
    )


def check(folder: Path, networks: Mapping[str, Member] = NETWORKS) -> list[Measured]:
    """How often each network is right, whether its maps lie on what is shown, and whether a map's
    grid tells whose it is."""
    photos = folder / "photos" / "held-out"
    test = read_set(photos, several=False)
    seen = {name: explained(load(folder, name, one), photos) for name, one in networks.items()}
    rows = accuracy_rows(seen, test, networks)
    both = [a and b for a, b in zip(*(one.right for one in seen.values()), strict=True)]
    chosen = {name: only(one, both) for name, one in seen.items()}
    for name, one in networks.items():
        rows += map_rows(chosen[name], load(folder, name, one), one.title)
    pair, groups = (chosen[STRONGER], chosen[WEAKER]), chosen[STRONGER].groups
    titles = " minus ".join(networks[name].title for name in (STRONGER, WEAKER))
    energies = difference(pair[0].energies(), pair[1].energies(), groups)
    rows.append(Measured(f"{titles}: energy on the object", energies))
    other = only(explained(unmended(load(folder, STRONGER, networks[STRONGER])), photos), both)
    return rows + grid_rows((pair[0].maps, pair[1].maps), (other.maps, pair[1].maps), groups)


def unmended(network: Network) -> Network:
    """The same network with as many pixels as the other one: another number of cells."""
    size = UNMENDED
    steps = Preprocess(size=size, resize=round(size * 256 / 224))
    return Network(network.module, None, network.labels, steps, name=f"{network.name} at {size}")


def accuracy_rows(
    seen: Mapping[str, Explained], test: PhotoSet, networks: Mapping[str, Member]
) -> list[Measured]:
    """Beside one answer to every photo; and the paired difference, which has to lie above 0."""
    groups, answers = groups_of(test), test.shown(test.photos).argmax(1)
    most = int(np.bincount(answers).argmax())
    blind = {f"“{test.classes[most]}” for every photo": share(list(answers == most), groups)}
    rows = [
        Measured(f"{one.title}: right on held-out photos", share(seen[name].right, groups), blind)
        for name, one in networks.items()
    ]
    found = difference(seen[STRONGER].right, seen[WEAKER].right, groups)
    stronger, weaker = (networks[name].title for name in (STRONGER, WEAKER))
    return [
        *rows,
        Measured(f"{stronger} minus {weaker}: right on held-out photos", found, controls=APART),
    ]
