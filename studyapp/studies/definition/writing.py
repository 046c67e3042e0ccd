"""Values written into a study file; everything else of it stays, byte for byte."""

from collections.abc import MutableMapping
from typing import Any

import tomlkit

from .toml_lines import Path

# Field of the form for a new study → the key of its file that it writes
SHORT_FIELDS: dict[str, Path] = {
    "slug": ("slug",),
    "title": ("title",),
    "folder": ("images", "folder"),
    "people": ("design", "people"),
    "stimuli": ("design", "stimuli"),
    "seed": ("design", "seed"),
}


class WritingError(ValueError):
    """A value that can't be written: one sentence with the fix."""


def with_value(toml: str, path: Path, value: str | int) -> str:
    """`toml` with `value` at `path`, which must be there and be a single value.

    `toml` is TOML that was read already. Raises WritingError where the value can't be written.
    """
    *tables, key = path
    name = ".".join(map(str, path))
    try:
        document = tomlkit.parse(toml)
        table: Any = document
        for part in tables:
            table = table[part]
        if isinstance(table[key], MutableMapping | list):
            raise WritingError(f"{name} is more than one value; change it in the file itself")
        table[key] = value
        return tomlkit.dumps(document)
    except (KeyError, TypeError) as error:
        raise WritingError(f"the study file has no key {name}; add it first") from error
