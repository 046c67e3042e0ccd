"""Captions: what is trained on and what is asked about, and what the captioners are asked with."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from explainer import ExplainerError, Network
from ready.captions.making import Plan, cases, untrained, write
from ready.captions.maps import METHODS, Explained, elsewhere, of_backgrounds, of_nouns, off, on
from ready.captions.measuring import (
    better,
    of_captions,
    of_next_words,
    place_of,
    placed_alike,
)
from ready.captions.network import WIDTH, Decoder, captioner, next_word, numbered
from ready.captions.pictured import (
    MOST,
    OFTEN,
    TRAINING,
    drawn,
    half_of,
    mirrored,
    pairs,
    pictured,
    split,
)
from ready.captions.sets import SHOWN, Captioned, Map, read
from ready.captions.things import files, parted, things
from ready.captions.training import recombined, wanted
from ready.captions.words import (
    END,
    GROUNDS,
    NOUNS,
    RELATIONS,
    VOCABULARY,
    caption,
    caption_of,
    places_of,
    relation_of,
    sentence,
    sides_of,
)
from ready.measures import Measured
from ready.photos.scenes import SIDE
from studyapp.sections.networks_and_images import ImagesSection
from studyapp.studies.photos.readers import read_photos
from tests.ready.drawn_cutouts import draw_cutouts

BIRD = caption("bird", "coin", "left", "water")


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_cutouts(tmp_path_factory.mktemp("originals"), files())


@pytest.fixture(scope="module")
def network() -> Network:
    return untrained()


def test_nothing_like_a_thing_that_is_held_out_is_trained_on() -> None:
    training, held_out = split()
    for noun, those in things().items():
        assert {*training[noun], *held_out[noun]} == set(those)
        assert not set(training[noun]) & set(held_out[noun])
        assert min(len(training[noun]), len(held_out[noun])) >= 3
    assert len(files()) == len(set(files()))
    again, otherwise = (parted(things(), seed)[1] for seed in ("a", "b"))
    assert again == parted(things(), "a")[1] != otherwise


def test_no_pixel_of_a_background_is_trained_on_and_asked_about(tmp_path: Path) -> None:
    ramp = np.tile(np.arange(0, 250, dtype=np.uint8), (90, 1))
    (tmp_path / "templates").mkdir()
    for name in ("cliff", "mossy_bark"):
        Image.fromarray(ramp).convert("RGB").save(tmp_path / f"templates/{name}.jpg", quality=100)
        left, right = (np.asarray(half_of(tmp_path, name, is_left)) for is_left in (True, False))
        assert int(left.max()) < 128 < int(right.max())
        assert int(left.max()) <= int(right.min()) + 2
    edge = round(0.05 * 90)
    assert right.shape == (90 - 2 * edge, 125 - edge, 3)


def test_a_thing_stands_beside_one_other_on_photos_asked_about_and_by_all_in_training() -> None:
    training, held_out = split()
    for by_noun in (training, held_out):
        found = pairs(by_noun)
        asked = [one.file for pair in found for one in pair]
        assert len(asked) == len(set(asked)) >= 60
        first = {alike[0].file for noun in by_noun.values() for alike in noun[:MOST]}
        assert set(asked) <= first
        nouns = [tuple(sorted(one.name for one in pair)) for pair in found]
        assert all(one != other and nouns.count((one, other)) <= OFTEN for one, other in nouns)
    shown = list(drawn(held_out, 2 * len(found), "held-out"))
    assert {frozenset(one.cutouts) for one in shown} == set(map(frozenset, found))
    assert len({one.group for one in shown}) == len(found)
    assert {one.background for one in shown} == {one for names in GROUNDS.values() for one in names}
    met = {cutout.name for one in drawn(training, 300, TRAINING) for cutout in one.cutouts}
    assert met == set(NOUNS)


def test_a_caption_says_what_stands_where_whichever_was_drawn_first(originals: Path) -> None:
    for one in drawn(split()[0], 6, TRAINING):
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
        words = caption("bird", "coin", relation, "water")
        places = places_of(words)
        assert places["first noun"] < places["second noun"] < places["relation"]
        assert [words[place] for place in places.values()] == ["bird", "coin", relation, "water"]
    assert relation_of(0, 9) == "left"
    assert relation_of(9, 0) == "right"
    assert places_of(["the", "bird", "near", "the"]) == {}


def test_each_word_of_a_caption_is_a_case_with_the_other_three() -> None:
    assert sentence(BIRD) == "the bird near the coin, to its left, in front of water"
    assert list(cases(BIRD))[1] == (
        "the bird near the",
        "coin",
        "the bird near the **coin**, to its left, in front of water",
        "bird|left|water",
    )
    assert [row[1] for row in cases(BIRD)] == ["bird", "coin", "left", "water"]


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
    images = torch.rand((2, 3, 64, 64), generator=torch.Generator().manual_seed(0))
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


def test_halves_are_recombined_to_what_their_photos_say() -> None:
    told = [("bird", "coin", "water"), ("fish", "bird", "water"), ("coin", "bird", "stone")]
    captions = [caption_of(*one) for one in told]
    assert [sides_of(words) for words in captions] == told
    maps = torch.arange(6.0).reshape(3, 1, 1, 2)
    mixed, words = recombined(maps, captions, 60, torch.Generator().manual_seed(0))
    found = set()
    for (left, right), said in zip(mixed[:, 0, 0].tolist(), words, strict=True):
        one, other = told[int(left) // 2], told[int(right) // 2]
        assert (left % 2, right % 2) == (0, 1)
        assert one[2] == other[2]
        assert sides_of(said) == (one[0], other[1], one[2])
        found.add(sides_of(said))
    # “bird” stands beside no second bird
    assert found == {*told, ("fish", "coin", "water")}


def test_what_is_made_is_whole_and_read_by_the_study(originals: Path, tmp_path: Path) -> None:
    folder = tmp_path / "captions"
    plan = Plan(training=2, known=2, held_out=2, stronger=2, weaker=1)
    write(originals, folder, plan)
    before = {path: path.read_bytes() for path in folder.glob("*.safetensors")}
    write(originals, folder, plan)
    assert {path: path.read_bytes() for path in folder.glob("*.safetensors")} == before
    assert captioner(str(folder / "weaker.safetensors")).labels == VOCABULARY
    read_back = list(read(folder / "held-out"))
    made = [pictured(originals, one) for one in drawn(split()[1], 2, "held-out")]
    for one, own in zip(read_back, made, strict=True):
        assert one.words == own.words
        inside = own.masks[0][30 : SIDE - 30, 30 : SIDE - 30]
        assert np.array_equal(one.masks[own.words[1]], inside)
    section = ImagesSection(reader="coco", folder="held-out", cases="cases.csv")
    photos = read_photos(section, folder)
    assert len(photos) == 8
    assert [one.background for one in read_back] == [one.background for one in made]
    # The report's clusters are those that were measured with
    assert [one.group for one in photos[::4]] == [one.group for one in made]
    assert [one.categories[0].name for one in photos[:4]] == list(map(made[0].words.__getitem__,
        places_of(made[0].words).values()))  # fmt: skip
    assert {len(one.categories[0].others) for one in photos} == {3}


def photo(group: str, words: list[str], stronger: list[str], weaker: list[str]) -> Captioned:
    half = SHOWN // 2
    masks = {noun: np.zeros((SHOWN, SHOWN), dtype=bool) for noun in ("bird", "coin")}
    masks["bird"][:half, :half] = masks["coin"][half:, half:] = True
    return Captioned(
        Path(group), words, group, "rocks", {"stronger": stronger, "weaker": weaker}, masks
    )


def test_captions_are_counted_beside_what_says_the_same_of_every_photo() -> None:
    near, wrong = (
        caption("bird", "coin", "right", "stone"),
        caption("bird", "vehicle", "left", "water"),
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
    # "coin" of the first photo is the stronger one's alone, both nouns of the last the weaker one's
    assert better(photos, "new").score.value == pytest.approx((0.5 + 0 - 1) / 3)
    rocks = [replace(one, background="cliff" if one is photos[2] else "rocks") for one in photos]
    again = {one.what: one.score.groups for one in of_captions(rocks, photos, "new")}
    assert again["stronger: relation (new)"] == 3
    assert again["stronger: background (new)"] == 2


def test_what_sees_no_photo_says_the_caption_of_the_one_that_is_most_alike_in_place() -> None:
    other = caption("bird", "vehicle", "right", "wood")
    mask = np.zeros((14, 14), dtype=bool)
    masks = {noun: mask.copy() for noun in ("bird", "coin")}
    masks["bird"][2:5, 2:5] = masks["coin"][2:5, 9:12] = True
    here = replace(photo("a", BIRD, BIRD, other), masks=masks)
    same = replace(here, words=other)
    near = replace(same, group="b", masks={"bird": masks["coin"], "vehicle": masks["bird"]})
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
    hot, cold = np.eye(10), np.fliplr(np.eye(10)).copy()
    one = photo("a", BIRD, BIRD, BIRD)
    other = photo("b", caption("fish", "vehicle", "left", "wood"), BIRD, BIRD)
    kinds = ("first noun", "second noun", "background")
    own = [Explained(one, kind, {"grad_cam": hot}, said=True) for kind in kinds]
    unsaid = replace(own[0], photo=replace(one, path=Path("d")), said=False)
    for known, told in ((9 * hot, 0), (cold, 1)):
        others = [
            Explained(photographed, kind, {"grad_cam": values}, said=True)
            for kind in kinds
            for photographed, values in (
                (other, known),
                (replace(one, group="c"), hot - 0.5 * cold),
                (one, hot),
            )
        ]
        told_of = of_next_words([one, unsaid.photo], [*own, unsaid], others, "new")
        measured = next(iter(told_of))
        assert measured.what == "stronger: first noun, after the true words (new)"
        assert measured.score.value == 0.5
        assert measured.controls["map only"].value == told


def test_a_map_lies_on_a_thing_by_its_sum_and_by_its_highest_value() -> None:
    mask = photo("a", BIRD, BIRD, BIRD).masks["bird"]
    assert on(np.array([[3.0, 0], [0, 1]]).repeat(210, 0).repeat(210, 1), mask) == (0.75, 1)
    assert on(np.array([[1.0, 3], [0, 0]]).repeat(210, 0).repeat(210, 1), mask) == (0.25, 0)
    assert on(np.zeros((2, 2)), mask) == (0, 0)


def looked(one: Captioned, **maps: str) -> list[Explained]:
    """The words of a photo, each with the map that lies on this thing's place."""
    kinds = {"bird": "first noun", "coin": "second noun", "background": "background"}
    return [
        Explained(one, kinds[word], dict.fromkeys(METHODS, place_map(one, place)), said=True)
        for word, place in maps.items()
    ]


def place_map(one: Captioned, place: str) -> Map:
    nowhere = ~np.any(list(one.masks.values()), axis=0)
    return one.masks.get(place, nowhere).astype(float)


def test_maps_of_nouns_are_compared_photo_by_photo_with_maps_of_something_else() -> None:
    here = photo("a", BIRD, BIRD, BIRD)
    there = replace(photo("b", BIRD, BIRD, BIRD), masks=dict(zip(here.masks,
        reversed(here.masks.values()), strict=True)))  # fmt: skip
    unsaid = looked(photo("c", BIRD, BIRD, BIRD), bird="coin", coin="bird")
    maps = [
        *looked(here, bird="bird", coin="coin"),
        *looked(there, bird="bird", coin="coin"),
        replace(unsaid[0], said=False),
        unsaid[1],
    ]
    assert elsewhere(maps[1], maps) is maps[3]
    level = np.ones((SHOWN, SHOWN))
    anew = [replace(one, maps=dict.fromkeys(METHODS, level), said=False) for one in maps]
    usual = {"first noun": level, "second noun": level}
    found = list(of_nouns(maps, anew, usual, "guided_grad_cam", "new"))
    less = {one.what.split("minus ")[-1].split(",")[0]: one for one in found[1:6]}
    assert found[0].what == "of guided Grad-CAM of a noun so much lies on its thing (new)"
    assert {name: one.score.value for name, one in less.items()} == {
        "the other noun's map": 1,
        "another photo's map": 1,
        "random weights": 0.75,
        "where such things usually are": 0.75,
        "the thing's share of the photo": 0.75,
    }
    assert [one.score.value for one in (found[0], found[6])] == [1, 1]
    # A level map is highest in the first corner, which is half of the nouns' things
    assert [one.score.value for one in found[7:]] == [1, 1, 0.5, 0.5, 0.75]
    swapped = list(of_nouns(looked(here, bird="coin", coin="bird") + looked(there, bird="coin",
        coin="bird"), anew, usual, "grad_cam", "new"))  # fmt: skip
    assert swapped[1].score.value == -1
    assert all(one.faults for one in swapped[1:6])


def test_the_map_of_a_background_has_its_peak_on_neither_thing() -> None:
    one, other = photo("a", BIRD, BIRD, BIRD), photo("b", BIRD, BIRD, BIRD)
    good = looked(one, bird="bird", background="neither")
    bad = looked(other, bird="coin", background="bird")
    assert (off(good[1]), off(bad[1])) == (True, False)
    measured: Measured = of_backgrounds([*good, *bad], "new")
    assert measured.score.value == 0.5
    assert of_backgrounds([*good, *(replace(each, said=False) for each in bad)], "new") != measured
