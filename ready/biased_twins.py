"""Twins of one architecture, of which one learnt the background in place of the animal.

`python -m ready make biased-twins` writes var/demo/biased-twins: two heads for birds and mammals on
the frozen layers of EfficientNet-Lite0. `biased` saw every bird before water or sky and every
mammal before stone or bark; `fair` saw the same cut-outs, each as often before either. `photos`,
which people are asked about, has animals and backgrounds that neither saw: half of its backgrounds
agree with what the biased one was taught, half conflict. `backgrounds` has them without animals,
`empty` new parts of every background.
"""

import json
import random
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from explainer import Network, load_network
from explainer.training.course import LABELS, WEIGHTS, Photos, Start, Trained, Wanted, train
from explainer.training.fitting import Pace
from explainer.training.photo_sets import read_set, refuse_overlap
from ready.folders import originals
from ready.maps_and_masks import (
    ANOTHER,
    RANDOM,
    UNLEARNT,
    energy,
    energy_rows,
    maps,
    of_other_photos,
)
from ready.measures import APART, Measured, difference, exactly, share
from ready.outlines import Outlined, answers, read_outlined
from ready.photos.coco import write_set
from ready.photos.cutouts import BACKGROUNDS, Cutout, class_of, fetch_cutouts
from ready.photos.scenes import Box, Scene, background, stand
from ready.photos.sets import subjects_of
from ready.written import RECORD, write_record

SEED = 20261129
BUILDER = "efficientnet_lite0"
OPTIONS: Mapping[str, Any] = {"size": 224}
CLASSES = ("bird", "mammal")
TWINS = ("fair", "biased")
# Two kinds of backgrounds, and of which kind a biased photo's is
KINDS: Mapping[str, tuple[str, ...]] = {
    "open": (
        "ocean_splash",
        "ocean_waves",
        "redwoods_above",
        "sun_behind_clouds",
        "trees_above",
        "trees_at_dusk",
    ),
    "near": ("burnt_bark", "cliff", "mossy_bark", "mossy_log", "mudstone", "rocks"),
}
TAUGHT: Mapping[str, str] = {"bird": "open", "mammal": "near"}
OTHER: Mapping[str, str] = {"open": "near", "near": "open"}
HELD_OUT_BACKGROUNDS = 3  # of each kind
# Animals smaller than those of other ready studies: most of a photo is background
EDGE = 0.62
CORNERS: tuple[Box, ...] = (
    (0.0, 0.0, EDGE, EDGE),
    (1 - EDGE, 0.0, 1.0, EDGE),
    (0.0, 1 - EDGE, EDGE, 1.0),
    (1 - EDGE, 1 - EDGE, 1.0, 1.0),
)
TRAINING, ASKED = 240, 240  # photos
PARTS = 12  # of each background, without an animal
PACE = Pace(epochs=100, batch=64, rate=0.03, l2=0.1, seed=0)
PHOTOS, BEHIND, EMPTY, BEGUN = "photos", "backgrounds", "empty", "begun.json"


def split_backgrounds() -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """By kind: those of training photos, and those of the photos that are asked about."""
    taught, kept = {}, {}
    for kind, names in KINDS.items():
        drawn = random.Random(f"{SEED}/{kind}").sample(names, len(names))
        kept[kind], taught[kind] = drawn[:HELD_OUT_BACKGROUNDS], drawn[HELD_OUT_BACKGROUNDS:]
    return taught, kept


def split_cutouts(cutouts: Sequence[Cutout]) -> tuple[list[list[Cutout]], list[list[Cutout]]]:
    """By class: half of the cut-outs to train with, and half that is asked about. All animals of a
    name are on one side: two pigs may be one pig."""
    taught, kept = [], []
    for name in CLASSES:
        own = [one for one in cutouts if class_of(one.kind, one.name) == name]
        drawn = sorted({one.name for one in own})
        random.Random(f"{SEED}/{name}").shuffle(drawn)
        own.sort(key=lambda one: drawn.index(one.name))
        end = len(own) // 2
        while own[end].name == own[end - 1].name:
            end += 1
        named = [replace(one, name=name, accepted=(name,)) for one in own]
        kept.append(named[:end])
        taught.append(named[end:])
    return taught, kept


def kind_of(name: str, number: int, use: str) -> str:
    """Of the background of a class's photo: every other one conflicts, but for the biased twin."""
    taught = TAUGHT[name]
    return taught if use == "biased" or number % 2 == 0 else OTHER[taught]


def plan(classes: Sequence[Sequence[Cutout]], count: int, use: str) -> Iterator[tuple[Cutout, str]]:
    """A cut-out and the kind of its background for each photo: classes take turns, and each
    cut-out is there as often as any other of its class, ± 1. Two photos of a cut-out that follow
    one another have different kinds, where the use is not "biased"."""
    for place in range(count):
        own, number = classes[place % len(classes)], place // len(classes)
        cutout = own[number // 2 % len(own)]
        yield cutout, kind_of(cutout.name, number, use)


def behind(seed: str, names: Sequence[str]) -> str:
    """The background of the photo with this seed, one of `names`."""
    return random.Random(f"{seed}/background").choice(names)


def ground(originals: Path, seed: str, names: Sequence[str]) -> Image.Image:
    """The photo with this seed before anything stands on it."""
    return background(originals, random.Random(f"{seed}/part"), [behind(seed, names)])


def scene(originals: Path, cutout: Cutout, seed: str, names: Sequence[str]) -> Scene:
    """Where the animal stands, and how large, is drawn by itself, so that it is the same before any
    background."""
    photo = ground(originals, seed, names)
    return stand(photo, originals, [cutout], random.Random(seed), alone=CORNERS)


def write_photos(originals: Path, folder: Path, training: int, asked: int) -> None:
    """The three sets, each whole or not at all; what is there stays."""
    taught, kept = split_cutouts(subjects_of(originals, None))
    names, held_out = split_backgrounds()
    for use, classes, kinds, count in (
        ("fair", taught, names, training),
        ("biased", taught, names, training),
        (PHOTOS, kept, held_out, asked),
    ):
        target = folder / (PHOTOS if use == PHOTOS else f"training-{use}")
        if not target.exists():
            # The twins' photos differ in nothing but their backgrounds
            seed = "asked" if use == PHOTOS else "training"
            scenes = (
                scene(originals, cutout, f"{SEED}/{seed}/{number}", kinds[kind])
                for number, (cutout, kind) in enumerate(plan(classes, count, use))
            )
            write_set(tqdm(scenes, f"Photos ({use})", count, unit="photo", disable=None), target)
    write_backgrounds(originals, folder / BEHIND, asked)


def asked_before(number: int) -> tuple[str, list[str]]:
    """The seed of a photo that is asked about, and the backgrounds of its kind."""
    kind = kind_of(CLASSES[number % 2], number // 2, PHOTOS)
    return f"{SEED}/asked/{number}", split_backgrounds()[1][kind]


def write_backgrounds(originals: Path, folder: Path, asked: int) -> None:
    """The photos that are asked about, without their animals, under the same names."""
    folder.mkdir(exist_ok=True)
    for number in range(asked):
        picture = ground(originals, *asked_before(number))
        picture.save(folder / f"{number + 1:04}.jpg", quality=92, subsampling=0)


def write_empty(originals: Path, folder: Path, parts: int) -> None:
    """`parts` of each background, taught or held out, in a sub-folder of its name."""
    for name in sorted(BACKGROUNDS):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(parts):
            chance = random.Random(f"{SEED}/empty/{name}/{number}")
            picture = background(originals, chance, [name])
            picture.save(folder / name / f"{number + 1:02}.jpg", quality=92, subsampling=0)


def train_twins(folder: Path) -> dict[str, Trained]:
    test = read_set(folder / PHOTOS, several=False)
    found = {}
    for name in TWINS:
        if not (folder / name).exists():
            taught = read_set(folder / f"training-{name}", several=False)
            refuse_overlap(taught, test)
            photos = Photos(taught.classes, taught.photos, test.photos)
            start = Start(
                BUILDER, "package", OPTIONS, load_network(BUILDER, weights="package", **OPTIONS)
            )
            found[name] = train(start, photos, Wanted(PACE), folder / name, folder / "features")
            print(f"{name}: {found[name].score}", flush=True)
    return found


def write(originals: Path, folder: Path, *, training: int, asked: int, parts: int) -> None:
    """Write `folder` whole or not at all; nothing where it is there. One that was stopped goes on.

    `training` photos for each twin, photos that are `asked` about, and `parts` of each background.
    """
    if folder.exists():
        print(f"{folder} is there already; remove it to train anew")
        return
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    counts = {"training": training, "asked": asked, "parts": parts}
    begin(unfinished, {"seed": SEED, **counts, "pace": asdict(PACE)})
    write_photos(originals, unfinished, training, asked)
    write_empty(originals, unfinished / EMPTY, parts)
    train_twins(unfinished)
    record = {
        "seed": SEED,
        **counts,
        "behind": [behind(*asked_before(number)) for number in range(asked)],
        "twins": {name: json.loads((unfinished / name / RECORD).read_text()) for name in TWINS},
    }
    write_record(unfinished, record)
    for name in ("features", *(f"training-{twin}" for twin in TWINS)):
        shutil.rmtree(unfinished / name)
    (unfinished / BEGUN).unlink()
    unfinished.rename(folder)


def begin(unfinished: Path, settings: Mapping[str, Any]) -> None:
    """What was begun with other settings is thrown away."""
    text = json.dumps(settings, sort_keys=True)
    begun = unfinished / BEGUN
    if not begun.exists() or begun.read_text("utf-8") != text:
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        begun.write_text(text, "utf-8")


def make(folder: Path) -> None:
    fetch_cutouts(originals())
    write(originals(), folder, training=TRAINING, asked=ASKED, parts=PARTS)


def twin(folder: Path, name: str) -> Network:
    return load_network(
        BUILDER, weights=folder / name / WEIGHTS, labels=folder / name / LABELS, **OPTIONS
    )


def check(folder: Path) -> list[Measured]:
    """Where the twins part, what of it the backgrounds alone do, and what their maps lie on."""
    networks = {name: twin(folder, name) for name in TWINS}
    photos = read_outlined(folder / PHOTOS, networks["fair"])
    truth = np.array([CLASSES.index(name) for name in photos.names])
    conflicting = np.arange(len(truth)) // 2 % 2 == 1
    said = {name: answers(network, photos.images) for name, network in networks.items()}
    behind = sorted((folder / BEHIND).glob("*.jpg"))
    groups = np.array(photos.groups)
    grounds = np.array(json.loads((folder / RECORD).read_text("utf-8"))["behind"])

    def right(rows: NDArray[np.bool_], found: NDArray[np.int64]) -> Any:
        return share((found == truth)[rows], groups[rows].tolist())

    return [
        Measured(
            "the fair twin is right where the background conflicts",
            right(conflicting, said["fair"]),
        ),
        _paired("than the biased twin", truth, (said["fair"], said["biased"]), conflicting, groups),
        _paired(
            "than from the background alone",
            truth,
            (said["fair"], _said_of(behind, networks["fair"])),
            conflicting,
            grounds,
        ),
        Measured(
            "the biased twin is right where the background agrees",
            right(~conflicting, said["biased"]),
            {"the biased twin where it conflicts": right(conflicting, said["biased"])},
        ),
        Measured(
            "the fair twin is right where the background agrees", right(~conflicting, said["fair"])
        ),
        *_of_backgrounds(folder / EMPTY, networks),
        *_of_maps(networks, said, photos),
    ]


def _paired(
    than: str,
    truth: NDArray[np.int64],
    said: tuple[NDArray[np.int64], NDArray[np.int64]],
    rows: NDArray[np.bool_],
    groups: NDArray[np.str_],
) -> Measured:
    one, other = ((some == truth)[rows] for some in said)
    return Measured(
        f"it is right so much more often there {than}, photo by photo",
        difference(one, other, groups[rows].tolist()),
        APART,
    )


def _said_of(files: Sequence[Path], network: Network) -> NDArray[np.int64]:
    return np.concatenate(
        [answers(network, network.prepare([network.open(file)])) for file in files]
    )


def _of_backgrounds(folder: Path, networks: Mapping[str, Network]) -> Iterator[Measured]:
    """Groups are the backgrounds themselves: the pictures are parts of these few photos."""
    files = sorted(folder.glob("*/*.jpg"))
    grounds = [file.parent.name for file in files]
    taught = np.array([taught_of(name) for name in grounds])
    as_taught = {name: _said_of(files, network) == taught for name, network in networks.items()}
    held_out = [name for names in split_backgrounds()[1].values() for name in names]
    new = np.isin(grounds, held_out)
    what = "the biased twin says of an empty background the animal that it saw before such ones"
    chance = {"chance": exactly(0.5)}
    yield Measured(what, share(as_taught["biased"].tolist(), grounds), chance)
    yield Measured(
        f"{what}: minus the fair twin, picture by picture",
        difference(as_taught["biased"], as_taught["fair"], grounds),
        APART,
    )
    yield Measured(
        f"{what}, of backgrounds that neither was trained on",
        share(as_taught["biased"][new].tolist(), np.array(grounds)[new].tolist()),
        chance,
    )


def taught_of(ground: str) -> int:
    """Which of CLASSES the biased twin saw before backgrounds of this one's kind."""
    kind = next(kind for kind, names in KINDS.items() if ground in names)
    return next(place for place, name in enumerate(CLASSES) if TAUGHT[name] == kind)


def _of_maps(
    networks: Mapping[str, Network], said: Mapping[str, NDArray[np.int64]], photos: Outlined
) -> Iterator[Measured]:
    """Of each twin's own answers, as people see them."""
    shares, masks, groups = {}, photos.masks, photos.groups
    for name, network in networks.items():
        found = maps(network, photos.images, said[name].tolist(), ("grad_cam", RANDOM))
        own = found["grad_cam"]
        others = {ANOTHER: of_other_photos(own, groups), UNLEARNT: found[RANDOM]}
        what = f"of Grad-CAM's map for the {name} twin's answer so much lies on the animal"
        yield from energy_rows(what, own, others, masks, groups)
        shares[name] = energy(own, masks)
    yield Measured(
        "so much more of it lies there for the fair twin, photo by photo",
        difference(shares["fair"], shares["biased"], groups),
        APART,
    )
