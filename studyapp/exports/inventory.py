"""The files of a bundle as its metadata list them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .folder import file_digest

MEDIA_TYPES = {
    ".cff": "application/yaml",
    ".csv": "text/csv",
    ".html": "text/html",
    ".json": "application/json",
    ".md": "text/markdown",
    ".parquet": "application/vnd.apache.parquet",
    ".py": "text/x-python",
    ".R": "text/x-r",
    ".sav": "application/x-spss-sav",
    ".svg": "image/svg+xml",
    ".toml": "application/toml",
}
OTHER = "application/octet-stream"
# Folders with a file for each picture: listed as one
PICTURES = ("materials/overlays", "materials/maps", "materials/photos", "materials/crops")


@dataclass(frozen=True)
class Listed:
    """A file by its path in the bundle. size: in bytes."""

    path: str
    media_type: str
    size: int

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]


def inventory(folder: Path) -> Iterator[Listed]:
    """Every file but the pictures, in the order of their paths."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not name.startswith(tuple(f"{one}/" for one in PICTURES)):
            yield Listed(name, MEDIA_TYPES.get(path.suffix, OTHER), path.stat().st_size)


def picture_folders(folder: Path) -> list[str]:
    """Those that the bundle has."""
    return [name for name in PICTURES if (folder / name).is_dir()]


def table_files(folder: Path) -> dict[str, tuple[str, str, int]]:
    """(path, SHA-256, bytes) of each table's CSV file, by the table's name."""
    found = {}
    for path in sorted((folder / "data").glob("*_data.csv")):
        table = path.name.rsplit("_description-", 1)[1].removesuffix("_data.csv")
        found[table] = (f"data/{path.name}", file_digest(path), path.stat().st_size)
    return found
