"""Photo sets with outlined objects, in COCO's instances format: polygons or plain run lengths."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from explainer.errors import ExplainerError
from explainer.networks.preprocessing import Preprocessing
from photos import AnnotatedPhoto, Frame, PhotoError, read_coco

from .metrics.localisation import mask_box

Mask = NDArray[np.bool_]
NAMES = ("instances.json", "annotations.json")


@dataclass(frozen=True)
class Concept:
    """A kind of thing on a photo. `accepted`: the network's class names that mean it."""

    name: str
    accepted: tuple[str, ...]
    outlines: tuple[Any, ...]


@dataclass(frozen=True)
class LabelledPhoto:
    """A photo file, its size in pixels as its annotations count them, and what is outlined on it.

    `frame` turns what is outlined with the photo, as its EXIF says; None: it lies as it is stored.
    `context`: what a network that takes more than photos is asked about it.
    """

    path: Path
    width: int
    height: int
    concepts: tuple[Concept, ...]
    frame: Frame | None = None
    context: Any = None

    def mask(self, concept: Concept) -> Mask:
        """height×width of the upright photo: true on every outlined thing of that kind."""
        seen = np.zeros((self.height, self.width), dtype=bool)
        for outline in concept.outlines:
            seen |= outlined(outline, self.width, self.height)
        return self._turned(seen)

    def _turned(self, mask: Mask) -> Mask:
        return mask if self.frame is None else self.frame.turned_mask(mask)

    def seen_mask(self, concept: Concept, preprocess: Preprocessing) -> Mask:
        """The mask in the network's frame: size×size, cropped as the photo itself is."""
        return seen_by(preprocess, self.mask(concept))

    def seen_boxes(
        self, concept: Concept, preprocess: Preprocessing
    ) -> list[tuple[float, float, float, float]]:
        """(left, top, right, bottom) of each outlined thing, in the network's frame.

        A thing that the crop leaves out has none.
        """
        masks = (outlined(outline, self.width, self.height) for outline in concept.outlines)
        boxes = (mask_box(seen_by(preprocess, self._turned(mask))) for mask in masks)
        return [box for box in boxes if box is not None]


def seen_by(preprocess: Preprocessing, mask: Mask) -> Mask:
    """Crop a mask as the network crops its photo."""
    picture = Image.fromarray(mask.astype(np.uint8) * 255).convert("RGB")
    return np.asarray(preprocess.crop(picture))[..., 0] > 127


def outlined(outline: Any, width: int, height: int) -> Mask:
    """height×width: one annotation's `segmentation`, a list of polygons or run lengths."""
    if isinstance(outline, list):
        return _polygons(outline, width, height)
    if isinstance(outline, dict) and isinstance(outline.get("counts"), list):
        return _runs(outline, width, height)
    raise ExplainerError(
        "a segmentation is neither polygons nor uncompressed run lengths",
        "decompress its run lengths first",
    )


def _polygons(polygons: Sequence[Sequence[float]], width: int, height: int) -> Mask:
    paper = Image.new("1", (width, height))
    pen = ImageDraw.Draw(paper)
    for points in polygons:
        if len(points) < 6 or len(points) % 2:
            raise ExplainerError(
                f"a polygon has {len(points)} numbers", "give x and y of at least three points"
            )
        pen.polygon(list(points), fill=1)
    return np.array(paper, dtype=bool)


def _runs(outline: dict[str, Any], width: int, height: int) -> Mask:
    """Columns from the left, downwards; the first run is of what is outside."""
    counts = np.asarray(outline["counts"], dtype=np.int64)
    if list(outline.get("size", [])) != [height, width] or counts.sum() != width * height:
        raise ExplainerError(
            f"run lengths do not cover {width}×{height} pixels", "export the annotations again"
        )
    inside = np.arange(len(counts)) % 2 == 1
    return np.repeat(inside, counts).reshape((height, width), order="F")


def read_labelled(source: str | Path) -> list[LabelledPhoto]:
    """The photos of a COCO instances file, or of the one in a folder, sorted by file name.

    See `photos.coco`. Every annotation needs its `segmentation`.
    """
    file = _annotations(Path(source))
    try:
        found = read_coco(file)
    except PhotoError as error:
        raise ExplainerError(f"{error.name}: {error.reason}", error.fix) from error
    return sorted((_labelled(photo, file) for photo in found), key=lambda photo: photo.path.name)


def _labelled(photo: AnnotatedPhoto, file: Path) -> LabelledPhoto:
    if any(outline is None for one in photo.things for outline in one.outlines):
        raise ExplainerError(
            f"{file.name}: an annotation of {photo.name} has no segmentation",
            "outline the object, or remove the annotation",
        )
    concepts = tuple(Concept(one.name, one.accepted, one.outlines) for one in photo.things)
    width, height = photo.frame.stored if photo.frame else (0, 0)
    return LabelledPhoto(photo.path, width, height, concepts, photo.frame)


def _annotations(source: Path) -> Path:
    if source.is_file():
        return source
    found = [source / name for name in NAMES if (source / name).is_file()]
    if not found:
        raise ExplainerError(f"{source} has no {' or '.join(NAMES)}", "name a COCO instances file")
    return found[0]
