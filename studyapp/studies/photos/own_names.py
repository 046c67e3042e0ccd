"""A researcher's own names for what photos show, and the network's classes that they mean."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from photos.class_names import name_key

COLUMNS = ("name", "classes")
GROUP = "group"
Names = str | Mapping[str, str | list[str]]


class NamesError(ValueError):
    """A table of names that can't be used: one sentence with the fix."""


@dataclass(frozen=True)
class OwnName:
    """`shown`: the category that people see; `classes`: names of classes that mean it."""

    shown: str
    classes: tuple[str, ...]


class OwnNames:
    """Own names by what is compared of them. A name that is missing means itself."""

    def __init__(self, rows: Iterable[tuple[str, OwnName]] = ()) -> None:
        self._rows: dict[str, OwnName] = {}
        for name, own in rows:
            known = self._rows.get(name_key(name))
            classes = (*known.classes, *own.classes) if known else own.classes
            shown = known.shown if known else own.shown
            self._rows[name_key(name)] = OwnName(shown, tuple(dict.fromkeys(classes)))

    def of(self, name: str) -> OwnName | None:
        return self._rows.get(name_key(name))


def read_names(names: Names | None, base: Path) -> OwnNames:
    """The names that `images.names` gives: in the file itself, or in a table beside it.

    A table has the columns name, classes (several with | between them) and perhaps group, the
    category that people see. NamesError says what is wrong with it.
    """
    if names is None:
        return OwnNames()
    if isinstance(names, str):
        return OwnNames(_table(base / names, names))
    return OwnNames(
        (name, OwnName(name.strip(), (classes,) if isinstance(classes, str) else tuple(classes)))
        for name, classes in names.items()
    )


def _table(path: Path, name: str) -> Iterator[tuple[str, OwnName]]:
    rows = _rows(path, name)
    if not rows:
        raise NamesError(f"{name}: is empty; its first line must be {','.join(COLUMNS)}")
    header = [name_key(cell) for cell in rows[0]]
    missing = [column for column in COLUMNS if column not in header]
    strange = sorted(set(header) - {*COLUMNS, GROUP})
    if missing or strange or len(set(header)) < len(header):
        raise NamesError(
            f"{name}, line 1: the columns are {', '.join(rows[0])}; they must be "
            f"{', '.join(COLUMNS)}, with or without {GROUP}"
        )
    for number, row in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in row):
            continue
        cells = dict(zip(header, map(str.strip, row), strict=False))
        classes = tuple(filter(None, map(str.strip, cells.get("classes", "").split("|"))))
        if len(row) > len(header) or not cells.get("name") or not classes:
            raise NamesError(
                f"{name}, line {number}: needs a name and its classes, {len(header)} cells in all; "
                "put | between several classes, and quotes around a cell with a comma"
            )
        yield cells["name"], OwnName(cells.get(GROUP) or cells["name"], classes)


def _rows(path: Path, name: str) -> list[list[str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise NamesError(f"{name}: no such file beside the study file") from error
    except (OSError, UnicodeDecodeError) as error:
        raise NamesError(f"{name}: not text in UTF-8; save it as “CSV UTF-8”") from error
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        return list(csv.reader(io.StringIO(text), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise NamesError(f"{name}: not a table ({error}); save it as “CSV UTF-8”") from error
