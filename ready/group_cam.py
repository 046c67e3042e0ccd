"""Networks that were fine-tuned with Group-CAM's augmentation, and without.

Group-CAM's authors (arXiv 2103.13859) fine-tune a classifier on photos of which Group-CAM of the
true class keeps the part above the map's mean; the rest is blurred. `python -m ready make
group-cam` writes var/demo/group-cam: three networks, AlexNet's ImageNet convolutions of which the
last was trained further under a new head. `augmented` was trained on such photos, `plain` on the
same photos as they are, and `mismatched`, a control, on photos blurred by the map of another one.
`photos`, which people are asked about, have objects and backgrounds of their own.
"""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from torch import Tensor
from tqdm import tqdm

from explainer import Network, explain
from explainer.laboratory.segmentations import read_labelled
from explainer.networks import load_asked, load_trunk, pooled
from explainer.training.course import LABELS, WEIGHTS, Photos, Start, Wanted, train
from explainer.training.fitting import Pace
from explainer.training.photo_sets import PhotoSet, read_set, refuse_overlap
from ready.folders import originals
from ready.maps_and_masks import Explained, explained, map_rows, only
from ready.measures import APART, Measured, difference, mean, share
from ready.paper_pair import backgrounds
from ready.photos.coco import ANNOTATIONS, write_set
from ready.photos.cutouts import fetch_cutouts
from ready.photos.scenes import SIDE, compose
from ready.photos.sets import subjects_of
from ready.transformers import drawn, split
from ready.written import RECORD, write_record

SEED = 20210325
BUILDER = "alexnet_pooled"
SIZE = 224
OPTIONS: Mapping[str, Any] = {"size": SIZE}
FROM = "features.10"  # the last convolution
NETWORKS = ("augmented", "plain", "mismatched")
FIRST, PHOTOS = "first", "photos"
# What a network sees of a photo's SIDE pixels, and a mean over as much of it as 51 of 224 pixels
SEEN = round(SIDE * 224 / 256)
BLUR = ImageFilter.BoxBlur(51 / 2 * SEEN / SIZE)
GROUPS = {"group_cam": {"groups": 16}}  # as the authors' fine-tuning has it
HEAD_PACE = Pace(epochs=100, batch=64, rate=0.03, l2=1e-3, seed=0)
PACE = Pace(epochs=20, batch=32, rate=1e-3, l2=1e-3, seed=0)
TRAINING, ASKED = 200, 160  # photos
BATCH = 8
Mask = NDArray[np.bool_]


def write_photos(originals: Path, folder: Path, training: int, asked: int) -> None:
    """Photos to train with, as PNG, and those that are asked about."""
    sides = split(subjects_of(originals, None), SEED)
    for use, classes, names, count in zip(
        ("plain", PHOTOS), sides, backgrounds(SEED), (training, asked), strict=True
    ):
        subjects = drawn(classes, count, f"{SEED}/{use}/drawn")
        scenes = (
            compose(originals, [one], f"{SEED}/{use}/{number}", names)
            for number, one in enumerate(subjects)
        )
        bar = tqdm(scenes, f"Photos ({use})", count, unit="photo", disable=None)
        write_set(bar, target_of(folder, use), "jpg" if use == PHOTOS else "png")


def target_of(folder: Path, use: str) -> Path:
    return folder / (PHOTOS if use == PHOTOS else f"training-{use}")


def trained(folder: Path, name: str, taught: PhotoSet, test: PhotoSet, wanted: Wanted) -> None:
    """A network from ImageNet's convolutions and a head of zeros. The photos that are asked about
    give its score and decide nothing."""
    weights = pooled.at_hand(BUILDER)
    start = Start(BUILDER, weights, OPTIONS, load_trunk(BUILDER, weights, OPTIONS))
    photos = Photos(taught.classes, taught.photos, test.photos)
    made = train(start, photos, wanted, folder / name, folder / "features")
    print(f"{name}: {made.score}", flush=True)


def load(folder: Path, name: str) -> Network:
    return load_asked(
        BUILDER, OPTIONS, weights=folder / name / WEIGHTS, labels=folder / name / LABELS
    )


def kept_parts(network: Network, photos: PhotoSet) -> list[Mask]:
    """Of each photo, SIZE×SIZE: where Group-CAM of its class is at least the map's mean."""
    targets = photos.shown(photos.photos).argmax(1)
    parts: list[Mask] = []
    starts = range(0, len(targets), BATCH)
    for start in tqdm(starts, "Group-CAM of training photos", unit="batch", disable=None):
        some = photos.photos[start : start + BATCH]
        images = torch.cat([network.prepare([network.open(one.path)]) for one in some])
        classes = torch.from_numpy(targets[start : start + BATCH])
        found = explain(network, images, classes, ["group_cam"], settings=GROUPS)["group_cam"]
        parts += map(above_mean, found)
    return parts


def above_mean(values: Tensor) -> Mask:
    part: Mask = (values >= values.mean()).numpy()
    return part


def write_masked(plain: Path, folder: Path, parts: Sequence[Mask]) -> None:
    """The photos of `plain` under the same names, with what their part leaves out blurred."""
    folder.mkdir()
    shutil.copy(plain / ANNOTATIONS, folder / ANNOTATIONS)
    for file, part in zip(sorted(plain.glob("*.png")), parts, strict=True):
        with Image.open(file) as photo:
            masked(photo, part).save(folder / file.name)


def masked(photo: Image.Image, part: Mask) -> Image.Image:
    """SIDE×SIDE: the photo where its seen middle is kept, else a blurred one."""
    seen = Image.fromarray(part.astype(np.uint8) * 255).resize(
        (SEEN, SEEN), Image.Resampling.NEAREST
    )
    kept = Image.new("L", photo.size)
    kept.paste(seen, ((SIDE - SEEN) // 2, (SIDE - SEEN) // 2))
    return Image.composite(photo, photo.filter(BLUR), kept)


def of_others(parts: Sequence[Mask], photos: PhotoSet) -> list[Mask]:
    """For each photo the part of the next one that shows another object."""
    groups, count = [one.group for one in photos.photos], len(parts)
    found = []
    for own, group in enumerate(groups):
        places = ((own + step) % count for step in range(1, count))
        found.append(parts[next(place for place in places if groups[place] != group)])
    return found


def kept_shares(network: Network, folder: Path, parts: Sequence[Mask]) -> Iterator[dict[str, Any]]:
    """Of each training photo, how much of the object is kept, and how much of the photo."""
    photos = read_set(folder, several=False).photos
    known = {one.path.name: one for one in read_labelled(folder)}
    for one, part in zip(photos, parts, strict=True):
        labelled = known[one.path.name]
        thing = labelled.seen_mask(labelled.concepts[0], network.steps)
        yield {"group": one.group, "object": float(part[thing].mean()), "photo": float(part.mean())}


def write(originals: Path, folder: Path, *, training: int, asked: int) -> None:
    """Write `folder` whole or not at all; nothing where it is there."""
    if folder.exists():
        print(f"{folder} is there already; remove it to make it anew")
        return
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    write_photos(originals, unfinished, training, asked)
    plain, test = (read_set(target_of(unfinished, use), several=False) for use in ("plain", PHOTOS))
    refuse_overlap(plain, test)
    trained(unfinished, FIRST, plain, test, Wanted(HEAD_PACE))
    first = load(unfinished, FIRST)
    own = kept_parts(first, plain)
    kept = list(kept_shares(first, target_of(unfinished, "plain"), own))
    for name, parts in (("augmented", own), ("mismatched", of_others(own, plain))):
        write_masked(target_of(unfinished, "plain"), target_of(unfinished, name), parts)
    for name in NETWORKS:
        taught = read_set(target_of(unfinished, name), several=False)
        trained(unfinished, name, taught, test, Wanted(PACE, trained=FROM))
    made = {name: json.loads((unfinished / name / RECORD).read_text()) for name in NETWORKS}
    settings = {"seed": SEED, "training": training, "asked": asked, "pace": asdict(PACE)}
    write_record(unfinished, {"settings": settings, "kept": kept, "networks": made})
    for name in (FIRST, "features", *(f"training-{one}" for one in NETWORKS)):
        shutil.rmtree(unfinished / name)
    unfinished.rename(folder)


def make(folder: Path) -> None:
    """Three minutes of one core: Group-CAM takes one of them."""
    fetch_cutouts(originals())
    write(originals(), folder, training=TRAINING, asked=ASKED)


def check(folder: Path) -> list[Measured]:
    """What is blurred, how often each network is right, and what its maps lie on."""
    seen = {name: explained(load(folder, name), folder / PHOTOS) for name in NETWORKS}
    compared = [seen[name] for name in ("augmented", "plain")]
    both = [a and b for a, b in zip(*(one.right for one in compared), strict=True)]
    pair = {name: only(seen[name], both) for name in ("augmented", "plain")}
    rows = [*of_masks(folder), *of_answers(seen)]
    for name, one in pair.items():
        rows += map_rows(one, load(folder, name), name)
    return [*rows, *of_pair(pair)]


def of_masks(folder: Path) -> Iterator[Measured]:
    """The augmentation has to keep more of the object than of the photo."""
    kept = json.loads((folder / RECORD).read_text("utf-8"))["kept"]
    groups = [one["group"] for one in kept]
    thing, photo = ([one[what] for one in kept] for what in ("object", "photo"))
    yield Measured("Group-CAM keeps of the object on a training photo", mean(thing, groups))
    yield Measured(
        "the same, minus what it keeps of the photo", difference(thing, photo, groups), APART
    )


def of_answers(seen: Mapping[str, Explained]) -> Iterator[Measured]:
    """Each network beside one answer to every photo; and what the augmentation changes, of which
    nothing is demanded: the study calls no network stronger."""
    groups, targets = seen["plain"].groups, seen["plain"].targets
    most = int(targets.bincount().argmax())
    blind = {"one answer to every photo": share((targets == most).tolist(), groups)}
    for name, one in seen.items():
        yield Measured(
            f"{name}: right on photos that are asked about", share(one.right, groups), blind
        )
    for other in ("plain", "mismatched"):
        less = difference(seen["augmented"].right, seen[other].right, groups)
        yield Measured(f"augmented minus {other}: right, photo by photo (no demand)", less)


def of_pair(pair: Mapping[str, Explained]) -> Iterator[Measured]:
    one, other = pair["augmented"], pair["plain"]
    told = "augmented minus plain, photo by photo (no demand): Grad-CAM's"
    energy = difference(one.energies(), other.energies(), one.groups)
    yield Measured(f"{told} energy on the object", energy)
    yield Measured(f"{told} peak on the object", difference(one.hits(), other.hits(), one.groups))
