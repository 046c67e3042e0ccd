"""Fine-tuning with Group-CAM's augmentation: what is blurred, and what the networks share."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from explainer.training.photo_sets import Example, PhotoSet
from ready import group_cam
from ready.group_cam import NETWORKS, SEEN, SIZE, above_mean, check, masked, of_others, write
from ready.photos.scenes import SIDE
from tests.ready.drawn_cutouts import draw_cutouts

FILE = Path(__file__).resolve().parents[2] / "fixtures" / "studies" / "group-cam.toml"


def test_what_the_map_does_not_mark_is_blurred_and_the_rest_stays_as_it_is() -> None:
    values = torch.zeros(SIZE, SIZE)
    values[:, : SIZE // 2] = 1
    part = above_mean(values)
    assert part[:, : SIZE // 2].all()
    assert not part[:, SIZE // 2 :].any()
    pixels = np.random.default_rng(0).integers(0, 255, (SIDE, SIDE, 3), np.uint8)
    found = np.asarray(masked(Image.fromarray(pixels), part))
    same = (found == pixels).all(2)
    margin = (SIDE - SEEN) // 2  # what a network never sees of a photo
    assert same[margin:-margin, margin : SIDE // 2].all()
    assert found[:, SIDE // 2 :].std() < pixels.std() / 10


def test_a_mismatched_part_is_of_another_object() -> None:
    groups = ["cat", "cat", "dog", "cat"]
    examples = [Example(Path(f"{n}"), f"{n}", one, frozenset(), "") for n, one in enumerate(groups)]
    parts = [np.full((1, 1), bool(n % 2)) for n in range(4)]
    found = of_others(parts, PhotoSet(("cat", "dog"), tuple(examples)))
    assert [next(n for n, one in enumerate(parts) if one is other) for other in found] == [
        2,
        2,
        3,
        2,
    ]


def test_the_networks_that_are_made_differ_in_what_was_blurred_alone(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    originals = draw_cutouts(tmp_path_factory.mktemp("originals"))
    folder = tmp_path_factory.mktemp("made") / "group-cam"
    monkeypatch.setattr(group_cam, "PACE", replace(group_cam.PACE, epochs=2))
    monkeypatch.setattr(group_cam, "GROUPS", {"group_cam": {"groups": 2}})
    write(originals, folder, training=12, asked=8)
    made = [*NETWORKS, "photos", "record.json"]
    assert sorted(one.name for one in folder.iterdir()) == sorted(made)
    record = json.loads((folder / "record.json").read_text("utf-8"))
    settings = [record["networks"][name]["settings"] for name in NETWORKS]
    differ = {key for key in settings[0] if len({json.dumps(one[key]) for one in settings}) > 1}
    assert differ == {"training_photos"}
    assert len({record["networks"][name]["weights_sha256"] for name in NETWORKS}) == 3

    rows = {one.what: one for one in check(folder)}
    kept = rows["Group-CAM keeps of the object on a training photo"].score.value
    assert kept == pytest.approx(np.mean([one["object"] for one in record["kept"]]))
    right = [rows[f"{name}: right on photos that are asked about"].score.value for name in NETWORKS]
    for place, name in enumerate(NETWORKS[1:], 1):
        less = rows[f"augmented minus {name}: right, photo by photo (no demand)"]
        assert less.score.value == pytest.approx(right[0] - right[place])
        assert less.faults == []


def test_the_study_calls_neither_network_stronger() -> None:
    text = FILE.read_text("utf-8")
    assert "weaker" not in text
    for name in ("augmented", "plain"):
        assert f"group-cam/{name}/weights.safetensors" in text
