"""A researcher's own names for what photos show, and the network's classes that they mean."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from photos.class_names import name_key
from photos.tables import TableError, table_of

COLUMNS = ("name", "classes")
GROUP = "group"
Names = str | Mapping[str, str | list[str]]


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
    category that people see. TableError says what is wrong with it.
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
    rows = table_of(path, name)
    if not rows:
        raise TableError(f"{name}: is empty; its first line must be {','.join(COLUMNS)}")
    header = [name_key(cell) for cell in rows[0].cells]
    missing = [column for column in COLUMNS if column not in header]
    strange = sorted(set(header) - {*COLUMNS, GROUP})
    if missing or strange or len(set(header)) < len(header):
        raise TableError(
            f"{name}, line 1: the columns are {', '.join(rows[0].cells)}; they must be "
            f"{', '.join(COLUMNS)}, with or without {GROUP}"
        )
    for row in rows[1:]:
        if row.is_blank:
            continue
        cells = dict(zip(header, row.cells, strict=False))
        classes = tuple(filter(None, map(str.strip, cells.get("classes", "").split("|"))))
        if len(row.cells) > len(header) or not cells.get("name") or not classes:
            raise TableError(
                f"{name}, line {row.line}: needs a name and its classes, {len(header)} cells in "
                "all; put | between several classes, and quotes around a cell with a comma"
            )
        yield cells["name"], OwnName(cells.get(GROUP) or cells["name"], classes)
