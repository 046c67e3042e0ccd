"""The replication kit: which photos, which verdicts, and an attack that stays invisible."""

from dataclasses import replace

import numpy as np
import torch
from torch import nn

from explainer import Network
from explainer.training.scores import Score
from ready.maps_and_masks import Explained
from ready.replication import (
    ATTACK,
    BEFORE,
    Claim,
    attacked,
    in_turns,
    measure_paper,
    measure_successors,
    table,
)

SIDE = 32


def network() -> Network:
    torch.manual_seed(3)
    layers = [nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    module = nn.Sequential(*layers, nn.Linear(4, 3)).eval()
    for values in (module[0].bias, module[4].bias):
        nn.init.zeros_(values)
    return Network(module.requires_grad_(False), "1", ["a", "b", "c"], name="small")


def seen(small: Network, count: int = 6) -> Explained:
    images = torch.randn(count, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1)) / 50
    masks = np.zeros((count, SIDE, SIDE), dtype=bool)
    masks[:, 8:20, 8:20] = True
    groups = ["one", "one", "one", "two", "two", "three"][:count]
    targets = small.predict(images).argmax(1)
    maps = torch.rand(count, 8, 8)
    return Explained(images, targets, maps, masks, groups, [True] * count)


def claim(low: float, high: float) -> Claim:
    return Claim("a paper", "it says", "much", Score("difference", low, low, high, 9))


def test_verdicts_keep_the_margin_on_both_sides() -> None:
    verdicts = [claim(*ends).verdict for ends in ((0.03, 0.1), (0.01, 0.1), (-0.1, -0.03))]
    assert verdicts == ["same direction", "undecided", "opposite"]
    assert claim(-0.1, 0.1).verdict == claim(-0.1, -0.01).verdict == "undecided"
    assert "| +0.030 | +0.030 to +0.100 | 9 | *same direction* |" in table([claim(0.03, 0.1)])


def test_every_object_is_asked_about_before_one_comes_again() -> None:
    photos = seen(network())
    assert in_turns(photos, 3).groups == ["one", "two", "three"]
    assert in_turns(photos, 5).groups == ["one", "one", "two", "two", "three"]
    assert in_turns(photos, 99).groups == photos.groups


def test_an_attack_changes_the_answer_and_no_pixel_by_more_than_two_levels() -> None:
    brightest = nn.Sequential(
        nn.Conv2d(3, 3, 1, bias=False), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Identity()
    ).eval()
    brightest[0].weight = nn.Parameter(torch.eye(3)[:, :, None, None], requires_grad=False)
    small = Network(brightest, "0", ["red", "green", "blue"], name="brightest")
    photos = seen(small)
    after = attacked(small, photos)
    assert after.groups == photos.groups
    assert (small.predict(after.images).argmax(1) != photos.targets).all()
    changes = (after.images - photos.images).abs().amax((0, 2, 3))
    assert (changes <= ATTACK["most"] / 255 / torch.tensor([0.229, 0.224, 0.225]) + 1e-6).all()
    photos.images[0, int(photos.targets[0])] += 9  # no invisible change makes another one brighter
    assert len(attacked(small, photos).groups) == len(photos.groups) - 1


def test_what_is_better_is_positive_photo_by_photo() -> None:
    small = network()
    photos = replace(seen(small), groups=[str(n) for n in range(6)])
    found = measure_successors(small, photos)
    values = found.found["energy"]
    less = found.less("energy", "integrated_grad_cam", "grad_cam")
    each = values["integrated_grad_cam"] - values["grad_cam"]
    expected = np.nanmean(each)  # an empty map has no energy anywhere
    assert less.groups == np.isfinite(each).sum() > 0
    assert abs(less.value - expected) < 1e-9
    assert set(found.found) == {"energy", "pointing", "insertion", "deletion"}
    assert set(measure_paper(small, photos).found["occlusion"]) == set(BEFORE)
