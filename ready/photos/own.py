"""The demo's two photo sets from a folder of one's own, where there are no cut-outs."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from photos import ENDINGS, PhotoError, is_litter, open_photo
from photos.class_names import category_of_folder, class_names, imagenet_labels
from ready.errors import MakingError
from ready.photos.cutouts import Cutout
from ready.photos.scenes import SIDE, Placed, Scene


def read_own(folder: Path) -> list[Cutout]:
    """One subject a photo; its sub-folder is named like an ImageNet class. Raises MakingError."""
    if not folder.is_dir():
        raise MakingError(f"PHOTOS={folder}: there is no such folder.")
    files = [
        path
        for path in sorted(folder.glob("*/*"))
        if path.suffix.lower() in ENDINGS and not is_litter(path.relative_to(folder))
    ]
    names = sorted({category_of_folder(path.parent.name) for path in files})
    if len(names) < 2:
        raise MakingError(
            f"PHOTOS={folder}: the photos of {len(names)} classes are in it; put those of at least "
            "two into one sub-folder each, named like the class"
        )
    known = class_names(imagenet_labels())
    for name, accepted in names:
        if not known.accepted(accepted):
            raise MakingError(
                f'PHOTOS={folder}: the sub-folder "{name}" is no class of the networks; '
                + known.suggestion(name)
            )
    return [subject(path) for path in files]


def subject(path: Path) -> Cutout:
    name, accepted = category_of_folder(path.parent.name)
    known = class_names(imagenet_labels())
    labels = tuple(known.labels[index] for index in sorted(known.accepted(accepted)))
    return Cutout(f"own/{path.parent.name}/{path.name}", name, labels)


def own_scenes(folder: Path, sets: Sequence[tuple[Cutout, ...]]) -> Iterator[Scene]:
    """Each photo as it is, or two side by side: the middle of each, SIDE × SIDE pixels in all."""
    for subjects in sets:
        width = SIDE // len(subjects)
        photo = Image.new("RGB", (SIDE, SIDE))
        masks = np.zeros((len(subjects), SIDE, SIDE), dtype=bool)
        for place, one in enumerate(subjects):
            photo.paste(cropped(folder, one, width), (place * width, 0))
            masks[place, :, place * width : (place + 1) * width] = True
        yield Scene(photo, tuple(map(Placed, subjects, masks)))


def cropped(folder: Path, one: Cutout, width: int) -> Image.Image:
    path = folder / one.file.removeprefix("own/")
    try:
        upright = open_photo(path.read_bytes(), str(path))
    except PhotoError as error:
        raise MakingError(str(error)) from error
    return ImageOps.fit(upright, (width, SIDE), Image.Resampling.LANCZOS)
