"""Rules between a study file's keys, asked so that each mistake is told, and told once.

A rule that relies on a key that is wrong already would complain of the same mistake again, or of
something that nobody wrote; it is asked once the key is right.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .toml_lines import Path as KeyPath

Complaint = tuple[KeyPath, str]
# In the place of a list's number or a table's name: all of them
ANY = "*"


class Rule(NamedTuple):
    """Complaints that are not looked for before they are asked for, and the keys they rely on
    beside those that they are about."""

    complaints: Iterable[Complaint]
    reads: tuple[KeyPath, ...]


def rule(complaints: Iterable[Complaint], reads: str = "", item: KeyPath = ()) -> Rule:
    """`reads`: keys such as "design.stimuli" and "blocks.*.stage", or ".stage" of `item`."""
    return Rule(complaints, tuple(_path(key, item) for key in reads.split()))


def independent(rules: Iterable[Rule], wrong: Iterable[KeyPath] = ()) -> Iterator[Complaint]:
    """What the rules complain of, but for what another complaint causes; `wrong`: the keys that
    are known to be wrong before."""
    known = list(wrong)
    for one in rules:
        if any(_touch(read, path) for read in one.reads for path in known):
            continue
        found = [
            (path, sentence)
            for path, sentence in one.complaints
            if not any(_touch(path, other) for other in known)
        ]
        known += [path for path, _ in found]
        yield from found


def _path(key: str, item: KeyPath) -> KeyPath:
    parts = [int(part) if part.isdecimal() else part for part in key.split(".") if part]
    return (*item, *parts) if key[0] == "." else tuple(parts)


def _touch(one: KeyPath, other: KeyPath) -> bool:
    """Whether they are the same, or one lies within the other."""
    return all(a == b or ANY in (a, b) for a, b in zip(one, other, strict=False))
