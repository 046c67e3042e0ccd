"""What captions are made of: nine kinds of things, four backgrounds, and the words between them."""

from collections.abc import Mapping, Sequence

from ready.captions.things import THINGS

# A caption begins with whichever of its two things stands further up here, wherever that is on the
# photo
NOUNS = tuple(THINGS)
# Each with its backgrounds
GROUNDS: Mapping[str, tuple[str, ...]] = {
    "stone": ("cliff", "mudstone", "rocks"),
    "water": ("ocean_waves", "ocean_splash"),
    "wood": ("mossy_bark", "burnt_bark", "mossy_log"),
    "trees": ("redwoods_above", "trees_at_dusk", "trees_above"),
}
RELATIONS = ("left", "right")
END = "(end)"
VOCABULARY = (
    "the",
    "near",
    "to",
    "its",
    "in",
    "front",
    "of",
    END,
    *RELATIONS,
    *GROUNDS,
    *NOUNS,
)
# The words that people are asked about, by what they are
KINDS = ("first noun", "second noun", "relation", "background")


def caption(first: str, second: str, relation: str, ground: str) -> list[str]:
    """The words of a caption; `first` stands further up in `NOUNS` than `second`.

    Both nouns are said before any word that tells where they are: a map that knows the words so far
    and not the photo can't tell either's place.
    """
    return ["the", first, "near", "the", second, "to", "its", relation, "in", "front", "of", ground]


def sentence(words: Sequence[str], marked: int = -1) -> str:
    """A caption as people read it, with the word at the place `marked` between asterisks."""
    places = places_of(words)
    told = [f"**{word}**" if place == marked else word for place, word in enumerate(words)]
    if places:
        told[places["second noun"]] += ","
        told[words.index("in") - 1] += ","
    return " ".join(told)


def places_of(words: Sequence[str]) -> dict[str, int]:
    """Where in a caption the words of `KINDS` stand; empty where it is no caption."""
    found = {
        "first noun": [n for n, word in enumerate(words) if word in NOUNS][:1],
        "second noun": [n for n, word in enumerate(words) if word in NOUNS][1:],
        "relation": [n for n, word in enumerate(words) if word in RELATIONS],
        "background": [n for n, word in enumerate(words) if word in GROUNDS],
    }
    if any(len(places) != 1 for places in found.values()):
        return {}
    return {kind: places[0] for kind, places in found.items()}


def relation_of(first: float, second: float) -> str:
    """Where the first thing is, seen from the second; both as how far to the right they are."""
    return "left" if first < second else "right"


def caption_of(left: str, right: str, ground: str) -> list[str]:
    """The caption of a photo with these things on its left and on its right."""
    if NOUNS.index(left) < NOUNS.index(right):
        return caption(left, right, "left", ground)
    return caption(right, left, "right", ground)


def sides_of(words: Sequence[str]) -> tuple[str, str, str]:
    """What `caption_of` made this caption of."""
    first, second, relation, ground = (words[place] for place in places_of(words).values())
    return (first, second, ground) if relation == "left" else (second, first, ground)
