"""Does a map lie on the object? Boxes are (left, top, right, bottom) in pixels of the input."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from explainer.errors import ExplainerError
from explainer.pictures.resizing import resize

from .base import Metric, one_value_per_pixel

Box = tuple[float, float, float, float]
Boxes = Sequence[Sequence[Box]]
Size = tuple[int, int]


def pointing_game(maps: Tensor, boxes: Boxes, size: Size, *, tolerance: float = 15) -> Tensor:
    """N ones and zeros: is the map's highest pixel within `tolerance` pixels of a box?

    `maps`: N×u×v or N×C×H×W; `boxes`: those of each image; `size`: height and width of the input.
    The first of equal pixels in reading order counts; an empty map points nowhere: zero.
    """
    values, rows = _checked(maps, boxes, size)
    return torch.tensor([float(_hits(v, r, tolerance)) for v, r in zip(values, rows, strict=True)])


def energy_in_box(maps: Tensor, boxes: Boxes, size: Size) -> Tensor:
    """N shares, 0 to 1, of the map's positive sum that lie inside the boxes. NaN for an empty map.

    Arguments as of `pointing_game`.
    """
    values, rows = _checked(maps, boxes, size)
    positive = values.clamp(min=0)
    inside = torch.stack([_covered(row, size) for row in rows])
    return (positive * inside).sum((1, 2)) / positive.sum((1, 2))


def localization_iou(maps: Tensor, boxes: Boxes, size: Size, *, threshold: float = 0.15) -> Tensor:
    """N intersections over unions, 0 to 1, of the map's own box with the best fitting box.

    The map's box is drawn round the largest connected part (sides touching) above `threshold` of
    the map's maximum. An empty map has none: zero. Other arguments as of `pointing_game`.
    """
    if not 0 <= threshold < 1:
        raise ExplainerError(f"threshold={threshold}", "use 0 to below 1")
    values, rows = _checked(maps, boxes, size)
    pairs = zip(values, rows, strict=True)
    own = [(map_box(map, threshold), row) for map, row in pairs]
    return torch.tensor([max(overlap(box, one) for one in row) if box else 0.0 for box, row in own])


def map_box(values: Tensor, threshold: float = 0.15) -> Box | None:
    """The box round the largest part of H×W above `threshold` of its maximum; None where empty."""
    top = float(values.max())
    if top <= 0:
        return None
    parts, _ = ndimage.label((values > threshold * top).numpy())
    largest = 1 + int(np.bincount(parts.ravel())[1:].argmax())
    return mask_box(parts == largest)


def mask_box(mask: NDArray[np.bool_]) -> Box | None:
    """The smallest box round what is true, right and bottom exclusive; None where nothing is."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return None
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def _hits(values: Tensor, boxes: Sequence[Box], tolerance: float) -> bool:
    if float(values.max()) <= 0:
        return False
    row, column = divmod(int(values.argmax()), values.shape[1])

    def distance(box: Box) -> float:
        left, top, right, bottom = box
        across = max(left - column, 0, column - (right - 1))
        down = max(top - row, 0, row - (bottom - 1))
        return float(np.hypot(across, down))

    return min(map(distance, boxes)) <= tolerance


def _covered(boxes: Sequence[Box], size: Size) -> Tensor:
    """H×W: one inside the boxes, drawn to the nearest whole pixels, zero outside."""
    inside = torch.zeros(size)
    for left, top, right, bottom in boxes:
        inside[round(top) : round(bottom), round(left) : round(right)] = 1
    return inside


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(0.0, width) * max(0.0, height)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return shared / (areas - shared)


def _checked(maps: Tensor, boxes: Boxes, size: Size) -> tuple[Tensor, Boxes]:
    values = resize(one_value_per_pixel(maps), size).cpu()
    if len(boxes) != len(values):
        raise ExplainerError(f"boxes of {len(boxes)} images for {len(values)} maps", "give as many")
    height, width = size
    for number, row in enumerate(boxes):
        if not len(row):
            raise ExplainerError(f"image {number} has no box", "leave it out")
        for box in row:
            left, top, right, bottom = box
            if not (0 <= left < right <= width and 0 <= top < bottom <= height):
                raise ExplainerError(
                    f"image {number} has the box {tuple(box)} in {width}×{height} pixels",
                    "give (left, top, right, bottom) inside the input",
                )
    return values, boxes


POINTING = Metric(
    name="pointing_game",
    formula="share of images whose highest pixel lies within 15 pixels of the object's box",
    paper="Zhang et al., Excitation Backprop, arXiv 1608.00507, section 4.1",
    needs="boxes",
    better="higher",
    compute=pointing_game,
    cost="none",
)
ENERGY = Metric(
    name="energy_in_box",
    formula="Σ_{ij in the box} L_ij / Σ_ij L_ij",
    paper="Wang et al., Score-CAM, arXiv 1910.01279, section 4.3",
    needs="boxes",
    better="higher",
    compute=energy_in_box,
    cost="none",
)
IOU = Metric(
    name="localization_iou",
    formula="IoU of the object's box with the box round the largest part of L above 0.15 · max L",
    paper="Selvaraju et al., Grad-CAM, arXiv 1610.02391, section 4.1",
    needs="boxes",
    better="higher",
    compute=localization_iou,
    cost="none",
)
