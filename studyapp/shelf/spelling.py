"""Words that people would read as the same, however they are written."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

# Hyphens, dashes and the minus, most of which can't be told apart on a page
DASHES = re.compile(r"[\-‐-―−]")
QUOTES = str.maketrans("‘’ʼ“”„", "'''\"\"\"")


def as_read(words: str) -> str:
    """Without capitals, kinds of blanks, dashes and quotes, and marks that nobody sees."""
    seen = "".join(one for one in words if unicodedata.category(one) != "Cf")
    # Neither m² and m2 nor Maße and Masse read alike
    plain = unicodedata.normalize("NFC", seen).translate(QUOTES).lower()
    return " ".join(DASHES.sub("-", plain).split())


def alike(listed: Iterable[str]) -> Iterator[tuple[str, str]]:
    """(the first, another) for all words that read like some before them."""
    first: dict[str, str] = {}
    for words in listed:
        key = as_read(words)
        if key in first:
            yield first[key], words
        first.setdefault(key, words)


def told_alike(listed: Iterable[str]) -> Iterator[str]:
    """The same as a part of a sentence, each once."""
    found = (
        f"“{one}” is listed twice" if one == other else f"“{one}” and “{other}” read alike"
        for one, other in alike(listed)
    )
    yield from dict.fromkeys(found)
