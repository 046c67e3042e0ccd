"""Where a key stands in a TOML text, so that a complaint can name the line."""

import re
from collections.abc import Iterator

Path = tuple[str | int, ...]
# Each alternative begins with another character, so that any text is read once, in linear time.
TOKENS = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"{3,5}'  # a text over several lines
    r"|'''(?:[^']|'(?!''))*'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*"
    r"|[\n=\[\]{}]"
    r"|[^\n=\[\]{}#\"']+"
    r"|.",
    re.DOTALL,
)


def key_lines(text: str) -> dict[Path, int]:
    """The line (from 1) of every table header and key, by its path; list items count from 0.

    `text` is TOML that was read already; what looks like a key inside a text or a list is none.
    """
    lines: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    for number, tokens in _statements(text):
        if tokens[0] == "[":
            table = _table_path(_names(tokens), tokens[1:2] == ["["], counts)
            lines.setdefault(table, number)
        else:
            lines.setdefault((*table, *_names(tokens)), number)
    return lines


def line_of(lines: dict[Path, int], path: Path) -> int:
    """The line of `path`, or of the nearest table around it that has one; 1 if none has."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def longest_key(text: str) -> int:
    """The most dots between two parts of any key in `text`, which need not be TOML.

    Python's own reader takes time that grows with the square of it.
    """
    most = dots = 0
    for match in TOKENS.finditer(text):
        token = match[0]
        if token[0] in "\"'":
            continue
        if token in "\n=[]{}" or token[0] == "#":
            dots = 0
            continue
        for place, part in enumerate(token.split(",")):
            dots = part.count(".") + (dots if place == 0 else 0)
            most = max(most, dots)
    return most


def _statements(text: str) -> Iterator[tuple[int, list[str]]]:
    """The line of each header and key, and its tokens up to the value."""
    number, depth = 1, 0
    tokens: list[str] = []
    in_value = False
    for match in TOKENS.finditer(f"{text}\n"):
        token = match[0]
        if token == "\n" and depth == 0:
            if tokens:
                yield number, tokens
            tokens, in_value = [], False
        elif in_value:
            depth += (token in "[{") - (token in "]}")
        elif token == "=":
            yield number, tokens
            tokens, in_value = [], True
        elif token.strip() and token[0] != "#":
            tokens.append(token)
        number += token.count("\n")


def _names(tokens: list[str]) -> Path:
    """The parts of a key: `a."b.c"` is a and b.c."""
    names: list[str] = []
    for token in tokens:
        if token[0] in "\"'":
            names.append(token[1:-1])
        elif token not in "[]":
            names.extend(part.strip() for part in token.split(".") if part.strip())
    return tuple(names)


def _table_path(names: Path, is_list: bool, counts: dict[Path, int]) -> Path:
    """`[[blocks]]` opens the next item of a list; `[blocks.x]` below belongs to the last one."""
    path: Path = ()
    for depth, name in enumerate(names):
        path = (*path, name)
        if is_list and depth == len(names) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path
