"""Marked regions as masks, and how a mask compares with a map and with other masks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .drawn_maps import SIDE, Drawn

Mask = NDArray[np.bool_]
# A point stands for what the pointing game counts as hit: so many pixels of 224 around it
# (Zhang et al., Top-down Neural Attention by Excitation Backprop, arXiv 1608.00507)
REACH = 15


def mask_of(region: Mapping[str, Any], side: int = SIDE) -> Mask:
    """The pixels of a stored region (see `regions`) whose middles lie in it, side × side."""
    middles = (np.arange(side) + 0.5) / side
    mask = np.zeros((side, side), dtype=bool)
    for left, top, right, bottom in region.get("boxes", []):
        rows, columns = (
            (middles >= top) & (middles <= bottom),
            (middles >= left) & (middles <= right),
        )
        mask |= rows[:, None] & columns[None, :]
    for x, y in region.get("points", []):
        near = (middles[:, None] - y) ** 2 + (middles[None, :] - x) ** 2 <= (REACH / SIDE) ** 2
        mask |= near
    if "runs" in region:
        cells = np.zeros((region["side"], region["side"]), dtype=bool)
        for row, first, last in region["runs"]:
            cells[row, first : last + 1] = True
        place = (middles * region["side"]).astype(int)
        mask |= cells[np.ix_(place, place)]
    return mask


@dataclass(frozen=True)
class Compared:
    """A region beside a map; None where the map is nowhere positive.

    iou: with the map's highest values of the same area; chance-corrected as `kappa`. mass: share
    of the map in the region. hit: whether its maximum lies there. area: the region's, of the photo.
    """

    iou: float
    kappa: float | None
    mass: float | None
    hit: float | None
    area: float


def compared(mask: Mask, drawn: Drawn) -> Compared:
    """A region's mask beside a map of the same size.

    The map is cut at the area K of the region: of equal values at the cut each counts the share
    that makes the area K. With the overlap o (a share of K; the relevance rank accuracy of Arras,
    Osman and Samek, CLEVR-XAI, Information Fusion 81, 2022) IoU is o / (2 − o), and Cohen's κ of
    the two equally large masks (o − a) / (1 − a) at the area a. mass is the energy-based pointing
    game of Wang et al. (Score-CAM, arXiv 1910.01279, section 4.3): Σ max(L, 0) in the region over
    the whole. hit is the pointing game of Zhang et al. (arXiv 1608.00507) without a tolerance, of
    several equal maxima the share that is hit.
    """
    size, all_pixels = int(mask.sum()), mask.size
    cut = np.partition(drawn, all_pixels - size, axis=None)[all_pixels - size]
    above, level = drawn > cut, drawn == cut
    share = (size - above.sum()) / level.sum()
    overlap = float(((mask & above).sum() + share * (mask & level).sum()) / size)
    area = size / all_pixels
    positive = np.maximum(drawn, 0)
    top = drawn == drawn.max()
    is_empty = not positive.any()
    return Compared(
        iou=overlap / (2 - overlap),
        kappa=(overlap - area) / (1 - area) if area < 1 else None,
        mass=None if is_empty else float(positive[mask].sum() / positive.sum()),
        hit=None if is_empty else float((mask & top).sum() / top.sum()),
        area=area,
    )
