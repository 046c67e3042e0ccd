"""The tables of a bundle, read back."""

import csv
from pathlib import Path


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def rows_of(folder: Path, table: str) -> list[dict[str, str]]:
    """Of the one study in the bundle."""
    [path] = folder.rglob(f"*_description-{table}_data.csv")
    return read_rows(path)
