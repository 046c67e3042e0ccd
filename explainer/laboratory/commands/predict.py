"""`predict`: the first classes of many photos, for readers that can't import torch."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from explainer.errors import ExplainerError
from explainer.explanations.batches import all_or_none, in_batches
from explainer.explanations.examination import examine
from explainer.laboratory.asked import Asked, entry_of
from explainer.networks import load_asked
from explainer.passes.devices import AUTO
from explainer.passes.targets import first_classes

from .choices import Command, add_device

BATCH = 16


def classify(wanted: Mapping[str, Any], device: str = AUTO) -> dict[str, Any]:
    """The classes of `wanted["photos"]` (files) by `wanted["networks"]` (`load_network`'s
    arguments by name): for each network its labels and for each photo the indices of its first
    classes, the most probable first, or None for a photo that can't be read or answered; `said`:
    how many of these it says, which is one but for networks that read each class by itself.
    `wanted["contexts"]`, where there is one, says what is asked about each photo, and
    `wanted["further"]` which photos are given with it.

    A network may have `methods` too, pairs of a method and its settings: what stops one of these is
    told first (ExplainerError). `channels`: of each file, where these are no photos. `target`: in
    what a class is explained (see `examine`)."""
    photos = [Path(photo) for photo in wanted["photos"]]
    contexts = wanted.get("contexts") or [None] * len(photos)
    further = wanted.get("further") or [()] * len(photos)
    asked = [Asked(*one) for one in zip(photos, contexts, further, strict=True)]
    networks = wanted["networks"].items()
    return {name: _by(name, {**values, "device": device}, asked) for name, values in networks}


def _by(name: str, values: Mapping[str, Any], asked: Sequence[Asked]) -> dict[str, Any]:
    options = dict(values)
    methods = options.pop("methods", [])
    how = {"channels": options.pop("channels", 0), "target": options.pop("target", None)}
    network = load_asked(options.pop("builder"), options.pop("options", {}), **options)
    entries = [entry_of(network, one.context, one.further) for one in asked[:1]]
    examine(network.asking(entries), methods, **how)
    classes: list[list[int] | None] = [None] * len(asked)
    said = [1] * len(asked)

    def seen(place: int) -> tuple[Tensor | None, Any]:
        one = asked[place]
        try:
            entry = entry_of(network, one.context, one.further)
            return network.seen(network.open(one.path.read_bytes())), entry
        except (ExplainerError, OSError):
            return None, None

    def unreadable(read: tuple[Tensor | None, Any]) -> bool:
        bar.update()
        return read[0] is None

    def logits(read: Sequence[tuple[Tensor | None, Any]]) -> Tensor:
        batch = network.batch([image for image, _ in read if image is not None])
        return network.asking([context for _, context in read]).predict(batch)

    with tqdm(total=len(classes), unit="photo", desc=name, disable=None) as bar:
        places = range(len(asked))
        batches = in_batches(places, seen, logits, size=BATCH, is_passed_by=unreadable)
        for some, found in all_or_none(batches):
            for place, scores in zip(some, found, strict=True):
                if bool(torch.isfinite(scores).all()):
                    classes[place] = first_classes(scores)
                    if network.probabilities == "sigmoid":
                        said[place] = int((scores >= 0).sum())
    return {"labels": list(network.labels), "classes": classes, "said": said}


def run(arguments: argparse.Namespace) -> int:
    try:
        wanted = json.load(sys.stdin)
    except ValueError as error:
        raise ExplainerError(
            "standard input is not JSON", "give networks and photos as JSON"
        ) from error
    json.dump(classify(wanted, arguments.device), sys.stdout)
    return 0


PREDICT = Command(
    "predict",
    "read photos and networks as JSON, print each network's first classes for each photo",
    run,
    add_device,
)
