"""Where a key stands in a TOML text, so that a complaint can name the line."""

import re

Path = tuple[str | int, ...]
HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(#.*)?$")
KEY = re.compile(r"^\s*([A-Za-z0-9_.\"'-]+)\s*=")


def key_lines(text: str) -> dict[Path, int]:
    """The line (from 1) of every table header and key, by its path; list items count from 0."""
    lines: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := HEADER.match(line):
            table = _table_path(header[2], header[1] == "[[", counts)
            lines.setdefault(table, number)
        elif key := KEY.match(line):
            lines.setdefault((*table, *_names(key[1])), number)
    return lines


def line_of(lines: dict[Path, int], path: Path) -> int:
    """The line of `path`, or of the nearest table around it that has one; 1 if none has."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def _names(dotted: str) -> Path:
    return tuple(name.strip().strip("\"'") for name in dotted.split("."))


def _table_path(dotted: str, is_list: bool, counts: dict[Path, int]) -> Path:
    """`[[blocks]]` opens the next item of a list; `[blocks.x]` below belongs to the last one."""
    path: Path = ()
    names = _names(dotted)
    for depth, name in enumerate(names):
        path = (*path, name)
        if is_list and depth == len(names) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path
