"""Maps at the size at which people pointed and marked, for reanalyse.py beside it. Needs Pillow."""

import io
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

MAPS = Path(__file__).resolve().parent.parent / "materials" / "maps"
SIDE = 224
# Pixels around a marked point that belong to it
REACH = 15


@cache
def drawn_map(digest: str | None) -> Any:
    """The map as it is drawn; None where it was not kept."""
    files = sorted(MAPS.glob(f"{digest}.*"))
    if not files:
        return None
    try:
        from PIL import Image
    except ImportError:
        sys.exit("places are scored on drawn maps; install Pillow and run this again")
    with np.load(io.BytesIO(files[0].read_bytes()), allow_pickle=False) as archive:
        values = archive["map"]
    flat = np.abs(values).max(axis=0) if values.ndim == 3 else values
    picture = Image.fromarray(np.ascontiguousarray(flat, dtype=np.float32))
    return np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR), dtype=np.float64)


def percentile(point: dict[str, float], drawn: Any) -> float:
    """The share of places with a lower value than the click's, plus half of those with the same."""
    there = drawn[min(int(point["y"] * SIDE), SIDE - 1), min(int(point["x"] * SIDE), SIDE - 1)]
    return 100 * float((drawn < there).mean() + (drawn == there).mean() / 2)


def overlap(region: dict[str, Any], drawn: Any) -> float:
    """Intersection over union of a region with the map's highest values of the same area."""
    mask = region_mask(region)
    size = int(mask.sum())
    cut = np.sort(drawn, axis=None)[-size]
    above, level = drawn > cut, drawn == cut
    shared = (mask & above).sum() + (size - above.sum()) / level.sum() * (mask & level).sum()
    return float(shared / (2 * size - shared))


def region_mask(region: dict[str, Any]) -> Any:
    """The pixels whose middles lie in a region."""
    middles = (np.arange(SIDE) + 0.5) / SIDE
    down, across = middles[:, None], middles[None, :]
    mask = np.zeros((SIDE, SIDE), dtype=bool)
    for left, top, right, bottom in region.get("boxes", []):
        mask |= (down >= top) & (down <= bottom) & (across >= left) & (across <= right)
    for x, y in region.get("points", []):
        mask |= (down - y) ** 2 + (across - x) ** 2 <= (REACH / SIDE) ** 2
    side = region.get("side", 1)
    rows, columns = (down * side).astype(int), (across * side).astype(int)
    for row, first, last in region.get("runs", []):
        mask |= (rows == row) & (columns >= first) & (columns <= last)
    return mask
