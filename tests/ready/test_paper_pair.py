"""The demo's AlexNet and VGG-16: what they are trained on, what is written, and what is refused.

Both are AlexNet here, at few pixels; the weaker one learns nothing (float32 has no such rate).
"""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from ready.errors import MakingError
from ready.paper_pair import HELD_OUT, NETWORKS, Member, backgrounds, check, sides, write
from ready.photos.cutouts import BACKGROUNDS, MORE_CLASSES
from ready.transformers import drawn
from tests.ready.drawn_cutouts import draw_cutouts

SMALL = Member("Small", "alexnet_pooled", 64)
IDLE = replace(SMALL, title="Idle", pace=replace(SMALL.pace, epochs=1, rate=1e-60))
COUNTS = {"training": 28, "held_out": 70}


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_cutouts(tmp_path_factory.mktemp("originals"))


def test_held_out_photos_have_objects_and_backgrounds_of_their_own(originals: Path) -> None:
    taught, kept = backgrounds()
    assert sorted(taught + kept) == sorted(BACKGROUNDS)
    assert (len(taught), len(kept)) == (8, 4)
    training, held_out = ({one.file for own in side for one in own} for side in sides(originals))
    assert not training & held_out


def test_half_of_the_objects_of_each_of_seven_classes_are_held_out(originals: Path) -> None:
    training, held_out = sides(originals)
    assert [own[0].name for own in held_out] == list(MORE_CLASSES)
    for taught, kept in zip(training, held_out, strict=True):
        assert len(taught) - len(kept) in (0, 1)


def test_every_held_out_object_is_on_a_photo(originals: Path) -> None:
    held_out = sides(originals)[1]
    met = Counter(one.file for one in drawn(held_out, HELD_OUT, "1"))
    for own in held_out:
        times = [met[one.file] for one in own]
        assert max(times) - min(times) <= 1 <= min(times)


def test_the_study_asks_the_networks_that_are_made() -> None:
    file = Path(__file__).resolve().parents[2] / "fixtures" / "studies" / "paper-pair.toml"
    text = file.read_text("utf-8")
    for name, member in NETWORKS.items():
        assert f'[networks.{name}]\nbuilder = "{member.builder}"' in text
        assert f"paper-pair/{name}/weights.safetensors" in text
        assert f"options = {{ size = {member.size} }}" in text


def test_what_is_made_is_a_pair_its_photos_and_how_they_differ(
    originals: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "pair"
    networks = {"alexnet": IDLE, "vgg16": SMALL}
    write(originals, folder, **COUNTS, networks=networks)
    assert sorted(one.name for one in folder.iterdir()) == [
        "alexnet", "photos", "record.json", "vgg16"]  # fmt: skip
    record = json.loads((folder / "record.json").read_text("utf-8"))
    assert record["difference"]["low"] > 0
    held_out = json.loads((folder / "photos" / "held-out" / "annotations.json").read_text("utf-8"))
    groups = {row["group"] for row in held_out["images"]}
    assert record["difference"]["groups"] == len(groups) > 1
    before = (folder / "vgg16" / "weights.safetensors").stat().st_mtime_ns
    write(originals, folder, **COUNTS, networks=networks)
    assert (folder / "vgg16" / "weights.safetensors").stat().st_mtime_ns == before

    rows = {row.what: row for row in check(folder, networks)}
    right = [rows[f"{name}: right on held-out photos"].score.value for name in ("Small", "Idle")]
    less = rows["Small minus Idle: right on held-out photos"]
    assert less.score.value == pytest.approx(right[0] - right[1])
    assert (record["difference"]["value"], less.faults) == (pytest.approx(less.score.value), [])
    assert rows["Whose map, by its grid alone (3 and 3 cells a side)"].faults == []
    assert rows["Whose map, by its grid alone (13 and 3 cells a side)"].score.value > 0.9
    assert "Small: Grad-CAM's peak on the object: minus the map of weights drawn anew" in rows


def test_a_pair_of_equals_is_refused_and_leaves_nothing_to_ask_about(
    originals: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "pair"
    with pytest.raises(MakingError, match=r"Small is not shown to be stronger .* raise HELD_OUT"):
        write(originals, folder, **COUNTS, networks={"alexnet": SMALL, "vgg16": SMALL})
    assert not folder.exists()
    # As the sentence advises
    write(originals, folder, training=28, held_out=77, networks={"alexnet": IDLE, "vgg16": SMALL})
    assert len(list((folder / "photos" / "held-out").glob("*.jpg"))) == 77
