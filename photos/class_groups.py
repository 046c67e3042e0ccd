"""Groups of classes that count as one: any dog.

A group is a list of classes, by name or by WordNet id, or a kind above ImageNet's classes by its
WordNet id: n02084071 stands for the 118 breeds of dogs.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .class_names import class_names, imagenet, imagenet_labels, is_wordnet_id, name_key

FILE = Path(__file__).with_name("imagenet_kinds.tsv")
Given = Mapping[str, str | Sequence[str]]


class GroupError(ValueError):
    """A group that can't be used. `group`: its name; `str(error)`: one sentence with the fix."""

    def __init__(self, group: str, sentence: str) -> None:
        super().__init__(sentence)
        self.group = group


@dataclass(frozen=True)
class Group:
    """`classes`: names of classes that mean it, all ids or all words; `told`: those of them that
    were listed one by one, and that a network must therefore have."""

    name: str
    classes: tuple[str, ...]
    told: tuple[str, ...]

    def compared(self) -> frozenset[str]:
        """What names of its members are compared by: its own, the classes as they are listed, and
        of ImageNet's the id and every word that means that class alone."""
        known = class_names(imagenet_labels())
        numbers = {number for one in self.classes for number in known.classes(one)}
        words = (
            word
            for number in numbers
            for word in imagenet()[number].names
            if known.classes(word) == {number}
        )
        return frozenset(map(name_key, (self.name, *self.classes, *words)))


class Groups:
    """Groups by the names of their members."""

    def __init__(self, groups: Iterable[Group] = ()) -> None:
        self.groups = tuple(groups)
        self._by_key = {key: group for group in self.groups for key in group.compared()}

    def of(self, name: str, accepted: Iterable[str]) -> Group | None:
        """The group of a category with this name and these accepted names, if it is in one.

        Where a WordNet id is among those, it decides.
        """
        names = list(accepted)
        ids = [one for one in names if is_wordnet_id(one)]
        keys = [*map(name_key, ids)] if ids else [*map(name_key, (name, *names))]
        return next((self._by_key[key] for key in keys if key in self._by_key), None)

    def strangers(self, labels: Sequence[str]) -> Iterator[str]:
        """A sentence for each listed class that is none of a network with these labels."""
        known = class_names(tuple(labels))
        for group in self.groups:
            for one in group.told:
                if not known.classes(one):
                    yield (
                        f"the group “{group.name}” lists “{one}”, which is no class of the "
                        f"network ({known.suggestion(one)}); write it as the network does, or take "
                        "it out of `images.groups`"
                    )


def read_groups(given: Given | None) -> Groups:
    """The groups that `[images.groups]` declares; GroupError for what can't be meant."""
    groups = [_group(name.strip(), listed) for name, listed in (given or {}).items()]
    first: dict[str, Group] = {}
    for group in groups:
        for key in sorted(group.compared()):
            other = first.setdefault(key, group)
            if other is not group:
                raise GroupError(
                    group.name,
                    f"the groups “{other.name}” and “{group.name}” share “{key}”, and a "
                    "photo of it would show both; take it out of one of them",
                )
    return Groups(groups)


def _group(name: str, listed: str | Sequence[str]) -> Group:
    alone = isinstance(listed, str)
    members = [str(one).strip() for one in ([listed] if alone else listed)]
    if not name or not members or not all(members):
        raise GroupError(name, f"the group “{name}” has no class, or one without a name; list some")
    if alone and members[0] not in kinds() and members[0] not in _labels():
        raise GroupError(
            name,
            f"“{members[0]}” is no WordNet id of ImageNet's classes or of a kind above them; write "
            "an id such as n02084071, or the classes as a list",
        )
    if len({is_wordnet_id(one) for one in members}) > 1:
        raise GroupError(
            name,
            f"the group “{name}” lists both ids and names, and ids decide alone; write all its "
            "classes in one of the two ways",
        )
    told = tuple(one for one in members if one not in kinds() or one in _labels())
    classes = [id for one in members for id in (one,) * (one in told) or kinds()[one]]
    return Group(name, tuple(dict.fromkeys(classes)), told)


@cache
def kinds() -> Mapping[str, tuple[str, ...]]:
    """The WordNet ids of ImageNet's classes below each kind, by the kind's id."""
    lines = FILE.read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return {
        kind: tuple(imagenet()[number].wordnet_id for number in _numbers(ranges))
        for kind, _, ranges in rows
    }


def _numbers(ranges: str) -> Iterator[int]:
    for part in ranges.split(" "):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


@cache
def _labels() -> Mapping[str, str]:
    return {one.wordnet_id: one.label for one in imagenet()}
