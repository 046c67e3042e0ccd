"""Photos with annotations, by the study file's reader, and what belongs to it."""

from collections.abc import Callable
from pathlib import Path

from photos import AnnotatedPhoto, read_coco, read_imagenet, read_voc
from photos.voc import ANNOTATIONS, CLASSES, IGNORED, OBJECTS, SETS
from studyapp.sections.networks_and_images import ImagesSection

VOCS_OWN = (ANNOTATIONS, SETS, CLASSES, OBJECTS)
Reader = Callable[[ImagesSection, Path], list[AnnotatedPhoto]]


def annotated_photos(images: ImagesSection, base: Path) -> list[AnnotatedPhoto]:
    """The photos of an annotated set; PhotoError says what is wrong with it."""
    return _READERS[images.reader](images, base)


def _coco(images: ImagesSection, base: Path) -> list[AnnotatedPhoto]:
    return read_coco((base / images.folder).resolve() / images.annotations)


def _voc(images: ImagesSection, base: Path) -> list[AnnotatedPhoto]:
    ignore = IGNORED if images.ignore is None else images.ignore
    return read_voc((base / images.folder).resolve(), images.split, ignore)


def _imagenet(images: ImagesSection, base: Path) -> list[AnnotatedPhoto]:
    told = (images.truth, images.synsets, images.boxes)
    files = [None if name is None else base / name for name in told]
    return read_imagenet((base / images.folder).resolve(), *files)


_READERS: dict[str, Reader] = {"coco": _coco, "voc": _voc, "imagenet": _imagenet}


def is_annotated(images: ImagesSection) -> bool:
    """Whether the photos are those that annotations or tables name."""
    return images.reader in _READERS


def belongs_to_set(images: ImagesSection, base: Path, path: Path) -> bool:
    """Whether a file in the folder of photos is part of the set's annotations, and no photo."""
    folder = (base / images.folder).resolve()
    if images.reader == "coco":
        return path == folder / images.annotations
    if images.reader == "voc":
        return path.relative_to(folder).parts[0] in VOCS_OWN
    told = [name for name in (images.truth, images.synsets, images.boxes) if name is not None]
    return any(path.resolve().is_relative_to((base / name).resolve()) for name in told)


def photos_not_taken(images: ImagesSection) -> str:
    """Of photos in the folder that the set does not name, for people."""
    if images.reader == "voc":
        return "not annotated" if images.split is None else f"not in the split {images.split}"
    return f"not in {images.annotations}"


def without_doubt(
    images: ImagesSection, base: Path
) -> tuple[list[AnnotatedPhoto], list[AnnotatedPhoto]]:
    """The photos about which an answer is right or wrong, and the others, which are doubtful."""
    found = annotated_photos(images, base)
    return [one for one in found if not one.doubtful], [one for one in found if one.doubtful]
