"""A photo set on disk in the COCO instances format, written whole or not at all.

Two keys are added to the format: a category's `accepted` (the class names that are right for it)
and an image's `group` (the cut-outs it was made from: photos of one group are one cluster).
"""

import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ready.photos.scenes import SIDE, Placed, Scene

ANNOTATIONS = "annotations.json"
INFO = {
    "description": "Composites of photo cut-outs on unrelated nature photos",
    "contributor": "Made from Debian's tuxpaint-stamps-default and tuxpaint-data",
}
LICENCES = [
    {
        "id": 1,
        "name": "GNU General Public License, version 2",
        "url": "https://www.gnu.org/licenses/old-licenses/gpl-2.0.html",
    }
]


def write_set(scenes: Iterable[Scene], folder: Path, ending: str = "jpg") -> None:
    """Write photos and annotations.json to `folder`, which has its name only when complete. Files
    that end in png keep every value as it is."""
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    content: dict[str, Any] = {"info": INFO, "licenses": LICENCES, "images": [], "annotations": []}
    categories: dict[str, dict[str, Any]] = {}
    for number, scene in enumerate(scenes, 1):
        name = f"{number:04}.{ending}"
        settings: dict[str, Any] = {"quality": 92, "subsampling": 0} if ending == "jpg" else {}
        scene.photo.save(unfinished / name, **settings)
        group = " + ".join(sorted(placed.cutout.key for placed in scene.objects))
        row = {"id": number, "file_name": name, "width": SIDE, "height": SIDE, "license": 1}
        content["images"].append({**row, "group": group})
        for placed in scene.objects:
            category = category_of(placed, categories)
            row = annotation_row(placed.mask, number, category)
            content["annotations"].append({"id": len(content["annotations"]) + 1, **row})
    content["categories"] = list(categories.values())
    (unfinished / ANNOTATIONS).write_text(json.dumps(content), encoding="utf-8")
    unfinished.rename(folder)


def category_of(placed: Placed, categories: dict[str, dict[str, Any]]) -> int:
    """The id of the object's category, which is added to `categories` at its first use."""
    cutout = placed.cutout
    new = {"id": len(categories) + 1, "name": cutout.name, "accepted": list(cutout.accepted)}
    new["supercategory"] = cutout.kind
    return int(categories.setdefault(cutout.name, new)["id"])


def annotation_row(mask: NDArray[np.bool_], image: int, category: int) -> dict[str, Any]:
    return {
        "image_id": image,
        "category_id": category,
        "bbox": bounding_box(mask),
        "area": int(mask.sum()),
        "iscrowd": 0,
        "segmentation": {"size": list(mask.shape), "counts": run_lengths(mask)},
    }


def bounding_box(mask: NDArray[np.bool_]) -> list[int]:
    """[left, top, width, height] in pixels of the smallest box around what is true."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    left, top = int(columns[0]), int(rows[0])
    return [left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1]


def run_lengths(mask: NDArray[np.bool_]) -> list[int]:
    """COCO's uncompressed run lengths: columns from the left, the first run counts false."""
    values = mask.ravel(order="F")
    changes = np.flatnonzero(values[1:] != values[:-1]) + 1
    edges = np.concatenate([[0], changes, [values.size]])
    counts = np.diff(edges).tolist()
    return [0, *counts] if values[0] else counts
