"""Captions: what is trained on and what is asked about, and what the captioners are asked with."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from explainer import ExplainerError, Network
from explainer.networks.labels import imagenet_labels
from ready.captions import measuring
from ready.captions.making import Plan, cases, untrained, write
from ready.captions.measuring import (
    Captioned,
    Explained,
    better,
    hotter,
    of_captions,
    of_next_words,
    off,
    peaks_on,
    place_of,
    placed_alike,
)
from ready.captions.network import CHANNELS, WIDTH, Decoder, captioner, next_word, numbered
from ready.captions.pictured import OFTEN, drawn, grounds, mirrored, pairs, pictured, split
from ready.captions.training import wanted
from ready.captions.words import (
    END,
    NOUNS,
    RELATIONS,
    VOCABULARY,
    caption,
    places_of,
    relation_of,
    sentence,
)
from ready.photos.scenes import SIDE
from studyapp.sections.networks_and_images import ImagesSection
from studyapp.studies.photos.readers import read_photos
from tests.ready.drawn_cutouts import draw_cutouts

BIRD = caption("bird", "ball", "left", "water")


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_cutouts(tmp_path_factory.mktemp("originals"))


@pytest.fixture(scope="module")
def network() -> Network:
    return untrained()


def test_no_thing_and_no_background_is_trained_on_and_held_out() -> None:
    training, held_out = split()
    for noun in NOUNS:
        assert training[noun]
        assert held_out[noun]
        assert not {one.file for one in training[noun]} & {one.file for one in held_out[noun]}
    assert not set(grounds(is_held_out=True)) & set(grounds(is_held_out=False))
    assert {word for word, _ in grounds(is_held_out=True)} == {"stone", "water", "wood", "trees"}


def test_a_thing_stands_beside_one_other_on_photos_asked_about_and_by_all_in_training() -> None:
    training, held_out = split()
    for cutouts in (training, held_out):
        found = pairs(cutouts)
        things = [one.file for pair in found for one in pair]
        assert len(things) == len(set(things))
        nouns = [tuple(sorted(one.name for one in pair)) for pair in found]
        assert all(one != other and nouns.count((one, other)) <= OFTEN for one, other in nouns)
    asked = list(drawn(held_out, True, 2 * len(found), "held-out"))
    assert {frozenset(one.cutouts) for one in asked} == set(map(frozenset, found))
    assert len({one.group for one in asked}) == len(found)
    met = {cutout.name for one in drawn(training, False, 300, "training") for cutout in one.cutouts}
    assert met == set(NOUNS)


def test_a_caption_says_what_stands_where_whichever_was_drawn_first(originals: Path) -> None:
    for one in drawn(split()[0], False, 6, "training"):
        made = pictured(originals, one)
        first, relation, second = (
            made.words[places_of(made.words)[kind]]
            for kind in ("first noun", "relation", "second noun")
        )
        assert list(NOUNS).index(first) < list(NOUNS).index(second)
        assert {first, second} == {cutout.name for cutout in one.cutouts}
        across = [np.nonzero(mask)[1] for mask in made.masks]
        on_the_left = across[0].max() <= across[1].min()
        assert on_the_left or across[1].max() <= across[0].min()
        assert relation == ("left" if on_the_left else "right")
    swapped = {"left": "right", "right": "left"}
    assert mirrored(made.words) == [swapped.get(word, word) for word in made.words]


def test_both_nouns_are_said_before_any_word_that_tells_where_they_are() -> None:
    for relation in RELATIONS:
        words = caption("bird", "ball", relation, "water")
        places = places_of(words)
        assert places["first noun"] < places["second noun"] < places["relation"]
        assert [words[place] for place in places.values()] == ["bird", "ball", relation, "water"]
    assert relation_of(0, 9) == "left"
    assert relation_of(9, 0) == "right"
    assert places_of(["the", "bird", "near", "the"]) == {}


def test_each_word_of_a_caption_is_a_case_with_the_other_three() -> None:
    assert sentence(BIRD) == "the bird near the ball, to its left, in front of water"
    assert list(cases(BIRD))[1] == (
        "the bird near the",
        "ball",
        "the bird near the **ball**, to its left, in front of water",
        "bird|left|water",
    )
    assert [row[1] for row in cases(BIRD)] == ["bird", "ball", "left", "water"]


def test_a_word_is_learnt_after_the_words_before_it_and_nothing_after_the_end() -> None:
    words, said = wanted([BIRD, BIRD[:2]])
    lengths = numbered([" ".join(BIRD), "the bird"])[1].tolist()
    assert lengths == [len(BIRD), 2]
    assert said[0, : len(BIRD)].tolist() == words[0, : len(BIRD)].tolist()
    assert VOCABULARY[said[0, len(BIRD)]] == VOCABULARY[said[1, 2]] == END
    assert set(said[1, 3:].tolist()) == {-100}
    with pytest.raises(ExplainerError, match=r"doesn't know “cat”.*remove"):
        numbered(["the cat"])
    with pytest.raises(ExplainerError, match="more than 12 words"):
        numbered(["the " * 13])


def test_a_photo_is_asked_with_its_own_words_alone_or_beside_others(network: Network) -> None:
    images = torch.rand((2, 3, 224, 224), generator=torch.Generator().manual_seed(0))
    asked = ["the bird near", "the"]
    with torch.inference_mode():
        both = next_word(network.module, images, asked)
        alone = [next_word(network.module, images[[n]], [asked[n]])[0] for n in (0, 1)]
        other = next_word(network.module, images, ["the", "the"])
    torch.testing.assert_close(both, torch.stack(alone), atol=1e-5, rtol=1e-4)
    assert not torch.allclose(both[0], other[0])
    torch.testing.assert_close(both[1], other[1])


def test_a_step_is_an_lstms() -> None:
    decoder = Decoder()
    given = torch.randn((2, 3, WIDTH), generator=torch.Generator().manual_seed(0))
    state = expected = None
    for one in given.unbind(1):
        state, expected = decoder.step(one, state), decoder.cell(one, expected)
        torch.testing.assert_close(state, expected)


def test_a_noun_begins_as_imagenets_classes_of_that_name() -> None:
    decoder, classes = Decoder(), torch.randn((1000, CHANNELS))
    decoder.begin_with(classes, imagenet_labels())
    ball = [imagenet_labels().index(name) for name in ("basketball", "soccer ball")]
    own = decoder.narrow.weight[list(NOUNS).index("ball"), :, 0, 0]
    torch.testing.assert_close(own, classes[ball].mean(0))


def test_what_is_made_is_whole_and_read_by_the_study(originals: Path, tmp_path: Path) -> None:
    folder = tmp_path / "captions"
    plan = Plan(training=2, known=2, held_out=2, stronger=2, weaker=1)
    write(originals, folder, plan)
    before = {path: path.read_bytes() for path in folder.glob("*.safetensors")}
    write(originals, folder, plan)
    assert {path: path.read_bytes() for path in folder.glob("*.safetensors")} == before
    assert captioner(str(folder / "weaker.safetensors")).labels == VOCABULARY
    read = list(measuring.read(folder / "held-out"))
    made = [pictured(originals, one) for one in drawn(split()[1], True, 2, "held-out")]
    for one, own in zip(read, made, strict=True):
        assert one.words == own.words
        inside = own.masks[0][30 : SIDE - 30, 30 : SIDE - 30]
        assert np.array_equal(one.masks[own.words[1]], inside)
    section = ImagesSection(reader="coco", folder="held-out", cases="cases.csv")
    photos = read_photos(section, folder)
    assert len(photos) == 8
    # The report's clusters are those that were measured with
    assert [one.group for one in photos[::4]] == [one.group for one in made]
    assert [one.categories[0].name for one in photos[:4]] == list(map(made[0].words.__getitem__,
        places_of(made[0].words).values()))  # fmt: skip
    assert {len(one.categories[0].others) for one in photos} == {3}


def photo(group: str, words: list[str], stronger: list[str], weaker: list[str]) -> Captioned:
    masks = {noun: np.zeros((2, 2), dtype=bool) for noun in ("bird", "ball")}
    masks["bird"][0, 0] = masks["ball"][1, 1] = True
    return Captioned(Path(group), words, group, {"stronger": stronger, "weaker": weaker}, masks)


def test_captions_are_counted_beside_what_says_the_same_of_every_photo() -> None:
    near, wrong = (
        caption("bird", "ball", "right", "stone"),
        caption("bird", "plane", "left", "water"),
    )
    photos = [
        photo("a", BIRD, BIRD, wrong),
        photo("b", near, BIRD, BIRD),
        photo("c", BIRD, ["the"], BIRD),
    ]
    found = {one.what: one for one in of_captions(photos, photos, "new")}
    whole = found["stronger: whole caption (new)"]
    assert whole.score.value == pytest.approx(1 / 3)
    assert whole.controls["the most frequent one"].value == pytest.approx(2 / 3)
    assert whole.controls["what it says of another photo"].value == pytest.approx(2 / 3)
    assert found["stronger: both nouns (new)"].score.value == pytest.approx(2 / 3)
    assert found["weaker: both nouns (new)"].score.value == pytest.approx(2 / 3)
    assert found["stronger: relation (new)"].score.value == pytest.approx(1 / 3)
    # "ball" of the first photo is the stronger one's alone, both nouns of the last the weaker one's
    assert better(photos, "new").score.value == pytest.approx(1 / 3)


def test_what_sees_no_photo_says_the_caption_of_the_one_that_is_most_alike_in_place() -> None:
    other = caption("bird", "plane", "right", "wood")
    mask = np.zeros((14, 14), dtype=bool)
    masks = {noun: mask.copy() for noun in ("bird", "ball")}
    masks["bird"][2:5, 2:5] = masks["ball"][2:5, 9:12] = True
    here = replace(photo("a", BIRD, BIRD, other), masks=masks)
    same = replace(here, words=other)
    near = replace(same, group="b", masks={"bird": masks["ball"], "plane": masks["bird"]})
    far = replace(here, group="c", masks={noun: one.T[::-1] for noun, one in masks.items()})
    placed = [(one, place_of(one)) for one in (same, far, near)]
    assert placed_alike(here, placed) is near
    found = {one.what: one for one in of_captions([here, near], [same, far, near], "new")}
    blind = {name: one.controls["position only"].value for name, one in found.items()
             if "weaker" not in name}  # fmt: skip
    # Of `here` it says what `near` is, and of `near` what `same` is, whose words are its own
    assert blind["stronger: first noun (new)"] == 1
    assert blind["stronger: second noun (new)"] == blind["stronger: whole caption (new)"] == 0.5


def test_a_map_alone_tells_the_word_of_the_most_similar_map() -> None:
    hot, cold = np.eye(7), np.fliplr(np.eye(7)) - np.diag([0, 0, 0, 1, 0, 0, 0])
    one = photo("a", BIRD, BIRD, BIRD)
    plane = photo("b", caption("plane", "vehicle", "left", "wood"), BIRD, BIRD)
    kinds = ("first noun", "second noun", "background")
    own = [Explained(one, kind, hot) for kind in kinds]
    for known, told in ((9 * hot, 0), (cold, 1)):
        others = [
            Explained(photographed, kind, values)
            for kind in kinds
            for photographed, values in (
                (plane, known),
                (replace(one, group="c"), hot - 0.5 * cold),
                (one, hot),
            )
        ]
        found = {m.what: m for m in of_next_words([one], own, others, "new")}
        measured = found["stronger: first noun, after the true words (new)"]
        assert measured.score.value == 1
        assert measured.controls["map only"].value == told


def test_a_map_is_about_a_word_by_its_peak_and_by_which_thing_is_hotter() -> None:
    bird = Explained(photo("a", BIRD, BIRD, BIRD), "first noun", np.zeros((2, 2)))
    on, beside = np.array([[9.0, 0], [0, 1]]), np.array([[2.0, 9], [0, 1]])
    assert (bird.word, peaks_on(bird, on), peaks_on(bird, beside)) == ("bird", True, False)
    assert (hotter(bird, beside), hotter(bird, -on), off(bird, beside), off(bird, on)) == (
        True, False, True, False)  # fmt: skip
