"""What the captioners and their maps reach, beside controls that see no photo, or another word."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from explainer.training.scores import Score
from ready.captions.maps import (
    METHODS,
    OTHER,
    SOMEWHERE,
    Explained,
    explained,
    of_backgrounds,
    of_nouns,
    unlearnt,
    usual_places,
)
from ready.captions.network import CELLS, captioner
from ready.captions.sets import STRONGER, WEAKER, Captioned, Map, nouns_of, read
from ready.captions.words import places_of
from ready.measures import APART, Measured, difference, share

TOLD = {"held-out": "new things", "known": "known things"}


def check(folder: Path) -> list[Measured]:
    torch.set_num_threads(1)
    sets = {use: list(read(folder / use)) for use in TOLD}
    known, held_out = sets["known"], sets["held-out"]
    network = captioner(str(folder / "stronger.safetensors"))
    compared = explained(network, known, SOMEWHERE, ["grad_cam"])
    found = list[Measured]()
    for use, what in TOLD.items():
        found += of_captions(sets[use], known, what)
    maps = [
        *explained(network, held_out, list(OTHER), list(METHODS)),
        *explained(network, held_out, SOMEWHERE[-1:], ["grad_cam"]),
    ]
    anew = explained(unlearnt(), held_out, list(OTHER), list(METHODS))
    what = TOLD["held-out"]
    found += of_next_words(held_out, maps, compared, what)
    for method in METHODS:
        found += of_nouns(maps, anew, usual_places(known), method, what)
    return [*found, of_backgrounds(maps, what)]


def of_captions(
    photos: Sequence[Captioned], others: Sequence[Captioned], what: str
) -> Iterator[Measured]:
    """Whole captions, both nouns, and each kind of word where it stands.

    Without what a photo shows there are left: what captions are most often like, by `others`; what
    the network says of a photo of other things; and where things are: the caption of the photo of
    `others` that has its two things most nearly there.
    """
    placed = [(one, place_of(one)) for one in others]
    blind = {
        "what it says of another photo": [
            elsewhere_of(one, photos).said[STRONGER] for one in photos
        ],
        "position only": [placed_alike(one, placed).words for one in photos],
    }

    def measured(name: str, network: str, of: Any) -> Measured:
        often = most_often([one.words for one in others], of)
        told = {"the most frequent one": [often] * len(photos), **blind}
        controls = {name: right(photos, words, of) for name, words in told.items()}
        score = right(photos, [one.said[network] for one in photos], of)
        return Measured(f"{network}: {name} ({what})", score, controls)

    for name, of in (("whole caption", list), ("both nouns", nouns_of)):
        for network in (STRONGER, WEAKER):
            yield measured(name, network, of)
    yield better(photos, what)
    for kind in places_of(photos[0].words):
        yield measured(kind, STRONGER, OneWord(kind))


class OneWord:
    """The word of this kind; nothing where there is no caption."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __call__(self, words: Sequence[str]) -> list[str]:
        places = places_of(words)
        return [words[places[self.kind]]] if places else []


def right(photos: Sequence[Captioned], said: Sequence[Sequence[str]], of: Any) -> Score:
    """Backgrounds are few: photos before one of them are alike in its word, as photos of two things
    are in every other."""
    is_ground = isinstance(of, OneWord) and of.kind == "background"
    groups = [one.background if is_ground else one.group for one in photos]
    pairs = zip(photos, said, strict=True)
    return share([of(words) == of(one.words) != [] for one, words in pairs], groups)


def coarse(values: Any) -> Map:
    """What is alike in shape, however strong, has a product near 1."""
    given = torch.as_tensor(np.asarray(values, dtype=float))[None, None]
    small = functional.adaptive_avg_pool2d(given, CELLS).flatten().numpy()
    found: Map = small / (np.linalg.norm(small) + 1e-9)
    return found


def place_of(one: Captioned) -> Map:
    """Where its two things are, and not which is which."""
    return coarse(np.any(list(one.masks.values()), axis=0))


def placed_alike(one: Captioned, others: Sequence[tuple[Captioned, Map]]) -> Captioned:
    """Of photos of other groups the one whose things lie most alike, whatever they are."""
    own = place_of(one)
    elsewhere = [pair for pair in others if pair[0].group != one.group]
    return max(elsewhere, key=lambda pair: float(own @ pair[1]))[0]


def of_next_words(
    photos: Sequence[Captioned], maps: Sequence[Explained], known: Sequence[Explained], what: str
) -> Iterator[Measured]:
    """What is said after the true words before it, beside what its map tells by itself: the word of
    the most similar map of a word that stands at the same place."""
    for kind in SOMEWHERE:
        own = [one for one in maps if one.kind == kind and one.said]
        said = {one.photo.path for one in own}
        score = share([one.path in said for one in photos], [one.group for one in photos])
        others = [
            (one, coarse(one.maps["grad_cam"])) for one in known if one.kind == kind and one.said
        ]
        alone = [shaped_alike(one, others).word == one.word for one in own]
        control = share(alone, [one.photo.group for one in own])
        told = f"stronger: {kind}, after the true words ({what})"
        yield Measured(told, score, {"map only": control})


def shaped_alike(one: Explained, others: Sequence[tuple[Explained, Map]]) -> Explained:
    own = coarse(one.maps["grad_cam"])
    elsewhere = [pair for pair in others if pair[0].photo.group != one.photo.group]
    return max(elsewhere, key=lambda pair: float(own @ pair[1]))[0]


def better(photos: Sequence[Captioned], what: str) -> Measured:
    """By how much more of a photo's two nouns the stronger one says, photo by photo."""

    def nouns(network: str) -> list[float]:
        return [
            sum(noun in one.said[network] for noun in nouns_of(one.words)) / 2 for one in photos
        ]

    less = difference(nouns(STRONGER), nouns(WEAKER), [one.group for one in photos])
    return Measured(f"nouns: stronger minus weaker, photo by photo ({what})", less, APART)


def most_often(captions: Sequence[list[str]], of: Any) -> list[str]:
    """A caption of those that are most often alike in what `of` gives."""
    counted = Counter(tuple(of(words)) for words in captions)
    first = counted.most_common(1)[0][0]
    return next(words for words in captions if tuple(of(words)) == first)


def elsewhere_of(one: Captioned, photos: Sequence[Captioned]) -> Captioned:
    """The next photo of another group."""
    place = photos.index(one)
    following = [*photos[place + 1 :], *photos[:place]]
    return next(other for other in following if other.group != one.group)
