"""Networks that answer questions about easy-VQA's pictures: what is made, and what is measured."""

import csv
import hashlib
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from photos import open_photo
from ready.errors import MakingError
from ready.vqa import network
from ready.vqa.answerer import LONGEST, WORDS, Answerer, spelt
from ready.vqa.checking import (
    majority,
    map_alone,
    mass_on,
    measured,
    peaks_on,
    read_answerer,
    some,
    unmoved,
)
from ready.vqa.making import NETWORKS, drawn, write, write_networks
from ready.vqa.pictures import (
    SIDE,
    Part,
    Question,
    mask_of,
    package,
    read_part,
    read_picture,
)
from ready.vqa.training import Pace, answered, answers_of, numbers_of, teach

PACE = Pace(epochs=2, pictures=8)
FEW = 24  # pictures


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "vqa"
    write(folder, asked=12, pace=PACE, early=0.0, most=FEW)
    return folder


@pytest.fixture(scope="module")
def part() -> Part:
    return read_part("test", FEW)


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "questions.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def picture_of(*pixels: tuple[int, int, int]) -> np.ndarray:
    """Ground of the first colour, and beginning at its left edge a square of the second."""
    drawn = np.full((SIDE, SIDE, 3), pixels[0], np.uint8)
    drawn[10:20, :10] = pixels[1]
    return drawn


def test_no_picture_is_trained_on_and_asked_about() -> None:
    halves = [
        {read_picture(path).tobytes() for path in (package() / split / "images").glob("*.png")}
        for split in ("train", "test")
    ]
    assert [len(half) for half in halves] == [4000, 1000]
    assert not halves[0] & halves[1]


def test_the_study_asks_about_the_packages_test_pictures_as_they_are(
    made: Path, part: Part
) -> None:
    asked = {(row["photo"], row["context"]): row["answer"] for row in rows(made)}
    known = {(f"{one.picture:04}.png", one.text): one.answer for one in part.questions}
    assert asked.items() <= known.items()
    photos = sorted((made / "pictures").glob("*.png"))
    assert len(photos) == len({photo for photo, _ in asked}) == 12
    for photo in photos:
        np.testing.assert_array_equal(read_picture(photo), part.pixels[int(photo.stem)])


def test_a_picture_is_asked_one_question_of_each_kind_at_most(part: Part) -> None:
    questions = drawn(part, FEW, seed=1)
    met = Counter((one.picture, one.kind) for one in questions)
    assert set(met.values()) == {1}
    assert Counter(kind for _, kind in met)["yes or no"] == FEW
    assert set(met) == {(one.picture, one.kind) for one in part.questions}


def test_a_shape_is_what_stands_out_from_the_ground() -> None:
    mask = mask_of(picture_of((240, 245, 250), (20, 20, 20)))
    assert mask.sum() == 100
    assert mask[10:20, :10].all()
    faint = mask_of(picture_of((240, 245, 250), (230, 240, 240)))
    assert not faint.any()


def test_every_word_is_known_and_another_one_is_named() -> None:
    texts = {one.text for split in ("train", "test") for one in read_part(split, 300).questions}
    assert len(texts) == 107
    assert {len(spelt(text)) for text in texts} == {LONGEST}
    assert {word for text in texts for word in spelt(text)} == set(range(1 + len(WORDS)))
    with pytest.raises(ValueError, match="knows no word purple; it knows a, black"):
        spelt("Is there a purple shape?")
    with pytest.raises(ValueError, match="has 10 words; the network reads 1 to 9"):
        spelt("is " * 10)


def test_the_study_asks_the_networks_that_were_measured(made: Path, part: Part) -> None:
    record = json.loads((made / "record.json").read_text("utf-8"))
    for name in NETWORKS:
        weights = made / f"{name}.safetensors"
        assert record["files"][weights.name] == hashlib.sha256(weights.read_bytes()).hexdigest()
        loaded = network(str(weights), normalised=name != "blind")
        photos = [made / "pictures" / row["photo"] for row in rows(made)]
        images = loaded.prepare([open_photo(path.read_bytes(), str(path)) for path in photos])
        given = part.images[[int(path.stem) for path in photos]].float()
        torch.testing.assert_close(images, given / 127.5 - 1)
        context = [row["context"] for row in rows(made)]
        asked = [(int(path.stem), text) for path, text in zip(photos, context, strict=True)]
        everything = [(one.picture, one.text) for one in part.questions]
        places = [everything.index(one) for one in asked]
        module = loaded.module
        assert isinstance(module, Answerer)
        said = loaded.asked(context).predict(images).argmax(1)
        assert said.tolist() == answered(module, part)[places].tolist()
        share = (answered(module, part) == answers_of(part)).float().mean()
        assert record["scores"][name]["value"] == pytest.approx(float(share))


def test_the_early_network_is_the_late_one_before_its_training_was_over(made: Path) -> None:
    after: dict[int, dict[str, torch.Tensor]] = {}

    def keep(epoch: int, module: Answerer) -> None:
        after[epoch] = {name: value.clone() for name, value in module.state_dict().items()}

    teach(read_part("train", FEW), PACE, "again", after=keep)
    assert sorted(after) == [1, 2]
    for epoch, name in ((1, "early"), (2, "late")):
        kept = network(str(made / f"{name}.safetensors")).module.state_dict()
        assert all(torch.equal(value, after[epoch][key]) for key, value in kept.items())


def test_early_is_the_first_network_that_is_right_so_often(tmp_path: Path) -> None:
    part, pace = read_part("train", 60), Pace(epochs=4, pictures=8, rate=0.005)
    states: list[dict[str, torch.Tensor]] = []
    shares: list[float] = []

    def keep(epoch: int, module: Answerer) -> None:
        states.append({name: value.clone() for name, value in module.state_dict().items()})
        right = answered(module, part) == answers_of(part)
        shares.append(float(right.float().mean()))

    teach(part, pace, "again", after=keep)
    often = max(shares[:-1])
    first = shares.index(often)
    assert shares[0] < often
    kept = write_networks(part, tmp_path, pace, often)["early"].state_dict()
    assert all(torch.equal(value, states[first][name]) for name, value in kept.items())


def test_a_network_that_is_early_only_at_its_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MakingError, match=r"^No weaker network: before its last epoch .* 100% of"):
        write(tmp_path / "vqa", asked=12, pace=PACE, early=1.0, most=FEW)
    assert not (tmp_path / "vqa").exists()


def test_what_sees_no_picture_learns_and_answers_alike_from_every_picture(part: Part) -> None:
    turned = Part(part.pixels[::-1].copy(), part.questions)
    module, other = (teach(some, PACE, "alone", sighted=False) for some in (part, turned))
    learnt = other.state_dict()
    assert all(torch.equal(value, learnt[key]) for key, value in module.state_dict().items())
    alone = [answered(module, some, sighted=False).tolist() for some in (part, turned)]
    assert alone[0] == alone[1]
    with torch.no_grad():
        module.answer.weight.zero_()
    assert unmoved(module, part).value == 1


def test_a_question_is_learnt_with_its_own_picture(part: Part) -> None:
    given = numbers_of(part)
    pictures = torch.tensor([5, 2, 9])
    rows, places = given.about(pictures)
    assert given.pictures[rows].tolist() == pictures[places].tolist()
    known = [place for place, one in enumerate(part.questions) if one.picture in (2, 5, 9)]
    assert rows.tolist() == known


def test_the_commonest_answer_is_that_of_the_training_pictures() -> None:
    taught = Part(np.zeros((1, SIDE, SIDE, 3), np.uint8), [
        Question(0, "is it red?", "no"), Question(0, "is it red?", "no"),
        Question(0, "is it red?", "yes"), Question(0, "which shape?", "circle"),
        Question(0, "which shape?", "circle"), Question(0, "which shape?", "circle"),
    ])  # fmt: skip
    others = Part(taught.pixels, [
        Question(0, "is it red?", "yes"), Question(0, "is it red?", "no"),
        Question(0, "which shape?", "circle"), Question(0, "what else?", "circle"),
    ])  # fmt: skip
    assert majority(taught, others, of_question=False).value == 0.5
    assert majority(taught, others, of_question=True).value == 0.5
    asked = Part(taught.pixels, others.questions[1:3])
    assert majority(taught, asked, of_question=True).value == 1


def test_peaks_and_masses_are_those_on_the_shape() -> None:
    shapes = np.zeros((3, SIDE, SIDE), bool)
    shapes[:, 0, :2] = True
    maps = torch.zeros(3, SIDE, SIDE)
    maps[0, 0, 1], maps[0, 5, 5] = 3, 1
    maps[1, 0, 0], maps[1, 9, 9] = 1, 3
    assert peaks_on(maps, shapes).tolist() == [True, False, False]  # the third is empty
    assert mass_on(maps, shapes).tolist() == [0.75, 0.25, 0]


def test_each_network_is_measured_beside_what_sees_no_picture(made: Path, part: Part) -> None:
    part = some(part, 40)
    taught = some(read_part("train", FEW), 40)
    found = {one.what: one for one in measured(made, taught, part)}
    assert len(found) == 3 + 3 + 2 * 3 * 2
    assert set(found["late: right"].controls) == set(found["early: right"].controls) == {
        "the commonest answer", "the commonest answer to each question",
        "an LSTM that reads the question alone", "its Grad-CAM map alone"}  # fmt: skip
    own = map_alone(read_answerer(made, "early"), taught, part)
    assert found["early: right"].controls["its Grad-CAM map alone"] == own
    assert found["blind: right"].controls == {}
    peak = found["late, colour: Grad-CAM's peak on the shape"]
    assert set(peak.controls) == {
        "of another picture", "of random weights", "of the network that never looks",
        "the shape's area (chance)"}  # fmt: skip
    assert peak.score.groups == len({one.picture for one in part.questions if one.kind == "colour"})
    assert all(one.score.low <= one.score.value <= one.score.high for one in found.values())


def test_a_making_that_was_cut_off_is_not_taken_for_whole(
    tmp_path: Path, made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "vqa"
    with pytest.raises(ValueError, match="larger than population"):
        write(folder, asked=2 * FEW, pace=PACE, most=FEW)
    assert not folder.exists()
    before = (made / "late.safetensors").read_bytes()
    write(made, asked=3, pace=PACE, most=FEW)
    assert (made / "late.safetensors").read_bytes() == before
    assert "is there already" in capsys.readouterr().out


def test_outlines_lie_where_the_shapes_are(made: Path, part: Part) -> None:
    content = json.loads((made / "pictures" / "annotations.json").read_text("utf-8"))
    assert len(content["images"]) == len(content["annotations"]) == 12
    for row in content["annotations"]:
        mask = part.mask(row["image_id"])
        assert row["area"] == mask.sum()
        left, top, width, height = row["bbox"]
        assert mask[top : top + height, left : left + width].sum() == mask.sum()
    with Image.open(made / "pictures" / content["images"][0]["file_name"]) as file:
        assert file.size == (SIDE, SIDE)
