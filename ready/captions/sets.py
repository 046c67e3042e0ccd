"""A set of photos as `make` wrote it: captions, what was said of each, and where its things are."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ready.captions.words import places_of
from ready.photos.coco import ANNOTATIONS
from ready.photos.scenes import SIDE

CAPTIONS = "captions.json"
STRONGER, WEAKER = "stronger", "weaker"
# What a network sees of a photo
SHOWN = round(0.875 * SIDE)
EDGE = (SIDE - SHOWN) // 2
Map = NDArray[np.floating[Any]]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Captioned:
    """A photo of a set. `masks`: by noun, of what networks see of it."""

    path: Path
    words: list[str]
    group: str
    background: str
    said: Mapping[str, list[str]]
    masks: Mapping[str, Mask]


def read(folder: Path) -> Iterator[Captioned]:
    content = json.loads((folder / ANNOTATIONS).read_text("utf-8"))
    nouns = {one["id"]: one["name"] for one in content["categories"]}
    masks: dict[int, dict[str, Mask]] = {}
    for one in content["annotations"]:
        mask = solid(one["segmentation"]["counts"])[EDGE : EDGE + SHOWN, EDGE : EDGE + SHOWN]
        masks.setdefault(one["image_id"], {})[nouns[one["category_id"]]] = mask
    for number, row in enumerate(json.loads((folder / CAPTIONS).read_text("utf-8")), 1):
        yield Captioned(
            folder / row["photo"],
            row["caption"],
            row["group"],
            row["background"],
            {name: row[name] for name in (STRONGER, WEAKER)},
            masks[number],
        )


def solid(counts: Sequence[int]) -> Mask:
    """A mask from COCO's run lengths (see `ready.photos.coco.run_lengths`)."""
    values = np.arange(len(counts)) % 2 == 1
    return np.repeat(values, counts).reshape((SIDE, SIDE), order="F")


def nouns_of(words: Sequence[str]) -> list[str]:
    places = places_of(words)
    return [words[places[kind]] for kind in ("first noun", "second noun")] if places else []
