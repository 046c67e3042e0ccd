"""Units that are built by hand to detect a colour get the name of the thing that has it."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from explainer import ExplainerError, Network, Preprocess, explain
from explainer.laboratory.dissection import dissect, explain_in_words, unit_importances
from explainer.laboratory.segmentations import LabelledPhoto, read_labelled
from tests.explainer.coco_sets import write_set

SIDE = 32
COLOURS = {"tomato": (255, 0, 0), "leaf": (0, 255, 0), "pool": (0, 0, 255)}


def eye() -> Network:
    """Units 0, 1 and 2 see red, green and blue; unit 3 sees everything alike; unit 4 is dead.

    Scores: class 0 is 3·red − 2·green + blue in the mean, class 1 its opposite.
    """
    units = nn.Conv2d(3, 5, 1)
    with torch.no_grad():
        units.weight.zero_()
        units.bias.copy_(torch.tensor([0.0, 0.0, 0.0, 1.0, -1.0]))
        for unit in range(3):
            units.weight[unit, unit] = 1
    head = nn.Linear(5, 2)
    with torch.no_grad():
        head.weight.copy_(torch.tensor([[3.0, -2, 1, 9, 9], [-3, 2, -1, 9, 9]]))
        head.bias.zero_()
    module = nn.Sequential(units, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), head).eval()
    plain = Preprocess(size=SIDE, resize=SIDE, mean=(0, 0, 0), std=(1, 1, 1))
    return Network(module, "1", ["warm", "cold"], plain)


def scene(**areas: tuple[int, int, int, int]) -> tuple[np.ndarray, dict[str, tuple[int, ...]]]:
    pixels = np.zeros((SIDE, SIDE, 3), np.uint8)
    for name, (left, top, right, bottom) in areas.items():
        pixels[top:bottom, left:right] = COLOURS[name]
    return pixels, areas


def photos(folder: Path) -> list[LabelledPhoto]:
    scenes = {
        "1.png": scene(tomato=(0, 0, 8, 8), leaf=(16, 16, 24, 20)),
        "2.png": scene(tomato=(4, 4, 6, 10), pool=(20, 0, 32, 10)),
        "3.png": scene(leaf=(0, 0, 4, 4)),
    }
    return read_labelled(write_set(folder, scenes))


def test_a_unit_that_sees_a_colour_is_named_by_what_has_it(tmp_path: Path) -> None:
    found = dissect(eye(), photos(tmp_path))
    assert found.layer == "1"
    assert found.concepts == ("leaf", "pool", "tomato")
    assert {unit: named.name for unit, named in found.named.items() if unit < 3} == {
        0: "tomato",
        1: "leaf",
        2: "pool",
    }
    assert [found.named[unit].iou for unit in range(3)] == [1, 1, 1]


def test_a_unit_that_never_speaks_or_says_always_the_same_has_no_name(tmp_path: Path) -> None:
    found = dissect(eye(), photos(tmp_path))
    assert set(found.named) == {0, 1, 2}
    assert found.overlaps[3:].tolist() == [[0, 0, 0], [0, 0, 0]]


def test_overlap_is_counted_over_all_photos(tmp_path: Path) -> None:
    """Half of the red is outlined: the unit lights 64 + 12 pixels, of which 32 + 12 are in."""
    scenes = {
        "1.png": (scene(tomato=(0, 0, 8, 8))[0], {"tomato": (0, 0, 4, 8)}),
        "2.png": scene(tomato=(4, 4, 6, 10)),
    }
    found = dissect(eye(), read_labelled(write_set(tmp_path, scenes)))
    assert found.named[0].iou == pytest.approx(44 / 76)
    assert 0 not in dissect(eye(), read_labelled(tmp_path), threshold=0.6).named


def test_only_the_strongest_half_per_cent_of_values_count(tmp_path: Path) -> None:
    """1024 places: the six strongest reach the level; one pixel more is below it."""
    pixels = np.zeros((SIDE, SIDE, 3), np.uint8)
    pixels[0, :6, 0] = 250
    pixels[1, :20, 0] = 100
    write_set(tmp_path, {"1.png": (pixels, {"tomato": (0, 0, 6, 1)})})
    assert dissect(eye(), read_labelled(tmp_path)).named[0].iou == 1
    pixels[0, :6, 0] = (250, 250, 250, 250, 250, 100)
    write_set(tmp_path, {"1.png": (pixels, {"tomato": (0, 0, 6, 1)})})
    # The sixth strongest value is 100, which 21 places share.
    assert dissect(eye(), read_labelled(tmp_path)).named[0].iou == pytest.approx(6 / 26)


def test_words_rank_named_units_by_their_importance(tmp_path: Path) -> None:
    network, labelled = eye(), photos(tmp_path)
    found = dissect(network, labelled)
    images = torch.rand(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0)) + 0.1
    warm, cold = explain_in_words(network, images, ["warm", "cold"], found)
    share = 1 / SIDE**2
    assert [(v.unit.name, v.alpha) for v in warm.positive] == [
        ("tomato", pytest.approx(3 * share)),
        ("pool", pytest.approx(share)),
    ]
    assert [(v.unit.name, v.alpha) for v in warm.negative] == [("leaf", pytest.approx(-2 * share))]
    assert [v.unit.name for v in cold.positive] == ["leaf"]
    assert [v.unit.name for v in cold.negative] == ["tomato", "pool"]
    (first,) = explain_in_words(network, images[:1], [0], found, count=1)
    assert [v.unit.name for v in first.positive] == ["tomato"]


def test_importances_are_those_of_grad_cam() -> None:
    network = eye()
    images = torch.rand(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    alphas = unit_importances(network, images, [0, 1])
    with torch.no_grad():
        activations = network.module[:2](images)
    rebuilt = torch.relu((alphas[:, :, None, None] * activations).sum(1))
    torch.testing.assert_close(explain(network, images, [0, 1])["grad_cam"], rebuilt)


def test_bad_input_is_told(tmp_path: Path) -> None:
    labelled = photos(tmp_path)
    bare = LabelledPhoto(labelled[0].path, SIDE, SIDE, ())
    with pytest.raises(ExplainerError, match="no photo has an outlined object"):
        dissect(eye(), [bare])
    with pytest.raises(ExplainerError, match="quantile=0"):
        dissect(eye(), labelled, quantile=0)
    with pytest.raises(ExplainerError, match="no preprocessing"):
        dissect(Network(eye().module, "1"), labelled)
    with pytest.raises(ExplainerError, match="one class at a time"):
        explain_in_words(eye(), torch.rand(1, 3, SIDE, SIDE), [[0, 1]], dissect(eye(), labelled))
