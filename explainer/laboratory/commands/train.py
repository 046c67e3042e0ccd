"""`train`: a network for one's own classes, from photos."""

import argparse
import json
import os
import re
from pathlib import Path
from typing import get_args

from explainer.errors import ExplainerError
from explainer.networks import load_trunk, pooled, weights_of
from explainer.passes.targets import Probabilities
from explainer.training.course import HEAD, LABELS, WEIGHTS, Photos, Start, Trained, Wanted, train
from explainer.training.fitting import Pace
from explainer.training.photo_sets import annotations_in, read_set, refuse_overlap, split
from explainer.training.scores import Precision

from . import choices
from .choices import Command

# Of the head alone, and of more: photos often, quickly; or gently, what is trained already
EPOCHS = {True: 100, False: 10}
RATE = {True: 0.03, False: 1e-4}
WORKSPACE = "CUBLAS_WORKSPACE_CONFIG"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "photos",
        type=Path,
        metavar="PHOTOS",
        help="a folder with one folder of photos per class, one such as VOC2007, or COCO's file",
    )
    choices.add_network(parser)
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="save here")
    parser.add_argument(
        "--train",
        default=HEAD,
        metavar="PART",
        help="head (the layer of classes), or the address of a module, from which on everything is "
        "trained, such as layer4",
    )
    parser.add_argument(
        "--test", type=Path, metavar="PHOTOS", help="held-out photos, instead of a part of PHOTOS"
    )
    for option, what in (("--split", "PHOTOS"), ("--test-split", "--test")):
        parser.add_argument(
            option, metavar="S", help=f"of {what} in VOC's layout: trainval, val, test"
        )
    parser.add_argument(
        "--held-out", type=float, metavar="S", help="share of the groups held out (default: 0.25)"
    )
    parser.add_argument(
        "--precision",
        choices=get_args(Precision),
        default="all-point",
        help="average precision of several labels per photo: of VOC from 2010 on, or of VOC 2007",
    )
    parser.add_argument("--epochs", type=int, help="how often each photo is used")
    parser.add_argument("--batch", type=int, default=64, help="photos per step")
    parser.add_argument("--rate", type=float, help="the highest learning rate")
    parser.add_argument("--l2", type=float, default=1e-3, help="penalty on the squared weights")
    parser.add_argument("--seed", type=int, default=0, help="decides all that is drawn")
    parser.add_argument(
        "--features",
        type=Path,
        metavar="DIR",
        help="keep what the frozen layers make of each photo here (default: “features” beside "
        "--out); may be deleted at any time",
    )


def run(chosen: argparse.Namespace) -> int:
    os.environ.setdefault(WORKSPACE, ":4096:8")  # else a card adds up in any order
    if chosen.out.exists():
        raise ExplainerError(f"{chosen.out} is there already", "name another folder, or remove it")
    is_head = chosen.train == HEAD
    pace = Pace(
        epochs=EPOCHS[is_head] if chosen.epochs is None else chosen.epochs,
        batch=chosen.batch,
        rate=RATE[is_head] if chosen.rate is None else chosen.rate,
        l2=chosen.l2,
        seed=chosen.seed,
    )
    photos, probabilities = photos_of(chosen)
    told = f"{len(photos.training)} photos to train with, {len(photos.held_out)} held out; "
    print(f"{told}{len(photos.classes)} classes: {', '.join(photos.classes)}")
    start = start_of(chosen)
    wanted = Wanted(pace, probabilities, chosen.train, chosen.precision)
    features = chosen.features or chosen.out.parent / "features"
    tell(train(start, photos, wanted, chosen.out, features))
    return 0


def start_of(chosen: argparse.Namespace) -> Start:
    """The network to begin with; what its own scores become is of no matter."""
    options = choices.options_of(chosen)
    if chosen.network in pooled.TRUNKS and chosen.weights in (None, *pooled.CONVOLUTIONS):
        if chosen.sha256:
            raise ExplainerError("the digests of convolutions are known", "leave --sha256 out")
        weights = chosen.weights or pooled.at_hand(chosen.network)
        trunk = load_trunk(chosen.network, weights, options, device=chosen.device)
        return Start(chosen.network, weights, options, trunk)
    network = choices.network_of(argparse.Namespace(**{**vars(chosen), "probabilities": None}))
    weights = chosen.weights or weights_of(chosen.network)[0]
    return Start(chosen.network, weights, options, network)


def photos_of(chosen: argparse.Namespace) -> tuple[Photos, Probabilities]:
    """The photos of both sides, and how scores become probabilities."""
    is_folders = annotations_in(chosen.photos) is None
    probabilities: Probabilities = chosen.probabilities or ("softmax" if is_folders else "sigmoid")
    several = probabilities == "sigmoid"
    photos = read_set(chosen.photos, several=several, part=chosen.split)
    if chosen.test is None:
        if chosen.test_split is not None:
            raise ExplainerError("--test-split chooses among test photos", "give --test as well")
        share = 0.25 if chosen.held_out is None else chosen.held_out
        sides = split(photos, share, chosen.seed)
        return Photos(photos.classes, *map(tuple, sides)), probabilities
    if chosen.held_out is not None:
        raise ExplainerError("--test names the held-out photos", "leave --held-out out")
    test = read_set(chosen.test, several=several, part=chosen.test_split)
    refuse_overlap(photos, test)
    return Photos(photos.classes, photos.photos, test.photos), probabilities


def tell(trained: Trained) -> None:
    """The held-out score, and the lines for a study file."""
    print(f"Held out: {trained.score}")
    folder = trained.folder.resolve()  # a study file's own paths begin at its folder
    print(f"Saved in {trained.folder}. In a study file:\n")
    print(f"[networks.{re.sub(r'[^A-Za-z0-9_-]', '_', folder.name)}]")
    print(f"builder = {json.dumps(trained.declared.builder)}")
    print(f"weights = {json.dumps(str(folder / WEIGHTS))}")
    print(f'sha256 = "{trained.digest}"')
    print(f"labels = {json.dumps(str(folder / LABELS))}")
    if trained.declared.probabilities != "softmax":
        print(f'probabilities = "{trained.declared.probabilities}"')
    if trained.declared.options:
        pairs = (f"{key} = {json.dumps(v)}" for key, v in trained.declared.options.items())
        print(f"options = {{ {', '.join(pairs)} }}")


TRAIN = Command("train", "train a network for your own classes from photos", run, arguments)
