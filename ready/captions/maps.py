"""What the maps of words lie on, beside maps that are not of that word, or of no network's."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from explainer import Network, explain, open_photo
from explainer.pictures.resizing import resize
from ready.captions.network import network_of
from ready.captions.pictured import SEED
from ready.captions.sets import SHOWN, Captioned, Map, Mask, nouns_of
from ready.captions.words import VOCABULARY, places_of
from ready.measures import APART, Measured, difference, mean

BATCH = 16
OTHER = {"first noun": "second noun", "second noun": "first noun"}
BACKGROUND = "background"
# Words whose place is known; "left" has none
SOMEWHERE = (*OTHER, BACKGROUND)
METHODS = {"grad_cam": "Grad-CAM", "guided_grad_cam": "guided Grad-CAM"}


@dataclass(frozen=True)
class Explained:
    """By method how strong the map of a word is; and whether the network says that word after the
    true words before it."""

    photo: Captioned
    kind: str
    maps: Mapping[str, Map]
    said: bool

    @property
    def word(self) -> str:
        return self.photo.words[places_of(self.photo.words)[self.kind]]

    @property
    def mask(self) -> Mask:
        return self.photo.masks[self.word]


def explained(
    network: Network, photos: Sequence[Captioned], kinds: Sequence[str], methods: Sequence[str]
) -> list[Explained]:
    parts = [
        (photos[start : start + BATCH], kind)
        for kind in kinds
        for start in range(0, len(photos), BATCH)
    ]
    bar = tqdm(parts, "Maps of words", unit="batch", disable=None)
    return [one for part, kind in bar for one in _explained(network, part, kind, methods)]


def _explained(
    network: Network, photos: Sequence[Captioned], kind: str, methods: Sequence[str]
) -> Iterator[Explained]:
    places = [places_of(one.words)[kind] for one in photos]
    context = [" ".join(one.words[:place]) for one, place in zip(photos, places, strict=True)]
    words = [VOCABULARY.index(one.words[place]) for one, place in zip(photos, places, strict=True)]
    images = network.prepare([open_photo(one.path.read_bytes()) for one in photos])
    found = explain(network, images, words, methods, context=context)
    said = found.outputs.argmax(1).tolist()
    for number, one in enumerate(photos):
        maps = {name: strength(found[name][number]) for name in methods}
        yield Explained(one, kind, maps, said[number] == words[number])


def strength(values: Tensor) -> Map:
    """u×v: what speaks for the word; of a map with three channels, how strong they are together."""
    found: Map = (values.abs().sum(0) if values.dim() == 3 else values.clamp(min=0)).numpy()
    return found


def unlearnt() -> Network:
    """A captioner all of whose weights are drawn by chance; the same at every call."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        return network_of("random")


def usual_places(photos: Sequence[Captioned]) -> dict[str, Map]:
    """How often a pixel belongs to the first noun's thing, and to the second's: all that the words
    tell without the photo."""
    found = {}
    for place, kind in enumerate(OTHER):
        masks = [one.masks[nouns_of(one.words)[place]] for one in photos]
        found[kind] = np.mean(masks, axis=0)
    return found


def on(values: Map, mask: Mask) -> tuple[float, float]:
    """The share of a map's sum that lies on what is true, and whether its highest value does;
    neither does an empty map's."""
    large = enlarged(values)
    if not large.max() > 0:
        return 0.0, 0.0
    return float(large[mask].sum() / large.sum()), float(mask.flat[large.argmax()])


def enlarged(values: Map) -> Map:
    """As large as what networks see of a photo."""
    found: Map = resize(torch.as_tensor(values)[None].float(), (SHOWN, SHOWN))[0].double().numpy()
    return found


def of_nouns(
    maps: Sequence[Explained],
    anew: Sequence[Explained],
    usual: Mapping[str, Map],
    method: str,
    what: str,
) -> Iterator[Measured]:
    """How much of a noun's map lies on its thing, and whether its highest value does: by how much
    more than of other maps, photo by photo. Of photos both of whose nouns are said rightly."""
    by_place = {(one.photo.path, one.kind): one for one in maps if one.said}
    drawn = {(one.photo.path, one.kind): one for one in anew}
    nouns = [one for place, one in by_place.items() if other_noun(place) in by_place]
    others = {
        "the other noun's map": [by_place[other_noun((one.photo.path, one.kind))] for one in nouns],
        "another photo's map": [elsewhere(one, nouns) for one in nouns],
        "random weights": [drawn[one.photo.path, one.kind] for one in nouns],
    }
    given = {name: [one.maps[method] for one in those] for name, those in others.items()}
    own = measured(nouns, [one.maps[method] for one in nouns])
    found = {name: measured(nouns, those) for name, those in given.items()}
    found["where such things usually are"] = measured(nouns, [usual[one.kind] for one in nouns])
    area = np.array([one.mask.mean() for one in nouns])
    found["the thing's share of the photo"] = np.stack([area, area], 1)
    groups = [one.photo.group for one in nouns]
    told = (
        f"of {METHODS[method]} of a noun so much lies on its thing",
        f"the peak of {METHODS[method]} lies there",
    )
    for place, title in enumerate(told):
        yield Measured(f"{title} ({what})", mean(own[:, place], groups))
        for name, values in found.items():
            less = difference(own[:, place], values[:, place], groups)
            yield Measured(f"{title}: minus {name}, photo by photo", less, APART)


def other_noun(place: tuple[Path, str]) -> tuple[Path, str]:
    path, kind = place
    return path, OTHER.get(kind, "")


def measured(nouns: Sequence[Explained], maps: Sequence[Map]) -> NDArray[np.float64]:
    """N×2, as `on` says of each map and its noun's thing."""
    return np.array([on(values, one.mask) for one, values in zip(nouns, maps, strict=True)])


def elsewhere(one: Explained, maps: Sequence[Explained]) -> Explained:
    """The same kind of word on the next photo of another group."""
    place = maps.index(one)
    following = [*maps[place + 1 :], *maps[:place]]
    return next(
        other
        for other in following
        if other.kind == one.kind and other.photo.group != one.photo.group
    )


def of_backgrounds(maps: Sequence[Explained], what: str) -> Measured:
    """The highest value of the map of the background's word lies on neither thing more often than
    that of the first noun's map, photo by photo."""
    nouns = {one.photo.path: one for one in maps if one.kind == "first noun" and one.said}
    both = [
        (one, nouns[one.photo.path])
        for one in maps
        if one.kind == BACKGROUND and one.said and one.photo.path in nouns
    ]
    own, other = ([off(pair[place]) for pair in both] for place in (0, 1))
    score = difference(own, other, [one.photo.background for one, _ in both])
    return Measured(
        "the peak of Grad-CAM of the background's word lies on neither thing: "
        f"minus the first noun's, photo by photo ({what})",
        score,
        APART,
    )


def off(one: Explained) -> bool:
    place = enlarged(one.maps["grad_cam"]).argmax()
    return not any(mask.flat[place] for mask in one.photo.masks.values())
