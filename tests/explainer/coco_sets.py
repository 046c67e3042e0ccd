"""Photos of noise, and small labelled photo sets in COCO's instances format."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

Areas = dict[str, tuple[int, int, int, int]]


def noisy_photos(folder: Path, count: int, size: tuple[int, int] = (40, 40)) -> list[Path]:
    """Photos of other noise each, of so many rows and columns."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"photo{n}.png" for n in range(count)]
    for n, path in enumerate(paths):
        pixels = np.random.default_rng(n).integers(0, 255, (*size, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path)
    return paths


def run_lengths(mask: np.ndarray) -> dict[str, Any]:
    """A slow and obvious writing of COCO's uncompressed run lengths."""
    counts, inside = [0], False
    for value in mask.ravel(order="F"):
        if bool(value) != inside:
            counts.append(0)
            inside = not inside
        counts[-1] += 1
    return {"size": list(mask.shape), "counts": counts}


def rectangle(area: tuple[int, int, int, int], side: int) -> np.ndarray:
    left, top, right, bottom = area
    mask = np.zeros((side, side), bool)
    mask[top:bottom, left:right] = True
    return mask


def write_set(
    folder: Path,
    photos: dict[str, tuple[np.ndarray, Areas]],
    accepted: dict[str, list[str]] | None = None,
) -> Path:
    """Photos (H×W×3 uint8) with rectangles of named things, as plain run lengths."""
    folder.mkdir(parents=True, exist_ok=True)
    kinds = sorted({name for _, areas in photos.values() for name in areas})
    rows: dict[str, Any] = {"images": [], "annotations": [], "categories": []}
    for number, kind in enumerate(kinds):
        rows["categories"].append({"id": number, "name": kind})
        if accepted:
            rows["categories"][-1]["accepted"] = accepted[kind]
    for number, (name, (pixels, areas)) in enumerate(photos.items()):
        Image.fromarray(pixels).save(folder / name)
        side = len(pixels)
        rows["images"].append({"id": number, "file_name": name, "width": side, "height": side})
        for kind, area in areas.items():
            left, top, right, bottom = area
            rows["annotations"].append(
                {
                    "image_id": number,
                    "category_id": kinds.index(kind),
                    "bbox": [left, top, right - left, bottom - top],
                    "segmentation": run_lengths(rectangle(area, side)),
                }
            )
    (folder / "annotations.json").write_text(json.dumps(rows), "utf-8")
    return folder
