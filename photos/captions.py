"""COCO's captions, read as what is said of each photo: texts by the names of the photos' files."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .tables import TableError, is_plain

FORMAT = "COCO's captions format"
# Characters: what people read of a case is no longer either
MOST_CAPTION = 500


def read_captions(path: Path, name: str) -> list[tuple[int, str, str]]:
    """The place of each caption in the file `name`, counted from 1, its photo, and its words.

    Of captions of one photo that say the same the first is taken. TableError with the fix.
    """
    try:
        rows = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise TableError(f"{name}: no such file; check its path") from error
    except (OSError, ValueError, RecursionError) as error:
        raise TableError(f"{name}: not JSON in UTF-8; download or export it again") from error
    try:
        photos = {row["id"]: str(row["file_name"]) for row in rows["images"]}
        if len(photos) < len(rows["images"]):
            raise TableError(f"{name}: two of its images share one id; export it again")
        said = list(_captions(rows["annotations"], photos, name))
    except (LookupError, TypeError, AttributeError) as error:
        raise TableError(
            f"{name}: not {FORMAT} ({type(error).__name__}: {error}); name a file such as "
            "captions_val2017.json"
        ) from error
    if not said:
        raise TableError(f"{name}: has no caption; add some, or name another file")
    first = {(photo, words): place for place, photo, words in reversed(said)}
    return [(place, *one) for one, place in sorted(first.items(), key=lambda row: row[1])]


def _captions(
    rows: list[dict[str, Any]], photos: dict[Any, str], name: str
) -> Iterator[tuple[int, str, str]]:
    for place, row in enumerate(rows, 1):
        where, words = f"{name}, caption {place}", row["caption"]
        if row["image_id"] not in photos:
            raise TableError(f"{where}: its photo {row['image_id']} is none of the file's; add it")
        if not isinstance(words, str) or not words.strip():
            raise TableError(f"{where}: says nothing; write the caption, or remove it")
        if len(words) > MOST_CAPTION or not is_plain(words):
            raise TableError(
                f"{where}: has {len(words)} characters, or one that can't be stored; "
                f"{MOST_CAPTION} plain ones are the limit; shorten or type it again"
            )
        yield place, photos[row["image_id"]], " ".join(words.split())
