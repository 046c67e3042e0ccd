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
from explainer.networks import load_network
from explainer.passes.devices import AUTO
from explainer.passes.targets import first_classes

from .choices import Command, add_device

BATCH = 16


def classify(wanted: Mapping[str, Any], device: str = AUTO) -> dict[str, Any]:
    """The classes of `wanted["photos"]` (files) by `wanted["networks"]` (`load_network`'s
    arguments by name): for each network its labels and for each photo the indices of its first
    classes, the most probable first, or None for a photo that can't be read or answered.

    A network may have `methods` too, pairs of a method and its settings: what stops one of these is
    told first (ExplainerError)."""
    photos = [Path(photo) for photo in wanted["photos"]]
    networks = wanted["networks"].items()
    return {name: _by(name, {**values, "device": device}, photos) for name, values in networks}


def _by(name: str, values: Mapping[str, Any], photos: Sequence[Path]) -> dict[str, Any]:
    options = dict(values)
    methods = options.pop("methods", [])
    network = load_network(options.pop("builder"), **options.pop("options", {}), **options)
    examine(network, methods)
    classes: dict[Path, list[int] | None] = dict.fromkeys(photos)

    def seen(photo: Path) -> Tensor | None:
        try:
            return network.seen(network.open(photo.read_bytes()))
        except (ExplainerError, OSError):
            return None

    def unreadable(image: Tensor | None) -> bool:
        bar.update()
        return image is None

    def logits(images: Sequence[Tensor | None]) -> Tensor:
        return network.predict(network.batch([image for image in images if image is not None]))

    with tqdm(total=len(classes), unit="photo", desc=name, disable=None) as bar:
        batches = in_batches(classes, seen, logits, size=BATCH, is_passed_by=unreadable)
        for some, found in all_or_none(batches):
            for photo, scores in zip(some, found, strict=True):
                if bool(torch.isfinite(scores).all()):
                    classes[photo] = first_classes(scores)
    return {"labels": list(network.labels), "classes": [classes[photo] for photo in photos]}


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
