"""What the captioners and their maps reach, beside controls that see no photo, or another word."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from explainer import Network, explain, open_photo
from explainer.training.scores import Score
from ready.captions.network import CELLS, captioner
from ready.captions.words import VOCABULARY, places_of
from ready.measures import Measured, share
from ready.photos.scenes import SIDE

STRONGER, WEAKER = "stronger", "weaker"
TOLD = {"held-out": "new things and backgrounds", "known": "known things, new photos"}
# What a network sees of a photo
SHOWN = round(0.875 * SIDE)
EDGE = (SIDE - SHOWN) // 2
BATCH = 16
# Words whose place is known; "left" has none
SOMEWHERE = ("first noun", "second noun", "background")
ONE_HALF = Score("chance", 0.5, 0.5, 0.5, 0)
Map = NDArray[np.floating[Any]]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Captioned:
    """A photo of a set. `masks`: by noun, of what networks see of it."""

    path: Path
    words: list[str]
    group: str
    said: Mapping[str, list[str]]
    masks: Mapping[str, Mask]


@dataclass(frozen=True)
class Explained:
    """The map of a word that the network said rightly, as large as what it sees."""

    photo: Captioned
    kind: str
    map: Map

    @property
    def word(self) -> str:
        return self.photo.words[places_of(self.photo.words)[self.kind]]


def check(folder: Path) -> list[Measured]:
    torch.set_num_threads(1)
    sets = {use: list(read(folder / use)) for use in TOLD}
    known = sets["known"]
    network = captioner(str(folder / "stronger.safetensors"))
    maps = {use: list(explained(network, photos)) for use, photos in sets.items()}
    found = list[Measured]()
    for use, what in TOLD.items():
        found += of_captions(sets[use], known, what)
        found += of_next_words(sets[use], maps[use], maps["known"], what)
    return [*found, *of_maps(maps["held-out"], usual_places(known), TOLD["held-out"])]


def read(folder: Path) -> Iterator[Captioned]:
    content = json.loads((folder / "annotations.json").read_text("utf-8"))
    nouns = {one["id"]: one["name"] for one in content["categories"]}
    masks: dict[int, dict[str, Mask]] = {}
    for one in content["annotations"]:
        mask = solid(one["segmentation"]["counts"])[EDGE : EDGE + SHOWN, EDGE : EDGE + SHOWN]
        masks.setdefault(one["image_id"], {})[nouns[one["category_id"]]] = mask
    for number, row in enumerate(json.loads((folder / "captions.json").read_text("utf-8")), 1):
        said = {name: row[name] for name in (STRONGER, WEAKER)}
        yield Captioned(folder / row["photo"], row["caption"], row["group"], said, masks[number])


def solid(counts: Sequence[int]) -> Mask:
    """A mask from COCO's run lengths (see `ready.photos.coco.run_lengths`)."""
    values = np.arange(len(counts)) % 2 == 1
    return np.repeat(values, counts).reshape((SIDE, SIDE), order="F")


def nouns_of(words: Sequence[str]) -> list[str]:
    places = places_of(words)
    return [words[places[kind]] for kind in ("first noun", "second noun")] if places else []


def of_captions(
    photos: Sequence[Captioned], others: Sequence[Captioned], what: str
) -> Iterator[Measured]:
    """Whole captions, both nouns, and each kind of word where it stands.

    Without what a photo shows there are left: what captions are most often like, by `others`; what
    the network says of a photo of other things; and where things are: the caption of the photo of
    `others` that has its two things most nearly there.
    """
    groups = [one.group for one in photos]

    def right(said: Sequence[Sequence[str]], of: Any) -> Score:
        pairs = zip(photos, said, strict=True)
        return share([of(words) == of(one.words) != [] for one, words in pairs], groups)

    placed = [(one, place_of(one)) for one in others]
    blind = {
        "what it says of another photo": [
            elsewhere_of(one, photos).said[STRONGER] for one in photos
        ],
        "position only": [placed_alike(one, placed).words for one in photos],
    }

    def controls(of: Any) -> dict[str, Score]:
        often = most_often([one.words for one in others], of)
        told = {"the most frequent one": [often] * len(photos), **blind}
        return {name: right(words, of) for name, words in told.items()}

    for name, of in (("whole caption", list), ("both nouns", nouns_of)):
        for network in (STRONGER, WEAKER):
            own = [one.said[network] for one in photos]
            yield Measured(f"{network}: {name} ({what})", right(own, of), controls(of))
    yield better(photos, what)
    for kind in places_of(photos[0].words):

        def of_kind(words: Sequence[str], kind: str = kind) -> list[str]:
            places = places_of(words)
            return [words[places[kind]]] if places else []

        score = right([one.said[STRONGER] for one in photos], of_kind)
        yield Measured(f"stronger: {kind} ({what})", score, controls(of_kind))


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
        own = [one for one in maps if one.kind == kind]
        said = {one.photo.path for one in own}
        score = share([one.path in said for one in photos], [one.group for one in photos])
        others = [(one, coarse(one.map)) for one in known if one.kind == kind]
        alone = [shaped_alike(one, others).word == one.word for one in own]
        control = share(alone, [one.photo.group for one in own])
        told = f"stronger: {kind}, after the true words ({what})"
        yield Measured(told, score, {"map only": control})


def shaped_alike(one: Explained, others: Sequence[tuple[Explained, Map]]) -> Explained:
    own = coarse(one.map)
    elsewhere = [pair for pair in others if pair[0].photo.group != one.photo.group]
    return max(elsewhere, key=lambda pair: float(own @ pair[1]))[0]


def better(photos: Sequence[Captioned], what: str) -> Measured:
    """Of the nouns that only one of the two says rightly, the share that the stronger one says."""
    told = [
        (one.group, noun in one.said[STRONGER], noun in one.said[WEAKER])
        for one in photos
        for noun in nouns_of(one.words)
    ]
    differing = [(group, own) for group, own, theirs in told if own != theirs]
    score = share([own for _, own in differing], [group for group, _ in differing])
    return Measured(f"stronger, not weaker, has the noun ({what})", score, {"chance": ONE_HALF})


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


def explained(network: Network, photos: Sequence[Captioned]) -> Iterator[Explained]:
    """Grad-CAM for each word that is somewhere on the photo, where the network says it rightly
    after the words before it."""
    for kind in SOMEWHERE:
        for start in range(0, len(photos), BATCH):
            part = photos[start : start + BATCH]
            yield from _explained(network, part, kind)


def _explained(network: Network, photos: Sequence[Captioned], kind: str) -> Iterator[Explained]:
    places = [places_of(one.words)[kind] for one in photos]
    context = [" ".join(one.words[:place]) for one, place in zip(photos, places, strict=True)]
    words = [VOCABULARY.index(one.words[place]) for one, place in zip(photos, places, strict=True)]
    images = network.prepare([open_photo(one.path.read_bytes()) for one in photos])
    found = explain(network, images, words, ["grad_cam"], context=context)
    maps = functional.interpolate(
        torch.as_tensor(found["grad_cam"])[:, None], (SHOWN, SHOWN), mode="bilinear"
    )[:, 0]
    for number, one in enumerate(photos):
        if int(found.outputs[number].argmax()) == words[number]:
            yield Explained(one, kind, maps[number].numpy())


def usual_places(photos: Sequence[Captioned]) -> dict[str, Map]:
    """How often a pixel belongs to the first noun's thing, and to the second's: all that the words
    tell without the photo."""
    found = {}
    for place, kind in enumerate(("first noun", "second noun")):
        masks = [one.masks[nouns_of(one.words)[place]] for one in photos]
        found[kind] = np.mean(masks, axis=0)
    return found


def of_maps(maps: Sequence[Explained], usual: Mapping[str, Map], what: str) -> Iterator[Measured]:
    """Whether a noun's map is about its thing: its highest value lies on it, and it is hotter there
    than on the other thing. The map of the background's word has its highest value on neither."""
    known = {(one.photo.path, one.kind): one for one in maps}
    other = {"first noun": "second noun", "second noun": "first noun"}
    nouns = [
        one for one in maps if one.kind in other and (one.photo.path, other[one.kind]) in known
    ]
    given = {
        "Grad-CAM of the noun": [one.map for one in nouns],
        "the other noun's map": [known[one.photo.path, other[one.kind]].map for one in nouns],
        "another photo's map": [_elsewhere(one, nouns).map for one in nouns],
        "where such things usually are": [usual[one.kind] for one in nouns],
    }
    for name, of in (
        ("its peak is on the thing", peaks_on),
        ("hotter on it than on the other", hotter),
    ):
        yield _against(f"{name} ({what})", nouns, given, of)
    grounds = [one for one in maps if one.kind == "background"]
    noun = [known[one.photo.path, "first noun"].map if (one.photo.path, "first noun") in known
            else None for one in grounds]  # fmt: skip
    both = [(one, its) for one, its in zip(grounds, noun, strict=True) if its is not None]
    given = {
        "Grad-CAM of the background's word": [one.map for one, _ in both],
        "the first noun's map": [its for _, its in both],
    }
    yield _against(f"its peak is on neither thing ({what})", [one for one, _ in both], given, off)


def _against(
    name: str, words: Sequence[Explained], given: Mapping[str, Sequence[Map]], of: Any
) -> Measured:
    """The first of `given` with the others as controls."""
    groups = [one.photo.group for one in words]
    scores = {
        told: share([of(one, values) for one, values in zip(words, maps, strict=True)], groups)
        for told, maps in given.items()
    }
    own = next(iter(scores))
    return Measured(f"{own}: {name}", scores.pop(own), scores)


def _elsewhere(one: Explained, maps: Sequence[Explained]) -> Explained:
    """The same kind of word on the next photo of another group."""
    place = maps.index(one)
    following = [*maps[place + 1 :], *maps[:place]]
    return next(
        other for other in following
        if other.kind == one.kind and other.photo.group != one.photo.group
    )  # fmt: skip


def peaks_on(one: Explained, values: Map) -> bool:
    return bool(one.photo.masks[one.word].flat[values.argmax()])


def hotter(one: Explained, values: Map) -> bool:
    own = one.photo.masks[one.word]
    other = next(mask for noun, mask in one.photo.masks.items() if noun != one.word)
    return bool(values[own].mean() > values[other].mean())


def off(one: Explained, values: Map) -> bool:
    return not any(mask.flat[values.argmax()] for mask in one.photo.masks.values())
