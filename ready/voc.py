"""The Grad-CAM paper's question of two depicted classes, on PASCAL VOC's own photos.

Nobody may hand VOC on, so that you name it: `VOC=VOCdevkit/VOC2007 python -m ready make voc` writes
var/demo/voc: `vgg16` and `alexnet`, heads for VOC's classes on ImageNet's convolutions, trained on
the split `train` as `python -m explainer train` does it, and `photos`, those of `val` that show two
classes, in VOC's layout.
"""

import json
import os
import random
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from explainer import Network, explain
from explainer.laboratory.segmentations import Concept, LabelledPhoto, read_labelled_voc
from explainer.networks import load_asked, load_trunk, pooled
from explainer.pictures.resizing import resize
from explainer.training.course import LABELS, WEIGHTS, Photos, Start, Wanted, train
from explainer.training.fitting import Pace
from explainer.training.photo_sets import read_set, refuse_overlap
from explainer.training.scores import Score, mean_average_precision
from photos import AnnotatedPhoto, read_voc
from photos.voc import ANNOTATIONS, PHOTOS
from ready.errors import MakingError
from ready.measures import APART, Measured, difference, mean
from ready.paper_pair import NETWORKS, Member
from ready.written import RECORD, write_record

SEED = 20161007
ASKED, MEASURED = 240, 60  # photos at most: copied, and explained by `check`
TAUGHT, HELD_OUT = "train", "val"  # splits, as the paper has them
WANTED = Wanted(
    Pace(epochs=100, batch=64, rate=0.03, l2=1e-3, seed=0), "sigmoid", precision="11-point"
)
RANDOM = "random_weights"
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Asked:
    """A photo as the network sees it, its two classes, and H×W of each: where its boxes are."""

    image: Tensor
    classes: tuple[int, int]
    areas: tuple[Mask, Mask]
    group: str


def named() -> Path:
    """The folder that VOC= names."""
    name = os.environ.get("VOC", "")
    folder = Path(name).expanduser()
    if not name or not folder.is_dir():
        found = f"VOC={name} is no folder" if name else "No folder of PASCAL VOC is named"
        raise MakingError(
            f"{found}: get VOC 2007's training and validation data from its authors' site, unpack "
            "it, and name the folder that holds JPEGImages, as VOC=VOCdevkit/VOC2007."
        )
    return folder.absolute()


def make(folder: Path) -> None:
    """Forty minutes of one core for VOC 2007, nearly all of them VGG-16's."""
    if folder.exists():
        print(f"{folder} is there already; remove it to make it anew")
        return
    write(named(), folder)


def write(voc: Path, folder: Path, networks: Mapping[str, Member] = NETWORKS) -> None:
    """Write `folder` whole or not at all. One that was stopped goes on with the features of photos
    that it has."""
    pairs = two_classes(read_voc(voc, HELD_OUT))
    if not pairs:
        raise MakingError(f"No photo of {HELD_OUT} in {voc} shows exactly two classes.")
    taught, test = (read_set(voc, several=True, part=part) for part in (TAUGHT, HELD_OUT))
    refuse_overlap(taught, test)
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    unfinished.mkdir(parents=True, exist_ok=True)
    photos = Photos(taught.classes, taught.photos, test.photos)
    scores = {name: trained(name, one, photos, unfinished) for name, one in networks.items()}
    shutil.rmtree(unfinished / "photos", ignore_errors=True)
    copy(voc, pairs, unfinished / "photos")
    record = {
        "seed": SEED,
        "precision": WANTED.precision,
        "photos": {TAUGHT: taught.digest(), HELD_OUT: test.digest()},
        "map": {name: asdict(one) for name, one in scores.items()},
        "map_without_photos": asdict(blind(photos)),
    }
    write_record(unfinished, record)
    shutil.rmtree(unfinished / "features")
    unfinished.rename(folder)


def two_classes(photos: Sequence[AnnotatedPhoto]) -> list[AnnotatedPhoto]:
    """By chance, those with exactly two classes, neither of them by difficult objects alone."""
    found = [one for one in photos if len(one.things) == 2 and not one.doubtful]
    return random.Random(SEED).sample(found, min(ASKED, len(found)))


def trained(name: str, member: Member, photos: Photos, folder: Path) -> Score:
    weights, options = pooled.at_hand(member.builder), {"size": member.size}
    start = Start(member.builder, weights, options, load_trunk(member.builder, weights, options))
    shutil.rmtree(folder / name, ignore_errors=True)
    made = train(start, photos, WANTED, folder / name, folder / "features")
    print(f"{member.title}: {made.score}", flush=True)
    return made.score


def blind(photos: Photos) -> Score:
    """What one score for every photo gets."""
    test = photos.set_of(photos.held_out)
    shown, groups = test.shown(test.photos), [one.group for one in test.photos]
    scores = np.zeros(shown.shape)
    return mean_average_precision(scores, shown, groups, WANTED.pace.seed, WANTED.precision)


def copy(voc: Path, photos: Sequence[AnnotatedPhoto], folder: Path) -> None:
    """The photos with their annotations, as a set in VOC's layout. Masks stay where they are."""
    for name in (ANNOTATIONS, PHOTOS):
        (folder / name).mkdir(parents=True)
    for one in photos:
        shutil.copyfile(one.path, folder / PHOTOS / one.path.name)
        annotation = f"{one.path.stem}.xml"
        shutil.copyfile(voc / ANNOTATIONS / annotation, folder / ANNOTATIONS / annotation)


def check(folder: Path, networks: Mapping[str, Member] = NETWORKS) -> list[Measured]:
    """How well each network finds classes, and whether its maps tell the two of a photo apart."""
    record = json.loads((folder / RECORD).read_text("utf-8"))
    without = {"one score for every photo": read_score(record["map_without_photos"])}
    rows = []
    for name, member in networks.items():
        found = read_score(record["map"][name])
        rows.append(Measured(f"{member.title}: mAP of VOC's classes", found, without))
        network = load_asked(
            member.builder,
            {"size": member.size},
            weights=folder / name / WEIGHTS,
            labels=folder / name / LABELS,
            probabilities=WANTED.probabilities,
        )
        rows += map_rows(network, list(asked(folder / "photos", network)), member.title)
    return rows


def read_score(row: Mapping[str, Any]) -> Score:
    return Score(**{**row, "of_classes": ()})


def asked(folder: Path, network: Network) -> Iterator[Asked]:
    """Photos of both of whose classes the network sees something."""
    for photo in read_labelled_voc(folder)[:MEASURED]:
        areas = [area(photo, one, network) for one in photo.concepts]
        if all(one.any() for one in areas):
            image = network.prepare([network.open(photo.path)])
            first, second = (network.labels.index(one.name) for one in photo.concepts)
            yield Asked(image, (first, second), (areas[0], areas[1]), photo.path.name)


def area(photo: LabelledPhoto, concept: Concept, network: Network) -> Mask:
    """H×W: the boxes of the concept in the network's frame."""
    size = network.steps.size
    found = np.zeros((size, size), dtype=bool)
    for box in photo.seen_boxes(concept, network.steps):
        left, top, right, bottom = (round(end) for end in box)
        found[top:bottom, left:right] = True
    return found


def map_rows(network: Network, photos: Sequence[Asked], title: str) -> list[Measured]:
    """Of Grad-CAM's map for a class, the share in that class's boxes, less the share of maps that
    are not of this class and photo."""
    if len(photos) < 2:
        raise MakingError("Fewer than two photos show two classes: there is nothing to compare.")
    own: list[float] = []
    controls: dict[str, list[float]] = {"the other class": [], "another photo": [], RANDOM: []}
    maps = [of_both(network, one) for one in tqdm(photos, f"Maps, {title}", disable=None)]
    for place, one in enumerate(photos):
        for side, box in enumerate(one.areas):
            values, drawn = maps[place]
            own.append(inside(values[side], box))
            controls["the other class"].append(inside(values[1 - side], box))
            controls["another photo"].append(inside(maps[place - 1][0][side], box))
            controls[RANDOM].append(inside(drawn[side], box))
    groups = [one.group for one in photos for _ in one.areas]
    what = f"{title}: of Grad-CAM's map, so much lies in the boxes of its class"
    rows = [Measured(what, mean(own, groups))]
    for name, values_of in controls.items():
        less = difference(own, values_of, groups)
        rows.append(Measured(f"{title}: the same, minus that of {name}", less, APART))
    return rows


def of_both(network: Network, one: Asked) -> tuple[Tensor, Tensor]:
    """Of both classes, 2×u×v of Grad-CAM, and 2×H×W of it with weights drawn anew."""
    images = one.image.expand(2, *one.image.shape[1:])
    found = explain(network, images, torch.tensor(one.classes), ["grad_cam", RANDOM])
    return found["grad_cam"], found[RANDOM]


def inside(values: Tensor, box: Mask) -> float:
    """The share of the map's sum in the boxes; of a map of zeros, that of an even one."""
    large = resize(values[None].float().clamp(min=0), box.shape)[0].double().numpy()
    total = float(large.sum())
    return float((large * box).sum()) / total if total > 0 else float(box.mean())
