"""Which rows one call of the explainer explains, and what it is told of them."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import explainer
from studyapp.models import Explanation, Image

from .stored_files import photo_bytes


def patterns(rows: Iterable[Explanation]) -> list[list[list[Explanation]]]:
    """Rows by photo, photos of one pattern together: one call of the explainer can explain them.

    A pattern is how many classes are explained by which methods with which settings. A method
    asked for with two settings makes two patterns. Of targets, a photo has one at a time.
    """
    by_photo: dict[tuple[int, str, int | None, int], list[Explanation]] = {}
    for row in rows:
        named = (row.target_digest, row.class_index if row.target else -1)
        # The first group of the row's photo in which its method has no other settings
        variant = 0
        while any(
            other.method == row.method and other.settings_digest != row.settings_digest
            for other in by_photo.get((row.case_id, *named, variant), [])
        ):
            variant += 1
        by_photo.setdefault((row.case_id, *named, variant), []).append(row)
    found: dict[Any, list[list[Explanation]]] = {}
    for photo in by_photo.values():
        methods = tuple(sorted({(row.method, row.settings_digest) for row in photo}))
        pattern = (bool(photo[0].target), len(classes_of(photo)), methods)
        found.setdefault(pattern, []).append(photo)
    return list(found.values())


def classes_of(rows: Sequence[Explanation]) -> list[int]:
    return sorted({class_of(row) for row in rows})


def class_of(row: Explanation) -> int:
    """The explained class: what we compute has one."""
    assert row.class_index is not None
    return row.class_index


def place_in(photos_place: int, row: Explanation, photo: Sequence[Explanation]) -> Any:
    """Where a row's map lies in what was found of a batch: of a target, each photo has one map."""
    if row.target:
        return photos_place
    return photos_place, classes_of(photo).index(class_of(row))


def targets_of(photos: Sequence[list[Explanation]]) -> Any:
    """What is explained of photos of one pattern: of each the same number of classes, or what its
    rows name."""
    if not photos[0][0].target:
        return [classes_of(photo) for photo in photos]
    return [target_of(photo[0]) for photo in photos]


def target_of(row: Explanation) -> explainer.targets.Target:
    """The target that a row names; ExplainerError where it is of another class, or another one
    than its digest says."""
    target = explainer.read_target(row.target)
    if target.text() != row.target or target.digest() != row.target_digest:
        raise explainer.ExplainerError(
            f"the target {row.target} is not the one that its row is known by",
            "prepare the study again",
        )
    if getattr(target, "class_", row.class_index) != row.class_index:
        raise explainer.ExplainerError(
            f"the target {row.target} is not of the row's class {row.class_index}",
            "prepare the study again",
        )
    return target


def other_photos(photos: Iterable[Sequence[Explanation]]) -> dict[str, Image]:
    """By their digests the photos that settings name in place of the explained one."""
    named = {row.settings["photo"] for photo in photos for row in photo if "photo" in row.settings}
    return {image.sha256: image for image in Image.objects.filter(sha256__in=named)}


def settings_of(row: Explanation, others: Mapping[str, Image], folder: Path) -> dict[str, Any]:
    """The row's settings as the explainer takes them: another photo's digest becomes a file of it
    in `folder`."""
    if "photo" not in row.settings:
        return dict(row.settings)
    if row.settings["photo"] not in others:
        raise explainer.ExplainerError(
            f"no photo with the SHA-256 {row.settings['photo']}", "leave photo out of the settings"
        )
    other = others[row.settings["photo"]]
    path = folder / other.sha256
    path.write_bytes(photo_bytes(other))
    return {**row.settings, "photo": str(path)}
