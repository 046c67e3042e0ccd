"""Answers to questions about photos of two things: what is asked, made, learnt and measured."""

import csv
import json
import random
from collections import Counter
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from explainer import ExplainerError
from ready.errors import MakingError
from ready.maps_and_masks import ANOTHER, AREA, UNLEARNT
from ready.measures import APART
from ready.photos.coco import ANNOTATIONS
from ready.vqa_photos import network
from ready.vqa_photos.answerer import LONGEST, WORDS, Answerer, Reader, ask, seen, spelt
from ready.vqa_photos.checking import (
    NETWORKS,
    Answered,
    answers,
    commonest,
    of_answers,
    of_maps_alone,
)
from ready.vqa_photos.looking import Looked, looked, map_rows
from ready.vqa_photos.making import Plan, Taught, both, untrained, write
from ready.vqa_photos.photographed import Photographed, few, read
from ready.vqa_photos.pictured import pictured, to_ask, to_train
from ready.vqa_photos.questions import ANSWERS, KINDS, NOUNS, SIDES, Question, asked
from ready.vqa_photos.things import KNOWN_GROUNDS, NEW_GROUNDS, pairs, parted, things
from ready.vqa_photos.training import (
    PHOTOS,
    covered,
    drawn_from,
    joined,
    nothing,
    rows_of,
    said_by,
    teach,
)
from tests.ready.drawn_cutouts import draw_cutouts

SMALL = Plan(training=6, each=1, steps=12, early=9.0)
SIDE = 20  # pixels of made photos


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_cutouts(tmp_path_factory.mktemp("originals"))


@pytest.fixture(scope="module")
def made(originals: Path) -> Path:
    folder = originals.parent / "made" / "vqa-photos"
    write(originals, folder, SMALL)
    return folder


def photographed(count: int = 4, groups: int = 4) -> Photographed:
    """Grey photos with a thing in the middle of each half."""
    masks = np.zeros((count, 2, SIDE, SIDE), dtype=bool)
    masks[:, 0, 8:12, 3:7] = masks[:, 1, 8:12, 13:17] = True
    chance = random.Random(3)
    questions = [one for _ in range(count) for one in asked(chance.sample(NOUNS, 2), chance)]
    of_photos = [f"pair {number % groups}" for number in range(count)]
    places = torch.stack([covered(list(one)) for one in masks])
    return Photographed(torch.zeros(count, 3, SIDE, SIDE), masks, places, of_photos, questions)


def test_each_question_is_answered_by_the_thing_that_it_is_about() -> None:
    chance, counts = random.Random(0), Counter[str]()
    for _ in range(400):
        nouns = chance.sample(NOUNS, 2)
        by_side = dict(zip(SIDES, nouns, strict=True))
        on_a_side, beside, there, left, where = asked(nouns, chance)
        assert on_a_side.text == f"What is on the {on_a_side.about}?"
        for one in (on_a_side, beside):
            assert one.about is not None
            assert by_side[one.about] == one.answer
        assert beside.text.endswith(f" {by_side[SIDES[beside.about == 'left']]}?")
        named = [noun for noun in NOUNS if f" {noun}?" in there.text]
        assert (there.answer == "yes") == (named[0] in nouns) == (there.about is not None)
        assert (left.answer == "yes") == (left.about == "left")
        assert f"the {by_side[left.about or 'left']} on" in left.text
        assert where.answer == where.about
        assert where.text == f"Where is the {by_side[where.about or 'left']}?"
        counts.update(one.answer for one in (there, left, where))
    assert all(abs(counts[one] - half) < 60 for one, half in
               (("yes", 400), ("no", 400), ("left", 200), ("right", 200)))  # fmt: skip


def test_every_word_of_a_question_is_known_and_another_one_is_named() -> None:
    chance = random.Random(0)
    texts = {one.text for _ in range(900) for one in asked(chance.sample(NOUNS, 2), chance)}
    assert len(texts) == 2 + 4 * len(NOUNS)
    assert {len(spelt(text)) for text in texts} == {LONGEST}
    assert {word for text in texts for word in spelt(text)} == set(range(1 + len(WORDS)))
    with pytest.raises(ExplainerError, match=r"knows no word “dog”.*use a, an"):
        spelt("Is there a dog?")
    with pytest.raises(ExplainerError, match=r"has 7 words.*reads 1 to 6"):
        spelt("is " * 7)


def test_no_thing_and_no_background_is_trained_on_and_asked_about(originals: Path) -> None:
    training, held_out = parted(things(), "some seed")
    assert not set(KNOWN_GROUNDS) & set(NEW_GROUNDS)
    for noun in NOUNS:
        halves = [
            {one.file for alike in some[noun] for one in alike} for some in (training, held_out)
        ]
        assert all(halves)
        assert not halves[0] & halves[1]
        assert all(one.name == noun for alike in held_out[noun] for one in alike)
    learnt = [one.cutouts for one in to_train(training, KNOWN_GROUNDS, 300, "some seed")]
    met = Counter(cutout.name for pair in learnt for cutout in pair)
    assert all(60 < met[noun] < 140 for noun in NOUNS)
    assert all(one.name != other.name for one, other in learnt)
    known = {one.file for some in training.values() for alike in some for one in alike}
    assert {cutout.file for pair in learnt for cutout in pair} <= known


def test_a_thing_that_is_asked_about_stands_beside_one_other() -> None:
    _, held_out = parted(things(), "some seed")
    found = pairs(held_out, "some seed")
    files = [one.file for pair in found for one in pair]
    assert len(files) == len(set(files))
    assert len(found) >= 14
    assert all(one.name != other.name for one, other in found)
    drawn = list(to_ask(held_out, NEW_GROUNDS, 4, "some seed"))
    assert Counter(frozenset(one.cutouts) for one in drawn) == {frozenset(one): 4 for one in found}
    assert all(drawn[n].cutouts == drawn[n + 1].cutouts[::-1] for n in range(0, len(drawn), 2))
    assert len({one.seed for one in drawn}) == len(drawn)


def test_the_left_thing_is_the_one_on_the_left(originals: Path) -> None:
    for one in to_train(parted(things(), "a")[0], KNOWN_GROUNDS, 6, "a"):
        found = pictured(originals, one)
        left, right = (placed.mask for placed in found.things)
        assert left.nonzero()[1].max() <= right.nonzero()[1].min()
        assert found.nouns == tuple(placed.cutout.name for placed in found.things)
        assert [question.kind for question in found.questions] == list(KINDS)


def test_halves_of_photos_are_joined_with_questions_about_their_nouns() -> None:
    nouns = list(NOUNS) * 2
    halves = torch.arange(len(nouns)).float()[:, None, None, None].expand(-1, 2, 3, 2)
    for rows in islice(joined(halves, nouns, "a"), 3):
        assert rows.seen.shape == (PHOTOS, 2, 3, 4)
        assert len(rows.questions) == len(rows.answers) == PHOTOS * len(KINDS)
        for photo, maps in enumerate(rows.seen):
            assert bool((maps[..., :2] == maps[0, 0, 0]).all())
            assert bool((maps[..., 2:] == maps[0, 0, 3]).all())
            pair = [nouns[int(maps[0, 0, place])] for place in (0, 3)]
            assert pair[0] != pair[1]
            asked_side = rows.questions[photo * len(KINDS)].tolist()
            side = next(
                n for n in (0, 1) if list(spelt(f"What is on the {SIDES[n]}?")) == asked_side
            )
            assert ANSWERS[rows.answers[photo * len(KINDS)]] == pair[side]


def test_a_head_learns_and_gives_each_photo_its_own_questions() -> None:
    """Nouns that can be told by one channel each are learnt within seconds, left and right too."""
    torch.manual_seed(0)
    module = untrained().module
    assert isinstance(module, Answerer)
    head = module.head
    halves = torch.zeros(len(NOUNS), 1280, 2, 1)
    for number in range(len(NOUNS)):
        halves[number, number] = 6
    teach(head, joined(halves, NOUNS, "a"), 130, "test")
    rows = next(joined(halves, NOUNS, "b"))
    assert (said_by(head, rows) == rows.answers).float().mean() > 0.85
    alone = [head(rows.seen[[n]], rows.questions[5 * n : 5 * n + 5]) for n in range(PHOTOS)]
    torch.testing.assert_close(torch.cat(alone), head(rows.seen, rows.questions))


def test_places_are_read_as_they_were_learnt(made: Path, originals: Path) -> None:
    """Of the whole photo, also where a network sees its middle alone."""
    of = read(made / "held-out", untrained())
    drawn = to_ask(parted(things(), "vqa-photos/1")[1], NEW_GROUNDS, 1, "vqa-photos/1/held-out")
    for places, one in zip(of.places, islice(drawn, 3), strict=False):
        masks = [placed.mask for placed in pictured(originals, one).things]
        torch.testing.assert_close(places, covered(masks))
        assert float(places.mean()) == pytest.approx(np.any(masks, axis=0).mean(), abs=0.01)


def test_what_sees_no_photo_learns_what_questions_tell_and_no_more() -> None:
    questions = [Question("any", f"What is on the {side}?", "bird", side) for side in SIDES]
    rows = rows_of(nothing(2), questions)
    torch.manual_seed(0)
    module = Reader(1)
    teach(module, drawn_from(rows, 0), 30, "test")
    assert [ANSWERS[one] for one in said_by(module, rows)] == ["bird", "bird"]


def test_the_weaker_network_is_the_stronger_one_at_the_loss_that_was_planned() -> None:
    halves = torch.rand(len(NOUNS), 1280, 2, 1, generator=torch.Generator().manual_seed(0))
    taught = Taught(halves, NOUNS, rows_of(nothing(0), []))
    found = both(untrained(), taught, Plan(steps=14, early=9.0))
    again: list[dict[str, torch.Tensor]] = []

    def keep(step: int, loss: float) -> None:
        again.append({name: one.clone() for name, one in head.state_dict().items()})

    module = untrained().module
    assert isinstance(module, Answerer)
    head = module.head
    torch.manual_seed(1)
    teach(head, joined(halves, NOUNS, "vqa-photos/1"), 14, "again", after=keep)
    # The tenth step is the first with ten losses
    for name, step in (("weaker", 10), ("stronger", 14)):
        kept = found[name].module.head.state_dict()
        assert all(torch.equal(one, again[step - 1][key]) for key, one in kept.items())
    with pytest.raises(MakingError, match=r"never came down to 0.0.*plan more steps"):
        both(untrained(), taught, Plan(steps=11, early=0.0))


def test_people_are_asked_about_photos_of_new_things_as_they_were_made(made: Path) -> None:
    with (made / "questions.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    known = json.loads((made / "held-out" / "questions.json").read_text("utf-8"))
    assert [row["photo"] for row in rows] == [one["photo"] for one in known]
    kinds = []
    for row, one in zip(rows, known, strict=True):
        own = [q for q in one["questions"] if q["text"] == row["context"]]
        assert own[0]["answer"] == row["answer"]
        kinds.append(own[0]["kind"])
    assert min(Counter(kinds).values()) >= len(rows) // len(KINDS)
    content = json.loads((made / "held-out" / ANNOTATIONS).read_text("utf-8"))
    assert len({row["group"] for row in content["images"]}) == len(rows)


def test_a_networks_file_holds_all_of_it(made: Path) -> None:
    record = json.loads((made / "record.json").read_text("utf-8"))
    assert set(record["weights"]) == {*NETWORKS, "question-only", "position-only"}
    loaded, fresh = network(str(made / "stronger.safetensors")), untrained()
    image = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(seen(loaded, image), seen(fresh, image))
    text = "Is there a bird?"
    with torch.no_grad():
        assert not torch.equal(ask(loaded.module, image, [text]), ask(fresh.module, image, [text]))


def test_a_making_that_is_there_is_left_alone(
    made: Path, originals: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (made / "stronger.safetensors").read_bytes()
    write(originals, made, SMALL)
    assert (made / "stronger.safetensors").read_bytes() == before
    assert "is there already" in capsys.readouterr().out
    with pytest.raises(MakingError):
        write(originals, made.with_name("cut-off"), Plan(2, 1, steps=11, early=0.0))
    assert not made.with_name("cut-off").exists()


def test_answers_are_measured_beside_every_control(made: Path) -> None:
    networks = {name: network(str(made / f"{name}.safetensors")) for name in NETWORKS}
    all_of_it = read(made / "held-out", networks["stronger"])
    masks, groups = all_of_it.masks[:3], all_of_it.of_photos[:3]
    places, questions = all_of_it.places[:3], all_of_it.questions[:15]
    of = Photographed(all_of_it.images[:3], masks, places, groups, questions)
    assert len(set(all_of_it.of_photos)) == len(all_of_it.masks)
    assert all(left.nonzero()[1].max() <= right.nonzero()[1].min() for left, right in masks)
    found = answers(made, networks, of, of)
    rows = {one.what: one for one in of_answers(found, "here")}
    assert len(rows) == 2 + len(KINDS) + 1
    assert set(rows["weaker: right (here)"].controls) == {
        "the question alone", "the question, and where things are", "the commonest answer",
        "the commonest answer to the question", "what it says of another photo"}  # fmt: skip
    for name in NETWORKS:
        images, texts = of.images[:2], [of.questions[0].text, of.questions[5].text]
        said = networks[name].asked(texts).predict(images).argmax(1)
        assert said.tolist() == found.said[name][[0, 5]].tolist()


def test_a_network_is_right_where_it_says_the_answer() -> None:
    of = photographed()
    truth = torch.tensor([ANSWERS.index(one.answer) for one in of.questions])
    wrong = (truth + 1) % len(ANSWERS)
    told = {name: {"nobody": wrong} for name in NETWORKS}
    found = Answered(of, {"stronger": truth, "weaker": wrong}, told)
    rows = {one.what: one for one in of_answers(found, "here")}
    assert rows["stronger: right (here)"].score.value == 1
    assert rows["stronger: right (here)"].controls["nobody"].value == 0
    assert rows["weaker: right (here)"].score.value == 0
    better = rows["stronger minus weaker (here)"]
    assert (better.score.value, better.controls) == (1, APART)
    mended = torch.where(torch.arange(len(truth)) % 5 == 2, truth, wrong)
    found = Answered(of, {"stronger": mended, "weaker": wrong}, told)
    rows = {one.what: one for one in of_answers(found, "here")}
    assert rows["stronger: right about is there one (here)"].score.value == 1
    assert rows["stronger: right about where is it (here)"].score.value == 0


def test_the_commonest_answer_is_that_to_alike_questions() -> None:
    known = [
        Question("a", "first?", "yes", None), Question("a", "first?", "yes", None),
        Question("b", "second?", "no", None), Question("a", "third?", "no", None),
    ]  # fmt: skip
    assert [ANSWERS[one] for one in commonest(known, known, "text")] == ["yes", "yes", "no", "no"]
    assert [ANSWERS[one] for one in commonest(known, known, "kind")] == ["yes", "yes", "no", "yes"]


def test_maps_are_held_against_the_other_thing_another_photo_and_random_weights() -> None:
    of = photographed()
    rows, own, other = of.about()
    good = torch.zeros(len(of.questions), SIDE, SIDE)
    good[rows] = torch.from_numpy(own).float()
    bad = torch.zeros_like(good)
    bad[rows] = torch.from_numpy(other).float()
    by_method = {"grad_cam": good, "guided_grad_cam": bad, "random_weights": bad}
    found = {one.what: one for one in map_rows("it", Looked(of, torch.zeros(20), by_method))}
    for measure in ("peak", "mass"):
        what = f"it: Grad-CAM's {measure} on the thing asked about"
        assert found[what].score.value == 1
        for less in ("what lies on the other thing", UNLEARNT):
            assert found[f"{what}: minus {less}"].score.value == 1
            assert found[f"{what}: minus {less}"].controls == APART
        assert 0 < found[f"{what}: minus {ANOTHER}"].score.value < 1
        what = what.replace("Grad", "guided Grad")
        assert found[what].score.value == 0
        assert found[f"{what}: minus {UNLEARNT}"].score.value == 0
    kind = found[f"it: Grad-CAM's peak on the thing (where is it): minus {UNLEARNT}"]
    assert (kind.score.value, kind.controls) == (1, {})
    area = found[f"it: Grad-CAM's mass on the thing asked about: minus {AREA}"]
    assert area.score.value == pytest.approx(1 - 16 / SIDE**2)


def test_another_photos_map_is_of_another_pair_and_the_same_kind_of_question() -> None:
    of = photographed(4, groups=2)
    assert of.others() == [1, 2, 3, 0]
    maps = torch.arange(20.0)[:, None, None].expand(-1, SIDE, SIDE)
    told = Looked(of, torch.zeros(20), {"grad_cam": maps}).elsewhere("grad_cam")
    assert told[:, 0, 0].tolist() == [*range(5, 20), *range(5)]
    assert few(photographed(6, groups=2), 2).of_photos == ["pair 0", "pair 1"] * 2


def test_a_map_that_tells_the_answer_tells_it_without_the_photo() -> None:
    """One that is hot at a place of its own for each answer; another that is hot everywhere."""
    of = photographed(40)
    answer = torch.tensor([ANSWERS.index(one.answer) for one in of.questions])
    telling = nn.functional.one_hot(answer, 49).float().reshape(-1, 7, 7)
    results = []
    for maps in (telling, torch.ones_like(telling)):
        seen = Looked(of, answer, {"grad_cam": maps})
        one, other = of_maps_alone("it", {"known": seen, "held-out": seen}, steps=60)
        assert one.score.value == other.score.value == 1
        results.append(one.controls["the question and its map alone"].value)
    assert results[0] > 0.95 > 0.8 > results[1]


def test_maps_are_of_what_the_network_answers() -> None:
    images = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    of, asked_network = replace(photographed(1), images=images), untrained()
    found = looked(asked_network, of, ["grad_cam", "guided_grad_cam"])
    texts = [one.text for one in of.questions]
    same = images.expand(5, -1, -1, -1)
    assert found.answers.tolist() == asked_network.asked(texts).predict(same).argmax(1).tolist()
    assert {maps.shape for maps in found.by_method.values()} == {(5, 64, 64)}
    assert all((maps >= 0).all() for maps in found.by_method.values())
    assert found.coarse().shape == (5, 49)
