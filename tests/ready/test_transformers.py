"""The demo's vision transformer and ResNet: what they are trained on, and what is written."""

import random
from collections import Counter
from pathlib import Path

import pytest
import torch

from explainer import load_network
from ready.photos.cutouts import BACKGROUNDS, CLASSES, class_of, read_cutouts
from ready.photos.scenes import compose
from ready.transformers import (
    check,
    drawn,
    normalised,
    pixels,
    seed_of,
    split,
    training_photos,
    untrained,
    write,
)
from studyapp.sections.networks_and_images import ImagesSection
from studyapp.studies.definition.file import parse_definition
from studyapp.studies.photos.readers import read_photos
from tests.ready.drawn_cutouts import draw_cutouts


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_cutouts(tmp_path_factory.mktemp("originals"))


def test_no_held_out_cutout_is_trained_on() -> None:
    training, held_out = split(read_cutouts())
    for name, taught, kept in zip(CLASSES, training, held_out, strict=True):
        assert taught
        assert kept
        assert not {one.file for one in taught} & {one.file for one in kept}
        assert {one.accepted for one in (*taught, *kept)} == {(name,)}


def test_the_drawers_of_no_two_classes_meet() -> None:
    files = [one.file for classes in split(read_cutouts()) for own in classes for one in own]
    assert len(files) == len(set(files)) > 100


def test_a_teddy_bear_is_no_mammal_and_a_wheel_no_vehicle() -> None:
    known = {one.name: one for one in read_cutouts()}
    found = [class_of(known[name].kind, name) for name in ("bear", "teddy bear", "wheel", "car")]
    assert found == ["mammal", None, None, "vehicle"]


def test_each_cutout_of_a_class_is_drawn_equally_often() -> None:
    _, held_out = split(read_cutouts())
    met = Counter(one.file for one in drawn(held_out, 90, "1"))
    times = [[met[one.file] for one in own] for own in held_out]
    assert all(max(own) - min(own) <= 1 for own in times)
    assert max(map(sum, times)) - min(map(sum, times)) <= 1
    orders = [[one.file for one in drawn(held_out, 90, seed)] for seed in ("1", "1", "2")]
    assert orders[0] == orders[1] != orders[2]


def test_the_study_calls_neither_network_the_stronger_one() -> None:
    file = Path(__file__).resolve().parents[2] / "fixtures" / "studies" / "transformers.toml"
    study = parse_definition(file.read_text("utf-8"), file.name)
    assert study.meetings() == study.meetings_of("trust")
    assert "occlusion_vit · occlusion_resnet" in study.meetings()
    assert {pair.weaker for pair in study.pairs.values()} == {None}


def test_no_background_tells_a_class() -> None:
    training, _ = split(read_cutouts())
    met: dict[str, set[str]] = {}
    for number, cutout in enumerate(drawn(training, 400, "1")):
        first = random.Random(seed_of("training", number)).choice(list(BACKGROUNDS))
        met.setdefault(cutout.name, set()).add(first)
    assert set(map(len, met.values())) == {len(BACKGROUNDS)}


def test_photos_are_trained_on_as_the_network_is_asked_with_them(originals: Path) -> None:
    network = untrained("vit")
    training, _ = split(read_cutouts())
    photos, answers = training_photos(originals, training, network, 5)
    assert answers.tolist() == [0, 1, 2, 3, 0]
    scene = compose(originals, [training[0][0]], "1")
    crop = network.steps.crop(scene.photo)
    asked = network.batch([network.steps.tensor(crop)])
    torch.testing.assert_close(normalised(network, pixels(crop)[None] / 255), asked)
    assert photos.shape == (5, 3, 128, 128)


def test_what_is_made_is_read_by_the_study(originals: Path, tmp_path: Path) -> None:
    folder = tmp_path / "transformers"
    write(originals, folder, training=8, asked=4, steps={"vit": 2, "resnet": 1})
    labels = (folder / "classes.txt").read_text("utf-8").splitlines()
    assert labels == list(CLASSES)
    for name in ("vit", "resnet"):
        weights = str(folder / f"{name}.pth")
        load_network(f"timm:test_{name}", weights=weights, labels=labels, size=128)
    vit, resnet, less = check(folder)
    assert less.what == "vit minus resnet: right"
    assert less.score.value == pytest.approx(vit.score.value - resnet.score.value)
    assert (set(vit.controls), less.controls) == ({"any class by chance"}, {})
    assert vit.score.groups == less.score.groups == 4
    photos = read_photos(ImagesSection(reader="coco", folder="photos"), folder)
    assert [photo.categories[0].accepted for photo in photos] == [(name,) for name in CLASSES]


def test_training_that_was_cut_off_is_not_taken_for_whole(originals: Path, tmp_path: Path) -> None:
    folder = tmp_path / "transformers"
    with pytest.raises(RuntimeError, match="random_"):
        write(originals, folder, training=0, asked=4, steps={"vit": 1})
    assert not folder.exists()
    write(originals, folder, training=4, asked=4, steps={"vit": 1})
    before = (folder / "vit.pth").read_bytes()
    write(originals, folder, training=4, asked=4, steps={"vit": 2})
    assert (folder / "vit.pth").read_bytes() == before
