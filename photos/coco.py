"""Photos with annotations in COCO's instances format, as the site and the explainer read them.

Two keys are known beside the format's own: a category's `accepted` (the class names that are right
for it, its own name otherwise) and an image's `group` (photos of one group are one cluster).
"""

import json
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import PhotoError
from .turning import Box, Frame, frame_of

FORMAT = "COCO's instances format"
NOT_ROWS = (LookupError, TypeError, AttributeError, ValueError, ArithmeticError, OSError)


@dataclass(frozen=True)
class Things:
    """What a photo shows of one category. `accepted`: the class names that mean it.

    `boxes`: [left, top, width, height] in the photo as it is seen. `outlines`: each one's
    `segmentation` as it stands in the file, None where it has none.
    """

    name: str
    accepted: tuple[str, ...]
    boxes: tuple[Box, ...]
    outlines: tuple[Any, ...]


@dataclass(frozen=True)
class AnnotatedPhoto:
    """A photo file under the name that the annotations give it, and what it shows.

    `frame`: in which the outlines count, of a photo with things; None where nothing is annotated.
    `doubtful`: names of what it shows only by objects that don't count, as VOC's difficult ones.
    `void`: what of it counts neither as any object nor as background; None where that is not told.
    """

    path: Path
    name: str
    group: str
    things: tuple[Things, ...]
    frame: Frame | None
    doubtful: tuple[str, ...] = ()
    void: Any = None


def read_coco(file: Path) -> list[AnnotatedPhoto]:
    """The photos that the annotations `file` names, in its order; they lie beside it, in its
    folder's `images/`, or as COCO itself has them: `annotations/instances_val2017.json` beside
    `val2017/`. PhotoError says what is wrong with the file, or with one of them."""
    try:
        rows = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise PhotoError(
            file.name, f"can't be read ({error.strerror})", "check its path"
        ) from error
    except (ValueError, RecursionError) as error:
        raise PhotoError(
            file.name, f"not JSON ({error})", "save it again as JSON, in UTF-8"
        ) from error
    if not isinstance(rows, dict):
        raise PhotoError(file.name, f"not {FORMAT}", "export it again")
    missing = [key for key in ("images", "annotations", "categories") if key not in rows]
    if missing:
        raise PhotoError(file.name, f"“{missing[0]}” is missing", f"export it again in {FORMAT}")
    try:
        return list(_photos(rows, file.resolve()))
    except PhotoError:
        raise
    except NOT_ROWS as error:
        reason = f"not {FORMAT} ({type(error).__name__}: {error})"
        raise PhotoError(file.name, reason, "export it again") from error


def _photos(rows: dict[str, Any], file: Path) -> Iterator[AnnotatedPhoto]:
    categories = _by_id(rows["categories"], "categories")
    images = _by_id(rows["images"], "images")
    for name, count in Counter(str(row["file_name"]) for row in rows["images"]).items():
        if count > 1:
            raise PhotoError(
                name, f"{count} images of the annotations have this file name", "keep one"
            )
    shown: dict[Any, dict[Any, list[dict[str, Any]]]] = {}
    for row in rows["annotations"]:
        if row["image_id"] not in images:
            raise ValueError(f"an annotation refers to image {row['image_id']}, which is missing")
        of_image = shown.setdefault(row["image_id"], {})
        of_image.setdefault(row["category_id"], []).append(row)
    for row in rows["images"]:
        name, of_image = str(row["file_name"]), shown.get(row["id"], {})
        path = _inside(file, name)
        frame = frame_of(path).of_annotations(_declared(row), path.name) if of_image else None
        things = tuple(
            Things(
                str(categories[key]["name"]),
                _accepted(categories[key]),
                tuple(frame.turned(_box(one["bbox"])) for one in found) if frame else (),
                tuple(one.get("segmentation") for one in found),
            )
            for key, found in of_image.items()
        )
        yield AnnotatedPhoto(path, name, str(row.get("group", name)), things, frame)


def _by_id(rows: list[dict[str, Any]], kind: str) -> dict[Any, dict[str, Any]]:
    found = {row["id"]: row for row in rows}
    if len(found) < len(rows):
        raise ValueError(f"two of the {kind} share one id")
    return found


def _declared(row: dict[str, Any]) -> tuple[int, int] | None:
    return (int(row["width"]), int(row["height"])) if {"width", "height"} <= set(row) else None


def _box(values: Any) -> Box:
    """[left, top, width, height] in pixels; ValueError for anything else."""
    left, top, width, height = values
    box = (left, top, width, height)
    if not all(isinstance(one, int | float) and math.isfinite(one) for one in box):
        raise ValueError(f"bbox {values!r}"[:80])
    if width < 0 or height < 0:
        raise ValueError(f"bbox {values!r} is not [x, y, width, height]"[:80])
    return box


def _accepted(category: dict[str, Any]) -> tuple[str, ...]:
    """A text alone is one name, and no list of letters."""
    given = category.get("accepted") or category["name"]
    return (given,) if isinstance(given, str) else tuple(map(str, given))


def _inside(file: Path, name: str) -> Path:
    """The photo `name` of the annotations `file`; refused if it lies outside their folder."""
    folder, places = file.parent, [file.parent, file.parent / "images"]
    if folder.name == "annotations":
        folder = folder.parent
        places.append(folder / file.stem.rpartition("_")[2])
    for place in places:
        path = (place / name).resolve()
        if not path.is_relative_to(folder):
            raise PhotoError(
                name, "lies outside the folder of photos", "remove it from the annotations"
            )
        if path.is_file():
            return path
    raise PhotoError(name, "is in the annotations, but not in the folder", "add the file")
