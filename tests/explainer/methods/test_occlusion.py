"""Occlusion against captum and plain loops."""

import pytest
import torch
from captum.attr import Occlusion

from explainer import ExplainerError, Network, explain
from tests.explainer.small_networks import noise, small


@pytest.mark.parametrize(("size", "patch", "stride"), [(12, 4, 2), (13, 5, 3), (9, 9, 9)])
def test_captum_agrees(size: int, patch: int, stride: int) -> None:
    module = small()
    images, targets = noise(2, 3, size, size), [1, 3]
    wanted = {"occlusion": {"patch": patch, "stride": stride}}
    found = explain(Network(module), images, targets, ["occlusion"], settings=wanted)["occlusion"]
    theirs = Occlusion(module).attribute(
        images,
        sliding_window_shapes=(3, patch, patch),
        strides=(3, stride, stride),
        target=torch.tensor(targets),
        baselines=0,
    )
    torch.testing.assert_close(found, theirs[:, 0].float(), rtol=1e-4, atol=1e-6)


def test_a_patch_larger_than_the_image_is_refused() -> None:
    network = Network(small())
    with pytest.raises(ExplainerError, match="make it smaller"):
        explain(network, noise(1, 3, 9, 9), [0], ["occlusion"])
