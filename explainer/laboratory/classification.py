"""The first classes of many photos by several networks, for `python -m explainer predict`."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from explainer.errors import ExplainerError
from explainer.explanations.examination import examine
from explainer.networks import Network, load_network
from explainer.passes.devices import AUTO
from explainer.pictures.photos import open_photo

FIRST_CLASSES = 20
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
    classes: list[list[int] | None] = []
    with tqdm(total=len(photos), unit="photo", desc=name, disable=None) as bar:
        for start in range(0, len(photos), BATCH):
            batch = photos[start : start + BATCH]
            classes.extend(_of_batch(network, batch))
            bar.update(len(batch))
    return {"labels": list(network.labels), "classes": classes}


def _of_batch(network: Network, photos: Sequence[Path]) -> Iterator[list[int] | None]:
    pictures = [_opened(photo) for photo in photos]
    readable = [picture for picture in pictures if picture is not None]
    found = iter(network.predict(network.prepare(readable))) if readable else iter(())
    for picture in pictures:
        logits = next(found) if picture is not None else None
        if logits is None or not bool(torch.isfinite(logits).all()):
            yield None
        else:
            yield [int(k) for k in logits.topk(min(FIRST_CLASSES, len(logits))).indices]


def _opened(photo: Path) -> Any:
    try:
        return open_photo(photo.read_bytes())
    except (ExplainerError, OSError):
        return None
