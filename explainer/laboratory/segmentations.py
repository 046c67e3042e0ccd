"""Photo sets with outlined objects: COCO's polygons and plain run lengths, VOC's palettes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from explainer.errors import ExplainerError
from explainer.networks.preprocessing import Preprocessing
from photos import AnnotatedPhoto, Frame, PhotoError, read_coco, read_imagenet, read_voc
from photos.turning import Box, area_of
from photos.voc import Painted, Void

from .metrics.localisation import mask_box

Mask = NDArray[np.bool_]
NAMES = ("instances.json", "annotations.json")


@dataclass(frozen=True)
class Concept:
    """A kind of thing on a photo. `accepted`: the network's class names that mean it.

    `outlines`: one for each thing; None where only its box is known, which `boxes` then has at the
    same place: [left, top, width, height] in the upright photo.
    """

    name: str
    accepted: tuple[str, ...]
    outlines: tuple[Any, ...]
    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True)
class LabelledPhoto:
    """A photo file, its size in pixels as its annotations count them, and what is outlined on it.

    `frame` turns what is outlined with the photo, as its EXIF says; None: it lies as it is stored.
    `context`: what a network that takes more than photos is asked about it. `void`: what counts
    neither as a thing nor as background.
    """

    path: Path
    width: int
    height: int
    concepts: tuple[Concept, ...]
    frame: Frame | None = None
    context: Any = None
    void: Void | None = None

    def mask(self, concept: Concept) -> Mask:
        """height×width of the upright photo: true on every outlined thing of that kind.

        ExplainerError where only the box of one is known.
        """
        self.refuse_bare_boxes()
        seen = np.zeros((self.height, self.width), dtype=bool)
        for outline in concept.outlines:
            seen |= outlined(outline, self.width, self.height)
        return self._turned(seen)

    def refuse_bare_boxes(self) -> None:
        """ExplainerError where something on the photo has a box and no outline."""
        if bare := next((one for one in self.concepts if None in one.outlines), None):
            raise ExplainerError(
                f"{self.path.name}: a {bare.name} has no segmentation",
                "outline the object, or remove the annotation; of VOC's photos, give those of a "
                "split such as Segmentation/val",
            )

    def seen_void(self, preprocess: Preprocessing) -> Mask | None:
        """Where the network's frame shows what does not count: VOC's void, and its difficult
        objects. None: nowhere."""
        return None if self.void is None else seen_by(preprocess, self._turned(painted(self.void)))

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
        known = concept.boxes or (None,) * len(concept.outlines)
        masks = (self._area(*thing) for thing in zip(concept.outlines, known, strict=True))
        boxes = (mask_box(seen_by(preprocess, mask)) for mask in masks)
        return [box for box in boxes if box is not None]

    def _area(self, outline: Any, box: Box | None) -> Mask:
        """height×width of the upright photo: an outlined thing, or else all of its box."""
        if outline is not None:
            return self._turned(outlined(outline, self.width, self.height))
        assert box is not None
        size = (self.width, self.height) if self.frame is None else self.frame.upright
        return area_of(box, size)


def seen_by(preprocess: Preprocessing, mask: Mask) -> Mask:
    """Crop a mask as the network crops its photo."""
    picture = Image.fromarray(mask.astype(np.uint8) * 255).convert("RGB")
    return np.asarray(preprocess.crop(picture))[..., 0] > 127


def outlined(outline: Any, width: int, height: int) -> Mask:
    """height×width: one annotation's `segmentation`, a list of polygons or run lengths."""
    if isinstance(outline, Painted):
        return painted(outline)
    if isinstance(outline, list):
        return _polygons(outline, width, height)
    if isinstance(outline, dict) and isinstance(outline.get("counts"), list):
        return _runs(outline, width, height)
    raise ExplainerError(
        "a segmentation is neither polygons nor uncompressed run lengths",
        "decompress its run lengths first",
    )


def painted(part: Painted | Void) -> Mask:
    try:
        return part.mask()
    except PhotoError as error:
        raise ExplainerError(f"{error.name}: {error.reason}", error.fix) from error


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

    See `photos.coco`.
    """
    file = _annotations(Path(source))
    return _sorted(lambda: read_coco(file))


def read_labelled_voc(folder: str | Path, split: str | None = None) -> list[LabelledPhoto]:
    """The photos of a folder in VOC's layout, or of a split of it; see `photos.voc`."""
    return _sorted(lambda: read_voc(Path(folder), split))


def read_labelled_imagenet(
    folder: Path, truth: Path | None = None, synsets: Path | None = None, boxes: Path | None = None
) -> list[LabelledPhoto]:
    """The photos below a folder of ImageNet's, each with its class; see `photos.imagenet`."""
    found = _sorted(lambda: read_imagenet(folder, truth, synsets, boxes))
    if not found:
        raise ExplainerError(f"{folder} holds no photos", "name the folder with ImageNet's photos")
    return found


def _sorted(read: Callable[[], list[AnnotatedPhoto]]) -> list[LabelledPhoto]:
    try:
        found = read()
    except PhotoError as error:
        raise ExplainerError(f"{error.name}: {error.reason}", error.fix) from error
    return sorted(map(_labelled, found), key=lambda photo: photo.path.name)


def _labelled(photo: AnnotatedPhoto) -> LabelledPhoto:
    concepts = tuple(
        Concept(one.name, one.accepted, one.outlines, one.boxes) for one in photo.things
    )
    width, height = photo.frame.stored if photo.frame else (0, 0)
    return LabelledPhoto(photo.path, width, height, concepts, photo.frame, void=photo.void)


def _annotations(source: Path) -> Path:
    if source.is_file():
        return source
    found = [source / name for name in NAMES if (source / name).is_file()]
    if not found:
        raise ExplainerError(f"{source} has no {' or '.join(NAMES)}", "name a COCO instances file")
    return found[0]
