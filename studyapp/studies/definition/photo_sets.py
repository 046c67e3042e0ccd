"""What is wrong with how the photos' set is named: keys of another reader, groups of classes."""

from collections.abc import Iterator

from photos.class_groups import GroupError, read_groups

from .rules import Complaint
from .study import Definition

# Keys of [images] that one reader alone reads
READERS_OWN = {
    "annotations": "coco", "label": "folder", "split": "voc", "ignore": "voc",
    "truth": "imagenet", "synsets": "imagenet", "boxes": "imagenet",
}  # fmt: skip


def set_complaints(definition: Definition) -> Iterator[Complaint]:
    """Keys that would be passed over, and groups that can't be meant."""
    images = definition.images
    for key, reader in READERS_OWN.items():
        default = type(images).model_fields[key].default
        if getattr(images, key) != default and images.reader != reader:
            yield (
                ("images", key),
                f'`images.{key}` is read with `reader = "{reader}"`; remove it, or change the '
                "reader",
            )
    if images.synsets is not None and images.truth is None:
        yield (
            ("images", "synsets"),
            "`images.synsets` says what the numbers of `images.truth` mean; name that as well",
        )
    try:
        read_groups(images.groups)
    except GroupError as error:
        yield ("images", "groups", error.group), str(error)
