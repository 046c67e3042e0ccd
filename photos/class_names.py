"""The one comparison of names: which classes of a network a word of the researcher's means.

Case, blanks, underscores, hyphens and marks that nobody sees don't matter. Of networks with
ImageNet's classes the other words of each class are known too ("tabby cat" is tabby), and its
WordNet id, which decides.
"""

import difflib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

FILE = Path(__file__).with_name("imagenet.tsv")
BETWEEN_WORDS = re.compile(r"[\s_\-‐-―−]+")
# Of a number: -1 is not 1
MINUS = re.compile(r"\s*[\-‐-―−](?=\d)")
WORDNET_ID = re.compile(r"n\d{8}")
NEAREST = 3
Indices = frozenset[int]


def name_key(name: str) -> str:
    """What is compared instead of the name itself."""
    seen = "".join(one for one in name if unicodedata.category(one) != "Cf")
    plain = unicodedata.normalize("NFKC", seen).casefold().replace("’", "'")
    words = BETWEEN_WORDS.sub(" ", plain).strip()
    return f"-{words}" if MINUS.match(plain) else words


def is_wordnet_id(name: str) -> bool:
    return WORDNET_ID.fullmatch(name.strip()) is not None


@dataclass(frozen=True)
class Synset:
    """A class of ImageNet: its WordNet id, torchvision's name, and its other words."""

    wordnet_id: str
    label: str
    words: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return self.wordnet_id, self.label, *self.words


@cache
def imagenet() -> tuple[Synset, ...]:
    """The 1,000 classes in the order of a network's outputs."""
    lines = FILE.read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return tuple(Synset(first, label, tuple(words)) for first, label, *words in rows)


@cache
def imagenet_labels() -> tuple[str, ...]:
    return tuple(one.label for one in imagenet())


class ClassNames:
    """The names of a network's classes, in the order of its outputs."""

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = tuple(map(str, labels))
        self._classes = _indices((label,) for label in self.labels)
        self._words: dict[str, Indices] = {}
        if tuple(map(name_key, self.labels)) == tuple(map(name_key, imagenet_labels())):
            synsets = imagenet()
            self._words = _indices((one.wordnet_id, *one.words) for one in synsets)

    def classes(self, name: str) -> Indices:
        """The class that `name` means: none where there is none, or where it is that of several."""
        key = name_key(name)
        found = self._classes.get(key) or self._words.get(key, frozenset())
        return found if len(found) == 1 else frozenset()

    def namesakes(self, name: str) -> Indices:
        """Other classes of which `name`, the name of one, is a word too."""
        key = name_key(name)
        return self._words.get(key, frozenset()) - self._classes.get(key, frozenset())

    def accepted(self, names: Iterable[str]) -> Indices:
        """The classes that any of `names` means; WordNet ids that are known decide alone."""
        named = list(names)
        none: Indices = frozenset()
        decided = none.union(*(self.classes(name) for name in named if is_wordnet_id(name)))
        return decided or none.union(*map(self.classes, named))

    def suggestion(self, name: str) -> str:
        """The end of a sentence about a name that means no class."""
        key = name_key(name)
        several = self._classes.get(key) or self._words.get(key, frozenset())
        if several:
            return f"the name of {len(several)} classes; use {self._apart(several)}"
        near = self.nearest(name)
        return f"did you mean {' or '.join(near)}?" if near else "no class has a similar name"

    def nearest(self, name: str) -> list[str]:
        """The labels of the classes with the most similar names, the most similar first."""
        key = name_key(name)
        words = set(key.split())
        known = [*self._classes, *(word for word in self._words if not is_wordnet_id(word))]
        # A breed for "dog" and a colour for "fox" come before words that merely look alike.
        holding = [word for word in self._classes if words and words <= set(word.split())]
        alike = difflib.get_close_matches(key, known, n=2 * NEAREST, cutoff=0.6)
        labels = (
            self.labels[index]
            for word in [
                *difflib.get_close_matches(key, holding, len(known) or 1, 0.0)[:NEAREST],
                *alike,
            ]
            for index in sorted(self._classes.get(word) or self._words[word])
        )
        return list(dict.fromkeys(labels))[:NEAREST]

    def _apart(self, indices: Indices) -> str:
        if self._words:
            return " or ".join(imagenet()[index].wordnet_id for index in sorted(indices))
        return "other names for the network's classes"


@lru_cache(maxsize=16)
def class_names(labels: tuple[str, ...]) -> ClassNames:
    return ClassNames(labels)


def _indices(names: Iterable[Sequence[str]]) -> dict[str, Indices]:
    """The indices that carry each name."""
    found: dict[str, set[int]] = {}
    for index, of_class in enumerate(names):
        for name in of_class:
            found.setdefault(name_key(name), set()).add(index)
    return {name: frozenset(group) for name, group in found.items()}


def unknown_names(
    categories: Iterable[tuple[str, Iterable[str]]], labels: Sequence[str]
) -> list[str]:
    """A sentence for each category (its name, the accepted ones) that is no class of the network.

    Each with how many photos show it, and the nearest classes.
    """
    known = class_names(tuple(labels))
    counts = Counter((name, tuple(accepted)) for name, accepted in categories)
    return [
        f"“{name}” ({count} {'photo' if count == 1 else 'photos'}): "
        + "; ".join(f"{_called(one, name)}{known.suggestion(one)}" for one in _words(accepted))
        for (name, accepted), count in sorted(counts.items())
        if not known.accepted(accepted)
    ]


def shared_names(
    categories: Iterable[tuple[str, Iterable[str]]], labels: Sequence[str]
) -> list[str]:
    """A sentence for each name that is taken for one class and is another one's word too."""
    known = class_names(tuple(labels))
    counts = Counter(name for _, accepted in categories if len(ids := list(accepted)) == 1
                     for name in ids)  # fmt: skip
    return [
        f"“{name}” ({count} {'photo' if count == 1 else 'photos'}) is taken for the class "
        f"{_with_id(taken)}; {' and '.join(map(_with_id, sorted(others)))} has that name "
        f"too: if you mean that class, begin the name with its id"
        for name, count in sorted(counts.items())
        for taken in known.classes(name)
        if (others := known.namesakes(name))
    ]


def _with_id(index: int) -> str:
    one = imagenet()[index]
    return f"{one.label} ({one.wordnet_id})"


def _words(accepted: Sequence[str]) -> Sequence[str]:
    """Those that are words; an id that the network does not know is like no word."""
    return [one for one in accepted if not is_wordnet_id(one)] or accepted


def _called(accepted: str, name: str) -> str:
    return "" if name_key(accepted) == name_key(name) else f"“{accepted}”: "


def category_of_folder(label: str) -> tuple[str, tuple[str, ...]]:
    """The category that a folder or file called `label` means: its name, and the accepted ones.

    n02129604_tiger is tiger, by its WordNet id; n02129604 alone, or with a number as ImageNet's
    own files have it, has the class' own name.
    """
    found = re.match(r"(n\d{8})(?:[\s_-]+(.*))?$", label.strip())
    if found is None:
        name = " ".join(label.replace("_", " ").split())
        return name, (name,)
    names = {one.wordnet_id: one.label for one in imagenet()}
    word = "" if (found[2] or "").isdecimal() else found[2]
    name = " ".join((word or names.get(found[1], found[1])).replace("_", " ").split())
    return name, tuple(dict.fromkeys((found[1], name)))
